/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated bench as a link: opening, loading, settings, account, closing. */
#include "sim/analytic.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "sim/analytic_workspace.h"

#define FRAMES_MAX 65536u

static void analytic_destroy(struct oac_analytic *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->frame_capacity; i++)
        oac_analytic_frame_destroy(self->frame[i]);
    free(self->frame);
    oac_client_tables_destroy(self);
    oac_bench_destroy(self->bench);
    oac_panel_fini(&self->panel);
    free(self->comb_shift);
    oac_analytic_paths_destroy(self);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static enum oac_status load(void *context, const struct oac_weight_frame *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct oac_analytic *self = context;
    if (wanted->differential && self->dead_time)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "a detector pair with dead time is not modelled: use encoding rails or "
                        "offset, or set detector.dead_time_s=0");
    size_t free_slot = 0;
    while (free_slot < self->frame_capacity && self->frame[free_slot])
        free_slot++;
    if (free_slot == self->frame_capacity) {
        size_t grown = self->frame_capacity ? 2 * self->frame_capacity : 16;
        if (grown > FRAMES_MAX)
            return oac_fail(err, OAC_ENOMEM, "more than %u frames loaded at once", FRAMES_MAX);
        struct oac_frame **more = oac_alloc(grown, sizeof *more, "frame handles", err);
        if (!more)
            return err->status;
        if (self->frame)
            memcpy(more, self->frame, self->frame_capacity * sizeof *more);
        free(self->frame);
        self->frame = more;
        self->frame_capacity = grown;
    }
    struct oac_frame *frame = oac_alloc(1, sizeof *frame, "a weight frame", err);
    if (!frame)
        return err->status;
    frame->rows = wanted->rows;
    frame->slots = wanted->slots;
    frame->cols = (wanted->rows + 1 + OAC_KERNEL_PAD - 1) / OAC_KERNEL_PAD * OAC_KERNEL_PAD;
    frame->differential = wanted->differential;
    frame->null_code = wanted->null_x_code;
    size_t cells = wanted->rows * wanted->slots;
    frame->code = oac_alloc(cells, sizeof *frame->code, "a weight frame", err);
    if (frame->code)
        memcpy(frame->code, wanted->code, cells * sizeof *frame->code);
    if (!frame->code || oac_analytic_frame_refresh(self, frame, err)) {
        oac_analytic_frame_destroy(frame);
        return err->status;
    }
    self->frame[free_slot] = frame;
    *handle = (uint32_t)free_slot + 1;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    (void)err;
    struct oac_analytic *self = context;
    oac_analytic_frame_destroy(self->frame[handle - 1]);
    self->frame[handle - 1] = NULL;
    return OAC_OK;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct oac_analytic *self = context;
    struct oac_frame *frame = self->frame[handle - 1];
    if (oac_analytic_frame_refresh(self, frame, err))
        return err->status;
    *figures = (struct oac_frame_light){.launched_j = frame->launched_j,
                                        .client_in_j = frame->client_in_j,
                                        .photons_preweight = frame->photons_preweight};
    return OAC_OK;
}

/* Frames are rebuilt when they are next played. */
static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct oac_analytic *self = context;
    if (!oac_panel_set(&self->panel, setting, channel, value, readback))
        return OAC_OK;
    self->version++;
    oac_client_tables_destroy(self);
    return oac_analytic_paths_refresh(self, err);
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    (void)err;
    struct oac_analytic *self = context;
    *value = *oac_panel_setting(&self->panel, setting, channel);
    return OAC_OK;
}

/* Lasers dark is the safe state of a bench whose DACs rest at code_safe between plays. */
static enum oac_status safe(void *context, struct oac_err *err)
{
    struct oac_analytic *self = context;
    oac_panel_dark(&self->panel);
    self->version++;
    oac_client_tables_destroy(self);
    return oac_analytic_paths_refresh(self, err);
}

static void account(const void *context, struct oac_account *figures)
{
    struct oac_analytic *self = (struct oac_analytic *)(uintptr_t)context;
    pthread_mutex_lock(&self->lock);
    *figures = self->account;
    pthread_mutex_unlock(&self->lock);
    figures->underflow = figures->overflow = OAC_LOSS_NONE; /* computed, not fetched in time */
}

static void close_bench(void *context)
{
    struct oac_err ignored;
    (void)!safe(context, &ignored);
    analytic_destroy(context);
}

static const struct oac_link_ops analytic_ops = {
    .load = load,
    .unload = unload,
    .play = oac_analytic_play,
    .light = light,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_bench,
    .workspace_create = oac_analytic_workspace_create,
    .workspace_destroy = oac_analytic_workspace_destroy,
};

enum oac_status oac_analytic_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                                  uint32_t noise, uint64_t seed, struct oac_link *link,
                                  struct oac_err *err)
{
    if (oac_rig_check(rig, err))
        return err->status;
    struct oac_analytic *self = oac_alloc(1, sizeof *self, "a simulated bench", err);
    if (!self)
        return err->status;
    pthread_mutex_init(&self->lock, NULL);
    self->rig = *rig;
    self->noise = noise;
    self->seed = seed;
    if (oac_analytic_setup(self, rig_hash, err)) {
        analytic_destroy(self);
        return err->status;
    }
    *link = (struct oac_link){.ops = &analytic_ops, .caps = &self->panel.caps, .self = self};
    return OAC_OK;
}
