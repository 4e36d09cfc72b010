/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One play: the client's light meets a loaded frame, a tile of windows at a time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "sim/analytic_workspace.h"

static enum oac_status motion_create(const struct oac_analytic *self,
                                     struct oac_workspace *workspace, struct oac_err *err)
{
    if (!(self->noise & OAC_NOISE_DRIFT))
        return OAC_OK;
    size_t channels = self->bench->channels;
    workspace->motion = oac_alloc(OAC_MOTIONS, sizeof *workspace->motion, "drift", err);
    workspace->motion_memory =
        oac_alloc(OAC_MOTIONS * channels, sizeof *workspace->motion_memory, "drift", err);
    if (!workspace->motion || !workspace->motion_memory)
        return err->status;
    for (size_t i = 0; i < OAC_MOTIONS; i++)
        workspace->motion[i].laser = workspace->motion_memory + i * channels;
    return OAC_OK;
}

struct oac_workspace *oac_analytic_workspace_create(void *context, struct oac_err *err)
{
    const struct oac_analytic *self = context;
    struct oac_workspace *workspace = oac_alloc(1, sizeof *workspace, "a workspace", err);
    if (!workspace)
        return NULL;
    size_t channels = self->bench->channels, padded = (channels + 3) / 4 * 4;
    workspace->cursors =
        oac_alloc(3 * channels + 1, sizeof *workspace->cursors, "a workspace", err);
    workspace->light_a = oac_alloc(2 * channels, sizeof(double), "a workspace", err);
    workspace->z_laser =
        oac_alloc(OAC_ANALYTIC_TILE * padded, sizeof(float), "a workspace", err);
    if (!workspace->cursors || !workspace->light_a || !workspace->z_laser ||
        motion_create(self, workspace, err)) {
        oac_analytic_workspace_destroy(context, workspace);
        return NULL;
    }
    workspace->light_b = workspace->light_a + channels;
    return workspace;
}

static void workspace_release(struct oac_workspace *workspace)
{
    free(workspace->memory);
    free(workspace->code);
    free(workspace->rate);
    workspace->memory = NULL;
    workspace->code = NULL;
    workspace->rate = NULL;
    workspace->slots = workspace->cols = 0;
}

void oac_analytic_workspace_destroy(void *context, struct oac_workspace *workspace)
{
    (void)context;
    if (!workspace)
        return;
    workspace_release(workspace);
    free(workspace->cursors);
    free(workspace->light_a);
    free(workspace->z_laser);
    free(workspace->motion);
    free(workspace->motion_memory);
    free(workspace);
}

static float *take(float **next, size_t count)
{
    float *block = *next;
    *next += count;
    return block;
}

enum oac_status oac_workspace_fit(const struct oac_analytic *self,
                                  struct oac_workspace *workspace, size_t slots, size_t cols,
                                  struct oac_err *err)
{
    if (slots <= workspace->slots && cols <= workspace->cols)
        return OAC_OK;
    slots = slots > workspace->slots ? slots : workspace->slots;
    cols = cols > workspace->cols ? cols : workspace->cols;
    workspace_release(workspace);
    const size_t tile = OAC_ANALYTIC_TILE, pad = 4 * OAC_KERNEL_PAD;
    size_t operand = tile * slots + pad, sums = tile * cols + pad, window = slots + pad;
    size_t hum = window + self->comb_span;
    size_t floats = 3 * self->nodes * operand + 3 * window + hum + 8 * sums + 4 * (cols + pad);
    workspace->memory = oac_alloc(floats, sizeof *workspace->memory, "a workspace", err);
    workspace->code = oac_alloc(slots + pad, sizeof *workspace->code, "a workspace", err);
    workspace->rate = oac_alloc(slots + pad, sizeof *workspace->rate, "a workspace", err);
    if (!workspace->memory || !workspace->code || !workspace->rate) {
        workspace_release(workspace);
        return err->status;
    }
    float *next = workspace->memory;
    for (size_t node = 0; node < self->nodes; node++) {
        workspace->operand.t[node] = take(&next, operand);
        workspace->operand.t2[node] = take(&next, operand);
        workspace->operand.d[node] = take(&next, operand);
    }
    workspace->turns = take(&next, window);
    workspace->bends = take(&next, window);
    workspace->z_drive = take(&next, window);
    workspace->z_rin = take(&next, hum);
    float **sum[] = {&workspace->s1,        &workspace->v,        &workspace->a,
                     &workspace->z,         &workspace->moving_c, &workspace->moving_s,
                     &workspace->moving_cd, &workspace->moving_sd};
    for (size_t i = 0; i < sizeof sum / sizeof sum[0]; i++)
        *sum[i] = take(&next, sums);
    workspace->raw = take(&next, cols + pad);
    workspace->gain = take(&next, cols + pad);
    workspace->moments = take(&next, 2 * (cols + pad));
    workspace->slots = slots;
    workspace->cols = cols;
    return OAC_OK;
}

