/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is computed once per weight load: the matrices that meet the client's light. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/kernel.h"
#include "base/units.h"
#include "sim/analytic_bench.h"

double oac_analytic_detuning(const struct oac_analytic *self, size_t k)
{
    if (!self->tracking)
        return 0.0;
    return self->rig.laser.center_hz / self->bench->channel[k].frequency_hz - 1.0;
}

static double laser_w(const struct oac_analytic *self, size_t j)
{
    double ratio = oac_power_ratio_from_db(self->set.laser_dbm[j] - self->rig.laser.power_dbm);
    return self->bench->channel[j].power_w * ratio * self->set.laser_on[j];
}

enum oac_status oac_analytic_light_refresh(struct oac_analytic *self, struct oac_err *err)
{
    const struct oac_bench *bench = self->bench;
    size_t channels = bench->channels;
    if (!self->light_matrix)
        self->light_matrix =
            oac_alloc(channels * channels, sizeof *self->light_matrix, "light paths", err);
    if (!self->light_matrix)
        return err->status;
    for (size_t k = 0; k < channels; k++)
        for (size_t j = 0; j < channels; j++)
            self->light_matrix[k * channels + j] =
                bench->demux[k * channels + j] * laser_w(self, j) * bench->fiber.transmission *
                bench->amplifier.gain * bench->channel[j].electrons_per_joule * self->slot_s *
                bench->detector.gain;
    return OAC_OK;
}

double oac_analytic_light(const struct oac_analytic *self, size_t k, size_t j)
{
    return self->light_matrix[k * self->bench->channels + j];
}

/* One source's mean cosine, mean sine and variance of the cosine, over the slots of a frame at one node. */
struct source {
    double *c, *s, *variance; /* (slots) */
    double alpha, beta;
};

/* e = exp(-s^2): E cos = cos sqrt(e), Var cos = (1-e)(1+e-2e cos^2)/2, which is physics.md's expression
 * factored so that nothing cancels at small noise. */
