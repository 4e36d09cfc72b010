/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Truth recovery on few benches, for every CI run; full_recovery.c does the same on 500. */
#include "tests/calibration/recovery.h"

Test(recovery, forty_random_benches_are_recovered_within_stated_errors)
{
    struct recovery recovery;
    recover_benches(&recovery, 1, 40);
    cr_expect_eq(recovery.failed, 0);
    cr_expect_eq(recovery.wrong_branch, 0);
    cr_expect_eq(pulls_judge(recovery.pulls, PULLS, stderr), 0);
}
