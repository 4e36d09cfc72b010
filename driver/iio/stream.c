/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a bench, loading segments, safe state, closing. */
#include "driver/iio/stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "driver/iio/stream_state.h"

#define SEGMENTS_MAX 65536u

static enum oac_status find_place(struct oac_iio_stream *self, size_t *place,
                                  struct oac_err *err)
{
    size_t at = 0;
    while (at < self->segments && self->segment[at].weight)
        at++;
    *place = at;
    if (at < self->segments)
        return OAC_OK;
    const size_t grown = self->segments ? 2 * self->segments : 16;
    if (grown > SEGMENTS_MAX)
        return oac_fail(err, OAC_ENOMEM, "more than %u segments loaded at once", SEGMENTS_MAX);
    struct oac_iio_segment *more = oac_alloc(grown, sizeof *more, "segment handles", err);
    if (!more)
        return err->status;
    if (self->segments)
        memcpy(more, self->segment, self->segments * sizeof *more);
    free(self->segment);
    self->segment = more;
    self->segments = grown;
    return OAC_OK;
}

static enum oac_status load(void *context, const struct oac_stream_load *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct oac_iio_stream *self = context;
    const size_t samples = wanted->slots * self->caps.weight_samples_per_slot;
    size_t place, all;
    if (find_place(self, &place, err) ||
        oac_size_product(wanted->rows, samples, "a segment", &all, err))
        return err->status;
    uint16_t *weight = oac_alloc(all, sizeof *weight, "a segment", err);
    if (!weight)
        return err->status;
    memcpy(weight, wanted->weight, all * sizeof *weight);
    self->segment[place] = (struct oac_iio_segment){
        .rows = wanted->rows, .slots = wanted->slots, .weight = weight};
    *handle = (uint32_t)place + 1;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    (void)err;
    struct oac_iio_stream *self = context;
    free(self->segment[handle - 1].weight);
    self->segment[handle - 1] = (struct oac_iio_segment){0};
    return OAC_OK;
}

static enum oac_status refuse(const struct oac_iio_stream *self, enum oac_setting setting,
                              struct oac_err *err)
{
    return oac_fail(err, OAC_EUNSUPPORTED, "\"%s\" has no %s: set it by hand", self->device_id,
                    oac_setting_name(setting));
}

/* Of the readout's port, where its profile names one. */
static enum oac_status gain(struct oac_iio_stream *self, size_t channel, const double *wanted,
                            double *now, struct oac_err *err)
{
    const struct oac_iio_line *line = &self->line[self->channels + 1 + channel];
    const struct oac_board_port *port = line->port;
    struct oac_iio_session *session = self->board[line->board].session;
    char text[40], got[80] = "";
    enum oac_status status;
    if (wanted) {
        snprintf(text, sizeof text, "%.6f", *wanted);
        status = oac_iio_write(session, port->device, port->channel, false,
                               port->gain_attribute, text, got, sizeof got, err);
    } else {
        status = oac_iio_read(session, port->device, port->channel, false, port->gain_attribute,
                              got, sizeof got, err);
    }
    if (!status)
        *now = strtod(got, NULL);
    return status;
}

static bool has(const struct oac_iio_stream *self, enum oac_setting setting)
{
    return self->caps.link.settings[setting].min <= self->caps.link.settings[setting].max;
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct oac_iio_stream *self = context;
    return has(self, setting) ? gain(self, channel, &value, readback, err)
                              : refuse(self, setting, err);
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    struct oac_iio_stream *self = context;
    return has(self, setting) ? gain(self, channel, NULL, value, err)
                              : refuse(self, setting, err);
}

static enum oac_status safe(void *context, struct oac_err *err)
{
    struct oac_iio_stream *self = context;
    size_t lost;
    oac_iio_stream_hush(self);
    return oac_iio_boards_safe(self, &lost, err);
}

static void account(const void *context, struct oac_account *figures)
{
    const struct oac_iio_stream *self = context;
    *figures = self->account;
    figures->underflow = oac_iio_losses_of(&self->underflow);
    figures->overflow = oac_iio_losses_of(&self->overflow);
    figures->launched_j = figures->client_in_j = figures->detected_photons = NAN;
}

