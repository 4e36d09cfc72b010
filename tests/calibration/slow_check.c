/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a check accuses a bench that stays. */
#include "tests/calibration/stored_bench.h"

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
