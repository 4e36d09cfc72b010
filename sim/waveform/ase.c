/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/ase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define STEPS 8192 /* of the integrals over a passband: smooth, so 1e-6 of it and better */

/* int |H|^power df over low <= |f| < high. */
static double integral_hz(oac_response passband, const void *context, int power, double low_hz,
                          double high_hz)
{
    if (!(high_hz > low_hz))
        return 0.0;
    if (!passband)
        return 2.0 * (high_hz - low_hz);
    double step_hz = (high_hz - low_hz) / STEPS, sum = 0.0;
    for (int i = 0; i < STEPS; i++) {
        double f_hz = low_hz + (i + 0.5) * step_hz;
        sum += pow(cabs(passband(context, f_hz)), power) +
               pow(cabs(passband(context, -f_hz)), power);
    }
    return sum * step_hz;
}

static double complex inside_band(const void *context, double f_hz)
{
    const double *half_hz = context;
    return fabs(f_hz) < *half_hz ? 1.0 : 0.0;
}

enum oac_status oac_wave_ase_init(const struct oac_waveform *self, oac_response passband,
                                  const void *context, struct oac_wave_ase *ase,
                                  struct oac_err *err)
{
    const struct oac_amplifier *amplifier = &self->bench->amplifier;
    size_t channels = self->bench->channels;
    memset(ase, 0, sizeof *ase);
    ase->position = self->rig.amplifier.position;
    if (ase->position == OAC_AMPLIFIER_NONE)
        return OAC_OK;
    ase->density_w_per_hz = oac_alloc(channels, sizeof(double), "amplifier noise", err);
    if (!ase->density_w_per_hz)
        return err->status;
    double most_w_per_hz = 0.0;
    for (size_t j = 0; j < channels; j++) {
        ase->density_w_per_hz[j] = self->bench->channel[j].ase_w_per_hz;
        most_w_per_hz = fmax(most_w_per_hz, ase->density_w_per_hz[j]);
    }
    ase->polarisations = amplifier->polarisations;
    ase->on = self->noise & OAC_NOISE_ASE && most_w_per_hz > 0.0;
    ase->in_field = ase->on && ase->position == OAC_AMPLIFIER_AFTER_CLIENT;
    ase->other = ase->on && ase->polarisations > (double)self->polarisations;
    double half_o_hz = amplifier->bandwidth_hz / 2.0, half_s_hz = self->grid.rate_hz / 2.0;
    double half_in_hz = fmin(half_o_hz, half_s_hz);
    ase->whole_hz = integral_hz(passband, context, 2, 0.0, half_o_hz);
    ase->inside_hz = integral_hz(passband, context, 2, 0.0, half_in_hz);
    ase->outside_hz = integral_hz(passband, context, 2, half_in_hz, half_o_hz);
    ase->outside2_hz = integral_hz(passband, context, 4, half_in_hz, half_o_hz);
    if (!(ase->in_field || ase->other) || half_o_hz >= half_s_hz)
        return OAC_OK;
    const struct oac_filter_spec spec = {
        .response = inside_band,
        .context = &half_o_hz,
        .sample_rate_hz = self->grid.rate_hz,
        .segment = self->panel.caps.slots_max * self->grid.per_slot,
    };
    return oac_filter_create(&spec, &ase->band, err);
}

void oac_wave_ase_fini(struct oac_wave_ase *ase)
{
    free(ase->density_w_per_hz);
    oac_filter_destroy(ase->band);
    memset(ase, 0, sizeof *ase);
}

double oac_wave_ase_mean_w(const struct oac_wave_ase *ase, size_t j)
{
    if (ase->position == OAC_AMPLIFIER_NONE)
        return 0.0;
    return ase->polarisations * ase->density_w_per_hz[j] * ase->whole_hz;
}

double oac_wave_ase_field_sigma(const struct oac_waveform *self, const struct oac_wave_ase *ase,
                                size_t j)
{
    return sqrt(ase->density_w_per_hz[j] * self->grid.rate_hz / 2.0);
}

double oac_wave_ase_outside_w(const struct oac_wave_ase *ase, size_t j)
{
    return ase->polarisations * ase->density_w_per_hz[j] * ase->outside_hz;
}

double oac_wave_ase_outside_sigma_w(const struct oac_waveform *self,
                                    const struct oac_wave_ase *ase, size_t j)
{
    return ase->density_w_per_hz[j] *
           sqrt(ase->polarisations * ase->outside2_hz * self->grid.rate_hz);
}
