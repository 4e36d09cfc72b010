/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights on one board, client on another, which start apart and run on clocks of their own. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "driver/dry.h"
#include "driver/iio/stream.h"
#include "driver/played.h"
#include "tests/driver/boards_play.h"
#include "tests/support/link_contract.h"
#include "tests/support/stream_contract.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
static const char *const ONE[] = {"adc.enob_bits=none"};
static const char *const APART[] = {
    "adc.enob_bits=none", "iio.board=server=m2k, client=m2k", "iio.weight_ports=server/dac-a",
    "iio.client_port=client/dac-b", "iio.readout_ports=client/adc-1"};

static enum oac_status open_stream(void *context, struct oac_stream *stream,
                                   struct oac_err *failed)
{
    (void)context;
    return oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, NULL, stream, failed);
}

static void open_apart(const char *const *sets, size_t count, unsigned ppm,
                       struct oac_link *link, void *drive)
{
    start(sets, count);
    bench.faults.clock_ppm = ppm;
    cr_assert_eq(open_link(drive, link, &err), OAC_OK, "%s", err.message);
}

static void close_apart(struct oac_link *link)
{
    oac_link_close(link);
    boards_fixture_end(&bench);
}

/* Of windows that came. */
static void expect_near(const float *got, const float *wanted)
{
    for (size_t b = 0; b < windows; b++)
        cr_expect(flag[b] == OAC_FLAG_LOST ||
                      fabs((double)got[b] - (double)wanted[b]) < ENDS + BESIDE,
                  "window %zu: %g, not %g, flag %u", b, (double)got[b], (double)wanted[b],
                  flag[b]);
}

static size_t flagged(uint8_t bits)
{
    size_t count = 0;
    for (size_t b = 0; b < windows; b++)
        count += (flag[b] & bits) != 0;
    return count;
}

Test(boards_apart, a_server_and_a_client_keep_both_contracts, .timeout = 400)
{
    const struct oac_stream_contract streams = {.name = "boards apart", .open = open_stream};
    const struct oac_link_contract links = {
        .name = "boards apart", .open = open_link, .varies = true};
    start(APART, COUNT(APART));
    oac_stream_contract_run(&streams);
    oac_link_contract_run(&links);
    boards_fixture_end(&bench);
}

/* Starts are up to 341 slots apart, clocks 5e-5: in the slots from a beacon to the end of a burst by 0.5. */
Test(boards_apart, weights_and_client_on_two_boards_multiply_like_on_one, .timeout = 120)
{
    static float one[WINDOWS], apart[WINDOWS];
    const char *sets[COUNT(APART)];
    struct oac_link link;
    memcpy(sets, APART, sizeof sets);
    measure(ONE, COUNT(ONE), one);
    for (size_t i = 0; i < 2; i++) {
        sets[4] = i ? "iio.readout_ports=server/adc-1" : "iio.readout_ports=client/adc-1";
        open_apart(sets, COUNT(APART), 50, &link, NULL);
        for (size_t again = 0; again < 3; again++) {
            cr_assert_eq(play(&link, apart), OAC_OK, "%s", err.message);
            expect_near(apart, one);
            cr_expect_eq(flagged(OAC_FLAG_LOST),
                         0); /* a busy machine may stall and play again */
        }
        close_apart(&link);
    }
}

/* With one clock and rounding alone nothing is left to differ. */
Test(boards_apart, on_one_clock_readouts_are_those_of_one_board_code_by_code, .timeout = 60)
{
    static float one[WINDOWS], apart[WINDOWS];
    measure(ONE, COUNT(ONE), one);
    measure(APART, COUNT(APART), apart);
    for (size_t b = 0; b < WINDOWS; b++)
        cr_expect_eq(apart[b], one[b], "%g, not %g", (double)apart[b], (double)one[b]);
}

/* Whichever push it is that stalls: a beacon's, or one of the last, which are the train's. Of those at least one
 * shows, in windows that were played again or in twice the pushes. */
