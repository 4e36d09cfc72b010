/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench that moves: lasers, biases and gains that differ from window to window. Each source's light is
 * kept apart (sum c Tx, sum s Tx), turned by its bias drift, scaled by its power, and only then mixed by
 * crosstalk; exact in the drift, the second-order change of the small variances (rin, weight drive) apart. */
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/rng.h"
#include "sim/analytic_workspace.h"

/* Cursor numbers: 0 client bias, then three per channel. */
static struct oac_drift_cursor *cursor(struct oac_workspace *workspace, size_t k, size_t kind)
{
    return &workspace->cursors[1 + 3 * k + kind];
}

double oac_analytic_gain_drift(const struct oac_analytic *self, size_t k, uint64_t slot0,
                               struct oac_workspace *workspace)
{
    const struct oac_drift *drift = &self->bench->channel[k].gain_drift;
    if (!(self->noise & OAC_NOISE_DRIFT) || !(drift->sigma > 0.0))
        return 1.0;
    return 1.0 + oac_drift_at(drift, (double)slot0 * self->slot_s, cursor(workspace, k, 0));
}

/* Power of laser j in this window, relative. */
static double power(const struct oac_analytic *self, size_t j, uint64_t slot0,
                    double gain_sigma, struct oac_workspace *workspace)
{
    double factor = 1.0;
    const struct oac_drift *drift = &self->bench->channel[j].power_drift;
    if (self->noise & OAC_NOISE_DRIFT && drift->sigma > 0.0)
        factor += oac_drift_at(drift, (double)slot0 * self->slot_s, cursor(workspace, j, 1));
    if (gain_sigma > 0.0) {
        size_t laser = self->rig.laser.shared ? 0 : j;
        factor *= 1.0 + gain_sigma *
                            oac_rng_normal(self->seed, OAC_RNG_RIN_LOW, slot0, (uint32_t)laser);
    }
    return factor > 0.0 ? factor : 0.0;
}

/* Bias drift of weight modulator j as an angle [rad]. */
static double turn(const struct oac_analytic *self, size_t j, uint64_t slot0,
                   struct oac_workspace *workspace)
{
    const struct oac_drift *drift = &self->bench->channel[j].bias_drift;
    if (!(self->noise & OAC_NOISE_DRIFT) || !(drift->sigma > 0.0))
        return 0.0;
    return -OAC_PI / self->bench->channel[j].weight.vpi_v *
           oac_drift_at(drift, (double)slot0 * self->slot_s, cursor(workspace, j, 2));
}

/* What a channel parked at its guard code shows: its c and s. */
static void parked(const struct oac_analytic *self, size_t j, double *c, double *s)
{
    const struct oac_bench_channel *channel = &self->bench->channel[j];
    double v = oac_dac_voltage(channel->weight_dac, (uint32_t)self->caps.weight[j].code_safe) +
               self->set.bias_weight_v[j];
    double angle = OAC_PI * (v - channel->weight.vpeak_v) / channel->weight.vpi_v;
    double spread = OAC_PI * self->weight_sigma_v / channel->weight.vpi_v;
    *c = cos(angle) * exp(-spread * spread / 2.0);
    *s = sin(angle) * exp(-spread * spread / 2.0);
}

/* a[j] = alpha X1 p, b[j] = beta p (C cos d - S sin d): the two parts of source j's light. */
static void window_sources(const struct oac_analytic *self, const struct oac_frame *frame,
                           size_t b, uint64_t slot0, double x1, struct oac_workspace *workspace,
                           double *a, double *beta)
{
    const struct oac_client_table *client = frame->client;
    double window_s = (double)frame->slots * self->slot_s;
    double gain_sigma = self->noise & OAC_NOISE_RIN
                            ? sqrt(oac_laser_gain_variance(&self->bench->laser, window_s))
                            : 0.0;
    for (size_t j = 0; j < self->bench->channels; j++) {
        const struct oac_mzm *mzm = &self->bench->channel[j].weight;
        double c, s;
        if (j < frame->rows) {
            size_t at = b * frame->cols + j;
            double detuning = oac_analytic_detuning(self, j);
            double null = client->t_null + detuning * client->d_null;
            c = frame->null_sums[j] * null + (double)workspace->moving_c[at];
            s = frame->null_sums[frame->cols + j] * null + (double)workspace->moving_s[at];
            if (self->tracking) {
                c += detuning * (double)workspace->moving_cd[at];
                s += detuning * (double)workspace->moving_sd[at];
            }
        } else {
            parked(self, j, &c, &s);
            c *= x1;
            s *= x1;
        }
        double angle = turn(self, j, slot0, workspace);
        double p = power(self, j, slot0, gain_sigma, workspace);
        a[j] = p * mzm->t_on * (1.0 + mzm->r) / 2.0 * x1;
        beta[j] = p * mzm->t_on * (1.0 - mzm->r) / 2.0 * (c * cos(angle) - s * sin(angle));
    }
}

static void unmixed(const struct oac_analytic *self, const struct oac_frame *frame,
                    size_t count, float *const matrix[], float *const value[],
                    const struct oac_operand *operand, float *sums)
{
    memset(sums, 0, count * frame->cols * sizeof *sums);
    oac_analytic_product(self, frame, operand, count, value, matrix, sums);
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
    double *a = workspace->row, *beta = a + self->bench->channels;
    for (size_t b = 0; b < count; b++) {
        double x1 = (double)frame->slots * frame->client->t_null +
                    (double)workspace->moving_c[b * frame->cols + frame->rows];
        window_sources(self, frame, b, play->slot0[first + b], x1, workspace, a, beta);
        for (size_t k = 0; k < frame->rows; k++) {
            const struct oac_bench_channel *channel = &self->bench->channel[k];
            double plus = channel->gain_plus, minus = channel->gain_minus;
            double ma = frame->differential ? plus - minus : plus;
            double mb = frame->differential ? plus + minus : plus;
            double mean = 0.0;
            for (size_t j = 0; j < self->bench->channels; j++) {
                double light = oac_analytic_light(self, k, j);
                if (light > 0.0)
                    mean += light * (ma * a[j] + mb * beta[j]);
            }
            workspace->s1[b * frame->cols + k] =
                (float)(mean - (double)frame->constants.base[k]);
        }
    }
}
