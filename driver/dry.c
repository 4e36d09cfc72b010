/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/dry.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "driver/board.h"
#include "driver/twin/server.h"
#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/probe.h"
#endif

#define TIMEOUT_MS 5000u

struct oac_dry {
    struct oac_board board;
    struct oac_twin *twin;
    struct oac_twin_server *server;
    pthread_t thread;
    bool serving;
    char uri[OAC_TWIN_ADDRESS_BYTES + 8];
};

#ifdef OAC_HAVE_LIBIIO
static enum oac_status fits(const char *uri, const char *board, struct oac_err *err)
{
    struct oac_iio_session *session = NULL;
    struct oac_board *found = oac_alloc(1, sizeof *found, "a board profile", err);
    enum oac_status status =
        found ? oac_probe_open(uri, TIMEOUT_MS, &session, err) : err->status;
    if (!status)
        status = oac_probe_board(session, board, found, err);
    oac_iio_close(session);
    free(found);
    return status;
}
#else
static enum oac_status fits(const char *uri, const char *board, struct oac_err *err)
{
    return oac_fail(
        err, OAC_EUNSUPPORTED,
        "this oac was built without libiio and cannot look at %s for board %s: leave "
        "--uri away",
        uri, board);
}
#endif

static void *serve(void *context)
{
    struct oac_err ignored;
    (void)!oac_twin_server_run(context, &ignored);
    return NULL;
}

enum oac_status oac_dry_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                             uint32_t noise, uint64_t seed, const char *uri,
                             struct oac_dry **dry, struct oac_err *err)
{
    if (!rig->iio.board[0])
        return oac_fail(
            err, OAC_EMISMATCH,
            "rig %s has no iio.board: it describes no lab bench; take one that does, "
            "such as m2k-bench",
            rig->name);
    struct oac_dry *made = oac_alloc(1, sizeof *made, "a dry run", err);
    if (!made)
        return err->status;
    const struct oac_twin_options options = {.bench = {.board = &made->board,
                                                       .rig = rig,
                                                       .rig_hash = rig_hash,
                                                       .noise = noise,
                                                       .seed = seed}};
    if (oac_board_read(rig->iio.board, &made->board, err) ||
        (uri && uri[0] && fits(uri, rig->iio.board, err)) ||
        oac_twin_create(&options, &made->twin, err) ||
        oac_twin_server_open(made->twin, "127.0.0.1:0", NULL, &made->server, err))
        goto fail;
    snprintf(made->uri, sizeof made->uri, "ip:%s", oac_twin_server_address(made->server));
    if (pthread_create(&made->thread, NULL, serve, made->server) != 0) {
        oac_fail(err, OAC_EIO, "cannot start a thread for a dry run");
        goto fail;
    }
    made->serving = true;
    *dry = made;
    return OAC_OK;
fail:
    oac_dry_close(made);
    return err->status;
}

const char *oac_dry_uri(const struct oac_dry *dry)
{
    return dry->uri;
}

void oac_dry_close(struct oac_dry *dry)
{
    if (!dry)
        return;
    if (dry->serving) {
        oac_twin_server_stop(dry->server);
        pthread_join(dry->thread, NULL);
    }
    oac_twin_server_close(dry->server);
    oac_twin_destroy(dry->twin);
    free(dry);
}