static void source_at(const struct oac_mzm *mzm, double v, double sigma_v, double *c, double *s,
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
static void source_fill(const struct oac_analytic *self, const struct oac_frame *frame,
                        size_t j, size_t node, struct source *source)
{
    const struct oac_bench_channel *channel = &self->bench->channel[j];
    const struct oac_mzm *mzm = &channel->weight;
    double bias = self->set.bias_weight_v[j];
    double guard =
        oac_dac_voltage(channel->weight_dac, (uint32_t)self->caps.weight[j].code_safe) + bias;
    double before = guard;
    source->alpha = mzm->t_on * (1.0 + mzm->r) / 2.0;
    source->beta = mzm->t_on * (1.0 - mzm->r) / 2.0;
    for (size_t n = 0; n < frame->slots; n++) {
        double target = guard;
        if (j < frame->rows)
            target =
                oac_dac_voltage(channel->weight_dac, frame->code[j * frame->slots + n]) + bias;
        double v = target + (before - target) * self->node[node].u_weight;
        source_at(mzm, v, self->weight_sigma_v, &source->c[n], &source->s[n],
                  &source->variance[n]);
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

static void source_delay(const struct oac_analytic *self, const struct oac_frame *frame,
                         size_t j, struct source *source, double *scratch)
{
    const struct oac_bench_channel *channel = &self->bench->channel[j];
    double late =
        (channel->delay_s + self->set.predelay_s[j] - self->set.skew_s) / self->slot_s;
    if (fabs(late) < 1e-9)
        return;
    double guard_v =
        oac_dac_voltage(channel->weight_dac, (uint32_t)self->caps.weight[j].code_safe) +
        self->set.bias_weight_v[j];
    double c, s, variance;
    source_at(&channel->weight, guard_v, self->weight_sigma_v, &c, &s, &variance);
    shift_row(source->c, frame->slots, c, late, false, scratch);
    shift_row(source->s, frame->slots, s, late, false, scratch);
    shift_row(source->variance, frame->slots, variance, late, true, scratch);
}

/* Detector weights of alpha and of beta c in the mean and in the shot noise. */
struct pair_weights {
    double mean_a, mean_b, shot_a, shot_b;
};

static struct pair_weights pair_of(const struct oac_analytic *self,
                                   const struct oac_frame *frame, size_t k)
{
    const struct oac_bench_channel *channel = &self->bench->channel[k];
    double plus = channel->gain_plus, minus = channel->gain_minus;
    if (!frame->differential)
        return (struct pair_weights){plus, plus, plus, plus};
    return (struct pair_weights){plus - minus, plus + minus, plus + minus, plus - minus};
}

/* Adds source j to every row it reaches. Everything is in output electrons of one slot at Tx = 1. */
static void source_add(const struct oac_analytic *self, struct oac_frame *frame, size_t j,
                       size_t node, const struct source *source)
{
    double weight = self->node[node].weight, detuning = oac_analytic_detuning(self, j);
    double rin = self->noise & OAC_NOISE_RIN && !self->rig.laser.shared
                     ? self->bench->laser.rin_per_hz / (2.0 * self->slot_s)
                     : 0.0;
    const struct oac_bench *bench = self->bench;
    for (size_t k = 0; k < frame->rows; k++) {
        double light = oac_analytic_light(self, k, j);
        if (light == 0.0)
            continue;
        struct pair_weights pair = pair_of(self, frame, k);
        const struct oac_bench_channel *detector = &bench->channel[k];
        /* Signal-ASE: 2 M^2 (R S/q) mu T per slot, mu in primary electrons. */
        double beat = 2.0 * bench->detector.gain * detector->electrons_per_joule *
                      detector->ase_w_per_hz * bench->demux[k * bench->channels + k];
        double drive = light * pair.mean_b * source->beta;
        for (size_t n = 0; n < frame->slots; n++) {
            size_t at = n * frame->cols + k;
            double a = source->alpha, b = source->beta * source->c[n];
            double mean = light * (pair.mean_a * a + pair.mean_b * b);
            frame->light[node][at] += (float)(weight * mean);
            if (frame->detuned[node])
                frame->detuned[node][at] += (float)(weight * detuning * mean);
            if (frame->v[node]) {
                double variance = weight * rin * mean * mean;
                if (node ==
                    0) /* drive noise is held over the slot: one draw, at the settled value */
                    variance += drive * drive * source->variance[n];
                frame->v[node][at] += (float)variance;
            }
            if (frame->a[node])
                frame->a[node][at] +=
                    (float)(weight * beat * light * (pair.shot_a * a + pair.shot_b * b));
        }
    }
    if (frame->cosine[node] && j < frame->rows) {
        for (size_t n = 0; n < frame->slots; n++) {
            frame->cosine[node][n * frame->cols + j] = (float)(weight * source->c[n]);
            frame->sine[node][n * frame->cols + j] = (float)(weight * source->s[n]);
        }
    }
}

static void ones_column(const struct oac_analytic *self, struct oac_frame *frame)
{
    for (size_t node = 0; node < self->nodes; node++) {
        float weight = (float)self->node[node].weight;
        for (size_t n = 0; n < frame->slots; n++) {
            size_t at = n * frame->cols + frame->rows;
            frame->light[node][at] = weight;
            if (frame->a[node])
                frame->a[node][at] = weight;
            if (frame->cosine[node])
                frame->cosine[node][at] = weight;
        }
    }
}

static void add_light(const struct oac_analytic *self, struct oac_frame *frame, size_t j,
                      const struct source *source)
{
    const struct oac_bench *bench = self->bench;
    double sum = 0.0;
    for (size_t n = 0; n < frame->slots; n++)
        sum += frame->differential ? 2.0 * source->alpha
                                   : source->alpha + source->beta * source->c[n];
    double launched_j = laser_w(self, j) * sum * self->slot_s;
    double before = self->rig.amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT
                        ? bench->amplifier.gain
                        : 1.0;
    frame->launched_j += launched_j;
    frame->client_in_j += launched_j * bench->fiber.transmission * before;
    if (j < frame->rows) {
        double plus = pair_of(self, frame, j).shot_a;
        frame->photons_preweight += oac_analytic_light(self, j, j) / bench->detector.gain *
                                    bench->channel[j].weight.t_on *
                                    bench->channel[j].client.t_on * plus;
    }
}

/* Sums over all slots, times the null code's transmission: the light of a window of zeros. */
static void null_sums(const struct oac_analytic *self, struct oac_frame *frame)
{
    const struct oac_client_table *client = frame->client;
    double t = client->t_null, t2 = t * t, d = client->d_null;
    for (size_t k = 0; k < frame->rows; k++) {
        double light = 0.0, detuned = 0.0, v = 0.0, a = 0.0, c = 0.0, s = 0.0;
        for (size_t node = 0; node < self->nodes; node++) {
            for (size_t n = 0; n < frame->slots; n++) {
                size_t at = n * frame->cols + k;
                light += (double)frame->light[node][at];
                detuned += frame->detuned[node] ? (double)frame->detuned[node][at] : 0.0;
                v += frame->v[node] ? (double)frame->v[node][at] : 0.0;
                a += frame->a[node] ? (double)frame->a[node][at] : 0.0;
                c += frame->cosine[node] ? (double)frame->cosine[node][at] : 0.0;
                s += frame->sine[node] ? (double)frame->sine[node][at] : 0.0;
            }
        }
        frame->constants.base[k] = (float)(light * t + detuned * d);
        frame->constants.base_v[k] = (float)(v * t2);
        frame->constants.base_a[k] = (float)(a * t2);
        frame->null_sums[k] = c;
        frame->null_sums[frame->cols + k] = s;
    }
}

static float *take(float **next, size_t count)
{
    float *block = *next;
    *next += count;
    return block;
}

/* One block holds all matrices that this bench's noises and effects ask for. */
static enum oac_status frame_allocate(const struct oac_analytic *self, struct oac_frame *frame,
                                      struct oac_err *err)
{
    bool beats = self->noise & OAC_NOISE_ASE &&
                 self->rig.amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT;
    bool rin = self->noise & OAC_NOISE_RIN && !self->rig.laser.shared &&
               self->bench->laser.rin_per_hz > 0.0;
    bool variance = rin || self->weight_sigma_v > 0.0 || beats; /* readout.h: a only with v */
    size_t kinds = 1u + self->tracking + variance + beats + 2u * self->moving;
    size_t matrix = frame->slots * frame->cols;
    size_t floats = kinds * self->nodes * matrix + OAC_READOUT_ROW_ARRAYS * frame->cols;
    frame->memory = oac_alloc(floats, sizeof *frame->memory, "a weight frame", err);
    frame->null_sums =
        oac_alloc(2 * frame->cols, sizeof *frame->null_sums, "a weight frame", err);
    if (!frame->memory || !frame->null_sums)
        return err->status;
    float *next = frame->memory;
    for (size_t node = 0; node < self->nodes; node++) {
        frame->light[node] = take(&next, matrix);
        if (self->tracking)
            frame->detuned[node] = take(&next, matrix);
        if (variance)
            frame->v[node] = take(&next, matrix);
        if (beats)
            frame->a[node] = take(&next, matrix);
        if (self->moving) {
            frame->cosine[node] = take(&next, matrix);
            frame->sine[node] = take(&next, matrix);
        }
    }
    float **arrays[OAC_READOUT_ROW_ARRAYS] = {
        &frame->constants.base,      &frame->constants.base_v,
        &frame->constants.base_a,    &frame->constants.shot_x,
        &frame->constants.shot_s,    &frame->constants.shot_gain,
        &frame->constants.fixed,     &frame->constants.gx,
        &frame->constants.fixed_var, &frame->constants.gx_var,
        &frame->constants.x2_var,    &frame->constants.code0,
        &frame->constants.code_var,  &frame->constants.code_per_electron,
        &frame->constants.low_code,  &frame->constants.high_code};
    for (size_t i = 0; i < OAC_READOUT_ROW_ARRAYS; i++)
        *arrays[i] = take(&next, frame->cols);
    return OAC_OK;
}

static enum oac_status frame_build(struct oac_analytic *self, struct oac_frame *frame,
                                   struct oac_err *err)
{
    free(frame->memory);
    free(frame->null_sums);
    frame->memory = NULL;
    frame->null_sums = NULL;
    frame->launched_j = frame->client_in_j = frame->photons_preweight = 0.0;
    double *scratch = oac_alloc(4 * frame->slots, sizeof *scratch, "a weight frame", err);
    if (!scratch || frame_allocate(self, frame, err) ||
        oac_client_table_get(self, frame->null_code, &frame->client, err)) {
        free(scratch);
        return err->status;
    }
    struct source source = {
        .c = scratch, .s = scratch + frame->slots, .variance = scratch + 2 * frame->slots};
    for (size_t j = 0; j < self->bench->channels; j++) {
        for (size_t node = 0; node < self->nodes; node++) {
            source_fill(self, frame, j, node, &source);
            if (node == 0)
                add_light(self, frame, j, &source);
            source_delay(self, frame, j, &source, scratch + 3 * frame->slots);
            source_add(self, frame, j, node, &source);
        }
    }
    ones_column(self, frame);
    null_sums(self, frame);
    oac_analytic_constants(self, frame);
    free(scratch);
    return OAC_OK;
}

enum oac_status oac_analytic_frame_refresh(struct oac_analytic *self, struct oac_frame *frame,
                                           struct oac_err *err)
{
    if (atomic_load_explicit(&frame->built, memory_order_acquire) == self->version)
        return OAC_OK;
    pthread_mutex_lock(&self->lock);
    enum oac_status status = OAC_OK;
    if (atomic_load_explicit(&frame->built, memory_order_relaxed) != self->version) {
        status = frame_build(self, frame, err);
        if (status == OAC_OK)
            atomic_store_explicit(&frame->built, self->version, memory_order_release);
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

void oac_analytic_frame_destroy(struct oac_frame *frame)
{
    if (!frame)
        return;
    free(frame->memory);
    free(frame->null_sums);
    free(frame->code);
    free(frame);
}