static void close_stream(void *context)
{
    struct oac_iio_stream *self = context;
    struct oac_err failed;
    size_t lost = 0;
    oac_iio_stream_hush(self);
    if (oac_iio_boards_safe(self, &lost, &failed) && self->drive.sink)
        oac_log(self->drive.sink, OAC_LOG_WARNING,
                "the outputs may still be driven: %s; run oac safe --uri %s", failed.message,
                oac_iio_uri(self->board[lost].session));
    oac_iio_boards_close(self);
    oac_iio_apart_fini(self);
    for (size_t l = 0; self->line && l < self->lines; l++)
        free(self->line[l].board_code);
    for (size_t s = 0; s < self->segments; s++)
        free(self->segment[s].weight);
    for (size_t i = 0; i < OAC_BOARD_PORTS_MAX; i++) {
        free(self->train[i]);
        free(self->heard[i]);
    }
    free(self->segment);
    free(self->line);
    free(self->ports);
    oac_calrec_destroy(self->nominal);
    free(self);
}

/* Nothing of a play is anybody else's: the stream plays one burst at a time. */
static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    (void)context;
    return oac_alloc(1, 1, "a workspace", err);
}

static void workspace_destroy(void *context, struct oac_workspace *workspace)
{
    (void)context;
    free(workspace);
}

static const struct oac_stream_ops iio_ops = {
    .load = load,
    .unload = unload,
    .play = oac_iio_stream_play,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_stream,
    .workspace_create = workspace_create,
    .workspace_destroy = workspace_destroy,
};

static const char *given(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* "m2k v0.31, m2k v0.31": what is behind each board, as far as there is room. */
static void describe(struct oac_iio_stream *self)
{
    size_t used = 0;
    for (size_t b = 0; b < self->boards.count && used < sizeof self->firmware; b++) {
        const char *firmware = oac_iio_context_attribute(self->board[b].session, "fw_version");
        used += (size_t)snprintf(self->firmware + used, sizeof self->firmware - used,
                                 "%s%.60s %.16s", b ? ", " : "", oac_iio_profile(self, b)->name,
                                 firmware ? firmware : "");
    }
    snprintf(self->device_id, sizeof self->device_id, "iio:%.70s", self->rig.name);
}

static enum oac_status set_up(struct oac_iio_stream *self, const uint8_t rig_hash[32],
                              const char *at, struct oac_err *err)
{
    char uri[OAC_BENCH_BOARDS_MAX][OAC_CONFIG_TEXT_BYTES];
    if (oac_bench_boards_uris(&self->boards, at, uri, err) ||
        oac_iio_boards_open(self, uri, err))
        return err->status;
    describe(self);
    if (oac_iio_ports_bind(self, rig_hash, err) || oac_iio_ports_consent(self, err))
        return err->status;
    for (size_t b = 0; b < self->boards.count; b++)
        if (oac_iio_board_set_up(self, b, err))
            return err->status;
    if (oac_iio_ports_mixers(self, err))
        return err->status;
    self->synchronised = self->outputs > 1 && !self->apart.needed;
    for (size_t o = 0; o < self->outputs; o++)
        self->synchronised =
            self->synchronised && oac_iio_has(self->board[self->output[o].board].session,
                                              self->output[o].device, "", true, "dma_sync");
    return OAC_OK;
}

enum oac_status oac_iio_stream_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                                    const char *uri, const struct oac_drive *drive,
                                    struct oac_stream *stream, struct oac_err *err)
{
    const char *at = given(uri) ? uri : given(rig->iio.uri);
    if (!at)
        return oac_fail(
            err, OAC_EUSAGE,
            "no bench to open: give --uri (ip:HOST[:PORT], usb:, local:) or iio.uri "
            "in rig %s",
            rig->name);
    struct oac_iio_stream *self = oac_alloc(1, sizeof *self, "a lab bench", err);
    if (!self)
        return err->status;
    self->rig = *rig;
    if (drive)
        self->drive = *drive;
    if (oac_bench_boards_read(rig, &self->boards, err) || set_up(self, rig_hash, at, err)) {
        close_stream(self);
        return err->status;
    }
    *stream = (struct oac_stream){.ops = &iio_ops, .caps = &self->caps, .self = self};
    return OAC_OK;
}
