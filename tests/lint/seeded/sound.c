/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control: nothing wrong, so the suite must be green. */
#include <criterion/criterion.h>

Test(seeded, nothing_is_wrong)
{
    cr_assert(1);
}
