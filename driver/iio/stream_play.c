/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One burst: train out, samples in, picks of every segment. */
#include <math.h>
#include <stdio.h>

#include "driver/iio/session_state.h"
#include "driver/iio/stream_state.h"

static bool paced(const struct oac_iio_stream *self, const struct oac_iio_converter *input)
{
    return self->line[input->line[0]].port->trigger[0] != '\0';
}

static void close_inputs(struct oac_iio_stream *self, bool all)
{
    for (size_t i = 0; i < self->inputs; i++)
        if (all || paced(self, &self->input[i])) {
            oac_iio_buffer_close(self->input[i].buffer);
            self->input[i].buffer = NULL;
        }
}

static void close_outputs(struct oac_iio_stream *self)
{
    for (size_t o = 0; o < self->outputs; o++) {
        oac_iio_buffer_close(self->output[o].buffer);
        self->output[o].buffer = NULL;
    }
}

void oac_iio_stream_hush(struct oac_iio_stream *self)
{
    close_outputs(self);
    close_inputs(self, true);
}

/* After a failure a context may be another one: set up anew. */
static enum oac_status revive(struct oac_iio_stream *self, struct oac_err *err)
{
    for (size_t b = 0; b < self->boards.count; b++) {
        struct oac_iio_board *board = &self->board[b];
        if (!board->made_safe && !board->session->dead)
            continue;
        if (oac_iio_trust(board->session, err))
            return oac_iio_of_board(self, b, err);
        if (oac_iio_board_set_up(self, b, err))
            return err->status;
        board->made_safe = false;
    }
    return OAC_OK;
}

static enum oac_status attempt(struct oac_iio_stream *self, struct oac_err *err)
{
    if (revive(self, err) || oac_iio_listen_open(self, err) || oac_iio_train_push(self, err) ||
        oac_iio_listen(self, err))
        return err->status;
    for (size_t o = 0; o < self->outputs; o++)
        if (oac_iio_buffer_wait(self->output[o].buffer, err))
            return oac_iio_of_board(self, self->output[o].board, err);
    oac_iio_losses_note(self);
    /* A train that is pushed behind another without a gap on one output and with one on the next would tear
     * weights and data apart: every train begins at rest. Of scans that nobody reads, the kernel of a
     * paced input keeps the oldest, and would lose the next train. */
    close_outputs(self);
    close_inputs(self, false);
    return OAC_OK;
}

static void take_row(const struct oac_iio_stream *self,
                     const struct oac_stream_segment *segment, size_t k, const int32_t *heard)
{
    const struct oac_stream_capture *capture = segment->capture;
    const struct oac_iio_line *line = &self->line[self->channels + 1 + k];
    const int32_t last = (int32_t)((1u << line->codec.bits) - 1);
    float *rx = segment->rx + k * capture->picks;
    bool saturated = false;
    for (size_t p = 0; p < capture->picks; p++) {
        const int32_t code = heard[capture->pick[p]];
        saturated |= code <= 0 || code >= last;
        rx[p] = (float)(line->scale * (double)code + line->zero);
    }
    if (segment->flag)
        segment->flag[k] = saturated ? OAC_FLAG_SATURATED : 0;
}

/* The input that carries readout k. */
static const struct oac_iio_converter *input_of(const struct oac_iio_stream *self, size_t k)
{
    for (size_t i = 1; i < self->inputs; i++)
        for (size_t l = 0; l < self->input[i].lines; l++)
            if (self->input[i].line[l] == self->channels + 1 + k)
                return &self->input[i];
    return &self->input[0];
}

static void take_all(const struct oac_iio_stream *self, struct oac_stream_burst *burst)
{
    const size_t per_slot = self->caps.readout_samples_per_slot;
    size_t slot = self->first_slot;
    for (size_t i = 0; i < burst->segments; i++) {
        const struct oac_stream_segment *segment = &burst->segment[i];
        const struct oac_iio_segment *loaded = &self->segment[segment->handle - 1];
        for (size_t k = 0; k < loaded->rows; k++)
            take_row(self, segment, k,
                     self->heard[k] + input_of(self, k)->start + slot * per_slot);
        if (segment->photons)
            *segment->photons = NAN;
        slot += loaded->slots;
    }
    burst->received = burst->segments;
}

/* Makes safe what can be, and says what could not. */
static enum oac_status give_up(struct oac_iio_stream *self, unsigned attempts,
                               struct oac_err *err)
{
    struct oac_err ignored;
    size_t lost = 0;
    char which[OAC_BOARD_NAME_BYTES + 16] = "";
    const bool safe = oac_iio_boards_safe(self, &lost, &ignored) == OAC_OK;
    if (attempts <= 1 && safe)
        return err->status;
    if (!safe && self->boards.board[lost].name[0])
        snprintf(which, sizeof which, " of board %s", self->boards.board[lost].name);
    return oac_fail_within(err, "in %u attempt%s%s%s%s", attempts, attempts > 1 ? "s" : "",
                           safe ? "" : "; outputs", which,
                           safe ? ""
                                : " could not be made safe and may still play, run "
                                  "oac safe as soon as the board answers");
}

enum oac_status oac_iio_stream_play(void *context, struct oac_workspace *workspace,
                                    struct oac_stream_burst *burst, struct oac_err *err)
{
    (void)workspace;
    struct oac_iio_stream *self = context;
    unsigned attempts = 0;
    if (oac_iio_train_make(self, burst, err))
        return err->status;
    while (attempts < OAC_IIO_ATTEMPTS) {
        if (attempt(self, err) == OAC_OK) {
            take_all(self, burst);
            self->account.bench_s += (double)self->slots * self->caps.link.slot_s;
            return OAC_OK;
        }
        oac_iio_stream_hush(self);
        oac_iio_apart_forget(self);
        for (size_t b = 0; b < self->boards.count; b++) /* what plays next sets it up again */
            self->board[b].made_safe = true;
        attempts++;
        if (err->status != OAC_EDEVICE || self->silent)
            break;
    }
    return give_up(self, attempts, err);
}
