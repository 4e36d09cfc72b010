/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual bench served from a thread of the test, and what it takes to open it with libiio. */
#ifndef OAC_TESTS_DRIVER_IIO_FIXTURE_H
#define OAC_TESTS_DRIVER_IIO_FIXTURE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "driver/twin/serve.h"
#include "sim/noise.h"
#include "sim/rig.h"

struct iio_fixture {
    struct oac_rig rig;
    struct oac_board board; /* the rig's; served as it is at the start */
    struct oac_bench_boards boards;
    uint8_t hash[32];
    uint32_t noise;
    struct oac_twin_faults faults;
    struct oac_twin *twin;
    struct oac_twin_server *server;
    pthread_t thread;
    bool serving;
    char uri[120];
};

static inline void *iio_fixture_serve(void *context)
{
    struct oac_err err;
    (void)!oac_twin_server_run(context, &err);
    return NULL;
}

/* Serves at `address` ("127.0.0.1:0" for a free port). NULL, or what failed. */
static inline const char *iio_fixture_start(struct iio_fixture *f, const char *address,
                                            struct oac_err *err)
{
    f->boards.count = 1;
    f->boards.board[0].profile = f->board;
    const struct oac_twin_options options = {
        .bench = {&f->boards, &f->rig, f->hash, f->noise, 1}, .faults = &f->faults};
    if (oac_twin_create(&options, &f->twin, err) ||
        oac_twin_server_open(f->twin, address, NULL, &f->server, err))
        return err->message;
    snprintf(f->uri, sizeof f->uri, "ip:%s", oac_twin_server_address(f->server));
    f->serving = pthread_create(&f->thread, NULL, iio_fixture_serve, f->server) == 0;
    return f->serving ? NULL : "no thread";
}

/* The shipped ADALM2000 rig and its board, without a server. NULL, or what failed. */
static inline const char *iio_fixture_describe(struct iio_fixture *f, struct oac_err *err)
{
    char *text = NULL;
    memset(f, 0, sizeof *f);
    if (oac_rig_read("m2k-bench", NULL, 0, &f->rig, &text, err))
        return err->message;
    enum oac_status status = oac_digest_memory(text, strlen(text), f->hash, err);
    free(text);
    return status || oac_board_read(f->rig.iio.board, &f->board, err) ? err->message : NULL;
}

/* The same, served. NULL, or what failed. */
static inline const char *iio_fixture_open(struct iio_fixture *f, uint32_t noise,
                                           const char *fault, struct oac_err *err)
{
    if (iio_fixture_describe(f, err) || (fault && oac_twin_fault_parse(fault, &f->faults, err)))
        return err->message;
    f->noise = noise;
    return iio_fixture_start(f, "127.0.0.1:0", err);
}

/* The server dies: connections are closed, the port is free. */
static inline void iio_fixture_kill(struct iio_fixture *f)
{
    if (f->serving) {
        oac_twin_server_stop(f->server);
        pthread_join(f->thread, NULL);
    }
    f->serving = false;
    oac_twin_server_close(f->server);
    oac_twin_destroy(f->twin);
    f->server = NULL;
    f->twin = NULL;
}

static inline double iio_fixture_now_s(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

#endif