void oac_analytic_product(const struct oac_analytic *self, const struct oac_frame *frame,
                          const struct oac_operand *operand, size_t count, float *const value[],
                          float *const matrix[], float *sums)
{
    const struct oac_kernel *kernel = oac_kernel();
    for (size_t node = 0; node < self->nodes; node++) {
        if (operand->sparse)
            kernel->matmul_sparse(count, frame->cols, frame->slots, operand->begin,
                                  operand->index, value[node], matrix[node], frame->cols, sums,
                                  frame->cols);
        else
            kernel->matmul(count, frame->cols, frame->slots, value[node], frame->slots,
                           matrix[node], frame->cols, sums, frame->cols);
    }
}

static void tile_sums(const struct oac_analytic *self, const struct oac_frame *frame,
                      const struct oac_activation_frame *play, size_t first, size_t count,
                      struct oac_workspace *workspace)
{
    const struct oac_operand *operand = &workspace->operand;
    size_t bytes = count * frame->cols * sizeof(float);
    if (self->moving) {
        oac_analytic_move(self, frame, play, first, count, workspace);
    } else {
        memset(workspace->s1, 0, bytes);
        oac_analytic_product(self, frame, operand, count, operand->t, frame->light,
                             workspace->s1);
        if (operand->want_d)
            oac_analytic_product(self, frame, operand, count, operand->d, frame->detuned,
                                 workspace->s1);
    }
    if (self->comb_shift)
        oac_analytic_comb(self, frame, play, first, count, workspace);
    if (frame->v[0]) {
        memset(workspace->v, 0, bytes);
        oac_analytic_product(self, frame, operand, count, operand->t2, frame->v, workspace->v);
        if (frame->straddle)
            oac_analytic_straddle(frame, count, workspace);
    }
    if (frame->a[0]) {
        memset(workspace->a, 0, bytes);
        oac_analytic_product(self, frame, operand, count, operand->t2, frame->a, workspace->a);
    }
}

/* code_per_electron of the rows, times where their gain has drifted to. */
static const float *drifted_gain(const struct oac_analytic *self, const struct oac_frame *frame,
                                 uint64_t slot0, struct oac_workspace *workspace)
{
    const struct oac_motion *motion = oac_analytic_motion(self, slot0, workspace);
    for (size_t k = 0; k < frame->rows; k++)
        workspace->gain[k] = frame->constants.code_per_electron[k] * motion->laser[k].gain;
    return workspace->gain;
}

static float common_factor(const struct oac_analytic *self, const struct oac_frame *frame,
                           uint64_t slot0)
{
    double variance =
        oac_laser_gain_variance(&self->bench->laser, (double)frame->slots * self->slot_s);
    return (float)fmax(
        1.0 + sqrt(variance) * oac_rng_normal(self->seed, OAC_RNG_RIN_LOW, slot0, 0), 1e-3);
}

