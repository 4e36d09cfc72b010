/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The confusion table, for every CI run; full_confusion.c has ten times as many benches. */
#include "tests/calibration/confusion.h"

/* 95 % of 20 are 19. */
Test(confusion, twenty_benches_of_every_fault_are_named_and_twenty_healthy_ones_never_accused)
{
    static struct confusion confusion;
    for (size_t i = 0; i < INJECTABLE; i++)
        confuse(&confusion, injectable[i], 3000 + 100 * i, 20);
    confuse(&confusion, (enum oac_diagnosis)HEALTHY, 4000, 20);
    confusion_print(&confusion, stderr);
    for (size_t i = 0; i < INJECTABLE; i++)
        cr_expect_geq(confusion_right(&confusion, i), 19, "%s",
                      oac_diagnosis_names[injectable[i]]);
    cr_expect_eq(confusion.count[HEALTHY][HEALTHY], 20);
}
