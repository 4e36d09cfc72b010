/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/link.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/code_kernel.h"
#include "hal/link_check.h"

/* What the core remembers of a handle; kept sorted by handle. */
struct oac_loaded {
    uint32_t handle;
    size_t rows, slots;
};

/* Index of the first entry whose handle is not below `handle`. */
static size_t loaded_place(const struct oac_link *link, uint32_t handle)
{
    size_t low = 0, high = link->loaded_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (link->loaded[middle].handle < handle)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum oac_status find_loaded(const struct oac_link *link, uint32_t handle, size_t *place,
                                   struct oac_err *err)
{
    size_t at = loaded_place(link, handle);
    if (at == link->loaded_count || link->loaded[at].handle != handle)
        return oac_fail(
            err, OAC_ENOTFOUND,
            "weight frame %u is not loaded in \"%s\": load it first, and once unloaded do "
            "not use its handle",
            handle, link->caps->device_id);
    *place = at;
    return OAC_OK;
}

enum oac_status oac_link_load(struct oac_link *link, const struct oac_weight_frame *frame,
                              uint32_t *handle, struct oac_err *err)
{
    if (oac_link_check_weights(link->caps, frame, err))
        return err->status;
    /* room first: after the implementation has taken the frame nothing may fail */
    struct oac_loaded *loaded =
        oac_alloc(link->loaded_count + 1, sizeof *loaded, "a list of weight frames", err);
    if (!loaded)
        return err->status;
    uint32_t made = 0;
    if (link->ops->load(link->self, frame, &made, err)) {
        free(loaded);
        return err->status;
    }
    size_t place = loaded_place(link, made);
    if (place)
        memcpy(loaded, link->loaded, place * sizeof *loaded);
    if (place < link->loaded_count)
        memcpy(loaded + place + 1, link->loaded + place,
               (link->loaded_count - place) * sizeof *loaded);
    loaded[place] =
        (struct oac_loaded){.handle = made, .rows = frame->rows, .slots = frame->slots};
    free(link->loaded);
    link->loaded = loaded;
    link->loaded_count++;
    *handle = made;
    return OAC_OK;
}

enum oac_status oac_link_unload(struct oac_link *link, uint32_t handle, struct oac_err *err)
{
    size_t place;
    if (find_loaded(link, handle, &place, err) || link->ops->unload(link->self, handle, err))
        return err->status;
    link->loaded_count--;
    memmove(link->loaded + place, link->loaded + place + 1,
            (link->loaded_count - place) * sizeof *link->loaded);
    return OAC_OK;
}

enum oac_status oac_link_play(struct oac_link *link, uint32_t handle,
                              struct oac_workspace *workspace,
                              const struct oac_activation_frame *frame,
                              struct oac_readouts *readouts, struct oac_err *err)
{
    size_t place;
    if (find_loaded(link, handle, &place, err))
        return err->status;
    if (!workspace || !readouts->code)
        return oac_fail(err, OAC_EINVAL,
                        "playing frame %u: %s is missing (caller's memory is required)", handle,
                        workspace ? "the array of readout codes" : "the workspace");
    if (oac_link_check_activations(link->caps, frame, link->loaded[place].slots, err))
        return err->status;
    if (frame->windows == 0)
        return OAC_OK;
    return link->ops->play(link->self, handle, workspace, frame, readouts, err);
}

enum oac_status oac_link_light(struct oac_link *link, uint32_t handle,
                               struct oac_frame_light *light, struct oac_err *err)
{
    size_t place;
    if (find_loaded(link, handle, &place, err))
        return err->status;
    return link->ops->light(link->self, handle, light, err);
}

enum oac_status oac_link_set(struct oac_link *link, enum oac_setting setting, size_t channel,
                             double value, double *readback, struct oac_err *err)
{
    if (oac_link_check_setting(link->caps, setting, channel, err) ||
        oac_link_check_value(link->caps, setting, value, err))
        return err->status;
    double taken = value;
    if (link->ops->set(link->self, setting, channel, value, &taken, err))
        return err->status;
    if (readback)
        *readback = taken;
    return OAC_OK;
}

enum oac_status oac_link_get(struct oac_link *link, enum oac_setting setting, size_t channel,
                             double *value, struct oac_err *err)
{
    if (oac_link_check_setting(link->caps, setting, channel, err))
        return err->status;
    return link->ops->get(link->self, setting, channel, value, err);
}

enum oac_status oac_link_safe(struct oac_link *link, struct oac_err *err)
{
    return link->ops->safe(link->self, err);
}

void oac_link_account(const struct oac_link *link, struct oac_account *account)
{
    link->ops->account(link->self, account);
}

struct oac_workspace *oac_link_workspace_create(struct oac_link *link, struct oac_err *err)
{
    return link->ops->workspace_create(link->self, err);
}

void oac_link_workspace_destroy(struct oac_link *link, struct oac_workspace *workspace)
{
    if (workspace)
        link->ops->workspace_destroy(link->self, workspace);
}

void oac_link_close(struct oac_link *link)
{
    if (link->ops)
        link->ops->close(link->self);
    free(link->loaded);
    *link = (struct oac_link){0};
}

const char *oac_loss_name(enum oac_loss loss)
{
    static const char *const names[] = {"unknown", "none", "seen"};
    return names[loss];
}
