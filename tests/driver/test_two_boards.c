/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One bench on two boards: one plays, the other hears, or both do. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "driver/dry.h"
#include "driver/iio/stream.h"
#include "driver/played.h"
#include "tests/driver/boards_play.h"
#include "tests/support/link_contract.h"
#include "tests/support/stream_contract.h"
#include "tests/support/tmpdir.h"

static const char *const ONE[] = {"adc.enob_bits=none"};
static const char *const TWO[] = {"adc.enob_bits=none", "iio.board=drive=m2k, read=m2k",
                                  "iio.weight_ports=drive/dac-a", "iio.client_port=drive/dac-b",
                                  "iio.readout_ports=read/adc-1"};

static enum oac_status open_stream(void *context, struct oac_stream *stream,
                                   struct oac_err *failed)
{
    (void)context;
    return oac_iio_stream_open(&bench.rig, bench.hash, bench.uri, NULL, stream, failed);
}

Test(two_boards, a_board_that_plays_and_one_that_hears_keep_both_contracts, .timeout = 240)
{
    const struct oac_stream_contract streams = {.name = "two boards", .open = open_stream};
    const struct oac_link_contract links = {
        .name = "two boards", .open = open_link, .varies = true};
    start(TWO, sizeof TWO / sizeof TWO[0]);
    oac_stream_contract_run(&streams);
    oac_link_contract_run(&links);
    boards_fixture_end(&bench);
}

static void expect_same(const float *a, const float *b, size_t count)
{
    size_t unlike = 0;
    for (size_t i = 0; i < count; i++) {
        cr_expect_neq(a[i], 0.0f);
        unlike += a[i] != b[i];
    }
    cr_expect_eq(unlike, 0, "%zu of %zu readouts differ", unlike, count);
}

/* The mark puts both captures at the same sample, so that with rounding alone nothing is left to differ. */
Test(two_boards, readouts_on_another_board_are_those_of_one_board_code_by_code, .timeout = 60)
{
    static float one[WINDOWS], two[WINDOWS];
    measure(ONE, sizeof ONE / sizeof ONE[0], one);
    measure(TWO, sizeof TWO / sizeof TWO[0], two);
    expect_same(one, two, WINDOWS);
}

