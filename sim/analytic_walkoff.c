/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two noises of wavelengths that arrive at different times, on benches that have them.
 *
 * A comb's intensity noise is one sequence g that detector k hears its light's flight later:
 *     readout_k += sum_n light_k[n] Tx[n] g[n - d_k],  d_k = flight_k/T to the nearest slot
 * (crosstalk is counted with the detector's own flight). Without walk-off g multiplies Tx itself.
 *
 * A weight that straddles two slots, 1-f in slot n and f in the next, brings its one drive error into both:
 *     variance ((1-f) Tx[n] + f Tx[n+1])^2, of which the squares go with Tx^2 and 2 f(1-f) Tx[n] Tx[n+1] is
 * added here. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "sim/analytic_workspace.h"

enum oac_status oac_analytic_comb_create(struct oac_analytic *self, struct oac_err *err)
{
    const struct oac_bench *bench = self->bench;
    if (!(self->noise & OAC_NOISE_RIN) || !self->rig.laser.shared ||
        !(bench->laser.rin_per_hz > 0.0))
        return OAC_OK;
    /* To the nearest slot of channel 0's: lines are often half a slot off the centre. */
    double latest = 0.0, earliest = 0.0;
    for (size_t k = 0; k < bench->channels; k++) {
        double d = rint((bench->channel[k].delay_s - bench->channel[0].delay_s) / self->slot_s);
        latest = fmax(latest, d);
        earliest = fmin(earliest, d);
    }
    if (!(latest - earliest >= 1.0))
        return OAC_OK;
    if (!(latest - earliest <= 1e6))
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "rig %s: lines of the comb walk off by %g slots; at most 1e6 can be "
                        "simulated: shorten the fiber or lower slot_rate_hz",
                        self->rig.name, latest - earliest);
    self->comb_shift = oac_alloc(bench->channels, sizeof *self->comb_shift, "a comb", err);
    if (!self->comb_shift)
        return err->status;
    for (size_t k = 0; k < bench->channels; k++)
        self->comb_shift[k] =
            (size_t)(latest - rint((bench->channel[k].delay_s - bench->channel[0].delay_s) /
                                   self->slot_s));
    self->comb_span = (size_t)(latest - earliest);
    return OAC_OK;
}

static void comb_window(const struct oac_analytic *self, const struct oac_frame *frame,
                        size_t b, const struct oac_workspace *workspace)
{
    const struct oac_client_table *client = frame->client;
    const struct oac_operand *operand = &workspace->operand;
    float *s1 = workspace->s1 + b * frame->cols;
    float gain = (float)sqrt(self->bench->laser.rin_per_hz / (2.0 * self->slot_s));
    for (size_t node = 0; node < self->nodes; node++) {
        const float *t = operand->t[node] + b * frame->slots;
        const float *d = operand->want_d ? operand->d[node] + b * frame->slots : NULL;
        for (size_t n = 0; n < frame->slots; n++) {
            const float *light = frame->light[node] + n * frame->cols;
            const float *detuned = d ? frame->detuned[node] + n * frame->cols : NULL;
            const float *z = workspace->z_rin + n;
            float x = gain * (t[n] + (float)client->t_null);
            float dx = d ? gain * (d[n] + (float)client->d_null) : 0.0f;
            for (size_t k = 0; k < frame->rows; k++) {
                float power = light[k] * x + (detuned ? detuned[k] * dx : 0.0f);
                s1[k] += power * z[self->comb_shift[k]];
            }
        }
    }
}

void oac_analytic_comb(const struct oac_analytic *self, const struct oac_frame *frame,
                       const struct oac_activation_frame *play, size_t first, size_t count,
                       struct oac_workspace *workspace)
{
    uint32_t blocks = (uint32_t)((frame->slots + self->comb_span + 3) / 4);
    for (size_t b = 0; b < count; b++) {
        oac_kernel()->normals(self->seed, OAC_RNG_SHARED_RIN, 1, play->slot0 + first + b,
                              blocks, workspace->z_rin);
        comb_window(self, frame, b, workspace);
    }
}

void oac_analytic_straddle_add(struct oac_frame *frame, size_t k, double late, double drive2,
                               const double *variance)
{
    double whole = floor(late), part = late - whole;
    for (size_t n = 0; n + 1 < frame->slots; n++) {
        double from = (double)n - whole;
        if (from >= 0.0 && from < (double)frame->slots)
            frame->straddle[n * frame->cols + k] +=
                (float)(2.0 * part * (1.0 - part) * drive2 * variance[(size_t)from]);
    }
}

void oac_analytic_straddle(const struct oac_frame *frame, size_t count,
                           struct oac_workspace *workspace)
{
    const float null = (float)frame->client->t_null;
    for (size_t b = 0; b < count; b++) {
        const float *t = workspace->operand.t[0] + b * frame->slots;
        float *v = workspace->v + b * frame->cols;
        for (size_t n = 0; n + 1 < frame->slots; n++) {
            float both = (t[n] + null) * (t[n + 1] + null);
            const float *straddle = frame->straddle + n * frame->cols;
            for (size_t k = 0; k < frame->rows; k++)
                v[k] += straddle[k] * both;
        }
    }
}
