/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stored calibration against the bench it was made on, later and changed. */
#include "tests/calibration/stored_bench.h"

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
