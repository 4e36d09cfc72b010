/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/subset.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/calrec.h"

struct subset {
    struct oac_link *below;
    struct oac_link_caps caps;
    size_t *kept; /* (caps.channels) number below */
    struct oac_port *weight, *readout;
    struct oac_calrec *nominal;
};

struct oac_workspace {
    struct oac_workspace *below;
    float *code;   /* (windows, channels below) */
    uint8_t *flag; /* the same shape */
    size_t room;   /* cells */
};

static enum oac_status load(void *context, const struct oac_weight_frame *frame,
                            uint32_t *handle, struct oac_err *err)
{
    const struct subset *self = context;
    const struct oac_link_caps *below = self->below->caps;
    size_t cells;
    if (frame->rows != self->caps.channels)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "a weight frame of %zu rows: of some channels of \"%s\" all %zu play",
                        frame->rows, below->device_id, self->caps.channels);
    if (oac_size_product(below->channels, frame->slots, "a weight frame", &cells, err))
        return err->status;
    uint16_t *code = oac_alloc(cells, sizeof *code, "a weight frame", err);
    if (!code)
        return err->status;
    for (size_t i = 0; i < cells; i++)
        code[i] = (uint16_t)below->weight[i / frame->slots].code_safe;
    for (size_t r = 0; r < frame->rows; r++)
        memcpy(code + self->kept[r] * frame->slots, frame->code + r * frame->slots,
               frame->slots * sizeof *code);
    struct oac_weight_frame all = *frame;
    all.rows = below->channels;
    all.code = code;
    enum oac_status status = oac_link_load(self->below, &all, handle, err);
    free(code);
    return status;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    const struct subset *self = context;
    return oac_link_unload(self->below, handle, err);
}

static enum oac_status make_room(struct oac_workspace *workspace, size_t cells,
                                 struct oac_err *err)
{
    if (cells <= workspace->room)
        return OAC_OK;
    free(workspace->code);
    free(workspace->flag);
    workspace->room = 0;
    workspace->code = oac_alloc(cells, sizeof *workspace->code, "readouts", err);
    workspace->flag = oac_alloc(cells, sizeof *workspace->flag, "readouts", err);
    if (!workspace->code || !workspace->flag)
        return err->status;
    workspace->room = cells;
    return OAC_OK;
}

static enum oac_status play(void *context, uint32_t handle, struct oac_workspace *workspace,
                            const struct oac_activation_frame *frame,
                            struct oac_readouts *readouts, struct oac_err *err)
{
    const struct subset *self = context;
    const size_t all = self->below->caps->channels, rows = self->caps.channels;
    size_t cells;
    if (oac_size_product(frame->windows, all, "readouts", &cells, err) ||
        make_room(workspace, cells, err))
        return err->status;
    struct oac_readouts below = {
        .code = workspace->code, .flag = workspace->flag, .photons = readouts->photons};
    memset(workspace->flag, 0, cells);
    if (oac_link_play(self->below, handle, workspace->below, frame, &below, err))
        return err->status;
    for (size_t b = 0; b < frame->windows; b++)
        for (size_t r = 0; r < rows; r++) {
            const size_t from = b * all + self->kept[r];
            readouts->code[b * rows + r] = workspace->code[from];
            if (readouts->flag)
                readouts->flag[b * rows + r] |= workspace->flag[from];
            if (readouts->saturated)
                *readouts->saturated += (workspace->flag[from] & OAC_FLAG_SATURATED) != 0;
        }
    return OAC_OK;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    const struct subset *self = context;
    return oac_link_light(self->below, handle, figures, err);
}

/* Settings that the bench has one of go by channel 0 (hal/link.h). */
static size_t number_below(const struct subset *self, enum oac_setting setting, size_t channel)
{
    return setting == OAC_BIAS_CLIENT_V || setting == OAC_SKEW_S ? 0 : self->kept[channel];
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    const struct subset *self = context;
    return oac_link_set(self->below, setting, number_below(self, setting, channel), value,
                        readback, err);
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    const struct subset *self = context;
    return oac_link_get(self->below, setting, number_below(self, setting, channel), value, err);
}

