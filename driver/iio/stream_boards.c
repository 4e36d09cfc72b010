/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boards of a bench: opened, set up, made safe, closed, each in a session of its own. */
#include "driver/iio/port_io.h"
#include "driver/iio/session_state.h"
#include "driver/iio/stream_state.h"

#define TIMEOUT_MS 5000u

const struct oac_board *oac_iio_profile(const struct oac_iio_stream *self, size_t board)
{
    return &self->boards.board[board].profile;
}

enum oac_status oac_iio_of_board(const struct oac_iio_stream *self, size_t board,
                                 struct oac_err *err)
{
    const char *name = self->boards.board[board].name;
    return name[0] ? oac_fail_within(err, "board %s", name) : err->status;
}

enum oac_status oac_iio_boards_open(struct oac_iio_stream *self,
                                    char uri[][OAC_CONFIG_TEXT_BYTES], struct oac_err *err)
{
    for (size_t b = 0; b < self->boards.count; b++) {
        struct oac_iio_session **session = &self->board[b].session;
        if (oac_iio_open(uri[b], TIMEOUT_MS, session, err))
            return oac_iio_of_board(self, b, err);
        oac_iio_watch(*session, self->drive.tap, self->boards.board[b].name);
    }
    return OAC_OK;
}

/* Whether outputs are on it; also while they are not bound yet. */
static bool drives(const struct oac_iio_stream *self, size_t board)
{
    bool any = self->outputs == 0;
    for (size_t o = 0; o < self->outputs; o++)
        any = any || self->output[o].board == board;
    return any;
}

enum oac_status oac_iio_board_set_up(struct oac_iio_stream *self, size_t board,
                                     struct oac_err *err)
{
    struct oac_iio_session *session = self->board[board].session;
    self->board[board].touched = !session->dry;
    const struct oac_board *profile = oac_iio_profile(self, board);
    enum oac_status status = OAC_OK;
    if (drives(self, board))
        status = oac_iio_setup(session, profile, err);
    else /* its outputs stay as they are: nobody was asked whether they may be on */
        for (size_t i = 0; i < self->inputs && !status; i++)
            if (self->input[i].board == board)
                status = oac_port_set_up(session, profile,
                                         self->line[self->input[i].line[0]].port, err);
    if (status || oac_iio_lines_rates(self, board, err))
        return oac_iio_of_board(self, board, err);
    return OAC_OK;
}

/* Keeps the first failure. */
static void make_safe(struct oac_iio_stream *self, size_t board, size_t *lost,
                      struct oac_err *err)
{
    struct oac_err failed;
    struct oac_iio_board *at = &self->board[board];
    if (!at->touched)
        return;
    at->made_safe = true; /* whatever plays next sets the board up again */
    if (oac_iio_safe(at->session, oac_iio_profile(self, board), &failed) == OAC_OK ||
        err->status)
        return;
    *err = failed;
    *lost = board;
    (void)oac_iio_of_board(self, board, err);
}

enum oac_status oac_iio_boards_safe(struct oac_iio_stream *self, size_t *lost,
                                    struct oac_err *err)
{
    err->status = OAC_OK;
    for (size_t b = 0; b < self->boards.count; b++)
        if (drives(self, b))
            make_safe(self, b, lost, err);
    for (size_t b = 0; b < self->boards.count; b++)
        if (!drives(self, b))
            make_safe(self, b, lost, err);
    return err->status;
}

void oac_iio_boards_close(struct oac_iio_stream *self)
{
    for (size_t b = 0; b < self->boards.count; b++)
        oac_iio_close(self->board[b].session);
}
