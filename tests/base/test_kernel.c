/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kernel level against plain double-precision code; the plain version stays here as the oracle. */
#include "base/kernel.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

static const char *const levels[] = {"v1", "v3", "v4", "native"};

/* Calls body once per level this machine has. Each Criterion test is a process of its own, so the choice does
 * not leak. */
#define FOR_EACH_LEVEL(kernel)                                                       \
    for (size_t level_ = 0; level_ < sizeof levels / sizeof levels[0]; level_++)     \
        for (const struct oac_kernel *kernel = select_level(levels[level_]); kernel; \
             kernel = NULL)

static const struct oac_kernel *select_level(const char *level)
{
    struct oac_err err;
    return oac_kernel_select(level, &err) == OAC_OK ? oac_kernel() : NULL;
}

static float *floats(size_t count, uint32_t sub, double zeros)
{
    struct oac_err err;
    float *x = oac_alloc(count, sizeof *x, "test", &err);
    cr_assert_not_null(x);
    for (size_t i = 0; i < count; i++) {
        double keep = oac_rng_uniform(1, OAC_RNG_TEST, i, 2 * sub);
        double value = 2.0 * oac_rng_uniform(1, OAC_RNG_TEST, i, 2 * sub + 1) - 1.0;
        x[i] = keep < zeros ? 0.0f : (float)value;
    }
    return x;
}

struct shape {
    size_t rows, cols, inner;
};
static const struct shape shapes[] = {{1, 16, 1},   {5, 112, 784}, {13, 64, 100},
                                      {70, 48, 33}, {65, 256, 70}, {130, 128, 130}};

/* Rounding: each of `inner` steps of |a w| <= 1 adds at most inner * 2^-24 to a partial sum, a bound of
 * inner^2 2^-24; the random signs of the test keep it below inner * 2^-22. */
Test(kernel, matmul_agrees_with_double_precision_at_every_level)
{
    FOR_EACH_LEVEL(kernel)
    {
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            const struct shape p = shapes[s];
            float *a = floats(p.rows * p.inner, 1, 0.5), *w = floats(p.inner * p.cols, 2, 0.0);
            float *c = floats(p.rows * p.cols, 3, 0.0), *c0 = floats(p.rows * p.cols, 3, 0.0);
            kernel->matmul(p.rows, p.cols, p.inner, a, p.inner, w, p.cols, c, p.cols);
            for (size_t b = 0; b < p.rows; b++) {
                for (size_t k = 0; k < p.cols; k++) {
                    double sum = (double)c0[b * p.cols + k];
                    for (size_t n = 0; n < p.inner; n++)
                        sum += (double)a[b * p.inner + n] * (double)w[n * p.cols + k];
                    cr_assert_float_eq(c[b * p.cols + k], sum, (double)p.inner * 0x1p-22,
                                       "%s shape %zu row %zu column %zu", kernel->level, s, b,
                                       k);
                }
            }
            free(a);
            free(w);
            free(c);
            free(c0);
        }
    }
}

Test(kernel, transposed_product_equals_the_product_of_the_transpose)
{
    FOR_EACH_LEVEL(kernel)
    {
        enum { ROWS = 37, COLS = 112, INNER = 64 };
        float *a = floats(ROWS * INNER, 1, 0.3), *w = floats(INNER * COLS, 2, 0.0);
        float *at = floats(ROWS * INNER, 4, 0.0);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t n = 0; n < INNER; n++)
                at[n * ROWS + r] = a[r * INNER + n];
        float *c = floats(ROWS * COLS, 3, 1.0), *d = floats(ROWS * COLS, 3, 1.0);
        kernel->matmul(ROWS, COLS, INNER, a, INNER, w, COLS, c, COLS);
        kernel->matmul_at(ROWS, COLS, INNER, at, ROWS, w, COLS, d, COLS);
        cr_assert_arr_eq(c, d, ROWS * COLS * sizeof *c, "%s", kernel->level);
        free(a);
        free(at);
        free(w);
        free(c);
        free(d);
    }
}

/* The rows of x as lists of their non-zero entries. */
struct lists {
    uint32_t *begin;
    uint16_t *index;
    float *value;
};

static struct lists compress_rows(const struct oac_kernel *kernel, size_t rows, size_t inner,
                                  const float *x)
{
    struct lists lists = {.begin = calloc(rows + 1, sizeof(uint32_t)),
                          .index = calloc(rows * inner + OAC_KERNEL_PAD, sizeof(uint16_t)),
                          .value = calloc(rows * inner + OAC_KERNEL_PAD, sizeof(float))};
    for (size_t b = 0; b < rows; b++) {
        size_t at = lists.begin[b];
        lists.begin[b + 1] =
            (uint32_t)(at + kernel->compress(inner, x + b * inner, lists.index + at,
                                             lists.value + at));
    }
    return lists;
}