static enum oac_status safe(void *context, struct oac_err *err)
{
    const struct subset *self = context;
    return oac_link_safe(self->below, err);
}

static void account(const void *context, struct oac_account *figures)
{
    const struct subset *self = context;
    oac_link_account(self->below, figures);
}

/* The link below stays as it is. */
static void close_subset(void *context)
{
    struct subset *self = context;
    oac_calrec_destroy(self->nominal);
    free(self->kept);
    free(self->weight);
    free(self->readout);
    free(self);
}

static void workspace_destroy(void *context, struct oac_workspace *workspace)
{
    const struct subset *self = context;
    if (workspace->below)
        oac_link_workspace_destroy(self->below, workspace->below);
    free(workspace->code);
    free(workspace->flag);
    free(workspace);
}

static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    const struct subset *self = context;
    struct oac_workspace *made = oac_alloc(1, sizeof *made, "a workspace", err);
    if (!made)
        return NULL;
    made->below = oac_link_workspace_create(self->below, err);
    if (made->below)
        return made;
    workspace_destroy(context, made);
    return NULL;
}

static const struct oac_link_ops ops = {.load = load,
                                        .unload = unload,
                                        .play = play,
                                        .light = light,
                                        .set = set,
                                        .get = get,
                                        .safe = safe,
                                        .account = account,
                                        .close = close_subset,
                                        .workspace_create = workspace_create,
                                        .workspace_destroy = workspace_destroy};

/* Curves and constants of the channels that are kept; crosstalk of nominal records is the identity. */
static enum oac_status pick_nominal(struct subset *self, size_t channels, struct oac_err *err)
{
    const struct oac_calrec *from = self->below->caps->nominal;
    if (oac_calrec_create(channels, &self->nominal, err))
        return err->status;
    struct oac_calrec *to = self->nominal;
    to->slot_rate_hz = from->slot_rate_hz;
    to->client = from->client;
    memcpy(to->origin, from->origin, sizeof to->origin);
    memcpy(to->rig_hash, from->rig_hash, sizeof to->rig_hash);
    for (size_t k = 0; k < channels; k++) {
        to->channel[k] = from->channel[self->kept[k]];
        to->finding[k] = from->finding[self->kept[k]];
        to->setting[k] = from->setting[self->kept[k]];
    }
    return OAC_OK;
}

static enum oac_status pick(struct subset *self, const bool *left_out, struct oac_err *err)
{
    const struct oac_link_caps *below = self->below->caps;
    size_t channels = 0;
    self->kept = oac_alloc(below->channels, sizeof *self->kept, "channels", err);
    self->weight = oac_alloc(below->channels, sizeof *self->weight, "ports", err);
    self->readout = oac_alloc(below->channels, sizeof *self->readout, "ports", err);
    if (!self->kept || !self->weight || !self->readout)
        return err->status;
    for (size_t k = 0; k < below->channels; k++) {
        if (left_out[k])
            continue;
        self->weight[channels] = below->weight[k];
        self->readout[channels] = below->readout[k];
        self->weight[channels].channel = self->readout[channels].channel = channels;
        self->kept[channels++] = k;
    }
    if (channels == 0)
        return oac_fail(err, OAC_EINVAL, "\"%s\": all %zu channels are left out",
                        below->device_id, below->channels);
    self->caps = *below;
    self->caps.channels = channels;
    self->caps.weight = self->weight;
    self->caps.readout = self->readout;
    if (pick_nominal(self, channels, err))
        return err->status;
    self->caps.nominal = self->nominal;
    return OAC_OK;
}

enum oac_status oac_subset_open(struct oac_link *below, const bool *left_out,
                                struct oac_link *link, struct oac_err *err)
{
    struct subset *self = oac_alloc(1, sizeof *self, "a link of some channels", err);
    if (!self)
        return err->status;
    self->below = below;
    if (pick(self, left_out, err)) {
        close_subset(self);
        return err->status;
    }
    *link = (struct oac_link){.ops = &ops, .caps = &self->caps, .self = self};
    return OAC_OK;
}
