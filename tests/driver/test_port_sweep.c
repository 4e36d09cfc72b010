/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outputs moved by hand, against the virtual bench over TCP. */
#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/port_sweep.h"

#include <criterion/criterion.h>
#include <math.h>

#include "driver/iio/probe.h"
#include "tests/driver/heard.h"

static struct iio_fixture bench;
static struct heard heard;
static struct oac_err err;
static struct oac_iio_session *session;

static void start(void)
{
    const char *failed = iio_fixture_open(&bench, 0, NULL, &err);
    cr_assert_null(failed, "%s", failed);
    heard_begin(&heard, &bench);
    cr_assert_eq(oac_probe_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
}

static void finish(void)
{
    oac_iio_close(session);
    iio_fixture_kill(&bench);
    heard_end(&heard);
}

static struct oac_port_sweep sweep(void)
{
    return (struct oac_port_sweep){.output = oac_board_port_find(&bench.board, "dac-a"),
                                   .input = oac_board_port_find(&bench.board, "adc-1"),
                                   .from_v = -4.5,
                                   .to_v = 4.5,
                                   .steps = 13,
                                   .samples = 512,
                                   .holds = 1,
                                   .hold = {{oac_board_port_find(&bench.board, "dac-b"), 4.5}},
                                   .deadline_s = 20.0};
}

static void expect_safe(void)
{
    char text[64];
    cr_assert_eq(oac_iio_read(session, "m2k-fabric", "voltage0", true, "powerdown", text,
                              sizeof text, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(text, "1");
}

/* Every sample follows the one before within the slope; both ends are at rest. */
static void expect_ramps(const char *name)
{
    const size_t p = heard_port(&bench, name);
    const double lsb_v = 1.164153 * 10 / 4095;
    const double step_v = bench.board.port[p].ramp_v_per_s / 750e3 + lsb_v;
    cr_assert_gt(heard.count[p], 0);
    for (size_t s = 0; s + 1 < heard.count[p]; s++) {
        const double step =
            heard_v(&bench, p, heard.code[p][s + 1]) - heard_v(&bench, p, heard.code[p][s]);
        cr_assert_leq(fabs(step), step_v, "%s: sample %zu steps %g V", name, s, step);
    }
    cr_expect_float_eq(heard_v(&bench, p, heard.code[p][0]), 0.0, step_v);
    cr_expect_float_eq(heard_v(&bench, p, heard.code[p][heard.count[p] - 1]), 0.0, lsb_v);
}

Test(port_sweep, a_sweep_reads_the_curve_of_the_modulator, .timeout = 120)
{
    struct oac_port_step step[13];
    size_t done = 0;
    start();
    const struct oac_port_sweep asked = sweep();
    cr_assert_eq(oac_port_sweep_run(session, &bench.board, &asked, NULL, step, &done, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(done, 13);
    /* light = r + (1 - r) sin^2(pi v / (2 V_pi)), r = -20 dB, dark at 0 V (the rig biases it so). The hidden
     * errors are 5 mV of bias, 2e-3 of V_pi, 2 mV of offset: at the steepest point 5 mV are 0.2 % of the
     * range, 2e-3 of 4.5 V 0.3 %, 2 mV of 2.4 V 0.1 %, a step of the DAC 0.1 %: 1 % holds them all. */
    const double dark_v = step[6].reading.mean_v;
    const double bright_v = 0.5 * (step[0].reading.mean_v + step[12].reading.mean_v);
    cr_expect_gt(bright_v, 50 * dark_v);
    for (size_t i = 0; i < 13; i++) {
        const double s = sin(M_PI * step[i].volts / 9.0);
        cr_expect_float_eq((step[i].reading.mean_v - dark_v) / (bright_v - dark_v), s * s, 0.01,
                           "%g V: %g", step[i].volts, step[i].reading.mean_v);
    }
    expect_safe();
    expect_ramps("dac-a");
    expect_ramps("dac-b");
    finish();
}

struct stopping {
    size_t steps;
};

static void count_steps(void *context, const char *what, size_t done, size_t total,
                        const char *note)
{
    (void)what;
    (void)total;
    (void)note;
    ((struct stopping *)context)->steps = done;
}

static bool after_three(void *context)
{
    return ((struct stopping *)context)->steps >= 3;
}

Test(port_sweep, a_stopped_sweep_keeps_its_steps_and_ramps_down, .timeout = 120)
{
    struct stopping stopping = {0};
    const struct oac_sink sink = {
        .context = &stopping, .progress = count_steps, .stop_requested = after_three};
    struct oac_port_step step[13];
    size_t done = 0;
    start();
    const struct oac_port_sweep asked = sweep();
    cr_expect_eq(oac_port_sweep_run(session, &bench.board, &asked, &sink, step, &done, &err),
                 OAC_EINTERRUPTED);
    cr_expect_eq(done, 3);
    cr_expect_float_eq(step[2].volts, -3.0, 2e-3); /* half a step of the DAC: 1.4 mV */
    expect_safe();
    expect_ramps("dac-a");
    finish();
}

Test(port_sweep, a_held_voltage_is_reached_and_left_along_ramps, .timeout = 120)
{
    double most_v = -INFINITY;
    start();
    const struct oac_board_port *port = oac_board_port_find(&bench.board, "dac-a");
    cr_assert_eq(oac_port_hold(session, &bench.board, port, 5.0, 0.2, 5.0, NULL, &err), OAC_OK,
                 "%s", err.message);
    const size_t p = heard_port(&bench, "dac-a");
    for (size_t s = 0; s < heard.count[p]; s++)
        most_v = fmax(most_v, heard_v(&bench, p, heard.code[p][s]));
    /* the limit is 5 V and a step 2.84 mV: the last code inside it */
    cr_expect(most_v <= 5.0 + 1e-9 && most_v > 5.0 - 2.85e-3, "%g V", most_v);
    expect_ramps("dac-a");
    finish();
}

Test(port_sweep, what_cannot_be_swept_is_refused_before_anything_is_written, .timeout = 60)
{
    struct oac_port_step step[13];
    size_t done;
    start();
    cr_assert_eq(oac_iio_safe(session, &bench.board, &err), OAC_OK, "%s", err.message);
    struct oac_port_sweep wrong[4];
    for (size_t i = 0; i < 4; i++)
        wrong[i] = sweep();
    wrong[0].to_v = 5.01;
    wrong[1].input = wrong[1].output;
    wrong[2].hold[0].port = wrong[2].output;
    wrong[3].hold[0].volts = NAN;
    for (size_t i = 0; i < 4; i++)
        cr_expect_neq(
            oac_port_sweep_run(session, &bench.board, &wrong[i], NULL, step, &done, &err),
            OAC_OK, "sweep %zu", i);
    expect_safe();
    cr_expect_eq(heard.count[heard_port(&bench, "dac-a")], 0);
    finish();
}
#endif
