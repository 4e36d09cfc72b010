/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boards of a bench, from the section `iio` of its rig, and which port of which board plays what.
 *
 *     one board      board: m2k                          uri: ip:192.168.2.1             ports: dac-a
 *     several        board: drive=m2k, read=m2k          uri: drive=ip:..., read=ip:...  ports: drive/dac-a
 * Names are the rig's own: a letter, then letters, digits, '-' and '_'. Every port says its board where there
 * are several. */
#ifndef OAC_DRIVER_BENCH_BOARDS_H
#define OAC_DRIVER_BENCH_BOARDS_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/board.h"
#include "sim/rig.h"

#define OAC_BENCH_BOARDS_MAX 4u
#define OAC_BENCH_PORT_BYTES (2u * OAC_BOARD_NAME_BYTES)

struct oac_bench_board {
    char name[OAC_BOARD_NAME_BYTES]; /* "": the only one, without a name */
    char from
        [OAC_CONFIG_TEXT_BYTES]; /* its profile, as the rig says: a shipped name or a file */
    struct oac_board profile;
};

struct oac_bench_boards {
    size_t count;
    struct oac_bench_board board[OAC_BENCH_BOARDS_MAX];
};

enum oac_bench_part { OAC_BENCH_WEIGHT, OAC_BENCH_CLIENT, OAC_BENCH_READOUT };

struct oac_bench_port { /* a port of a bench */
    size_t board;
    const struct oac_board_port *port;
};

/* Reads the profiles that iio.board names. */
enum oac_status oac_bench_boards_read(const struct oac_rig *rig,
                                      struct oac_bench_boards *boards,
                                      struct oac_err *err) OAC_MUST_USE;
/* Where each board answers, of a list such as iio.uri and --uri: uri (boards->count). */
enum oac_status oac_bench_boards_uris(const struct oac_bench_boards *boards, const char *list,
                                      char uri[][OAC_CONFIG_TEXT_BYTES],
                                      struct oac_err *err) OAC_MUST_USE;
/* The n-th port that the rig gives a part, of the part's direction; the client has one. */
enum oac_status oac_bench_port_find(const struct oac_rig *rig,
                                    const struct oac_bench_boards *boards,
                                    enum oac_bench_part part, size_t n,
                                    struct oac_bench_port *found,
                                    struct oac_err *err) OAC_MUST_USE;
/* "adc-1", "read/adc-1" where boards have names; returns text. */
const char *oac_bench_port_name(const struct oac_bench_boards *boards,
                                const struct oac_bench_port *port,
                                char text[OAC_BENCH_PORT_BYTES]);

#endif