/* One window's light sums -> codes. */
static void tile_window(const struct oac_analytic *self, const struct oac_frame *frame,
                        const struct oac_activation_frame *play, size_t first, size_t b,
                        struct oac_workspace *workspace, struct oac_readouts *readouts)
{
    size_t at = b * frame->cols, window = first + b;
    double null = frame->client->t_null, slots = (double)frame->slots;
    struct oac_readout_window light = {
        .launch = play->launch ? play->launch[window] : 1.0f,
        .x1 = (float)(slots * null) + workspace->s1[at + frame->rows],
        .s1 = workspace->s1 + at,
        .v = frame->v[0] ? workspace->v + at : NULL,
        .a = frame->a[0] ? workspace->a + at : NULL,
        .code_per_electron = frame->constants.code_per_electron,
        .z = self->noise ? workspace->z + b * ((frame->rows + 3) / 4 * 4) : NULL,
    };
    if (self->gain_drifts)
        light.code_per_electron = drifted_gain(self, frame, play->slot0[window], workspace);
    float common = 1.0f; /* a shared laser's slow noise is one factor of everything it lights */
    if (self->common_rin)
        common = common_factor(self, frame, play->slot0[window]);
    light.launch *= common;
    if (light.a)
        light.x2 = (float)(slots * null * null) + light.a[frame->rows];
    struct oac_readout_finish finish = {
        .round = self->noise & OAC_NOISE_ADC && !self->sampled,
        .raw = self->exact || readouts->flag,
    };
    const struct oac_readout_kernel *kernel = oac_readout_kernel();
    float shot, least;
    uint32_t saturated = kernel->window(frame->rows, frame->cols, &frame->constants, &light,
                                        &finish, workspace->raw, &shot, &least);
    float *code = readouts->code + window * frame->rows;
    if (!finish.raw && self->countable && least < 1000.0f) {
        finish.raw = true;
        kernel->window(frame->rows, frame->cols, &frame->constants, &light, &finish,
                       workspace->raw, &shot, &least);
    }
    if (finish.raw) {
        struct oac_exact_window exact = {
            .light = &light,
            .window = b,
            .slot0 = play->slot0[window],
            .raw = workspace->raw,
            .code = code,
            .flag = readouts->flag ? readouts->flag + window * frame->rows : NULL};
        saturated = oac_analytic_exact(self, frame, &exact, workspace);
    } else {
        memcpy(code, workspace->raw, frame->rows * sizeof *code);
    }
    double photons =
        (double)shot / ((double)common * self->bench->detector.gain); /* the mean */
    if (readouts->photons)
        readouts->photons[window] = photons;
    if (readouts->saturated)
        *readouts->saturated += saturated;
    workspace->photons += photons;
    workspace->launch += (double)(light.launch / common);
}

static void account(struct oac_analytic *self, const struct oac_frame *frame, size_t windows,
                    const struct oac_workspace *workspace)
{
    uint64_t slots = windows * (frame->slots + self->panel.caps.guard_slots);
    pthread_mutex_lock(&self->lock);
    self->account.windows += windows;
    self->account.slots += slots;
    self->account.preambles += 1;
    self->account.bench_s += (double)(slots + self->panel.caps.preamble_slots) * self->slot_s;
    self->account.launched_j += workspace->launch * frame->launched_j;
    self->account.client_in_j += workspace->launch * frame->client_in_j;
    self->account.detected_photons += workspace->photons;
    pthread_mutex_unlock(&self->lock);
}

enum oac_status oac_analytic_play(void *context, uint32_t handle,
                                  struct oac_workspace *workspace,
                                  const struct oac_activation_frame *play,
                                  struct oac_readouts *readouts, struct oac_err *err)
{
    struct oac_analytic *self = context;
    struct oac_frame *frame = self->frame[handle - 1];
    if (oac_analytic_frame_refresh(self, frame, err) ||
        oac_workspace_fit(self, workspace, frame->slots, frame->cols, err))
        return err->status;
    workspace->photons = workspace->launch = 0.0;
    uint32_t blocks = (uint32_t)((frame->rows + 3) / 4);
    for (size_t first = 0; first < play->windows; first += OAC_ANALYTIC_TILE) {
        size_t left = play->windows - first;
        size_t count = left < OAC_ANALYTIC_TILE ? left : OAC_ANALYTIC_TILE;
        if (self->noise) /* first: what follows needs none of it, and need not wait for it */
            oac_kernel()->normals(self->seed, OAC_RNG_READOUT, count, play->slot0 + first,
                                  blocks, workspace->z);
        oac_analytic_operand(self, frame, play, first, count, workspace);
        tile_sums(self, frame, play, first, count, workspace);
        for (size_t b = 0; b < count; b++)
            tile_window(self, frame, play, first, b, workspace, readouts);
    }
    account(self, frame, play->windows, workspace);
    return OAC_OK;
}
