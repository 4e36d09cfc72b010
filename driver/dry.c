/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/dry.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "driver/bench_boards.h"
#include "driver/twin/serve.h"
#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/probe.h"
#endif

#define TIMEOUT_MS 5000u

struct oac_dry {
    struct oac_bench_boards boards;
    struct oac_twin *twin;
    struct oac_twin_serve *serve;
};

#ifdef OAC_HAVE_LIBIIO
/* Whether the profile is that of the context at a URI; names as rigs give them. */
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

static enum oac_status all_fit(const struct oac_bench_boards *boards, const char *list,
                               struct oac_err *err)
{
    char uri[OAC_BENCH_BOARDS_MAX][OAC_CONFIG_TEXT_BYTES];
    if (oac_bench_boards_uris(boards, list, uri, err))
        return err->status;
    for (size_t b = 0; b < boards->count; b++)
        if (fits(uri[b], boards->board[b].from, err))
            return boards->board[b].name[0]
                       ? oac_fail_within(err, "board %s", boards->board[b].name)
                       : err->status;
    return OAC_OK;
}

enum oac_status oac_dry_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                             uint32_t noise, uint64_t seed, const char *uri,
                             struct oac_dry **dry, struct oac_err *err)
{
    const char *address[OAC_BENCH_BOARDS_MAX];
    struct oac_dry *made = oac_alloc(1, sizeof *made, "a dry run", err);
    if (!made)
        return err->status;
    for (size_t b = 0; b < OAC_BENCH_BOARDS_MAX; b++)
        address[b] = "127.0.0.1:0";
    const struct oac_twin_options options = {.bench = {.boards = &made->boards,
                                                       .rig = rig,
                                                       .rig_hash = rig_hash,
                                                       .noise = noise,
                                                       .seed = seed}};
    if (oac_bench_boards_read(rig, &made->boards, err) ||
        (uri && uri[0] && all_fit(&made->boards, uri, err)) ||
        oac_twin_create(&options, &made->twin, err) ||
        oac_twin_serve_open(made->twin, &made->boards, address, NULL, &made->serve, err)) {
        oac_dry_close(made);
        return err->status;
    }
    *dry = made;
    return OAC_OK;
}

const char *oac_dry_uri(const struct oac_dry *dry)
{
    return oac_twin_serve_uri(dry->serve);
}

void oac_dry_close(struct oac_dry *dry)
{
    if (!dry)
        return;
    oac_twin_serve_close(dry->serve);
    oac_twin_destroy(dry->twin);
    free(dry);
}
