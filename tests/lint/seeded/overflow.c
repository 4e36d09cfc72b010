/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A write behind the end of the heap block: only AddressSanitizer can turn this red. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *volatile block; /* volatile, or the compiler drops the write before the free */

Test(seeded, heap_is_overrun)
{
    block = calloc(8, 1);
    cr_assert_not_null(block);
    volatile size_t too_many = 9;
    memset(block, 1, too_many);
    free(block);
    cr_assert(1);
}
