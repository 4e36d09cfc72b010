/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Truth recovery on few benches, for every CI run; full_recovery.c does the same on 500. */
#include "tests/calibration/recovery.h"

Test(recovery, forty_random_benches_are_recovered_within_stated_errors)
{
    struct recovery recovery;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    recovery_init(&recovery);
    for (uint64_t seed = 1; seed <= (uint64_t)(getenv("N") ? atoi(getenv("N")) : 40); seed++)
        recover_bench(&recovery, "netcast-86km", 4, seed, &options);
    cr_expect_eq(recovery.failed, 0);
    cr_expect_eq(recovery.wrong_branch, 0);
    cr_expect_eq(pulls_judge(recovery.pulls, PULLS, stderr), 0);
}
