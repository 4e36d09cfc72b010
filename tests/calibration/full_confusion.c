/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole confusion table: ctest --test-dir build/release -L full (docs/faults.md). */
#include "tests/calibration/confusion.h"

/* Issue: 20 seeds per fault, 95 % on the diagonal; healthy benches never accused, of which there are ten times as
 * many. */
Test(full_confusion, every_fault_is_named_and_healthy_benches_are_never_accused)
{
    static struct confusion confusion;
    for (size_t i = 0; i < INJECTABLE; i++)
        confuse(&confusion, injectable[i], 2000 + 100 * i, 20);
    confuse(&confusion, (enum oac_diagnosis)HEALTHY, 5000, 200);
    confusion_print(&confusion, stderr);
    for (size_t i = 0; i < INJECTABLE; i++)
        cr_expect_geq(confusion_right(&confusion, i), 19, "%s",
                      oac_diagnosis_names[injectable[i]]);
    cr_expect_eq(confusion.count[HEALTHY][HEALTHY], 200);
}