Test(boards_apart, a_feed_that_stalls_is_noticed_and_what_it_spoils_is_played_again,
     .timeout = 240)
{
    static const uint64_t back[] = {1, 2, 3, 4, 6, 12}; /* from the last push */
    static float one[WINDOWS], apart[WINDOWS];
    struct oac_link link;
    size_t noticed = 0;
    windows = 4;
    measure(ONE, COUNT(ONE), one);
    open_apart(APART, COUNT(APART), 50, &link, NULL);
    uint64_t before = atomic_load(&bench.faults.writebufs);
    cr_assert_eq(play(&link, apart), OAC_OK, "%s", err.message);
    const uint64_t pushes = atomic_load(&bench.faults.writebufs) - before;
    bench.faults.stall_ms = 300;
    for (size_t i = 0; i < COUNT(back); i++) {
        before = atomic_load(&bench.faults.writebufs);
        bench.faults.stall = before + pushes - back[i];
        cr_assert_eq(play(&link, apart), OAC_OK, "%s", err.message);
        expect_near(apart, one);
        noticed += flagged(OAC_FLAG_REALIGNED) > 0 ||
                   atomic_load(&bench.faults.writebufs) - before > pushes + pushes / 2;
    }
    cr_expect_gt(noticed, 0);
    close_apart(&link);
}

/* Ports of one name are told apart. */
Test(boards_apart, a_dry_run_counts_what_either_board_gets, .timeout = 60)
{
    static float readout[WINDOWS];
    const char *sets[COUNT(APART)];
    struct oac_played played;
    struct oac_dry *dry = NULL;
    struct oac_link link;
    memcpy(sets, APART, sizeof sets);
    sets[3] = "iio.client_port=client/dac-a";
    const char *wrong = boards_fixture_describe(&bench, sets, COUNT(APART), &err);
    cr_assert_null(wrong, "%s", wrong);
    oac_played_init(&played, false);
    const struct oac_drive drive = {.tap = &played.tap};
    cr_assert_eq(oac_dry_open(&bench.rig, bench.hash, 0, 1, NULL, &dry, &err), OAC_OK, "%s",
                 err.message);
    bench.uri = oac_dry_uri(dry);
    cr_assert_eq(open_link((void *)(uintptr_t)&drive, &link, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(play(&link, readout), OAC_OK, "%s", err.message);
    oac_link_close(&link);
    oac_dry_close(dry);
    cr_assert_eq(played.ports, 2);
    cr_expect_str_eq(played.port[0].port.name, "server/dac-a");
    cr_expect_str_eq(played.port[1].port.name, "client/dac-a");
    for (size_t i = 0; i < 2; i++)
        cr_expect_gt(played.port[i].samples, WINDOWS * SLOTS);
    oac_played_fini(&played);
}

Test(boards_apart, outputs_of_both_boards_are_made_safe, .timeout = 60)
{
    struct oac_stream stream;
    start(APART, COUNT(APART));
    cr_assert_eq(open_stream(NULL, &stream, &err), OAC_OK, "%s", err.message);
    for (size_t board = 0; board < 2; board++)
        cr_expect_str_eq(powerdown(board), "0");
    oac_stream_close(&stream);
    for (size_t board = 0; board < 2; board++)
        cr_expect_str_eq(powerdown(board), "1");
    boards_fixture_end(&bench);
}

Test(boards_apart, when_one_is_lost_the_other_is_made_safe_and_it_is_named, .timeout = 120)
{
    static float readout[WINDOWS];
    static const char *const name[] = {"board server", "board client"};
    for (size_t lost = 0; lost < 2; lost++) {
        struct oac_link link;
        open_apart(APART, COUNT(APART), 0, &link, NULL);
        oac_twin_serve_end(bench.serve, lost);
        cr_expect_eq(play(&link, readout), OAC_EDEVICE);
        cr_expect(strstr(err.message, name[lost]) && strstr(err.message, "may still play"),
                  "%s", err.message);
        cr_expect_str_eq(powerdown(1 - lost), "1");
        close_apart(&link);
    }
}
#else
typedef int oac_no_libiio;
#endif
