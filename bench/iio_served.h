/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual bench in a process of its own, and bare sockets to compare with. */
#ifndef OAC_BENCH_IIO_SERVED_H
#define OAC_BENCH_IIO_SERVED_H

#include <stddef.h>
#include <sys/types.h>

#include "driver/board.h"
#include "sim/rig.h"

struct iio_served {
    pid_t pid;
    char uri[120];
    struct oac_rig rig;
    struct oac_board board;
};

/* m2k-bench without noise, on a free port. */
enum oac_status iio_served_start(struct iio_served *served, struct oac_err *err) OAC_MUST_USE;
void iio_served_stop(struct iio_served *served);

/* Seconds in which a process on the other end of a loopback connection takes `pieces` pieces of out
 * bytes and gives as many of in bytes, each direction on a thread and a connection of its own, after a
 * request of one byte for each piece. Negative: it could not be had. */
double iio_served_loopback_s(unsigned pieces, size_t out, size_t in);

#endif
