/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the inputs until a train has gone by, and finds its start mark. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/iio/stream.h"
#include "driver/iio/stream_state.h"
#include "hal/subcarrier.h"

#define BUFFER_S    0.02 /* of an input's buffer */
#define BUFFER_MIN  4096u
#define BUFFER_MAX  (1u << 16)
#define PACED_S     1.0 /* of a paced input's kernel buffer */
#define SILENCE_S   1.0 /* bench time that may pass before the mark */
#define SILENCE_MIN 16u /* buffers */
#define CHIPS       OAC_IIO_MARK_CHIPS
#define BLOCK       4096u /* samples decoded at once */

static size_t aligned(const struct oac_board *board, size_t samples)
{
    const size_t align = board->align_samples > 1 ? board->align_samples : 1;
    return (samples + align - 1) / align * align;
}

size_t oac_iio_paced_samples(double rate_hz, size_t least)
{
    size_t half = 1;
    while (4.0 * (double)half <= PACED_S * rate_hz || half + 1 < least)
        half *= 2;
    return half + 1;
}

static enum oac_status open_input(struct oac_iio_stream *self, struct oac_iio_converter *input,
                                  struct oac_err *err)
{
    const char *channel[OAC_IIO_CHANNELS_MAX];
    const double rate_hz = self->ports[input->line[0]].rate_hz;
    const struct oac_board *board = oac_iio_profile(self, input->board);
    const size_t wanted = self->line[input->line[0]].port->trigger[0]
                              ? oac_iio_paced_samples(rate_hz, board->buffer_samples_min)
                              : (size_t)fmin(fmax(BUFFER_S * rate_hz, BUFFER_MIN), BUFFER_MAX);
    struct oac_iio_view view;
    enum oac_iio_mode mode;
    input->samples = aligned(board, wanted);
    const struct oac_iio_buffer_spec spec = {
        .device = input->device,
        .channels = oac_iio_channel_names(self, input, channel),
        .channel = channel,
        .samples = input->samples,
        .kernel_buffers = board->kernel_buffers,
        .deadline_s = 10.0 + 2.0 * (double)input->samples / rate_hz,
    };
    if (oac_iio_buffer_open(self->board[input->board].session, &spec, &input->buffer, &mode,
                            err))
        return err->status;
    /* what the kernel had captured before the settings took effect */
    for (uint32_t i = 0; i < board->kernel_buffers; i++)
        if (oac_iio_buffer_refill(input->buffer, &view, err))
            return err->status;
    return OAC_OK;
}

enum oac_status oac_iio_listen_open(struct oac_iio_stream *self, struct oac_err *err)
{
    for (size_t i = 0; i < self->inputs; i++)
        if (!self->input[i].buffer && open_input(self, &self->input[i], err))
            return oac_iio_of_board(self, self->input[i].board, err);
    return OAC_OK;
}

static enum oac_status grow(struct oac_iio_stream *self, size_t samples, struct oac_err *err)
{
    if (samples <= self->heard_capacity)
        return OAC_OK;
    const size_t room = samples > 2 * self->heard_capacity ? samples : 2 * self->heard_capacity;
    for (size_t k = 0; k < self->channels; k++) {
        int32_t *more = oac_alloc(room, sizeof *more, "captured samples", err);
        if (!more)
            return err->status;
        if (self->heard_count[k])
            memcpy(more, self->heard[k], self->heard_count[k] * sizeof *more);
        free(self->heard[k]);
        self->heard[k] = more;
    }
    self->heard_capacity = room;
    return OAC_OK;
}

/* One channel's samples, each `line->values` behind the one before. */
static void take(const struct oac_iio_line *line, const struct oac_iio_view *view,
                 size_t channel, int32_t *to)
{
    const unsigned char *from = (const unsigned char *)view->data + view->offset[channel];
    int32_t block[BLOCK];
    if (line->values == 1) {
        (void)oac_codec_decode(&line->codec, view->samples, from, view->step, to);
        return;
    }
    for (size_t first = 0; first < view->samples; first += BLOCK) {
        const size_t left = view->samples - first, count = left < BLOCK ? left : BLOCK;
        (void)oac_codec_decode(&line->codec, count, from + first * view->step, view->step,
                               block);
        for (size_t s = 0; s < count; s++)
            to[(first + s) * line->values] = block[s];
    }
}

/* One more buffer of an input, behind what was heard of its channels. */
static enum oac_status hear(struct oac_iio_stream *self, struct oac_iio_converter *input,
                            struct oac_err *err)
{
    struct oac_iio_view view;
    if (oac_iio_buffer_refill(input->buffer, &view, err))
        return err->status;
    const size_t first = input->line[0] - self->channels - 1;
    const size_t values = self->line[input->line[0]].values;
    if (grow(self, self->heard_count[first] + view.samples * values, err))
        return err->status;
    for (size_t i = 0; i < input->lines; i++) {
        const size_t k = input->line[i] - self->channels - 1;
        for (size_t which = 0; which < values; which++)
            take(&self->line[input->line[i]], &view, i * values + which,
                 self->heard[k] + self->heard_count[k] + which);
        self->heard_count[k] += view.samples * values;
    }
    return OAC_OK;
}

