/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters of the server half: dispersion of every channel's fiber and the band of the amplifiers' noise. Both
 * ring for ever, so each length of segment has filters of its own (filter_bank.h). */
#include <math.h>

#include "base/constants.h"
#include "sim/waveform/server_internal.h"

/* 1 within the amplifier's filter. */
static double complex amplifier_band(const void *context, double f_hz)
{
    const struct oac_amplifier *amplifier = context;
    return fabs(f_hz) <= 0.5 * amplifier->bandwidth_hz ? 1.0 : 0.0;
}

/* Dispersion that turns no sampled component by more than this is left out: what it moves from one sample to
 * another is below the square, 1e-8 of the light. At 40 MS/s 86 km of standard fiber turn 1.5e-5 rad. */
#define STRAIGHT_RAD 1e-4

static bool bends(const struct oac_fiber_line *line, double rate_hz)
{
    double w = OAC_PI * rate_hz;
    double phase_rad =
        line->length_m *
        (fabs(line->beta2_s2_per_m) / 2.0 + fabs(line->beta3_s3_per_m) / 6.0 * w) * w * w;
    return phase_rad > STRAIGHT_RAD;
}

/* The longest segment between guards. */
static struct oac_filter_spec longest(const struct oac_waveform *self, oac_response response,
                                      const void *context)
{
    return (struct oac_filter_spec){
        .response = response,
        .context = context,
        .sample_rate_hz = self->grid.rate_hz,
        .segment =
            (size_t)(self->rig.slots_max + 2 * self->rig.guard_slots) * self->grid.per_slot,
    };
}

/* A segment rests at both ends for its memory; in a circle shorter than that twice it would still meet itself. */
static enum oac_status make_dispersion(const struct oac_waveform *self,
                                       struct oac_wave_server_channel *channel,
                                       struct oac_err *err)
{
    struct oac_filter_spec spec = longest(self, oac_fiber_response, &channel->line);
    if (oac_filter_find_memory(&spec, &channel->memory, err))
        return err->status;
    spec.segment = channel->memory > 0 ? 2 * channel->memory : 1;
    return oac_filter_bank_create(&spec, &channel->dispersion, err);
}

enum oac_status oac_wave_server_filters_create(const struct oac_waveform *self,
                                               struct oac_wave_server *server,
                                               struct oac_err *err)
{
    const struct oac_amplifier *amplifier = &self->bench->amplifier;
    for (size_t k = 0; k < server->channels && !server->kerr; k++) {
        struct oac_wave_server_channel *channel = &server->channel[k];
        if (bends(&channel->line, self->grid.rate_hz) && make_dispersion(self, channel, err))
            return oac_fail_within(err, "fiber of channel %zu", k);
    }
    if (!server->ase || amplifier->bandwidth_hz >= self->grid.rate_hz)
        return OAC_OK;
    struct oac_filter_spec spec = longest(self, amplifier_band, amplifier);
    spec.segment = 1;
    if (oac_filter_bank_create(&spec, &server->ase_band, err))
        return oac_fail_within(err, "amplifier");
    return OAC_OK;
}

void oac_wave_server_filters_destroy(struct oac_wave_server *server)
{
    for (size_t k = 0; server->channel && k < server->channels; k++)
        oac_filter_bank_destroy(server->channel[k].dispersion);
    oac_filter_bank_destroy(server->ase_band);
}
