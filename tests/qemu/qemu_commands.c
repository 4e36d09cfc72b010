/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oac probe, port, safe and matmul on the real kernel, as a user types them. */
#ifdef OAC_HAVE_LIBIIO
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/npy.h"
#include "tests/qemu/loop_fixture.h"
#include "tests/support/tmpdir.h"
#include "tests/support/process.h"

static struct loop loop;

static void open_loop(void)
{
    loop_find(&loop);
    loop_reset(&loop);
}

/* On stdout; messages on stderr. */
static void expect_said(struct oac_test_process done, const char *out, const char *said)
{
    cr_expect_eq(done.code, 0, "%s", done.said);
    cr_expect(strstr(done.out, out), "no '%s' in:\n%s%s", out, done.out, done.said);
    cr_expect(strstr(done.said, said), "no '%s' in:\n%s", said, done.said);
    oac_test_process_fini(&done);
}

Test(qemu_commands, probe_recognises_the_loop, .init = open_loop, .timeout = 60)
{
    expect_said(OAC("probe", "--uri", loop.uri), "qemu-loop      fits", "");
    expect_said(OAC("probe", "--json", "--uri", loop.uri), "\"board\": \"qemu-loop\"", "");
}

Test(qemu_commands, every_port_is_listed, .init = open_loop, .timeout = 60)
{
    struct oac_test_process done = OAC("port", "list", "--uri", loop.uri);
    cr_expect_eq(done.code, 0, "%s", done.said);
    cr_expect_eq(oac_test_lines(done.out), 12, "%s", done.out);
    cr_expect(
        strstr(done.out,
               "dac-3    output  DC     16  -1 to 1 V             0 V      loop-dac voltage3"),
        "%s", done.out);
    cr_expect(
        strstr(done.out,
               "adc-0    input   DC     16  -1 to 1 V                      loop-adc voltage0"),
        "%s", done.out);
    oac_test_process_fini(&done);
}

static double raw_of(struct oac_iio_session *session, const char *channel)
{
    char value[40] = "";
    struct oac_err err;
    cr_assert_eq(
        oac_iio_read(session, "loop-dac", channel, true, "raw", value, sizeof value, &err),
        OAC_OK, "%s", err.message);
    return strtod(value, NULL);
}

/* -0.75 V a volt, 0.5 V up, no more than 1 V. */
Test(qemu_commands, a_sweep_reads_the_line_that_gain_and_offset_make, .init = open_loop,
     .timeout = 120)
{
    struct oac_iio_session *session = loop_session(&loop);
    loop_write(session, "loop-adc", "voltage2", false, "calibscale", "-0.75", NULL);
    loop_write(session, "loop-adc", "voltage2", false, "calibbias", "16384", NULL);
    expect_said(OAC("port", "sweep", "dac-2", "adc-2", "--from=-1", "--to=0.75", "--steps", "8",
                    "--samples", "200", "--uri", loop.uri),
                "\n-1,0.999969482,0,0.999969482,0.999969482,200\n"
                "-0.75,0.999969482,0,0.999969482,0.999969482,200\n"
                "-0.5,0.875,0,0.875,0.875,0\n"
                "-0.25,0.6875,0,0.6875,0.6875,0\n"
                "0,0.5,0,0.5,0.5,0\n"
                "0.25,0.3125,0,0.3125,0.3125,0\n"
                "0.5,0.125,0,0.125,0.125,0\n"
                "0.75,-0.0625,0,-0.0625,-0.0625,0\n",
                "");
    cr_expect_eq(raw_of(session, "voltage2"), 0.0, "the outputs are not safe");
    oac_iio_close(session);
}

Test(qemu_commands, what_the_loop_cannot_do_is_refused_before_anything_moves, .init = open_loop,
     .timeout = 60)
{
    struct oac_iio_session *session = loop_session(&loop);
    loop_write(session, "loop-dac", "voltage0", true, "raw", "100", NULL);
    struct oac_test_process held = OAC("port", "sweep", "dac-0", "adc-0", "--from=0", "--to=1",
                                       "--hold", "dac-1=0.5", "--uri", loop.uri);
    cr_expect_eq(held.code, 1);
    cr_expect(strstr(held.said, "is in use for another port of this sweep"), "%s", held.said);
    struct oac_test_process beyond = OAC("port", "set", "dac-0", "1.01", "--uri", loop.uri);
    cr_expect_eq(beyond.code, 1);
    cr_expect(strstr(beyond.said, "outside its limits"), "%s", beyond.said);
    cr_expect_eq(raw_of(session, "voltage0"), 100.0);
    expect_said(OAC("safe", "--uri", loop.uri), "", "");
    cr_expect_eq(raw_of(session, "voltage0"), 0.0);
    oac_test_process_fini(&held);
    oac_test_process_fini(&beyond);
    oac_iio_close(session);
}

Test(qemu_commands, a_slow_port_is_read_in_volts_and_all_are_made_safe, .init = open_loop,
     .timeout = 60)
{
    struct oac_iio_session *session = loop_session(&loop);
    struct oac_err err;
    cr_assert_eq(oac_iio_setup(session, &loop.board, &err), OAC_OK, "%s", err.message);
    loop_write(session, "loop-dac", "voltage1", true, "raw", "16384", NULL);
    /* 4 s of samples, where the server waits 2.5 s for a buffer */
    loop_write(session, "tloop", "", true, "sampling_frequency", "500", NULL);
    expect_said(OAC("port", "read", "adc-1", "--once", "--samples", "2000", "--uri", loop.uri),
                "adc-1 +0.500000 V, sigma 0.000000 V", "");
    expect_said(OAC("safe", "--uri", loop.uri), "", "");
    cr_expect_eq(raw_of(session, "voltage1"), 0.0);
    oac_iio_close(session);
}

