/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stored calibration against the bench it was made on, later and changed. */
#include "calibration/check.h"

#include "base/h5.h"
#include "calibration/results.h"
#include "tests/calibration/random_bench.h"
#include "tests/support/tmpdir.h"

#define CHANNELS 4

struct stored { /* a bench, and its calibration as a file says it */
    struct random_bench bench;
    struct oac_calibration *calibration;
};

static void stored_open(struct stored *stored, uint64_t seed)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
    struct oac_err err;
    struct oac_calibration *found;
    struct oac_calrec *calrec;
    struct oac_h5_writer *writer;
    const struct oac_calibration_source source = {.on = "sim"};
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    bench_open(&stored->bench, "netcast-local", CHANNELS, seed);
    struct oac_link *link = &stored->bench.link;
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    cr_assert_eq(oac_calibrate_measure(link, &options, NULL, &found, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_calibration_record(found, link->caps, &calrec, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_calibration_put(found, calrec, &source, writer, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_OK, "%s", err.message);
    oac_h5_destroy(writer);
    oac_calrec_destroy(calrec);
    oac_calibration_destroy(found);
    cr_assert_eq(oac_check_read(path, &stored->calibration, &err), OAC_OK, "%s", err.message);
    oac_test_dir_remove(dir);
}

static void stored_close(struct stored *stored)
{
    oac_calibration_destroy(stored->calibration);
    bench_close(&stored->bench);
}

static struct oac_check check(struct stored *stored, uint64_t seed, double false_alarm)
{
    struct oac_err err;
    struct oac_check result;
    const struct oac_check_options options = {.slot0 = stored->calibration->last_slot0 +
                                                       (seed << 32),
                                              .seed = seed,
                                              .windows = 1024,
                                              .false_alarm = false_alarm};
    cr_assert_eq(
        oac_check_run(&stored->bench.link, stored->calibration, &options, NULL, &result, &err),
        OAC_OK, "%s", err.message);
    return result;
}

/* 100 checks at a false-alarm rate of at most 0.05: more than 13 alarms have a probability below 0.001
 * (binomial; P(X >= 14) = 5e-4). Errors that all checks of one bench share count once a bench, hence ten. */
Test(check, a_bench_that_stays_is_accused_no_more_often_than_stated)
{
    size_t alarms = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct stored stored;
        stored_open(&stored, seed);
        for (uint64_t again = 1; again <= 10; again++) {
            struct oac_check result = check(&stored, again, 0.05);
            alarms += !result.holds;
            oac_check_fini(&result);
        }
        stored_close(&stored);
    }
    fprintf(stderr, "%zu alarms in 100 checks at 0.05\n", alarms);
    cr_expect_leq(alarms, 13);
}

/* The bench answers 3 % more than the record says on one channel, and 1 % of full scale is offset on another: both
 * are beyond every tolerance here (rms below 0.5 %) by more than four standard errors. */
Test(check, the_channel_that_moved_is_named_and_by_how_much)
{
    struct stored stored;
    stored_open(&stored, 3);
    struct oac_calibration *calibration = stored.calibration;
    for (size_t j = 0; j < CHANNELS; j++)
        calibration->gain[1 * CHANNELS + j] /= 1.03;
    struct oac_check result = check(&stored, 1, 1e-3);
    cr_expect_not(result.holds);
    cr_expect_eq(result.moved, 1);
    const struct oac_check_figure *gain = &result.channel[1].gain;
    cr_expect(gain->moved);
    /* four standard errors, and what verification tells of this bench's own */
    cr_expect_leq(fabs(gain->change - 0.03),
                  4.0 * gain->sigma + calibration->channel[1].verify_rms, "%g +- %g",
                  gain->change, gain->sigma);
    oac_check_fini(&result);
    stored_close(&stored);
}

Test(check, a_shifted_offset_moves_the_level_and_not_the_gain)
{
    struct stored stored;
    stored_open(&stored, 3);
    struct oac_calibration_channel *channel = &stored.calibration->channel[2];
    struct oac_check before = check(&stored, 1, 1e-3);
    cr_assert(before.holds);
    channel->dark_code_per_slot -= 0.01 * channel->full_code;
    struct oac_check after = check(&stored, 1, 1e-3);
    cr_expect(after.channel[2].level.moved);
    cr_expect_not(after.channel[2].gain.moved);
    cr_expect_eq(after.moved, 1);
    /* The same windows: the shift is exact but for rounding. */
    cr_expect_float_eq(after.channel[2].level.change - before.channel[2].level.change, 0.01,
                       1e-9);
    oac_check_fini(&before);
    oac_check_fini(&after);
    stored_close(&stored);
}

Test(check, a_check_that_cannot_be_made_says_what_it_needs)
{
    struct stored stored;
    struct oac_err err;
    struct oac_check result;
    stored_open(&stored, 3);
    const struct oac_check_options options = {.windows = 100, .false_alarm = 1e-3};
    cr_expect_eq(
        oac_check_run(&stored.bench.link, stored.calibration, &options, NULL, &result, &err),
        OAC_EINVAL);
    cr_expect_not_null(strstr(err.message, "multiple of 64"), "%s", err.message);
    stored_close(&stored);
}
