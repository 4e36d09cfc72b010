/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One port by hand, against the virtual bench over TCP. */
#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/port_sweep.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "driver/iio/probe.h"
#include "tests/driver/iio_fixture.h"

static struct iio_fixture bench;
static struct oac_err err;
static struct oac_iio_session *session;

static void start(const char *fault)
{
    const char *failed = iio_fixture_open(&bench, 0, fault, &err);
    cr_assert_null(failed, "%s", failed);
    cr_assert_eq(oac_probe_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
}

static void finish(void)
{
    oac_iio_close(session);
    iio_fixture_kill(&bench);
}

static const struct oac_board_port *port(const char *name)
{
    return oac_board_port_find(&bench.board, name);
}

static void expect_attribute(const char *device, const char *channel, const char *attribute,
                             double expected)
{
    char text[64];
    cr_assert_eq(
        oac_iio_read(session, device, channel, true, attribute, text, sizeof text, &err),
        OAC_OK, "%s", err.message);
    cr_expect_eq(atof(text), expected, "%s %s %s is %s", device, channel, attribute, text);
}

Test(port_io, the_virtual_bench_is_recognised_as_the_board_it_plays)
{
    static struct oac_board board;
    start(NULL);
    cr_assert_eq(oac_probe_board(session, NULL, &board, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(board.name, "m2k");
    cr_expect_eq(oac_probe_board(session, "pluto", &board, &err), OAC_EMISMATCH);
    cr_expect(strstr(err.message, "pluto"), "%s", err.message);
    finish();
}

Test(port_io, an_input_is_read_within_its_range_and_an_output_is_not)
{
    struct oac_port_reading reading = {.samples = 0};
    start(NULL);
    cr_assert_eq(oac_port_read(session, &bench.board, port("adc-1"), 1000, 5.0, &reading, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_eq(reading.samples, 1000);
    cr_expect(reading.low_v <= reading.mean_v && reading.mean_v <= reading.high_v);
    cr_expect(reading.low_v >= -2.83 && reading.high_v <= 2.83, "%g to %g V", reading.low_v,
              reading.high_v);
    cr_expect_eq(reading.clipped, 0);
    cr_expect_eq(oac_port_read(session, &bench.board, port("dac-a"), 1000, 5.0, &reading, &err),
                 OAC_EINVAL);
    finish();
}

Test(port_io, after_a_held_voltage_the_outputs_are_off)
{
    start(NULL);
    cr_assert_eq(oac_iio_setup(session, &bench.board, &err), OAC_OK, "%s", err.message);
    expect_attribute("m2k-fabric", "voltage0", "powerdown", 0);
    double begin_s = iio_fixture_now_s();
    cr_assert_eq(oac_port_hold(session, &bench.board, port("dac-a"), 1.0, 0.2, 5.0, NULL, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_geq(iio_fixture_now_s() - begin_s, 0.2);
    expect_attribute("m2k-fabric", "voltage0", "powerdown", 1);
    expect_attribute("m2k-fabric", "voltage1", "powerdown", 1);
    finish();
}

static bool stop_at_once(void *context)
{
    ++*(int *)context;
    return true;
}

Test(port_io, a_voltage_is_held_until_the_user_asks_to_stop)
{
    int asked = 0;
    const struct oac_sink sink = {.context = &asked, .stop_requested = stop_at_once};
    start(NULL);
    cr_assert_eq(
        oac_port_hold(session, &bench.board, port("dac-b"), -0.5, INFINITY, 5.0, &sink, &err),
        OAC_OK, "%s", err.message);
    cr_expect_eq(asked, 1);
    expect_attribute("m2k-fabric", "voltage1", "powerdown", 1);
    finish();
}

Test(port_io, nothing_is_written_for_a_voltage_beyond_the_limits)
{
    start(NULL);
    cr_assert_eq(oac_iio_safe(session, &bench.board, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_port_hold(session, &bench.board, port("dac-a"), 5.1, 0.1, 5.0, NULL, &err),
                 OAC_EINVAL);
    cr_expect_eq(oac_port_hold(session, &bench.board, port("adc-1"), 0.0, 0.1, 5.0, NULL, &err),
                 OAC_EINVAL);
    expect_attribute("m2k-fabric", "voltage0", "powerdown", 1);
    finish();
}

Test(port_io, a_kernel_without_cyclic_buffers_is_fed_again_and_again)
{
    start("nocyclic");
    cr_assert_eq(oac_port_hold(session, &bench.board, port("dac-a"), 1.0, 0.2, 5.0, NULL, &err),
                 OAC_OK, "%s", err.message);
    expect_attribute("m2k-fabric", "voltage0", "powerdown", 1);
    finish();
}
#endif