static void free_lists(struct lists *lists)
{
    free(lists->begin);
    free(lists->index);
    free(lists->value);
}

Test(kernel, skipping_zeros_changes_no_bit)
{
    FOR_EACH_LEVEL(kernel)
    {
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            const struct shape p = shapes[s];
            float *a = floats(p.rows * p.inner, 1, 0.8), *w = floats(p.inner * p.cols, 2, 0.0);
            float *c = floats(p.rows * p.cols, 3, 1.0), *d = floats(p.rows * p.cols, 3, 1.0);
            struct lists lists = compress_rows(kernel, p.rows, p.inner, a);
            kernel->matmul(p.rows, p.cols, p.inner, a, p.inner, w, p.cols, c, p.cols);
            kernel->matmul_sparse(p.rows, p.cols, p.inner, lists.begin, lists.index,
                                  lists.value, w, p.cols, d, p.cols);
            cr_assert_arr_eq(c, d, p.rows * p.cols * sizeof *c, "%s shape %zu", kernel->level,
                             s);
            free_lists(&lists);
            free(a);
            free(w);
            free(c);
            free(d);
        }
    }
}

Test(kernel, a_row_does_not_depend_on_the_rows_beside_it)
{
    FOR_EACH_LEVEL(kernel)
    {
        enum { ROWS = 61, COLS = 112, INNER = 150 };
        float *a = floats(ROWS * INNER, 1, 0.7), *w = floats(INNER * COLS, 2, 0.0);
        float *c = floats(ROWS * COLS, 3, 1.0), *d = floats(ROWS * COLS, 3, 1.0);
        struct lists lists = compress_rows(kernel, ROWS, INNER, a);
        kernel->matmul(ROWS, COLS, INNER, a, INNER, w, COLS, c, COLS);
        for (size_t b = 0; b < ROWS; b++) {
            if (b % 2)
                kernel->matmul(1, COLS, INNER, a + b * INNER, INNER, w, COLS, d + b * COLS,
                               COLS);
            else
                kernel->matmul_sparse(1, COLS, INNER, lists.begin + b, lists.index, lists.value,
                                      w, COLS, d + b * COLS, COLS);
        }
        cr_assert_arr_eq(c, d, ROWS * COLS * sizeof *c, "%s", kernel->level);
        free_lists(&lists);
        free(a);
        free(w);
        free(c);
        free(d);
    }
}

Test(kernel, v3_and_v4_give_the_same_bits)
{
    const struct oac_kernel *v3 = select_level("v3"), *v4 = select_level("v4");
    if (!v3 || !v4)
        cr_skip_test("this processor lacks level v3 or v4");
    enum { ROWS = 17, COLS = 112, INNER = 150, BLOCKS = 7 };
    float *a = floats(ROWS * INNER, 1, 0.7), *w = floats(INNER * COLS, 2, 0.0);
    float *c3 = floats(ROWS * COLS, 3, 1.0), *c4 = floats(ROWS * COLS, 3, 1.0);
    v3->matmul(ROWS, COLS, INNER, a, INNER, w, COLS, c3, COLS);
    v4->matmul(ROWS, COLS, INNER, a, INNER, w, COLS, c4, COLS);
    cr_assert_arr_eq(c3, c4, ROWS * COLS * sizeof *c3);

    uint64_t index[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        index[i] = i << 30;
    float z3[ROWS * BLOCKS * 4], z4[ROWS * BLOCKS * 4];
    v3->normals(5, OAC_RNG_TEST, ROWS, index, BLOCKS, z3);
    v4->normals(5, OAC_RNG_TEST, ROWS, index, BLOCKS, z4);
    cr_assert_arr_eq(z3, z4, sizeof z3);

    float e3[ROWS * INNER], e4[ROWS * INNER];
    v3->exponential(ROWS * INNER, a, e3);
    v4->exponential(ROWS * INNER, a, e4);
    cr_assert_arr_eq(e3, e4, sizeof e3);
    free(a);
    free(w);
    free(c3);
    free(c4);
}

/* 32-bit uniforms near 1 carry 2^-24 steps in single precision, which sqrt(-2 ln u) turns into at most a few
 * 1e-6 of z; 1e-5 is the promise of base/kernel.h. */
static void normals_agree(const struct oac_kernel *kernel, size_t count, uint32_t blocks)
{
    uint64_t *index = malloc(count * sizeof *index);
    float *z = malloc(count * blocks * 4 * sizeof *z), *one = malloc(blocks * 4 * sizeof *one);
    for (size_t i = 0; i < count; i++)
        index[i] = (i * 2654435761u) << 13;
    kernel->normals(9, OAC_RNG_TEST, count, index, blocks, z);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t block = 0; block < blocks; block++) {
            uint32_t word[4];
            oac_rng_words(9, OAC_RNG_TEST, index[i], block, word);
            for (size_t pair = 0; pair < 2; pair++) {
                double u = ((double)word[2 * pair] + 0.5) * 0x1p-32;
                double radius = sqrt(-2.0 * log(u));
                double angle = 2.0 * M_PI * (double)word[2 * pair + 1] * 0x1p-32;
                const float *got = z + (i * blocks + block) * 4 + 2 * pair;
                cr_assert_float_eq(got[0], radius * cos(angle), 1e-5);
                cr_assert_float_eq(got[1], radius * sin(angle), 1e-5);
            }
        }
        kernel->normals(9, OAC_RNG_TEST, 1, index + i, blocks, one);
        cr_assert_arr_eq(one, z + i * blocks * 4, blocks * 4 * sizeof *one);
    }
    free(index);
    free(z);
    free(one);
}

