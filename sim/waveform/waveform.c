/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sampled bench as a stream: opening, loading, settings, account, closing. */
#include "sim/waveform/waveform.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/waveform/optics.h"
#include "sim/waveform/play.h"
#include "sim/waveform/receive.h"
#include "sim/waveform/server.h"

#define FRAMES_MAX 65536u

static void frame_destroy(struct oac_wave_frame *frame)
{
    if (!frame)
        return;
    free(frame->code);
    free(frame->volts);
    free(frame->field);
    free(frame->power);
    free(frame);
}

static void waveform_destroy(struct oac_waveform *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->frame_capacity; i++)
        frame_destroy(self->frame[i]);
    free(self->frame);
    oac_wave_server_destroy(self->server);
    oac_wave_optics_destroy(self->optics);
    oac_wave_receiver_destroy(self->receiver);
    oac_panel_fini(&self->panel);
    oac_bench_destroy(self->bench);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* A handle's place that is free; grows the table. */
static enum oac_status free_place(struct oac_waveform *self, size_t *place, struct oac_err *err)
{
    size_t at = 0;
    while (at < self->frame_capacity && self->frame[at])
        at++;
    *place = at;
    if (at < self->frame_capacity)
        return OAC_OK;
    size_t grown = self->frame_capacity ? 2 * self->frame_capacity : 16;
    if (grown > FRAMES_MAX)
        return oac_fail(err, OAC_ENOMEM, "more than %u segments loaded at once", FRAMES_MAX);
    struct oac_wave_frame **more = oac_alloc(grown, sizeof *more, "segment handles", err);
    if (!more)
        return err->status;
    if (self->frame)
        memcpy(more, self->frame, self->frame_capacity * sizeof *more);
    free(self->frame);
    self->frame = more;
    self->frame_capacity = grown;
    return OAC_OK;
}

static enum oac_status frame_create(const struct oac_waveform *self,
                                    const struct oac_stream_load *load,
                                    struct oac_wave_frame **out, struct oac_err *err)
{
    struct oac_wave_frame *frame = oac_alloc(1, sizeof *frame, "a segment", err);
    if (!frame)
        return err->status;
    frame->rows = load->rows;
    frame->slots = load->slots;
    frame->samples = load->slots * self->grid.per_slot;
    frame->first = load->first;
    frame->count = load->count;
    frame->differential = load->differential;
    frame->outputs = load->differential ? 2 : 1;
    frame->lanes = frame->outputs * self->polarisations;
    size_t length = load->slots * self->caps.weight_samples_per_slot, all;
    if (oac_size_product(self->bench->channels, length, "a segment", &all, err)) {
        frame_destroy(frame);
        return err->status;
    }
    frame->code = oac_alloc(all, sizeof *frame->code, "a segment", err);
    if (!frame->code) {
        frame_destroy(frame);
        return err->status;
    }
    memcpy(frame->code, load->weight, load->rows * length * sizeof *frame->code);
    for (size_t k = load->rows; k < self->bench->channels; k++)
        for (size_t i = 0; i < length; i++)
            frame->code[k * length + i] = (uint16_t)self->panel.caps.weight[k].code_safe;
    *out = frame;
    return OAC_OK;
}

static enum oac_status load(void *context, const struct oac_stream_load *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct oac_waveform *self = context;
    size_t place;
    struct oac_wave_frame *frame = NULL;
    if (free_place(self, &place, err) || frame_create(self, wanted, &frame, err))
        return err->status;
    self->frame[place] = frame;
    *handle = (uint32_t)place + 1;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    (void)err;
    struct oac_waveform *self = context;
    frame_destroy(self->frame[handle - 1]);
    self->frame[handle - 1] = NULL;
    return OAC_OK;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct oac_waveform *self = context;
    struct oac_wave_frame *frame = self->frame[handle - 1];
    struct oac_wave_server_scratch *scratch = NULL;
    if (oac_wave_server_scratch_create(self, &scratch, err))
        return err->status;
    enum oac_status status = oac_wave_server_scratch_fit(self, frame->slots, scratch, err);
    if (status == OAC_OK)
        status = oac_wave_frame_refresh(self, frame, scratch, err);
    oac_wave_server_scratch_destroy(scratch);
    if (status == OAC_OK)
        *figures = frame->light;
    return status;
}

/* What the server's half does not depend on: the frames stay as they are. */
static bool behind_the_server(enum oac_setting setting)
{
    return setting == OAC_BIAS_CLIENT_V || setting == OAC_SKEW_S || setting == OAC_RX_GAIN;
}

static enum oac_status refresh(struct oac_waveform *self, struct oac_err *err)
{
    self->version++; /* frames are rebuilt when they are next played */
    return oac_wave_server_refresh(self, err);
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct oac_waveform *self = context;
    if (!oac_panel_set(&self->panel, setting, channel, value, readback))
        return OAC_OK;
    return behind_the_server(setting) ? oac_wave_optics_refresh(self, err) : refresh(self, err);
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    (void)err;
    struct oac_waveform *self = context;
    *value = *oac_panel_setting(&self->panel, setting, channel);
    return OAC_OK;
}

/* Lasers dark is the safe state of a bench whose DACs rest at code_safe between plays. */
static enum oac_status safe(void *context, struct oac_err *err)
{
    struct oac_waveform *self = context;
    oac_panel_dark(&self->panel);
    return refresh(self, err);
}

static void account(const void *context, struct oac_account *figures)
{
    struct oac_waveform *self = (struct oac_waveform *)(uintptr_t)context;
    pthread_mutex_lock(&self->lock);
    *figures = self->account;
    pthread_mutex_unlock(&self->lock);
    figures->underflow = figures->overflow = OAC_LOSS_NONE; /* computed, not fetched in time */
}

static void close_bench(void *context)
{
    struct oac_err ignored;
    (void)!safe(context, &ignored);
    waveform_destroy(context);
}

static const struct oac_stream_ops waveform_ops = {
    .load = load,
    .unload = unload,
    .play = oac_wave_play,
    .light = light,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_bench,
    .workspace_create = oac_wave_workspace_create,
    .workspace_destroy = oac_wave_workspace_destroy,
};

enum oac_status oac_waveform_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                                  uint32_t noise, uint64_t seed,
                                  const struct oac_waveform_options *options,
                                  struct oac_stream *stream, struct oac_err *err)
{
    if (oac_rig_check(rig, err))
        return err->status;
    struct oac_waveform *self = oac_alloc(1, sizeof *self, "a simulated bench", err);
    if (!self)
        return err->status;
    pthread_mutex_init(&self->lock, NULL);
    self->rig = *rig;
    self->noise = noise;
    self->seed = seed;
    if (options)
        self->options = *options;
    if (oac_wave_setup(self, rig_hash, err)) {
        waveform_destroy(self);
        return err->status;
    }
    *stream = (struct oac_stream){.ops = &waveform_ops, .caps = &self->caps, .self = self};
    return OAC_OK;
}

void oac_waveform_set_tap(struct oac_stream *stream, oac_waveform_tap tap, void *context)
{
    struct oac_waveform *self = stream->self;
    self->tap = tap;
    self->tap_context = context;
}
