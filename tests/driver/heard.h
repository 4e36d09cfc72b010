/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a virtual bench receives, port by port, kept for a test. */
#ifndef OAC_TESTS_DRIVER_HEARD_H
#define OAC_TESTS_DRIVER_HEARD_H

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/driver/iio_fixture.h"

struct heard {
    pthread_mutex_t lock;
    size_t count[OAC_BOARD_PORTS_MAX], room[OAC_BOARD_PORTS_MAX];
    int32_t *code[OAC_BOARD_PORTS_MAX];
};

static inline void heard_take(void *context, size_t port, size_t samples, const int32_t *code)
{
    struct heard *heard = context;
    pthread_mutex_lock(&heard->lock);
    if (heard->count[port] + samples > heard->room[port]) {
        heard->room[port] = 2 * (heard->count[port] + samples);
        heard->code[port] =
            realloc(heard->code[port], heard->room[port] * sizeof *heard->code[port]);
    }
    memcpy(heard->code[port] + heard->count[port], code, samples * sizeof *code);
    heard->count[port] += samples;
    pthread_mutex_unlock(&heard->lock);
}

/* After the fixture has been opened, before anybody connects. */
static inline void heard_begin(struct heard *heard, struct iio_fixture *bench)
{
    memset(heard, 0, sizeof *heard);
    pthread_mutex_init(&heard->lock, NULL);
    bench->twin->heard_context = heard;
    bench->twin->heard = heard_take;
}

/* After the fixture was killed. */
static inline void heard_end(struct heard *heard)
{
    for (size_t p = 0; p < OAC_BOARD_PORTS_MAX; p++)
        free(heard->code[p]);
    pthread_mutex_destroy(&heard->lock);
}

static inline size_t heard_port(const struct iio_fixture *bench, const char *name)
{
    return (size_t)(oac_board_port_find(&bench->board, name) - bench->board.port);
}

/* Volts of a received code at the rate that the bench runs at. */
static inline double heard_v(const struct iio_fixture *bench, size_t port, int32_t code)
{
    const struct oac_board_port *p = &bench->board.port[port];
    return oac_board_rate_gain(p, bench->twin->ports->rate_hz[port]) *
           oac_board_port_volts(p, code);
}

#endif
