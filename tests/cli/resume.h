/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two calibration files that must say the same, but for when they were made and how long that took here. */
#ifndef OAC_TESTS_CLI_RESUME_H
#define OAC_TESTS_CLI_RESUME_H

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/h5.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

/* Bench time and light are sums that an interruption cuts in two: the same to the last digits. */
#define RESUME_ROUNDING 1e-11

static inline void resume_expect_same_arrays(const struct oac_h5_file *a,
                                             const struct oac_h5_file *b)
{
    cr_assert_eq(a->array_count, b->array_count);
    cr_assert_gt(a->array_count, 30);
    for (size_t i = 0; i < a->array_count; i++) {
        const struct oac_h5_array *x = &a->arrays[i], *y = oac_h5_find_array(b, x->path);
        cr_assert(y && x->type == y->type && x->count == y->count, "%s", x->path);
        if (strcmp(x->path, "/attempts/seconds") == 0)
            continue;
        for (size_t n = 0; x->type == OAC_H5_F64 && n < x->count; n++) {
            const double p = ((const double *)x->data)[n], q = ((const double *)y->data)[n];
            const bool sums =
                strcmp(x->path, "/looks/bench") == 0 || strncmp(x->path, "/attempts/", 10) == 0;
            cr_expect((isnan(p) && isnan(q)) ||
                          fabs(p - q) <= (sums ? RESUME_ROUNDING * fabs(p) : 0.0),
                      "%s[%zu]: %.17g, %.17g", x->path, n, p, q);
        }
        if (x->type == OAC_H5_U64)
            cr_expect_eq(memcmp(x->data, y->data, x->count * 8), 0, "%s", x->path);
    }
}

static inline void resume_expect_same(const char *whole, const char *parts)
{
    static const char *const reals[] = {"bench_s", "launched_j", "detected_photons",
                                        "client_in_j"};
    struct oac_h5_file *a, *b;
    struct oac_err err;
    cr_assert_eq(oac_h5_read(whole, 0, &a, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_read(parts, 0, &b, &err), OAC_OK, "%s", err.message);
    resume_expect_same_arrays(a, b);
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        double p, q;
        cr_assert_eq(oac_h5_need_real(a, "/spent", reals[i], 0.0, 1e300, &p, &err), OAC_OK);
        cr_assert_eq(oac_h5_need_real(b, "/spent", reals[i], 0.0, 1e300, &q, &err), OAC_OK);
        cr_expect_float_eq(p, q, RESUME_ROUNDING * p, "%s: %.17g, %.17g", reals[i], p, q);
    }
    oac_h5_file_destroy(a);
    oac_h5_file_destroy(b);
}

#endif
