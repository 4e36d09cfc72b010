/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates against the truth: ctest --test-dir build/release -L full --output-on-failure
 * (docs/certification.md). */
#include "tests/experiments/honesty.h"

/* At confidence 0.95 at most 5 % of benches below the target are certified: 20 of 200 is the 99.9 % limit of
 * that. */
Test(full_honesty, of_200_calibrated_benches_just_below_the_target_at_most_20_are_certified)
{
    const struct honesty h = honesty_of(200, 10000, 200000);
    cr_expect_leq(h.wrong, 20);
    cr_expect_leq(h.missed, 10);
}
