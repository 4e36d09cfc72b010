/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All boards of a virtual bench, each on a TCP port (server.h) and a thread of its own. */
#ifndef OAC_DRIVER_TWIN_SERVE_H
#define OAC_DRIVER_TWIN_SERVE_H

#include "driver/twin/server.h"

#define OAC_TWIN_URI_BYTES \
    (OAC_BENCH_BOARDS_MAX * (OAC_TWIN_ADDRESS_BYTES + OAC_BOARD_NAME_BYTES + 6u))

struct oac_twin_serve;

/* boards: those of the twin; address: one of each, as in server.h. Both must outlive it, as must the sink. */
enum oac_status oac_twin_serve_open(struct oac_twin *twin,
                                    const struct oac_bench_boards *boards,
                                    const char *const *address, const struct oac_sink *sink,
                                    struct oac_twin_serve **serve,
                                    struct oac_err *err) OAC_MUST_USE;
/* What --uri takes: "ip:127.0.0.1:30431", or "drive=ip:...,read=ip:...". */
const char *oac_twin_serve_uri(const struct oac_twin_serve *serve);
const char *oac_twin_serve_address(const struct oac_twin_serve *serve, size_t board);
/* Ends one board, as when its power fails; the others play on. */
void oac_twin_serve_end(struct oac_twin_serve *serve, size_t board);
/* Until the sink asks to stop. */
enum oac_status oac_twin_serve_wait(struct oac_twin_serve *serve,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_twin_serve_close(struct oac_twin_serve *serve); /* ends all; NULL is fine */

#endif
