/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked allocation: the only place where sizes are multiplied. All memory is zeroed, aligned
 * to OAC_ALIGN_BYTES (a cache line and the widest SIMD register) and freed with free(). */
#ifndef OAC_BASE_ALLOC_H
#define OAC_BASE_ALLOC_H

#include <stddef.h>

#include "base/status.h"

#define OAC_ALIGN_BYTES 64u

/* Given count, size [bytes] and what the memory is for (it goes into the message), returns
 * zeroed memory or NULL with *err filled (OAC_ENOMEM, also when count*size overflows). count 0
 * gives a valid pointer of one aligned block. */
void *oac_alloc(size_t count, size_t size, const char *what, struct oac_err *err) OAC_MUST_USE;

/* A copy of `text` on the heap, or NULL with *err filled. */
char *oac_strdup(const char *text, struct oac_err *err) OAC_MUST_USE;

/* *product = a*b, or OAC_ENOMEM naming `what` when it overflows. */
enum oac_status oac_size_product(size_t a, size_t b, const char *what, size_t *product,
                                 struct oac_err *err) OAC_MUST_USE;

#endif
