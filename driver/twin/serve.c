/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/serve.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

struct served { /* a board */
    struct oac_twin_server *server;
    pthread_t thread;
    bool serving;
    struct oac_err failed; /* of its thread */
};

struct oac_twin_serve {
    size_t boards;
    struct served board[OAC_BENCH_BOARDS_MAX];
    char uri[OAC_TWIN_URI_BYTES];
};

static void *run(void *context)
{
    struct served *served = context;
    (void)!oac_twin_server_run(served->server, &served->failed);
    return NULL;
}

enum oac_status oac_twin_serve_open(struct oac_twin *twin,
                                    const struct oac_bench_boards *boards,
                                    const char *const *address, const struct oac_sink *sink,
                                    struct oac_twin_serve **serve, struct oac_err *err)
{
    size_t used = 0;
    struct oac_twin_serve *made = oac_alloc(1, sizeof *made, "a virtual bench", err);
    if (!made)
        return err->status;
    made->boards = boards->count;
    for (size_t b = 0; b < boards->count; b++) {
        struct served *board = &made->board[b];
        const char *name = boards->board[b].name;
        if (oac_twin_server_open(&twin[b], address[b], sink, &board->server, err))
            goto fail;
        used += (size_t)snprintf(made->uri + used, sizeof made->uri - used, "%s%s%sip:%s",
                                 b ? "," : "", name, name[0] ? "=" : "",
                                 oac_twin_server_address(board->server));
    }
    for (size_t b = 0; b < boards->count; b++) {
        struct served *board = &made->board[b];
        board->serving = pthread_create(&board->thread, NULL, run, board) == 0;
        if (!board->serving) {
            oac_fail(err, OAC_EIO, "cannot start a thread for a virtual board");
            goto fail;
        }
    }
    *serve = made;
    return OAC_OK;
fail:
    oac_twin_serve_close(made);
    return err->status;
}

const char *oac_twin_serve_uri(const struct oac_twin_serve *serve)
{
    return serve->uri;
}

const char *oac_twin_serve_address(const struct oac_twin_serve *serve, size_t board)
{
    return oac_twin_server_address(serve->board[board].server);
}

static void join(struct served *board)
{
    if (board->serving)
        pthread_join(board->thread, NULL);
    board->serving = false;
}

void oac_twin_serve_end(struct oac_twin_serve *serve, size_t board)
{
    struct served *ended = &serve->board[board];
    if (ended->server)
        oac_twin_server_stop(ended->server);
    join(ended);
    oac_twin_server_close(ended->server);
    ended->server = NULL;
}

enum oac_status oac_twin_serve_wait(struct oac_twin_serve *serve, struct oac_err *err)
{
    err->status = OAC_OK;
    for (size_t b = 0; b < serve->boards; b++) {
        join(&serve->board[b]);
        if (serve->board[b].failed.status && !err->status)
            *err = serve->board[b].failed;
    }
    return err->status;
}

void oac_twin_serve_close(struct oac_twin_serve *serve)
{
    if (!serve)
        return;
    for (size_t b = 0; b < serve->boards; b++)
        oac_twin_serve_end(serve, b);
    free(serve);
}
