/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum oac_status oac_size_product(size_t a, size_t b, const char *what, size_t *product,
                                 struct oac_err *err)
{
    size_t result;
    if (__builtin_mul_overflow(a, b, &result))
        return oac_fail(err, OAC_ENOMEM, "%s: %zu x %zu bytes overflow the address space", what,
                        a, b);
    *product = result;
    return OAC_OK;
}

void *oac_alloc(size_t count, size_t size, const char *what, struct oac_err *err)
{
    size_t bytes;
    if (oac_size_product(count, size, what, &bytes, err))
        return NULL;
    if (bytes > SIZE_MAX - OAC_ALIGN_BYTES) {
        oac_fail(err, OAC_ENOMEM, "%s: %zu bytes overflow the address space", what, bytes);
        return NULL;
    }
    size_t rounded = bytes == 0
                         ? OAC_ALIGN_BYTES
                         : (bytes + OAC_ALIGN_BYTES - 1) / OAC_ALIGN_BYTES * OAC_ALIGN_BYTES;
    void *memory = aligned_alloc(OAC_ALIGN_BYTES, rounded);
    if (!memory) {
        oac_fail(err, OAC_ENOMEM, "%s: cannot allocate %zu bytes; free memory or ask for less",
                 what, rounded);
        return NULL;
    }
    memset(memory, 0, rounded);
    return memory;
}

char *oac_strdup(const char *text, struct oac_err *err)
{
    size_t bytes = strlen(text) + 1;
    char *copy = oac_alloc(bytes, 1, "text", err);
    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}
