/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed overflow: only UndefinedBehaviorSanitizer can turn this red. */
#include <criterion/criterion.h>
#include <limits.h>

Test(seeded, signed_integer_overflows)
{
    volatile int largest = INT_MAX;
    volatile int beyond = largest + 1;
    (void)beyond;
    cr_assert(1);
}
