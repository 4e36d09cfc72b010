/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is computed once per weight load: the matrices that meet the client's light. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "sim/analytic_waveform.h"

/* What a row's detectors make of beats between ASE and signal: each detector's responsivity acts on
 * both, so it counts twice. */
static void beat_weights(const struct oac_analytic *self, const struct oac_frame *frame,
                         size_t k, double *beat_a, double *beat_b)
{
    const struct oac_bench_channel *channel = &self->bench->channel[k];
    double plus2 = channel->gain_plus * channel->gain_plus;
    double minus2 = frame->differential ? channel->gain_minus * channel->gain_minus : 0.0;
    *beat_a = plus2 + minus2;
    *beat_b = plus2 - minus2;
}

/* Adds source j's light to row k. Everything is in output electrons of one slot at Tx = 1. */
static void path_add(const struct oac_analytic *self, struct oac_frame *frame, size_t k,
                     size_t j, double light, size_t node, const struct oac_waveform *waveform)
{
    const struct oac_bench *bench = self->bench;
    const struct oac_source *source = &self->source[j];
    const struct oac_pair_weights pair = oac_analytic_pair(self, frame, k);
    double weight = self->node[node].weight;
    double rin = self->noise & OAC_NOISE_RIN && !self->rig.laser.shared
                     ? bench->laser.rin_per_hz / (2.0 * self->slot_s)
                     : 0.0;
    /* Signal-ASE: 2 M^2 (R S/q) mu Tx per slot, mu in primary electrons. */
    double beat = 2.0 * bench->detector.gain * bench->channel[k].electrons_per_joule *
                  bench->channel[k].ase_w_per_hz * bench->demux[k * bench->channels + k];
    double beat_a, beat_b;
    beat_weights(self, frame, k, &beat_a, &beat_b);
    double drive = light * pair.mean_b * source->beta;
    for (size_t n = 0; n < frame->slots; n++) {
        size_t at = n * frame->cols + k;
        double a = source->alpha, b = source->beta * waveform->c[n];
        double b2 = source->beta * source->beta * waveform->c2[n];
        double mean = light * (pair.mean_a * a + pair.mean_b * b);
        frame->light[node][at] += (float)(weight * mean);
        if (frame->detuned[node])
            frame->detuned[node][at] += (float)(weight * source->detuning * mean);
        if (frame->v[node]) {
            double square = pair.mean_a * a * (pair.mean_a * a + 2.0 * pair.mean_b * b) +
                            pair.mean_b * pair.mean_b * b2;
            double variance = weight * rin * light * light * square;
            if (node ==
                0) /* drive noise is held over the slot: one draw, at the settled value */
                variance += drive * drive * waveform->variance[n];
            frame->v[node][at] += (float)variance;
        }
        if (frame->a[node])
            frame->a[node][at] += (float)(weight * beat * light * (beat_a * a + beat_b * b));
    }
}

/* What source j's drive errors bring into two slots at once; before it is delayed. */
static void source_straddle(const struct oac_analytic *self, struct oac_frame *frame, size_t j,
                            const struct oac_waveform *waveform)
{
    for (size_t k = 0; k < frame->rows; k++)
        for (size_t p = self->path_begin[k]; p < self->path_begin[k + 1]; p++) {
            if (self->path_from[p] != j)
                continue;
            double drive = self->path_light[p] * oac_analytic_pair(self, frame, k).mean_b *
                           self->source[j].beta;
            oac_analytic_straddle_add(frame, k, oac_analytic_late_slots(self, j), drive * drive,
                                      waveform->variance);
        }
}

