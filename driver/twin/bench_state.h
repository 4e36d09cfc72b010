/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the bench behind a virtual board: converter tables and scratch. */
#ifndef OAC_DRIVER_TWIN_BENCH_STATE_H
#define OAC_DRIVER_TWIN_BENCH_STATE_H

#include "driver/twin/bench.h"
#include "hal/stream.h"

struct drive {                   /* board codes to codes of the rig */
    const struct oac_port *port; /* of the rig */
    uint32_t per_slot;
    uint16_t idle;
    size_t codes;     /* of the board's converter */
    uint16_t *rig;    /* (codes) */
    uint8_t *clipped; /* (codes) */
};

struct readout { /* codes of the rig to board codes */
    const struct oac_board_port *to;
    double gain; /* of the board's port at the rig's rate */
};

struct oac_twin_bench {
    const struct oac_bench_boards *boards;
    struct oac_twin_shape shape;
    struct oac_stream stream;
    struct oac_workspace *workspace;
    struct drive *drive;     /* (drives) */
    struct readout *readout; /* (readouts) */
    uint16_t *weight, *client;
    uint32_t *pick;
    float *rx;
    uint16_t zero[OAC_BENCH_BOARDS_MAX][OAC_BOARD_PORTS_MAX];
};

/* Binds ports to roles, makes the tables, takes the memory; the stream is open. */
enum oac_status oac_twin_bench_build(struct oac_twin_bench *bench, const struct oac_rig *rig,
                                     struct oac_err *err) OAC_MUST_USE;

/* Nearest code of a board's port for a voltage, saturating. */
uint16_t oac_twin_board_code(const struct oac_board_port *port, double gain, double v);

#endif
