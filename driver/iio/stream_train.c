/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A burst as one train of codes, and the train as native samples in the outputs' buffers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/iio/stream_state.h"

#define BLOCK 4096u /* samples encoded at once */

static enum oac_status make_room(struct oac_iio_stream *self, size_t d, struct oac_err *err)
{
    const size_t samples = self->slots * self->line[d].per_slot;
    if (samples <= self->train_capacity[d])
        return OAC_OK;
    uint16_t *room = oac_alloc(samples, sizeof *room, "a train of samples", err);
    if (!room)
        return err->status;
    free(self->train[d]);
    self->train[d] = room;
    self->train_capacity[d] = samples;
    return OAC_OK;
}

static void hold(uint16_t *sample, size_t count, uint16_t code)
{
    for (size_t i = 0; i < count; i++)
        sample[i] = code;
}

/* A straight line of codes: codes are volts, evenly spaced. */
uint16_t oac_iio_train_ramp(size_t at, size_t count, uint16_t from, uint16_t to)
{
    return (uint16_t)lrint((double)from +
                           ((double)to - (double)from) * (double)(at + 1) / (double)count);
}

static void ramp(uint16_t *sample, size_t count, uint16_t from, uint16_t to)
{
    for (size_t i = 0; i < count; i++)
        sample[i] = oac_iio_train_ramp(i, count, from, to);
}

/* Drive d of every segment: a weight, or the client. */
static void make_line(struct oac_iio_stream *self, size_t d,
                      const struct oac_stream_burst *burst)
{
    const struct oac_iio_line *line = &self->line[d];
    const uint16_t dark = (uint16_t)self->ports[d].code_safe;
    const size_t n = line->per_slot, edge = self->ramp_slots * n;
    uint16_t *at = self->train[d], *end = at + self->slots * n;
    ramp(at, edge, line->rest_code, dark);
    oac_iio_mark_make(self, d, at + edge);
    at += edge + oac_iio_mark_slots(self) * n;
    for (size_t i = 0; i < burst->segments; i++) {
        const struct oac_iio_segment *segment = &self->segment[burst->segment[i].handle - 1];
        const size_t samples = segment->slots * n;
        if (d == self->channels)
            memcpy(at, burst->segment[i].client, samples * sizeof *at);
        else if (d < segment->rows)
            memcpy(at, segment->weight + d * samples, samples * sizeof *at);
        else
            hold(at, samples, dark);
        at += samples;
    }
    hold(at, (size_t)(end - at) - edge, dark);
    ramp(end - edge, edge, dark, line->rest_code);
}

enum oac_status oac_iio_train_make(struct oac_iio_stream *self,
                                   const struct oac_stream_burst *burst, struct oac_err *err)
{
    self->ramp_slots = oac_iio_ramp_slots(self);
    self->first_slot = self->ramp_slots + oac_iio_mark_slots(self);
    self->slots = self->first_slot + 2 * (size_t)self->caps.delay_slots_max + self->ramp_slots;
    for (size_t i = 0; i < burst->segments; i++)
        self->slots += self->segment[burst->segment[i].handle - 1].slots;
    for (size_t d = 0; d <= self->channels; d++) {
        if (make_room(self, d, err))
            return err->status;
        make_line(self, d, burst);
    }
    return OAC_OK;
}

/* Buffers have one length while they are open; a train of another length needs another. */
enum oac_status oac_iio_train_fit(struct oac_iio_stream *self, struct oac_iio_converter *output,
                                  size_t samples, struct oac_err *err)
{
    const char *channel[OAC_IIO_CHANNELS_MAX];
    const struct oac_board *board = oac_iio_profile(self, output->board);
    const size_t align = board->align_samples > 1 ? board->align_samples : 1;
    enum oac_iio_mode mode;
    samples = samples < board->buffer_samples_min ? board->buffer_samples_min : samples;
    samples = (samples + align - 1) / align * align;
    if (output->buffer && output->samples == samples)
        return OAC_OK;
    oac_iio_buffer_close(output->buffer);
    output->buffer = NULL;
    const struct oac_iio_buffer_spec spec = {
        .device = output->device,
        .channels = oac_iio_channel_names(self, output, channel),
        .channel = channel,
        .output = true,
        .samples = samples,
        .deadline_s = 10.0 + 2.0 * (double)self->slots * self->caps.link.slot_s,
    };
    if (oac_iio_buffer_open(self->board[output->board].session, &spec, &output->buffer, &mode,
                            err))
        return err->status;
    output->samples = samples;
    return OAC_OK;
}

/* Value `which` of line i's samples, on channel c of an output; what the alignment adds rests like
 * the last one. */
static void fill(const struct oac_iio_stream *self, const struct oac_iio_converter *output,
                 size_t i, size_t which, size_t c, const struct oac_iio_view *view)
{
    const size_t d = output->line[i], known = self->slots * output->per_slot;
    const struct oac_iio_line *line = &self->line[d];
    unsigned char *to = (unsigned char *)view->data + view->offset[c];
    uint16_t code[BLOCK];
    for (size_t first = 0; first < view->samples; first += BLOCK) {
        const size_t left = view->samples - first, count = left < BLOCK ? left : BLOCK;
        for (size_t s = 0; s < count; s++) {
            const size_t at = first + s < known ? first + s : known - 1;
            code[s] = line->board_code[self->train[d][at * line->values + which]];
        }
        (void)oac_codec_encode(&line->codec, count, code, to + first * view->step, view->step);
    }
}

static void fill_all(const struct oac_iio_stream *self, const struct oac_iio_converter *output,
                     const struct oac_iio_view *view)
{
    size_t channel = 0;
    for (size_t i = 0; i < output->lines; i++)
        for (size_t which = 0; which < self->line[output->line[i]].values; which++)
            fill(self, output, i, which, channel++, view);
}

/* ADALM2000: outputs with this attribute wait for one another while it is 1. */
static enum oac_status hold_start(struct oac_iio_stream *self, bool on, struct oac_err *err)
{
    char got[16];
    for (size_t o = 0; self->synchronised && o < self->outputs; o++)
        if (oac_iio_write(self->board[self->output[o].board].session, self->output[o].device,
                          "", true, "dma_sync", on ? "1" : "0", got, sizeof got, err))
            return err->status;
    return OAC_OK;
}

static enum oac_status push_all(struct oac_iio_stream *self, struct oac_err *err)
{
    for (size_t o = 0; o < self->outputs; o++) {
        struct oac_iio_view view;
        const size_t samples = self->slots * self->output[o].per_slot;
        if (oac_iio_train_fit(self, &self->output[o], samples, err) ||
            oac_iio_buffer_view(self->output[o].buffer, &view, err))
            return err->status;
        fill_all(self, &self->output[o], &view);
        oac_iio_losses_forget(&self->output[o]);
    }
    if (hold_start(self, true, err))
        return err->status;
    for (size_t o = 0; o < self->outputs; o++)
        if (oac_iio_buffer_push(self->output[o].buffer, err))
            return err->status;
    for (size_t o = 0; self->synchronised && o < self->outputs; o++)
        if (oac_iio_buffer_wait(self->output[o].buffer, err))
            return err->status;
    return hold_start(self, false, err);
}

enum oac_status oac_iio_train_push(struct oac_iio_stream *self, struct oac_err *err)
{
    if (self->apart.needed)
        return oac_iio_apart_push(self, err);
    return push_all(self, err) ? oac_iio_of_board(self, self->output[0].board, err) : OAC_OK;
}