/* In the 1500 slots of a burst the clocks part by 1.8 samples; on one clock a burst may move by half of one. */
Test(two_boards, clocks_that_run_apart_are_followed, .timeout = 60)
{
    static float one[WINDOWS], apart[WINDOWS];
    struct oac_link link;
    measure(ONE, sizeof ONE / sizeof ONE[0], one);
    start(TWO, sizeof TWO / sizeof TWO[0]);
    bench.faults.clock_ppm = 100;
    cr_assert_eq(open_link(NULL, &link, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(play(&link, apart), OAC_OK, "%s", err.message);
    oac_link_close(&link);
    boards_fixture_end(&bench);
    for (size_t b = 0; b < WINDOWS; b++) {
        cr_expect_lt(fabs((double)apart[b] - (double)one[b]), ENDS, "%g, not %g",
                     (double)apart[b], (double)one[b]);
        cr_expect_eq(flag[b], 0, "window %zu: flag %u", b, flag[b]);
    }
}

/* The text of profile m2k, to be freed. */
static char *shipped_profile(void)
{
    char *text = NULL, shipped[400];
    size_t bytes;
    snprintf(shipped, sizeof shipped, "%s/driver/boards/m2k.yaml", getenv("OAC_SOURCE_DIR"));
    cr_assert_eq(oac_file_read(shipped, 1u << 20, &text, &bytes, &err), OAC_OK, "%s",
                 err.message);
    return text;
}

/* m2k with a third output, so that there are two wavelengths, and longer buffers. Returns its path. */
static const char *wide_profile(const char *dir)
{
    static char path[OAC_TEST_DIR_BYTES + 16];
    static const char third[] =
        "ports:\n  - {name: dac-c, device: m2k-dac-c, channel: voltage0, direction: output, "
        "coupling: dc, format: 'le:S12/16>>4', v0_v: 5.0, lsb_v: -0.002442002442002442, min_v: "
        "-5, max_v: 5, rate_attribute: sampling_frequency, rates_hz: [75e6, 750e3], "
        "rate_gains: "
        "[1, 1.164153]}\n";
    char *text = shipped_profile();
    oac_test_dir_path(dir, "m2k.yaml", path);
    const char *align = strstr(text, "\nalign_samples: 4\n"),
               *ports = strstr(text, "\nports:\n");
    cr_assert(align && ports > align);
    const char *rest = align + strlen("\nalign_samples: 4\n");
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    fprintf(out, "%.*s\nalign_samples: 4096\n%.*s\n%s%s", (int)(align - text), text,
            (int)(ports - rest), rest, third, ports + strlen("\nports:\n"));
    cr_assert_eq(fclose(out), 0);
    free(text);
    return path;
}

/* m2k whose inputs run at 10.002 instead of 10 MS/s. Returns its path. */
static const char *exact_profile(const char *dir)
{
    static char path[OAC_TEST_DIR_BYTES + 16];
    static const char rates[] = "rates_hz: [100e6, 10e6, ";
    char *text = shipped_profile();
    oac_test_dir_path(dir, "exact.yaml", path);
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    const char *from = text, *at;
    for (; (at = strstr(from, rates)); from = at + strlen(rates))
        fprintf(out, "%.*srates_hz: [100e6, 10.002e6, ", (int)(at - from), from);
    cr_assert_neq(from, text);
    fputs(from, out);
    cr_assert_eq(fclose(out), 0);
    free(text);
    return path;
}

/* An AD3552R plays slots of twenty samples, 833.5 kBd; twelve of m2k's at 10 MS/s miss one of them by 2e-4. In the
 * 1500 slots of a burst they part by 3.6 samples, twice what crystals may account for. */
Test(two_boards, declared_rates_that_miss_an_integer_ratio_are_followed, .timeout = 60)
{
    static float same[WINDOWS], apart[WINDOWS];
    char dir[OAC_TEST_DIR_BYTES], boards[800] = "iio.board=drive=ad3552r, read=m2k";
    const char *const sets[] = {boards,
                                "iio.weight_ports=drive/dac-a",
                                "iio.client_port=drive/dac-b",
                                "iio.readout_ports=read/adc-1",
                                "slot_rate_hz=833500",
                                "wave.samples_per_slot=60",
                                "weight_dac.samples_per_slot=20",
                                "client_dac.samples_per_slot=20",
                                "receiver.bandwidth_hz=20e6",
                                "adc.enob_bits=none",
                                "subcarrier.periods=1", /* and what it needs */
                                "weight_modulator.bias_v=2.25",
                                "client_modulator.bias_v=2.25"};
    const size_t count = sizeof sets / sizeof sets[0] - 3;
    struct oac_link link;
    oac_test_dir_make(dir);
    measure(sets, count, apart);
    for (size_t b = 0; b < WINDOWS; b++)
        cr_expect_eq(flag[b], 0, "window %zu: flag %u", b, flag[b]);
    start(sets, count + 3);
    cr_expect_eq(open_link(NULL, &link, &err), OAC_EMISMATCH);
    cr_expect(strstr(err.message, "port read/adc-1 runs at 10000000 samples"), "%s",
              err.message);
    boards_fixture_end(&bench);
    snprintf(boards, sizeof boards, "iio.board=drive=ad3552r, read=%s", exact_profile(dir));
    measure(sets, count, same);
    for (size_t b = 0; b < WINDOWS; b++)
        cr_expect_lt(fabs((double)apart[b] - (double)same[b]), ENDS, "%g, not %g",
                     (double)apart[b], (double)same[b]);
    oac_test_dir_remove(dir);
}

/* Each board aligns what it hears by the mark in it. */
Test(two_boards, readouts_may_be_on_both_boards, .timeout = 60)
{
    static float one[CHANNELS_MAX * WINDOWS], two[CHANNELS_MAX * WINDOWS];
    char dir[OAC_TEST_DIR_BYTES], board[400], boards[800];
    oac_test_dir_make(dir);
    const char *path = wide_profile(dir);
    snprintf(board, sizeof board, "iio.board=%s", path);
    snprintf(boards, sizeof boards, "iio.board=a=%s,b=m2k", path);
    const char *const together[] = {"channels=2",
                                    "adc.enob_bits=none",
                                    board,
                                    "iio.weight_ports=dac-a,dac-c",
                                    "iio.client_port=dac-b",
                                    "iio.readout_ports=adc-1,adc-2"};
    const char *const apart[] = {"channels=2",
                                 "adc.enob_bits=none",
                                 boards,
                                 "iio.weight_ports=a/dac-a,a/dac-c",
                                 "iio.client_port=a/dac-b",
                                 "iio.readout_ports=b/adc-1,a/adc-1"};
    measure(together, 6, one);
    measure(apart, 6, two);
    expect_same(one, two, CHANNELS_MAX * WINDOWS);
    oac_test_dir_remove(dir);
}

Test(two_boards, outputs_of_a_board_that_only_hears_stay_off, .timeout = 60)
{
    struct oac_stream stream;
    start(TWO, sizeof TWO / sizeof TWO[0]);
    cr_assert_eq(open_stream(NULL, &stream, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(powerdown(0), "0");
    cr_expect_str_eq(powerdown(1), "1");
    oac_stream_close(&stream);
    cr_expect_str_eq(powerdown(0), "1");
    boards_fixture_end(&bench);
}

static char said[600];

static void keep_line(void *context, enum oac_log_level level, const char *line)
{
    (void)context;
    if (level == OAC_LOG_WARNING)
        snprintf(said, sizeof said, "%s", line);
}

Test(two_boards, when_the_one_that_hears_is_lost_the_one_that_plays_is_made_safe, .timeout = 60)
{
    static float readout[WINDOWS];
    const struct oac_sink sink = {.log = keep_line};
    struct oac_drive drive = {.sink = &sink};
    struct oac_link link;
    start(TWO, sizeof TWO / sizeof TWO[0]);
    cr_assert_eq(open_link(&drive, &link, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(powerdown(0), "0");
    oac_twin_serve_end(bench.serve, 1);
    cr_expect_eq(play(&link, readout), OAC_EDEVICE);
    cr_expect(strstr(err.message, "board read"), "%s", err.message);
    cr_expect_null(strstr(err.message, "board drive"), "%s", err.message);
    cr_expect_str_eq(powerdown(0), "1");
    oac_link_close(&link);
    cr_expect(strstr(said, "board read") && strstr(said, "oac safe --uri ip:"), "%s", said);
    boards_fixture_end(&bench);
}

Test(two_boards, when_the_one_that_plays_is_lost_it_is_named, .timeout = 60)
{
    static float readout[WINDOWS];
    struct oac_link link;
    start(TWO, sizeof TWO / sizeof TWO[0]);
    cr_assert_eq(open_link(NULL, &link, &err), OAC_OK, "%s", err.message);
    oac_twin_serve_end(bench.serve, 0);
    cr_expect_eq(play(&link, readout), OAC_EDEVICE);
    cr_expect(strstr(err.message, "board drive") && strstr(err.message, "may still play"), "%s",
              err.message);
    oac_link_close(&link);
    boards_fixture_end(&bench);
}

static void expect_refused(const char *board, const char *weight, const char *client,
                           const char *readout, const char *uri, const char *words)
{
    struct oac_stream stream;
    snprintf(bench.rig.iio.board, sizeof bench.rig.iio.board, "%s", board);
    snprintf(bench.rig.iio.weight_ports, sizeof bench.rig.iio.weight_ports, "%s", weight);
    snprintf(bench.rig.iio.client_port, sizeof bench.rig.iio.client_port, "%s", client);
    snprintf(bench.rig.iio.readout_ports, sizeof bench.rig.iio.readout_ports, "%s", readout);
    const enum oac_status status =
        oac_iio_stream_open(&bench.rig, bench.hash, uri, NULL, &stream, &err);
    cr_expect_neq(status, OAC_OK, "%s", words);
    if (status == OAC_OK)
        oac_stream_close(&stream);
    cr_expect(strstr(err.message, words), "'%s' is not in: %s", words, err.message);
}

Test(two_boards, what_cannot_be_is_refused_in_one_line, .timeout = 60)
{
    static const char a[] = "drive/dac-a", b[] = "drive/dac-b", r[] = "read/adc-1";
    static const char two[] = "drive=m2k,read=m2k";
    start(TWO, sizeof TWO / sizeof TWO[0]);
    expect_refused(two, a, b, "reed/adc-1", bench.uri, "no board 'reed', only drive, read");
    expect_refused(two, a, b, "adc-1", bench.uri, "one of drive, read: write BOARD/adc-1");
    expect_refused(two, a, b, "read/dac-a", bench.uri, "which is no input of board m2k");
    expect_refused(two, a, "drive/dac-a", r, bench.uri, "port drive/dac-a of board m2k two");
    bench.rig.channels = 2;
    expect_refused(two, "drive/dac-a, read/dac-a", b, "read/adc-1, read/adc-2", bench.uri,
                   "outputs on boards drive and read do not start together");
    bench.rig.channels = 1;
    expect_refused(two, "", b, r, bench.uri, "names no port for channel 0");
    expect_refused("drive=m2k,drive=m2k", a, b, r, bench.uri, "two boards called 'drive'");
    expect_refused("drive=m2k,m2k", a, b, r, bench.uri, "NAME=PROFILE");
    expect_refused(two, a, b, r, "ip:127.0.0.1:1", "(drive, read)");
    expect_refused(two, a, b, r, "drive=ip:127.0.0.1:1", "(drive, read)");
    expect_refused(two, a, b, r, "drive=ip:127.0.0.1:1,reed=ip:127.0.0.1:1", "(drive, read)");
    expect_refused("m2k", "dac-a", "dac-b", "adc-1", bench.uri, "one without a name");
    expect_refused("m2k", "dac-a", "dac-b", r, "ip:127.0.0.1:1", "cannot open");
    char first[100];
    snprintf(first, sizeof first, "ip:%s", oac_twin_serve_address(bench.serve, 0));
    expect_refused("m2k", "dac-a", "dac-b", r, first, "no board 'read'");
    boards_fixture_end(&bench);
}

Test(two_boards, a_dry_run_names_boards, .timeout = 60)
{
    static float readout[WINDOWS];
    struct oac_played played;
    struct oac_dry *dry = NULL;
    struct oac_link link;
    size_t read = 0;
    const char *wrong = boards_fixture_describe(&bench, TWO, sizeof TWO / sizeof TWO[0], &err);
    cr_assert_null(wrong, "%s", wrong);
    oac_played_init(&played, false);
    const struct oac_drive drive = {.tap = &played.tap};
    cr_assert_eq(oac_dry_open(&bench.rig, bench.hash, 0, 1, NULL, &dry, &err), OAC_OK, "%s",
                 err.message);
    bench.uri = oac_dry_uri(dry);
    cr_assert_eq(open_link((void *)&drive, &link, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(play(&link, readout), OAC_OK, "%s", err.message);
    oac_link_close(&link);
    oac_dry_close(dry);
    cr_assert_eq(played.ports, 2);
    cr_expect_str_eq(played.port[0].port.name, "drive/dac-a");
    cr_expect_str_eq(played.port[1].port.name, "drive/dac-b");
    cr_expect_gt(played.port[1].samples, WINDOWS * SLOTS);
    for (size_t i = 0; i < played.writes; i++)
        read += strncmp(played.write[i].place, "read/", 5) == 0;
    cr_expect(read > 0 && read < played.writes, "%zu of %zu", read, played.writes);
    oac_played_fini(&played);
}
#else
typedef int oac_no_libiio;
#endif
