/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tenth of full_honesty.c for every CI run. */
#include "tests/experiments/honesty.h"

Test(honesty, benches_just_below_the_target_are_seldom_certified)
{
    const struct honesty h = honesty_of(16, 100, 40000);
    cr_expect_leq(h.wrong, honest_limit(h.benches));
    cr_expect_leq(h.missed, 2); /* the test is not honest by never saying yes */
}
