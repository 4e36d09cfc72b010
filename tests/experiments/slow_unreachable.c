/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/experiments/unreachable.h"

/* No step helps any of them: every one is taken, and the loop ends. */
Test(unreachable,
     twenty_targets_out_of_reach_are_said_to_be_with_the_best_why_and_what_would_help)
{
    const struct unreachable u = unreachable_of(20, 500);
    cr_expect_eq(u.not_reached, 20);
    cr_expect_eq(u.explained, 20);
    cr_expect_lt(u.longest_s,
                 20.0); /* three measurements and 15 windows of every image; seconds */
}
