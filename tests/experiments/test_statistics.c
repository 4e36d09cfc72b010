/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "experiments/statistics.h"

Test(statistics, wilson_interval_of_98_8_percent_of_10000_is_98_57_to_99_00)
{
    double low, high;

    oac_wilson_interval(9880, 10000, &low, &high);
    /* The formula evaluated apart from this code, in Python; tolerance is its printed digits. */
    cr_assert_float_eq(low, 0.9856706937, 1e-10, "%.9f", low);
    cr_assert_float_eq(high, 0.9899545239, 1e-10, "%.9f", high);
}

Test(statistics, wilson_interval_does_not_collapse_when_every_image_is_right)
{
    double low, high, z = 1.959963984540054;

    oac_wilson_interval(100, 100, &low, &high);
    cr_assert_eq(high, 1.0);
    /* At p = 1 the lower bound is n/(n + z^2). */
    cr_assert_float_eq(low, 100.0 / (100.0 + z * z), 1e-12, "%.15f", low);
    oac_wilson_interval(0, 100, &low, &high);
    cr_assert_eq(low, 0.0);
    cr_assert_float_eq(high, z * z / (100.0 + z * z), 1e-12, "%.15f", high);
}

Test(statistics, wilson_interval_without_trials_knows_nothing)
{
    double low = NAN, high = NAN;

    oac_wilson_interval(0, 0, &low, &high);
    cr_assert_eq(low, 0.0);
    cr_assert_eq(high, 1.0);
}

Test(statistics, argmax_takes_the_first_of_equals_and_never_a_nan)
{
    const float equal[] = {1.0f, 3.0f, 3.0f}, nan_first[] = {NAN, -1.0f, -2.0f},
                nan_last[] = {0.0f, NAN}, only_nan[] = {NAN, NAN};

    cr_assert_eq(oac_argmax(3, equal), 1);
    cr_assert_eq(oac_argmax(3, nan_first), 1);
    cr_assert_eq(oac_argmax(2, nan_last), 0);
    cr_assert_eq(oac_argmax(2, only_nan), 0);
}