Test(kernel, normals_are_box_muller_of_philox_whatever_the_split)
{
    FOR_EACH_LEVEL(kernel)
    {
        normals_agree(kernel, 301, 3); /* rows that share registers, and more than are queued */
        normals_agree(kernel, 3, 301); /* rows longer than the queue */
        normals_agree(kernel, 1, 32);
    }
}

Test(kernel, bytes_are_scaled_as_one_by_one)
{
    FOR_EACH_LEVEL(kernel)
    {
        uint8_t byte[300];
        float x[300];
        for (size_t i = 0; i < 300; i++)
            byte[i] = (uint8_t)i;
        for (size_t n = 256; n <= 299; n++) {
            x[n] = -7.0f;
            kernel->scale_bytes(n, byte, 1.0f / 255.0f, x);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(x[i], (float)byte[i] * (1.0f / 255.0f));
            cr_assert_eq(x[n], -7.0f, "one more than asked for");
        }
    }
}

Test(kernel, normals_have_the_moments_of_the_normal_law)
{
    enum { COUNT = 1 << 14, BLOCKS = 16, N = COUNT * BLOCKS * 4 };
    uint64_t *index = malloc(COUNT * sizeof *index);
    float *z = malloc(N * sizeof *z);
    for (size_t i = 0; i < COUNT; i++)
        index[i] = i;
    oac_kernel()->normals(10, OAC_RNG_TEST, COUNT, index, BLOCKS, z);
    double m1 = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0;
    for (size_t i = 0; i < N; i++) {
        double x = (double)z[i];
        m1 += x;
        m2 += x * x;
        m3 += x * x * x;
        m4 += x * x * x * x;
    }
    cr_assert_float_eq(m1 / N, 0.0, 4.0 * sqrt(1.0 / N));
    cr_assert_float_eq(m2 / N, 1.0, 4.0 * sqrt(2.0 / N));
    cr_assert_float_eq(m3 / N, 0.0, 4.0 * sqrt(15.0 / N));
    cr_assert_float_eq(m4 / N, 3.0, 4.0 * sqrt(96.0 / N));
    free(index);
    free(z);
}

Test(kernel, compress_lists_exactly_the_entries_that_are_not_zero)
{
    FOR_EACH_LEVEL(kernel)
    {
        for (size_t n = 0; n < 70; n++) {
            float *x = floats(n, 20, 0.6), value[70 + OAC_KERNEL_PAD];
            uint16_t index[70 + OAC_KERNEL_PAD];
            size_t used = kernel->compress(n, x, index, value), expected = 0;
            for (size_t i = 0; i < n; i++) {
                if (x[i] != 0.0f) {
                    cr_assert_eq(index[expected], i);
                    cr_assert_eq(value[expected], x[i]);
                    expected++;
                }
            }
            cr_assert_eq(used, expected);
            free(x);
        }
    }
}

Test(kernel, exponential_is_accurate_over_its_range)
{
    FOR_EACH_LEVEL(kernel)
    {
        enum { N = 4000 };
        float x[N], y[N];
        for (size_t i = 0; i < N; i++)
            x[i] = -87.0f + 175.0f * (float)i / N;
        kernel->exponential(N, x, y);
        for (size_t i = 0; i < N; i++)
            cr_assert_float_eq((double)y[i] / exp((double)x[i]), 1.0, 3e-7, "%s exp(%g)",
                               kernel->level, (double)x[i]);
    }
}

Test(kernel, an_unknown_level_is_refused_with_the_list_of_those_there_are)
{
    struct oac_err err = {0};
    cr_assert_eq(oac_kernel_select("v9", &err), OAC_EUNSUPPORTED);
    cr_assert_not_null(strstr(err.message, "auto"));
    cr_assert_eq(oac_kernel_select("auto", &err), OAC_OK);
}
