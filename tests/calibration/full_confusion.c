/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ten times the confusion table: ctest --test-dir build/release -L full (docs/faults.md). */
#include "tests/calibration/confusion.h"

#define BENCHES 200  /* of each fault; the share of them, 95 %, is 190 */
#define WORKING 1000 /* four kinds of fault at 1e-4 each would accuse 0.4 */

Test(full_confusion, every_fault_is_named_and_healthy_benches_are_never_accused)
{
    static struct confusion confusion;
    for (size_t i = 0; i < INJECTABLE; i++)
        confuse(&confusion, injectable[i], 10000 + 1000 * i, BENCHES);
    confuse(&confusion, (enum oac_diagnosis)HEALTHY, 20000, WORKING);
    confusion_print(&confusion, stderr);
    for (size_t i = 0; i < INJECTABLE; i++)
        cr_expect_geq(confusion_right(&confusion, i), BENCHES * 19 / 20, "%s",
                      oac_diagnosis_names[injectable[i]]);
    cr_expect_eq(confusion.count[HEALTHY][HEALTHY], WORKING);
}
