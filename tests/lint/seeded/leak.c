/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory nobody frees: no assertion fails, so only LeakSanitizer can turn this red. */
#include <criterion/criterion.h>
#include <stdlib.h>

static void *volatile kept;

Test(seeded, memory_is_leaked)
{
    kept = malloc(100);
    kept = NULL;
    cr_assert(1);
}