/* Adds source j to every row it reaches. */
static void source_add(const struct oac_analytic *self, struct oac_frame *frame, size_t j,
                       size_t node, const struct oac_waveform *waveform)
{
    for (size_t k = 0; k < frame->rows; k++)
        for (size_t p = self->path_begin[k]; p < self->path_begin[k + 1]; p++)
            if (self->path_from[p] == j)
                path_add(self, frame, k, j, self->path_light[p], node, waveform);
    if (!frame->cosine[node] || j >= frame->rows)
        return;
    double weight = self->node[node].weight;
    for (size_t n = 0; n < frame->slots; n++) {
        frame->cosine[node][n * frame->cols + j] = (float)(weight * waveform->c[n]);
        frame->sine[node][n * frame->cols + j] = (float)(weight * waveform->s[n]);
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
                      const struct oac_waveform *waveform)
{
    const struct oac_bench *bench = self->bench;
    const struct oac_source *source = &self->source[j];
    double sum = 0.0;
    for (size_t n = 0; n < frame->slots; n++)
        sum += frame->differential ? 2.0 * source->alpha
                                   : source->alpha + source->beta * waveform->c[n];
    double launched_j = source->power_w * sum * self->slot_s;
    double before = self->rig.amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT
                        ? bench->amplifier.gain
                        : 1.0;
    frame->launched_j += launched_j;
    frame->client_in_j += launched_j * bench->fiber.transmission * before;
    for (size_t p = self->path_begin[j]; j < frame->rows && p < self->path_begin[j + 1]; p++)
        if (self->path_from[p] == j)
            frame->photons_preweight +=
                self->path_light[p] / bench->detector.gain * bench->channel[j].weight.t_on *
                bench->channel[j].client.t_on * bench->channel[j].gain_plus;
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
    size_t floats = kinds * self->nodes * matrix + 2 * OAC_READOUT_ROW_ARRAYS * frame->cols;
    frame->memory = oac_alloc(floats, sizeof *frame->memory, "a weight frame", err);
    frame->null_sums =
        oac_alloc(2 * frame->cols, sizeof *frame->null_sums, "a weight frame", err);
    if (!frame->memory || !frame->null_sums)
        return err->status;
    if (oac_analytic_straddles(self)) {
        frame->straddle = oac_alloc(matrix, sizeof *frame->straddle, "a weight frame", err);
        if (!frame->straddle)
            return err->status;
    }
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
        &frame->constants.base,       &frame->constants.base_v,
        &frame->constants.base_a,     &frame->constants.shot_x,
        &frame->constants.shot_s,     &frame->constants.shot_gain,
        &frame->constants.fixed,      &frame->constants.gx,
        &frame->constants.fixed_var,  &frame->constants.gx_var,
        &frame->constants.x2_var,     &frame->constants.code0,
        &frame->constants.code_var,   &frame->constants.code_per_electron,
        &frame->constants.low_code,   &frame->constants.high_code,
        &frame->constants.signal_var, &frame->constants.signal2_var};
    for (size_t i = 0; i < OAC_READOUT_ROW_ARRAYS; i++)
        *arrays[i] = take(&next, frame->cols);
    frame->constants.packed = take(&next, OAC_READOUT_ROW_ARRAYS * frame->cols);
    return OAC_OK;
}

static enum oac_status frame_build(struct oac_analytic *self, struct oac_frame *frame,
                                   struct oac_err *err)
{
    free(frame->memory);
    free(frame->null_sums);
    free(frame->straddle);
    frame->memory = NULL;
    frame->null_sums = NULL;
    frame->straddle = NULL;
    frame->launched_j = frame->client_in_j = frame->photons_preweight = 0.0;
    double *scratch = oac_alloc(5 * frame->slots, sizeof *scratch, "a weight frame", err);
    if (!scratch || frame_allocate(self, frame, err) ||
        oac_client_table_get(self, frame->null_code, &frame->client, err)) {
        free(scratch);
        return err->status;
    }
    struct oac_waveform waveform = {.c = scratch,
                                    .c2 = scratch + frame->slots,
                                    .s = scratch + 2 * frame->slots,
                                    .variance = scratch + 3 * frame->slots};
    for (size_t j = 0; j < self->bench->channels; j++) {
        for (size_t node = 0; node < self->nodes; node++) {
            oac_waveform_fill(self, frame, j, node, &waveform);
            if (node == 0)
                add_light(self, frame, j, &waveform);
            if (node == 0 && frame->straddle)
                source_straddle(self, frame, j, &waveform);
            oac_waveform_delay(self, frame, j, &waveform, scratch + 4 * frame->slots);
            source_add(self, frame, j, node, &waveform);
        }
    }
    ones_column(self, frame);
    null_sums(self, frame);
    oac_analytic_constants(self, frame);
    oac_readout_pack(&frame->constants, frame->cols);
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
    free(frame->straddle);
    free(frame->code);
    free(frame);
}
