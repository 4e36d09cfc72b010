/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The virtual boards of a bench, and what all conversations with one share. */
#include <stdlib.h>

#include "base/alloc.h"
#include "driver/twin/context_xml.h"
#include "driver/twin/session.h"

struct whole { /* the boards, and the faults of those that have none */
    struct oac_twin twin[OAC_BENCH_BOARDS_MAX];
    size_t boards;
    atomic_size_t servers;
    struct oac_twin_faults none;
};

static enum oac_status board_make(struct whole *whole, size_t b,
                                  const struct oac_twin_options *options, struct oac_err *err)
{
    const struct oac_bench_board *board = &options->bench.boards->board[b];
    struct oac_twin *made = &whole->twin[b];
    *made = (struct oac_twin){.faults = options->faults ? options->faults : &whole->none,
                              .heard = options->heard,
                              .heard_context = options->heard_context,
                              .bench = whole->twin[0].bench,
                              .board = b,
                              .ports = &oac_twin_bench_shape(whole->twin[0].bench)->board[b],
                              .servers = &whole->servers};
    pthread_mutex_init(&made->lock, NULL);
    whole->boards++;
    if (b > 0)
        made->first_device = made[-1].first_device + made[-1].devices->count;
    if (oac_twin_devices_create(&board->profile, made->ports->rate_hz, &made->devices, err))
        return err->status;
    return oac_twin_context_xml(made->devices, options->bench.rig->name, board->name,
                                &made->xml, &made->xml_bytes, err);
}

enum oac_status oac_twin_create(const struct oac_twin_options *options, struct oac_twin **twin,
                                struct oac_err *err)
{
    const size_t boards = options->bench.boards->count;
    struct oac_twin_playback *playback = NULL;
    struct whole *whole = oac_alloc(1, sizeof *whole, "a virtual bench", err);
    if (!whole)
        return err->status;
    if (oac_twin_bench_create(&options->bench, &whole->twin[0].bench, err))
        goto fail;
    for (size_t b = 0; b < boards; b++)
        if (board_make(whole, b, options, err))
            goto fail;
    const struct oac_twin *last = &whole->twin[boards - 1];
    if (oac_twin_playback_create(last->bench, last->first_device + last->devices->count,
                                 options->bench.seed, &playback, err))
        goto fail;
    for (size_t b = 0; b < boards; b++)
        whole->twin[b].playback = playback;
    *twin = whole->twin;
    return OAC_OK;
fail:
    oac_twin_destroy(whole->twin);
    return err->status;
}

void oac_twin_destroy(struct oac_twin *twin)
{
    struct whole *whole = (struct whole *)twin; /* its first member */
    if (!whole)
        return;
    oac_twin_playback_destroy(twin->playback);
    for (size_t b = 0; b < whole->boards; b++) {
        oac_twin_devices_destroy(whole->twin[b].devices);
        free(whole->twin[b].xml);
        pthread_mutex_destroy(&whole->twin[b].lock);
    }
    oac_twin_bench_destroy(twin->bench);
    free(whole);
}
