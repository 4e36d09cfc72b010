/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop that tests/qemu/bench booted for this program, as the driver opens it. */
#ifndef OAC_TESTS_QEMU_LOOP_FIXTURE_H
#define OAC_TESTS_QEMU_LOOP_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "driver/iio/session.h"
#include "driver/iio/stream.h"
#include "sim/rig.h"
#include "tests/support/need.h"

#define LOOP_CHANNELS \
    3 /* that tests/qemu/loop-bench.yaml binds; the fourth output is the client */
#define LOOP_ZERO  32768 /* the rig's code of 0 V, which is the kernel's sample 0 */
#define LOOP_UNITY 4096  /* the kernel's gain 1 */

struct loop {
    const char *uri;
    struct oac_board board;
    struct oac_rig rig;
    uint8_t hash[32];
};

/* Skips the test where the bench cannot be booted. */
static inline void loop_find(struct loop *loop)
{
    struct oac_err err;
    char path[OAC_TEST_PATH_BYTES], *text = NULL;
    const char *root = getenv("OAC_SOURCE_DIR"), *why = getenv("OAC_QEMU_MISSING");
    loop->uri = getenv("OAC_QEMU_URI");
    if (!oac_test_need(loop->uri != NULL,
                       why ? why : "no bench runs: start this through tests/qemu/bench with"))
        return;
    snprintf(path, sizeof path, "%s/tests/qemu/loop-bench.yaml", root ? root : ".");
    cr_assert_eq(oac_rig_read(path, NULL, 0, &loop->rig, &text, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_digest_memory(text, strlen(text), loop->hash, &err), OAC_OK);
    free(text);
    cr_assert_eq(oac_board_read("qemu-loop", &loop->board, &err), OAC_OK, "%s", err.message);
}

static inline struct oac_iio_session *loop_session(const struct loop *loop)
{
    struct oac_iio_session *session = NULL;
    struct oac_err err;
    cr_assert_eq(oac_iio_open(loop->uri, 5000, &session, &err), OAC_OK, "%s", err.message);
    return session;
}

static inline struct oac_stream loop_stream(const struct loop *loop)
{
    struct oac_stream stream;
    struct oac_err err;
    cr_assert_eq(oac_iio_stream_open(&loop->rig, loop->hash, loop->uri, NULL, &stream, &err),
                 OAC_OK, "%s", err.message);
    return stream;
}

static inline void loop_write(struct oac_iio_session *session, const char *device,
                              const char *channel, bool output, const char *attribute,
                              const char *value, double *readback)
{
    struct oac_err err;
    char got[80] = "";
    cr_assert_eq(oac_iio_write(session, device, channel, output, attribute, value, got,
                               sizeof got, &err),
                 OAC_OK, "%s", err.message);
    if (readback)
        *readback = strtod(got, NULL);
}

/* Gain 1 and offset 0 on every input: a test before may have left others. */
static inline void loop_reset(const struct loop *loop)
{
    struct oac_iio_session *session = loop_session(loop);
    for (unsigned c = 0; c < 4; c++) {
        char channel[20];
        snprintf(channel, sizeof channel, "voltage%u", c);
        loop_write(session, "loop-adc", channel, false, "calibscale", "1", NULL);
        loop_write(session, "loop-adc", channel, false, "calibbias", "0", NULL);
    }
    oac_iio_close(session);
}

/* What the kernel module makes of an output's sample, all in integers (tests/qemu/loop/iio_loop.c). */
static inline int32_t loop_hears(int32_t sample, int32_t gain_q12, int32_t bias)
{
    const int32_t heard = ((sample * gain_q12 + LOOP_UNITY / 2) >> 12) + bias;
    return heard < INT16_MIN ? INT16_MIN : heard > INT16_MAX ? INT16_MAX : heard;
}

static inline double loop_now_s(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

#endif
