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

/* Room for so many samples of readout k. */
static enum oac_status grow(struct oac_iio_stream *self, size_t k, size_t samples,
                            struct oac_err *err)
{
    if (samples <= self->heard_capacity[k])
        return OAC_OK;
    const size_t room =
        samples > 2 * self->heard_capacity[k] ? samples : 2 * self->heard_capacity[k];
    int32_t *more = oac_alloc(room, sizeof *more, "captured samples", err);
    if (!more)
        return err->status;
    if (self->heard_count[k])
        memcpy(more, self->heard[k], self->heard_count[k] * sizeof *more);
    free(self->heard[k]);
    self->heard[k] = more;
    self->heard_capacity[k] = room;
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

struct ear { /* one input until a train has gone by; its buffer's thread's while that runs */
    struct oac_iio_stream *self;
    struct oac_iio_converter *input;
    size_t first, mark;   /* readout of its first line; samples of the train before its mark */
    size_t silent;        /* samples that went by without a mark */
    uint64_t gone;        /* samples that are forgotten */
    bool guides;          /* looks for beacons, too, where the train waits for them */
    bool gave_up;         /* they were too many */
    size_t start, wanted; /* the train's first sample; samples to its end, 0: no mark yet */
    struct oac_err err;
};

/* Puts a buffer behind what was heard of the input's channels. */
static enum oac_status append(struct ear *ear, const struct oac_iio_view *view)
{
    struct oac_iio_stream *self = ear->self;
    const struct oac_iio_converter *input = ear->input;
    const size_t values = self->line[input->line[0]].values;
    for (size_t i = 0; i < input->lines; i++) {
        const size_t k = input->line[i] - self->channels - 1;
        if (grow(self, k, self->heard_count[k] + view->samples * values, &ear->err))
            return ear->err.status;
        for (size_t which = 0; which < values; which++)
            take(&self->line[input->line[i]], view, i * values + which,
                 self->heard[k] + self->heard_count[k] + which);
        self->heard_count[k] += view->samples * values;
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

/* No mark in what was heard: forgets what it cannot begin in, unless nothing has come for too long. */
static enum oac_status wait_on(struct ear *ear)
{
    struct oac_iio_stream *self = ear->self;
    const struct oac_iio_converter *input = ear->input;
    ear->silent += input->samples; /* of time */
    ear->gave_up = (double)ear->silent > SILENCE_S * self->ports[input->line[0]].rate_hz &&
                   ear->silent > SILENCE_MIN * input->samples;
    if (ear->gave_up)
        return oac_fail(&ear->err, OAC_EDEVICE,
                        "no start mark on %s in %zu samples: no light reaches the detector, "
                        "or no output plays; check laser, bias, fibres and cables, then look "
                        "with oac port",
                        input->device, ear->silent);
    oac_iio_losses_forget(input);
    const size_t before = self->heard_count[ear->first];
    forget(self, input, (CHIPS + 2) * self->line[input->line[0]].per_slot + ear->mark);
    ear->gone += before - self->heard_count[ear->first];
    return OAC_OK;
}

/* Until the train is placed there is none to look for. */
static enum oac_status find_beacons(struct ear *ear)
{
    for (size_t i = 0; i < ear->input->lines; i++)
        if (oac_iio_apart_look(ear->self, ear->first + i, ear->gone, &ear->err))
            return ear->err.status;
    return wait_on(ear);
}

static enum oac_status find_start(struct ear *ear)
{
    const struct oac_iio_stream *self = ear->self;
    const size_t mark = ear->mark, per_slot = self->line[ear->input->line[0]].per_slot;
    double contrast = 0.0;
    const size_t at = look(self, ear->input, &contrast);
    if (at >= self->heard_count[ear->first])
        return wait_on(ear);
    if (at < mark)
        return oac_fail(
            &ear->err, OAC_EDEVICE,
            "the start mark on %s came before its train could: another program plays "
            "on these outputs; close it",
            ear->input->device);
    /* A slot early, or as much of it as was heard, so that the rest of the delay is not negative. */
    const size_t early = at < mark + per_slot ? at - mark : per_slot;
    ear->start = at - mark - early;
    ear->wanted = ear->start + (self->slots + 1) * per_slot; /* to the end of the ramp */
    return OAC_OK;
}

/* Whether to go on. */
static bool hear(void *context, const struct oac_iio_view *view)
{
    struct ear *ear = context;
    if (append(ear, view))
        return false;
    if (ear->guides && !oac_iio_apart_placed(ear->self))
        return find_beacons(ear) == OAC_OK;
    if (ear->wanted == 0 && find_start(ear))
        return false;
    return ear->wanted == 0 || ear->self->heard_count[ear->first] < ear->wanted;
}

/* What came of it, where nothing has failed before. */
static void end(struct oac_iio_stream *self, struct ear *ear, struct oac_err *err)
{
    struct oac_err failed;
    if (oac_iio_buffer_wait(ear->input->buffer, &failed) == OAC_OK)
        failed = ear->err;
    ear->input->start = ear->start;
    const bool stalled = self->apart.needed && oac_iio_apart_placed(self); /* a feed's fault */
    self->silent = self->silent || (ear->gave_up && !stalled);
    if (failed.status == OAC_OK || err->status)
        return;
    *err = failed;
    (void)oac_iio_of_board(self, ear->input->board, err);
}

/* All inputs at once: none may wait until its kernel has no room for what it hears. */
enum oac_status oac_iio_listen(struct oac_iio_stream *self, struct oac_err *err)
{
    struct ear ear[OAC_BOARD_PORTS_MAX];
    const size_t before = self->ramp_slots + oac_iio_mark_first(self);
    size_t ears = 0;
    for (size_t k = 0; k < self->channels; k++)
        self->heard_count[k] = 0;
    self->silent = false;
    err->status = OAC_OK;
    for (size_t i = 0; i < self->inputs; i++)
        oac_iio_losses_forget(&self->input[i]);
    for (; ears < self->inputs; ears++) {
        struct oac_iio_converter *input = &self->input[ears];
        ear[ears] = (struct ear){.self = self,
                                 .input = input,
                                 .first = input->line[0] - self->channels - 1,
                                 .guides = self->apart.needed && ears == 0,
                                 .mark = before * self->line[input->line[0]].per_slot};
        if (oac_iio_buffer_run(input->buffer, hear, &ear[ears], err)) {
            (void)oac_iio_of_board(self, input->board, err);
            break;
        }
    }
    for (size_t i = 0; i < ears; i++)
        end(self, &ear[i], err);
    if (self->apart.needed && err->status)
        oac_iio_apart_stop(self);
    return err->status;
}
