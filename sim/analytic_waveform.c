/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/analytic_waveform.h"

#include <math.h>
#include <string.h>

#include "base/constants.h"

/* e = exp(-s^2): E cos = cos sqrt(e), Var cos = (1-e)(1+e-2e cos^2)/2, which is physics.md's expression
 * factored so that nothing cancels at small noise. */
static void cosine_at(const struct oac_mzm *mzm, double v, double sigma_v, double *c, double *s,
                      double *variance)
{
    double angle = OAC_PI * (v - mzm->vpeak_v) / mzm->vpi_v;
    double spread = OAC_PI * sigma_v / mzm->vpi_v;
    double e = exp(-spread * spread), lost = -expm1(-spread * spread);
    double cosine = cos(angle);
    *c = cosine * sqrt(e);
    *s = sin(angle) * sqrt(e);
    *variance = lost * (1.0 + e - 2.0 * e * cosine * cosine) / 2.0;
}

/* The guard before the window is steady at code_safe; parked channels stay there. */
void oac_waveform_fill(const struct oac_analytic *self, const struct oac_frame *frame, size_t j,
                       size_t node, struct oac_waveform *waveform)
{
    const struct oac_bench_channel *channel = &self->bench->channel[j];
    const struct oac_mzm *mzm = &channel->weight;
    double bias = self->panel.bias_weight_v[j];
    double guard =
        oac_dac_voltage(channel->weight_dac, (uint32_t)self->panel.caps.weight[j].code_safe) +
        bias;
    double before = guard;
    for (size_t n = 0; n < frame->slots; n++) {
        double target = guard;
        if (j < frame->rows)
            target =
                oac_dac_voltage(channel->weight_dac, frame->code[j * frame->slots + n]) + bias;
        double v = target + (before - target) * self->node[node].u_weight;
        cosine_at(mzm, v, self->weight_sigma_v, &waveform->c[n], &waveform->s[n],
                  &waveform->variance[n]);
        waveform->c2[n] = waveform->c[n] * waveform->c[n];
        before = target + (before - target) * self->weight_memory;
    }
}

/* Light that arrives `late` slots after the client's data: each slot sees parts of two earlier ones, and the
 * guard at the edges. In place; scratch (slots). */
static void shift_row(double *row, size_t slots, double guard, double late, bool squared,
                      double *scratch)
{
    double whole = floor(late), part = late - whole;
    double w0 = squared ? (1.0 - part) * (1.0 - part) : 1.0 - part;
    double w1 = squared ? part * part : part;
    for (size_t n = 0; n < slots; n++) {
        double from = (double)n - whole;
        double v0 = from >= 0.0 && from < (double)slots ? row[(size_t)from] : guard;
        double v1 = from >= 1.0 && from < (double)slots + 1.0 ? row[(size_t)from - 1] : guard;
        scratch[n] = w0 * v0 + w1 * v1;
    }
    memcpy(row, scratch, slots * sizeof *row);
}

/* By how many slots source j's weights reach the client after its data. */
double oac_analytic_late_slots(const struct oac_analytic *self, size_t j)
{
    double skew_s = self->rig.timing.skew_s + self->panel.skew_s;
    return (self->bench->channel[j].delay_s + self->panel.predelay_s[j] - skew_s) /
           self->slot_s;
}

/* Does a noisy weight of any source straddle two of the client's slots? */
bool oac_analytic_straddles(const struct oac_analytic *self)
{
    for (size_t j = 0; j < self->bench->channels; j++) {
        double late = oac_analytic_late_slots(self, j);
        if (self->weight_sigma_v > 0.0 && fabs(late - rint(late)) > 1e-9)
            return true;
    }
    return false;
}

void oac_waveform_delay(const struct oac_analytic *self, const struct oac_frame *frame,
                        size_t j, struct oac_waveform *waveform, double *scratch)
{
    const struct oac_bench_channel *channel = &self->bench->channel[j];
    double late = oac_analytic_late_slots(self, j);
    if (fabs(late) < 1e-9)
        return;
    double guard_v =
        oac_dac_voltage(channel->weight_dac, (uint32_t)self->panel.caps.weight[j].code_safe) +
        self->panel.bias_weight_v[j];
    double c, s, variance;
    cosine_at(&channel->weight, guard_v, self->weight_sigma_v, &c, &s, &variance);
    shift_row(waveform->c, frame->slots, c, late, false, scratch);
    shift_row(waveform->c2, frame->slots, c * c, late, false, scratch);
    shift_row(waveform->s, frame->slots, s, late, false, scratch);
    shift_row(waveform->variance, frame->slots, variance, late, true, scratch);
}
