/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oac probe, port and safe on the real kernel, as a user types them. */
#ifdef OAC_HAVE_LIBIIO
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/qemu/loop_fixture.h"
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
    char value[40];
    cr_assert_eq(
        oac_iio_read(session, "loop-dac", "voltage1", true, "raw", value, sizeof value, &err),
        OAC_OK);
    cr_expect_eq(strtod(value, NULL), 0.0);
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
    struct oac_err err;
    pthread_t thread;
    char value[40];
    cr_assert_eq(pthread_create(&thread, NULL, watch_output, &watch), 0);
    expect_said(
        OAC("port", "set", "dac-0", "0.25", "--arm", "--hold-s", "3", "--uri", loop.uri), "",
        "dac-0 goes to 0.25 V");
    atomic_store(&watch.over, true);
    pthread_join(thread, NULL);
    cr_expect_eq(watch.largest, 8192.0, "%g", watch.largest);
    struct oac_iio_session *session = loop_session(&loop);
    cr_assert_eq(
        oac_iio_read(session, "loop-dac", "voltage0", true, "raw", value, sizeof value, &err),
        OAC_OK);
    cr_expect_eq(strtod(value, NULL), 0.0);
    oac_iio_close(session);
}
#else
typedef int oac_no_libiio;
#endif
