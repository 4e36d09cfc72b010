/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench that moves: lasers, biases and gains that differ from window to window. Each source's light is
 * kept apart (sum c Tx, sum s Tx), turned by its bias drift, scaled by its power, and only then mixed by
 * crosstalk: exact in the drift, the second-order change of the small variances (rin, weight drive) apart.
 *
 * Drift is taken once per epoch (sim/epoch.h) and remembered, because every frame of an image meets the same
 * ones. */
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "sim/analytic_workspace.h"
#include "sim/epoch.h"

static void motion_fill(const struct oac_analytic *self, uint64_t epoch,
                        struct oac_workspace *workspace, struct oac_motion *motion)
{
    double time_s = oac_epoch_time_s(epoch, self->epoch_slots, self->slot_s);
    struct oac_drift_cursor *cursor = workspace->cursors;
    const struct oac_bench *bench = self->bench;
    motion->client_v = oac_drift_at(&bench->client_bias_drift, time_s, cursor++);
    for (size_t j = 0; j < bench->channels; j++, cursor += 3) {
        const struct oac_bench_channel *channel = &bench->channel[j];
        double power = 1.0 + oac_drift_at(&channel->power_drift, time_s, cursor);
        double bias_v = oac_drift_at(&channel->bias_drift, time_s, cursor + 1);
        double angle = -OAC_PI * bias_v / channel->weight.vpi_v;
        motion->laser[j].power = power > 0.0 ? power : 0.0;
        motion->laser[j].cosine = cos(angle);
        motion->laser[j].sine = sin(angle);
        motion->laser[j].gain =
            (float)(1.0 + oac_drift_at(&channel->gain_drift, time_s, cursor + 2));
    }
    motion->epoch = epoch;
    motion->valid = true;
}

const struct oac_motion *oac_analytic_motion(const struct oac_analytic *self, uint64_t slot0,
                                             struct oac_workspace *workspace)
{
    uint64_t epoch = slot0 / self->epoch_slots;
    struct oac_motion *motion = &workspace->motion[epoch % OAC_MOTIONS];
    if (!motion->valid || motion->epoch != epoch)
        motion_fill(self, epoch, workspace, motion);
    return motion;
}

/* light[j] = p (alpha X1, beta (C cos d - S sin d)): the two parts of each source's light. */
static void window_sources(const struct oac_analytic *self, const struct oac_frame *frame,
                           size_t b, double x1, const float *z, const struct oac_motion *motion,
                           struct oac_workspace *workspace)
{
    const struct oac_client_table *client = frame->client;
    const float *sum_c = workspace->moving_c + b * frame->cols;
    const float *sum_s = workspace->moving_s + b * frame->cols;
    size_t sources = self->crosstalk ? self->bench->channels : frame->rows;
    double x1_detuned = 0.0; /* sum of dTx/d ln V_pi, from the column of ones */
    if (self->tracking)
        x1_detuned = (double)frame->slots * client->d_null +
                     (double)workspace->moving_cd[b * frame->cols + frame->rows];
    for (size_t j = 0; j < sources; j++) {
        const struct oac_source *source = &self->source[j];
        double through = x1 + source->detuning * x1_detuned;
        double c = source->parked_c * through, s = source->parked_s * through;
        if (j < frame->rows) {
            double null = client->t_null + source->detuning * client->d_null;
            c = frame->null_sums[j] * null + (double)sum_c[j];
            s = frame->null_sums[frame->cols + j] * null + (double)sum_s[j];
        }
        if (self->tracking && j < frame->rows) {
            c += source->detuning * (double)workspace->moving_cd[b * frame->cols + j];
            s += source->detuning * (double)workspace->moving_sd[b * frame->cols + j];
        }
        double power = 1.0 + (z ? workspace->gain_sigma * (double)z[j] : 0.0);
        if (motion) {
            power *= motion->laser[j].power;
            c = c * motion->laser[j].cosine - s * motion->laser[j].sine;
        }
        workspace->light_a[j] = power * source->alpha * through;
        workspace->light_b[j] = power * source->beta * c;
    }
}

static void unmixed(const struct oac_analytic *self, const struct oac_frame *frame,
                    size_t count, float *const matrix[], float *const value[],
                    const struct oac_operand *operand, float *sums)
{
    memset(sums, 0, count * frame->cols * sizeof *sums);
    oac_analytic_product(self, frame, operand, count, value, matrix, sums);
}

/* Every detector's share of the sources, as s1: what exceeds the null code's light of a still bench. */
static void window_detectors(const struct oac_analytic *self, const struct oac_frame *frame,
                             const struct oac_workspace *workspace, float *s1)
{
    for (size_t k = 0; k < frame->rows; k++) {
        struct oac_pair_weights pair = oac_analytic_pair(self, frame, k);
        double mean = 0.0;
        for (size_t p = self->path_begin[k]; p < self->path_begin[k + 1]; p++) {
            size_t j = self->path_from[p];
            mean += self->path_light[p] *
                    (pair.mean_a * workspace->light_a[j] + pair.mean_b * workspace->light_b[j]);
        }
        s1[k] = (float)(mean - (double)frame->constants.base[k]);
    }
}

void oac_analytic_move(const struct oac_analytic *self, const struct oac_frame *frame,
                       const struct oac_activation_frame *play, size_t first, size_t count,
                       struct oac_workspace *workspace)
{
    const struct oac_operand *operand = &workspace->operand;
    unmixed(self, frame, count, frame->cosine, operand->t, operand, workspace->moving_c);
    unmixed(self, frame, count, frame->sine, operand->t, operand, workspace->moving_s);
    if (self->tracking) {
        unmixed(self, frame, count, frame->cosine, operand->d, operand, workspace->moving_cd);
        unmixed(self, frame, count, frame->sine, operand->d, operand, workspace->moving_sd);
    }
    uint32_t blocks = (uint32_t)((self->bench->channels + 3) / 4);
    if (self->slow_rin) {
        double window_s = (double)frame->slots * self->slot_s;
        workspace->gain_sigma = sqrt(oac_laser_gain_variance(&self->bench->laser, window_s));
        oac_kernel()->normals(self->seed, OAC_RNG_RIN_LOW, count, play->slot0 + first, blocks,
                              workspace->z_laser);
    }
    for (size_t b = 0; b < count; b++) {
        float *s1 = workspace->s1 + b * frame->cols;
        s1[frame->rows] = workspace->moving_c[b * frame->cols + frame->rows];
        double x1 = (double)frame->slots * frame->client->t_null + (double)s1[frame->rows];
        const struct oac_motion *motion = NULL;
        if (self->noise & OAC_NOISE_DRIFT)
            motion = oac_analytic_motion(self, play->slot0[first + b], workspace);
        const float *z = self->slow_rin ? workspace->z_laser + b * 4 * blocks : NULL;
        window_sources(self, frame, b, x1, z, motion, workspace);
        window_detectors(self, frame, workspace, s1);
    }
}
