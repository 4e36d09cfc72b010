/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outputs moved by hand from a computer that stands still: pushes that come later than the queue lasts. */
#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/port_sweep.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "driver/iio/probe.h"
#include "tests/driver/fail_calls.h"
#include "tests/driver/iio_fixture.h"

enum { STEPS = 7, STALL_MS = 70 }; /* 40 ms are queued, and the virtual bench waits 50 ms */

static struct iio_fixture bench;
static struct oac_err err;
static struct oac_iio_session *session;

struct said { /* warnings; the last one */
    size_t lines;
    char line[800];
};

static void hear(void *context, enum oac_log_level level, const char *line)
{
    struct said *said = context;
    if (level != OAC_LOG_WARNING)
        return;
    said->lines++;
    snprintf(said->line, sizeof said->line, "%s", line);
}

static const struct oac_board_port *port(const char *name)
{
    return oac_board_port_find(&bench.board, name);
}

/* As a real board, which does not count its outputs' gaps. Before anybody connects. */
static void stop_counting(void)
{
    for (char *at = bench.twin->xml; (at = strstr(at, "\"gaps\"")) != NULL; at++)
        memcpy(at, "\"none\"", 6);
}

static void start(void)
{
    const char *failed = iio_fixture_open(&bench, 0, NULL, &err);
    cr_assert_null(failed, "%s", failed);
}

static void connect_to(void)
{
    cr_assert_eq(oac_probe_open(bench.uri, 5000, &session, &err), OAC_OK, "%s", err.message);
}

static void finish(void)
{
    oac_iio_close(session);
    iio_fixture_kill(&bench);
}

static enum oac_status sweep(const struct oac_sink *sink, struct oac_port_step *step,
                             size_t *done)
{
    const struct oac_port_sweep asked = {.output = port("dac-a"),
                                         .input = port("adc-1"),
                                         .from_v = 1.5,
                                         .to_v = 4.5,
                                         .steps = STEPS,
                                         .samples = 512,
                                         .holds = 1,
                                         .hold = {{port("dac-b"), 4.5}},
                                         .deadline_s = 20.0};
    connect_to();
    return oac_port_sweep_run(session, &bench.board, &asked, sink, step, done, &err);
}

/* Where the output is at its idle 0 V, the modulator is dark. */
Test(fail_port, a_step_that_was_read_without_its_voltage_is_read_again, .timeout = 120)
{
    struct oac_port_step step[STEPS];
    size_t done = 0;
    start();
    fail_stall(10, 29, STALL_MS);
    cr_assert_eq(sweep(NULL, step, &done), OAC_OK, "%s", err.message);
    cr_expect_geq(fail_stalls(), 3);
    for (size_t i = 0; i < STEPS; i++) {
        const double s = sin(M_PI * step[i].volts / 9.0);
        cr_expect_float_eq(step[i].reading.mean_v / step[STEPS - 1].reading.mean_v, s * s, 0.02,
                           "%g V: %g", step[i].volts, step[i].reading.mean_v);
    }
    finish();
}

Test(fail_port, a_computer_that_always_stands_still_is_given_up, .timeout = 120)
{
    struct oac_port_step step[STEPS];
    size_t done = 0;
    start();
    stop_counting(); /* a busy machine's bench may be slow enough to miss nothing */
    fail_stall(20, 1, STALL_MS);
    cr_assert_eq(sweep(NULL, step, &done), OAC_EDEVICE);
    cr_expect(strstr(err.message, "port dac-a") && strstr(err.message, "ran out of samples") &&
                  strstr(err.message, "40 ms"),
              "%s", err.message);
    cr_expect_lt(done, STEPS);
    finish();
}

/* 0.6 s of 1 V, in which one push is late. */
static void hold_stalled(struct said *said)
{
    const struct oac_sink sink = {.context = said, .log = hear};
    connect_to();
    fail_stall(30, 1000000, STALL_MS);
    cr_assert_eq(
        oac_port_hold(session, &bench.board, port("dac-a"), 1.0, 0.6, 5.0, &sink, &err), OAC_OK,
        "%s", err.message);
    cr_expect_eq(fail_stalls(), 1);
}

Test(fail_port, a_held_voltage_says_that_it_was_interrupted, .timeout = 60)
{
    struct said said = {0};
    start();
    stop_counting();
    hold_stalled(&said);
    cr_expect(strstr(said.line, "dac-a ran out of samples"), "%s", said.line);
    finish();
}

/* A bench that nobody listens to takes everything, and its time stands still: it misses nothing. */
Test(fail_port, a_bench_that_counts_for_itself_is_believed, .timeout = 60)
{
    struct said said = {0};
    start();
    hold_stalled(&said);
    cr_expect_eq(said.lines, 0, "%s", said.line);
    finish();
}
#else
typedef int oac_no_libiio;
#endif