struct watch { /* of an output while somebody else drives it */
    double largest;
    atomic_bool over;
};

static void *watch_output(void *context)
{
    struct watch *watch = context;
    struct oac_iio_session *session = loop_session(&loop);
    const struct timespec moment = {0, 50000000};
    struct oac_err err;
    char value[40];
    while (!atomic_load(&watch->over)) {
        if (oac_iio_read(session, "loop-dac", "voltage0", true, "raw", value, sizeof value,
                         &err) == OAC_OK)
            watch->largest = fmax(watch->largest, strtod(value, NULL));
        nanosleep(&moment, NULL);
    }
    oac_iio_close(session);
    return NULL;
}

/* 0.25 V of -1 to 1 V in 16 bits: 8192. */
Test(qemu_commands, a_port_is_held_at_its_voltage_and_let_go, .init = open_loop, .timeout = 60)
{
    struct watch watch = {0};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, watch_output, &watch), 0);
    expect_said(
        OAC("port", "set", "dac-0", "0.25", "--arm", "--hold-s", "3", "--uri", loop.uri), "",
        "dac-0 goes to 0.25 V");
    atomic_store(&watch.over, true);
    pthread_join(thread, NULL);
    cr_expect_eq(watch.largest, 8192.0, "%g", watch.largest);
    struct oac_iio_session *session = loop_session(&loop);
    cr_expect_eq(raw_of(session, "voltage0"), 0.0);
    oac_iio_close(session);
}
enum { ROWS = 5, COLUMNS = 8, VECTORS = 4 };

/* (rows, COLUMNS) between -1 and 1, with both ends. */
static void write_matrix(const char *path, size_t rows, double phase)
{
    static float value[ROWS * COLUMNS];
    struct oac_err err;
    for (size_t i = 0; i < rows * COLUMNS; i++)
        value[i] = (float)sin(phase + 2.7 * (double)i);
    value[1] = 1.0f;
    value[COLUMNS + 1] = -1.0f;
    cr_assert_eq(oac_npy_write_f32(path, 2, (const size_t[]){rows, COLUMNS}, value, &err),
                 OAC_OK, "%s", err.message);
}

static double figure(const char *json, const char *key)
{
    const char *at = strstr(json, key);
    cr_assert_not_null(at, "no %s in %s", key, json);
    return strtod(at + strlen(key) + 1, NULL);
}

/* A slot is off by half a step of the input, and by half a code of either modulator at its steepest, pi/2 steps a
 * code: 2.07 steps of 32768. Independent and even, they are sqrt(1 + 2 (pi/2)^2 / 2) / sqrt(12) = 0.54 steps rms
 * at most, the steepness being sqrt(1/2) rms. In rails a product is four slots of each column. */
Test(qemu_commands, a_matrix_is_multiplied_by_the_light_of_the_kernel, .init = open_loop,
     .timeout = 240)
{
    static const double most = (0.5 + 2 * M_PI / 4) / 32768.0 * 4 * COLUMNS;
    static const double rms = 0.54 / 32768.0 * 2 * 2.83; /* sqrt(4 COLUMNS) */
    struct oac_iio_session *session = loop_session(&loop);
    char dir[OAC_TEST_DIR_BYTES], w[OAC_TEST_PATH_BYTES], x[OAC_TEST_PATH_BYTES],
        rig[OAC_TEST_PATH_BYTES], recording[OAC_TEST_PATH_BYTES];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "w.npy", w);
    oac_test_dir_path(dir, "x.npy", x);
    oac_test_dir_path(dir, "recording.h5", recording);
    oac_test_dir_path(getenv("OAC_SOURCE_DIR"), "tests/qemu/light-bench.yaml", rig);
    write_matrix(w, ROWS, 0.0);
    write_matrix(x, VECTORS, 1.0);
    struct oac_test_process live = OAC("matmul", w, x, "--rig", rig, "--json", "--on", "iio",
                                       "--uri", loop.uri, "--record", recording);
    cr_assert_eq(live.code, 0, "%s", live.said);
    cr_expect_leq(figure(live.out, "\"error_largest\""), most, "%s", live.out);
    cr_expect_leq(figure(live.out, "\"error_rms\""), rms, "%s", live.out);
    cr_expect(strstr(live.out, "\"underflow\": \"unknown\"") &&
                  strstr(live.out, "\"overflow\": \"unknown\""),
              "its devices have no register of losses: %s", live.out);
    cr_expect_gt(figure(live.out, "\"y_rms\""), 1.0, "%s", live.out);
    for (unsigned c = 0; c < 4; c++) {
        const char *channel[] = {"voltage0", "voltage1", "voltage2", "voltage3"};
        cr_expect_eq(raw_of(session, channel[c]), 0.0, "output %u is not safe", c);
    }
    struct oac_test_process again =
        OAC("matmul", w, x, "--rig", rig, "--json", "--on", "replay", "--uri", recording);
    cr_assert_eq(again.code, 0, "%s", again.said);
    cr_expect_eq(figure(again.out, "\"error_rms\""), figure(live.out, "\"error_rms\""));
    oac_test_process_fini(&live);
    oac_test_process_fini(&again);
    oac_iio_close(session);
    oac_test_dir_remove(dir);
}
#else
typedef int oac_no_libiio;
#endif
