/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link that asks the file first: readouts and readbacks. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "calibration/partial.h"

/* Of frames that are not loaded, because what they played is in the file. */
#define REPLAYED UINT32_MAX

struct partial_link {
    struct oac_partial *partial;
    struct oac_link *below;
    struct oac_account sum, *replayed;
    size_t rows; /* of the frame that was loaded last */
};

void oac_account_add(struct oac_account *sum, const struct oac_account *a,
                     const struct oac_account *b)
{
    sum->windows += a->windows - b->windows;
    sum->slots += a->slots - b->slots;
    sum->preambles += a->preambles - b->preambles;
    sum->bench_s += a->bench_s - b->bench_s;
    sum->launched_j += a->launched_j - b->launched_j;
    sum->client_in_j += a->client_in_j - b->client_in_j;
    sum->detected_photons += a->detected_photons - b->detected_photons;
}

static enum oac_status load(void *context, const struct oac_weight_frame *frame,
                            uint32_t *handle, struct oac_err *err)
{
    struct partial_link *self = context;
    self->rows = frame->rows;
    *handle = REPLAYED;
    return oac_partial_replays(self->partial) ? OAC_OK
                                              : oac_link_load(self->below, frame, handle, err);
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    struct partial_link *self = context;
    return handle == REPLAYED ? OAC_OK : oac_link_unload(self->below, handle, err);
}

static enum oac_status replay(struct partial_link *self, size_t cells,
                              struct oac_readouts *readouts, struct oac_err *err)
{
    const struct oac_account none = {0};
    struct oac_account spent;
    if (oac_partial_take(self->partial, readouts->code, cells * sizeof *readouts->code, err) ||
        oac_partial_take(self->partial, readouts->flag, cells * sizeof *readouts->flag, err) ||
        oac_partial_take(self->partial, &spent, sizeof spent, err))
        return err->status;
    oac_account_add(&self->sum, &spent, &none);
    oac_account_add(self->replayed, &spent, &none);
    return OAC_OK;
}

/* Calibration wants codes and flags, nothing else. */
static enum oac_status play(void *context, uint32_t handle, struct oac_workspace *workspace,
                            const struct oac_activation_frame *frame,
                            struct oac_readouts *readouts, struct oac_err *err)
{
    struct partial_link *self = context;
    struct oac_account before, after, spent = {0};
    size_t cells;
    if (!readouts->flag || readouts->photons || readouts->saturated)
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "a partial calibration keeps codes and flags of readouts, both of them");
    if (oac_size_product(frame->windows, self->rows, "readouts", &cells, err))
        return err->status;
    if (handle == REPLAYED)
        return replay(self, cells, readouts, err);
    oac_link_account(self->below, &before);
    if (oac_link_play(self->below, handle, workspace, frame, readouts, err))
        return err->status;
    oac_link_account(self->below, &after);
    oac_account_add(&spent, &after, &before);
    oac_account_add(&self->sum, &after, &before);
    if (oac_partial_put(self->partial, readouts->code, cells * sizeof *readouts->code, err) ||
        oac_partial_put(self->partial, readouts->flag, cells * sizeof *readouts->flag, err))
        return err->status;
    return oac_partial_put(self->partial, &spent, sizeof spent, err);
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    const struct partial_link *self = context;
    return oac_link_light(self->below, handle, figures, err);
}

/* What was read back is asked of the file; the bench is set all the same. */
static enum oac_status answer(struct partial_link *self, bool replays, double *value,
                              struct oac_err *err)
{
    return replays ? oac_partial_take(self->partial, value, sizeof *value, err)
                   : oac_partial_put(self->partial, value, sizeof *value, err);
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct partial_link *self = context;
    const bool replays = oac_partial_replays(self->partial);
    if (oac_link_set(self->below, setting, channel, value, readback, err))
        return err->status;
    return answer(self, replays, readback, err);
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    struct partial_link *self = context;
    const bool replays = oac_partial_replays(self->partial);
    if (oac_link_get(self->below, setting, channel, value, err))
        return err->status;
    return answer(self, replays, value, err);
}

static enum oac_status safe(void *context, struct oac_err *err)
{
    const struct partial_link *self = context;
    return oac_link_safe(self->below, err);
}

static void account(const void *context, struct oac_account *figures)
{
    const struct partial_link *self = context;
    struct oac_account below;
    oac_link_account(self->below, &below);
    *figures = self->sum;
    figures->underflow = below.underflow; /* of what is played now */
    figures->overflow = below.overflow;
}

static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    const struct partial_link *self = context;
    return oac_link_workspace_create(self->below, err);
}

static void workspace_destroy(void *context, struct oac_workspace *workspace)
{
    const struct partial_link *self = context;
    oac_link_workspace_destroy(self->below, workspace);
}

static const struct oac_link_ops ops = {.load = load,
                                        .unload = unload,
                                        .play = play,
                                        .light = light,
                                        .set = set,
                                        .get = get,
                                        .safe = safe,
                                        .account = account,
                                        .close = free,
                                        .workspace_create = workspace_create,
                                        .workspace_destroy = workspace_destroy};

enum oac_status oac_partial_link_open(struct oac_partial *partial, struct oac_link *below,
                                      struct oac_account *replayed, struct oac_link *link,
                                      struct oac_err *err)
{
    struct partial_link *self = oac_alloc(1, sizeof *self, "a partial's link", err);
    if (!self)
        return err->status;
    *self = (struct partial_link){.partial = partial, .below = below, .replayed = replayed};
    *link = (struct oac_link){.ops = &ops, .caps = below->caps, .self = self};
    return OAC_OK;
}