/* Forgets all but the last `keep` samples of an input. */
static void forget(struct oac_iio_stream *self, const struct oac_iio_converter *input,
                   size_t keep)
{
    for (size_t i = 0; i < input->lines; i++) {
        const size_t k = input->line[i] - self->channels - 1, count = self->heard_count[k];
        if (count <= keep)
            continue;
        memmove(self->heard[k], self->heard[k] + count - keep, keep * sizeof(int32_t));
        self->heard_count[k] = keep;
    }
}

static size_t find_mark(const struct oac_iio_stream *self,
                        const struct oac_iio_converter *input, const int32_t *code,
                        size_t count, double *contrast)
{
    if (self->line[input->line[0]].values == 1)
        return oac_iio_mark_find(code, count, input->per_slot, contrast);
    const unsigned turns = OAC_TONE_PRODUCT * self->caps.subcarrier_periods;
    return 2 * oac_iio_mark_find_tone(code, count / 2, input->per_slot, turns, contrast);
}

/* The mark on the first of the input's channels that shows it. Returns its sample, or the count. */
static size_t look(const struct oac_iio_stream *self, const struct oac_iio_converter *input,
                   double *contrast)
{
    const size_t first = input->line[0] - self->channels - 1, count = self->heard_count[first];
    for (size_t i = 0; i < input->lines; i++) {
        const size_t k = input->line[i] - self->channels - 1;
        const size_t at = find_mark(self, input, self->heard[k], count, contrast);
        if (at < count)
            return at;
    }
    return count;
}

/* Looks for the mark in what was heard; without one, forgets what cannot be part of it. */
static enum oac_status search(struct oac_iio_stream *self, struct oac_iio_converter *input,
                              struct oac_err *err)
{
    const size_t guard = self->caps.memory_slots,
                 per_slot = self->line[input->line[0]].per_slot;
    const size_t mark = (self->ramp_slots + guard) * per_slot; /* into the train */
    const size_t first = input->line[0] - self->channels - 1;
    const double rate_hz = self->ports[input->line[0]].rate_hz;
    double contrast = 0.0;
    const size_t at = look(self, input, &contrast);
    if (at == self->heard_count[first]) {
        input->silent += input->samples; /* of time */
        forget(self, input, (CHIPS + 2) * per_slot + mark);
        self->silent = (double)input->silent > SILENCE_S * rate_hz &&
                       input->silent > SILENCE_MIN * input->samples;
        if (!self->silent)
            return OAC_OK;
        return oac_fail(err, OAC_EDEVICE,
                        "no start mark on %s in %zu samples: no light reaches the detector, "
                        "or no output plays; check laser, bias, fibres and cables, then look "
                        "with oac port",
                        input->device, input->silent);
    }
    if (at < mark)
        return oac_fail(
            err, OAC_EDEVICE,
            "the start mark on %s came before its train could: another program plays "
            "on these outputs; close it",
            input->device);
    /* A slot early, or as much of it as was heard, so that the rest of the delay is not negative. */
    const size_t early = at < mark + per_slot ? at - mark : per_slot;
    input->marked = true;
    input->start = at - mark - early;
    return OAC_OK;
}

/* One more buffer. *whole: the train has been heard to the end of its ramp. */
static enum oac_status listen_on(struct oac_iio_stream *self, struct oac_iio_converter *input,
                                 bool *whole, struct oac_err *err)
{
    const size_t first = input->line[0] - self->channels - 1;
    if (hear(self, input, err) || (!input->marked && search(self, input, err)))
        return err->status;
    *whole = input->marked &&
             self->heard_count[first] >=
                 input->start + (self->slots + 1) * self->line[input->line[0]].per_slot;
    return OAC_OK;
}

/* Inputs take turns: none may wait until its kernel has no room for what it hears. */
enum oac_status oac_iio_listen(struct oac_iio_stream *self, struct oac_err *err)
{
    bool whole[OAC_BOARD_PORTS_MAX] = {false};
    for (size_t k = 0; k < self->channels; k++)
        self->heard_count[k] = 0;
    for (size_t i = 0; i < self->inputs; i++) {
        self->input[i].marked = false;
        self->input[i].silent = 0;
    }
    for (size_t left = self->inputs; left > 0;)
        for (size_t i = 0; i < self->inputs; i++) {
            if (whole[i])
                continue;
            if (listen_on(self, &self->input[i], &whole[i], err))
                return oac_iio_of_board(self, self->input[i].board, err);
            left -= whole[i];
        }
    return OAC_OK;
}
