/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Truth recovery on 500 benches: ctest --test-dir build/release -L full (docs/calibration.md). */
#include "tests/calibration/recovery.h"

Test(full_recovery, five_hundred_random_benches_are_recovered_within_stated_errors)
{
    struct recovery recovery;
    recover_benches(&recovery, 1001, 1500);
    cr_expect_eq(recovery.failed, 0);
    cr_expect_eq(recovery.wrong_branch, 0);
    cr_expect_eq(pulls_judge(recovery.pulls, PULLS, stderr), 0);
}
