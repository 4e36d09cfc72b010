/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/alloc.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct oac_err err;

Test(alloc, memory_is_zeroed_and_aligned)
{
    for (size_t count = 0; count < 200; count += 7) {
        unsigned char *memory = oac_alloc(count, 3, "test", &err);
        cr_assert_not_null(memory);
        cr_assert_eq((uintptr_t)memory % OAC_ALIGN_BYTES, 0);
        for (size_t i = 0; i < 3 * count; i++)
            cr_assert_eq(memory[i], 0);
        memset(memory, 0xa5, 3 * count); /* so that a recycled block would show */
        free(memory);
    }
}

Test(alloc, an_overflowing_size_is_an_error_naming_its_purpose)
{
    cr_assert_null(oac_alloc(SIZE_MAX / 2, 3, "weights", &err));
    cr_assert_eq(err.status, OAC_ENOMEM);
    cr_assert(strstr(err.message, "weights"), "%s", err.message);
    cr_assert_null(oac_alloc(SIZE_MAX, 1, "weights", &err), "rounding up must not wrap");
    cr_assert_eq(err.status, OAC_ENOMEM);
}

Test(alloc, a_product_that_overflows_leaves_the_output)
{
    size_t product = 5;
    cr_assert_eq(oac_size_product(1u << 20, 1u << 20, "x", &product, &err), OAC_OK);
    cr_assert_eq(product, (size_t)1 << 40);
    cr_assert_eq(oac_size_product(SIZE_MAX, 2, "x", &product, &err), OAC_ENOMEM);
    cr_assert_eq(product, (size_t)1 << 40);
}

Test(alloc, a_copied_text_is_equal_and_its_own)
{
    char text[] = "netcast";
    char *copy = oac_strdup(text, &err);
    cr_assert_str_eq(copy, text);
    text[0] = 'N';
    cr_assert_str_eq(copy, "netcast");
    free(copy);
}
