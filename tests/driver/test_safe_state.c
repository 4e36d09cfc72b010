/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The safe state when the connection is lost: reached again if anybody is there, else said. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <string.h>

#include "driver/iio/session.h"
#include "driver/iio/stream.h"
#include "hal/stream.h"
#include "tests/driver/iio_fixture.h"
#include "tests/support/tmpdir.h"

static struct iio_fixture bench;
static struct oac_err err;
static char said[600];

static void keep_line(void *context, enum oac_log_level level, const char *line)
{
    (void)context;
    if (level == OAC_LOG_WARNING)
        snprintf(said, sizeof said, "%s", line);
}

static const struct oac_sink sink = {.log = keep_line};
static const struct oac_drive drive = {.sink = &sink};

static void open_stream(struct oac_stream *stream)
{
    const char *wrong = iio_fixture_open(&bench, 0, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
    cr_assert_eq(oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, &drive, stream, &err),
                 OAC_OK, "%s", err.message);
}

static void powerdown(const char *value, const char *expected)
{
    struct oac_iio_session *session = NULL;
    char text[64];
    cr_assert_eq(oac_iio_open(bench.uri, 2000, &session, &err), OAC_OK, "%s", err.message);
    if (value)
        cr_assert_eq(oac_iio_write(session, "m2k-fabric", "voltage0", true, "powerdown", value,
                                   text, sizeof text, &err),
                     OAC_OK, "%s", err.message);
    cr_assert_eq(oac_iio_read(session, "m2k-fabric", "voltage0", true, "powerdown", text,
                              sizeof text, &err),
                 OAC_OK, "%s", err.message);
    cr_expect_str_eq(text, expected);
    oac_iio_close(session);
}

Test(safe_state, a_bench_that_is_gone_is_reported_with_what_to_run, .timeout = 60)
{
    struct oac_stream stream;
    open_stream(&stream);
    iio_fixture_kill(&bench);
    const double begin_s = iio_fixture_now_s();
    oac_stream_close(&stream);
    /* Stated in docs/lab-guide.md: three attempts of at most the timeout, 5 s, each. */
    cr_expect_lt(iio_fixture_now_s() - begin_s, 15.0);
    cr_expect(strstr(said, "outputs may still be driven"), "%s", said);
    cr_expect(strstr(said, "oac safe --uri ip:127.0.0.1:"), "%s", said);
}

Test(safe_state, a_bench_that_came_back_is_made_safe_over_a_new_connection, .timeout = 60)
{
    struct oac_stream stream;
    open_stream(&stream);
    powerdown(NULL, "0");
    iio_fixture_kill(&bench);
    cr_assert_null(iio_fixture_start(&bench, bench.uri + 3, &err), "%s", err.message);
    powerdown("0", "0"); /* as a board that kept its state while the network was away */
    oac_stream_close(&stream);
    powerdown(NULL, "1");
    cr_expect_str_empty(said, "%s", said);
    iio_fixture_kill(&bench);
}

Test(safe_state, a_board_that_was_never_armed_is_not_touched, .timeout = 60)
{
    struct oac_stream stream;
    static struct oac_bench_boards boards;
    char dir[OAC_TEST_DIR_BYTES];
    oac_test_dir_make(dir);
    open_stream(&stream);
    oac_stream_close(&stream);
    boards.count = 1;
    boards.board[0].profile = bench.board;
    iio_fixture_kill(&bench);
    /* The same bench under a context that does not call itself virtual. */
    const struct oac_twin_options options = {.bench = {&boards, &bench.rig, bench.hash, 0, 1},
                                             .faults = &bench.faults};
    cr_assert_eq(oac_twin_create(&options, &bench.twin, &err), OAC_OK, "%s", err.message);
    char *name = strstr(bench.twin->xml, "oac,rig");
    cr_assert_not_null(name);
    memcpy(name, "oac-was", 7);
    cr_assert_eq(oac_twin_server_open(bench.twin, "127.0.0.1:0", NULL, &bench.server, &err),
                 OAC_OK, "%s", err.message);
    snprintf(bench.uri, sizeof bench.uri, "ip:%s", oac_twin_server_address(bench.server));
    bench.serving = pthread_create(&bench.thread, NULL, iio_fixture_serve, bench.server) == 0;
    const struct oac_drive unarmed = {.directory = dir, .command = "oac run"};
    cr_expect_eq(
        oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, &unarmed, &stream, &err),
        OAC_EUSAGE);
    cr_expect(strstr(err.message, "oac run --arm"), "%s", err.message);
    powerdown(NULL, "1");
    const struct oac_drive armed = {.directory = dir, .arm = true};
    cr_assert_eq(oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, &armed, &stream, &err),
                 OAC_OK, "%s", err.message);
    powerdown(NULL, "0");
    oac_stream_close(&stream);
    powerdown(NULL, "1");
    iio_fixture_kill(&bench);
    oac_test_dir_remove(dir);
}
#endif
