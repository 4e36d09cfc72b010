/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/fft.h"
#include "base/rng.h"

static struct oac_err err;

static const size_t sizes[] = {1, 2, 3, 4, 5, 8, 15, 16, 17, 30, 64, 97, 100, 128};
#define SIZES (sizeof sizes / sizeof sizes[0])

static struct oac_fft *plan(size_t n, enum oac_fft_kind kind)
{
    struct oac_fft *fft = NULL;
    cr_assert_eq(oac_fft_create(n, kind, &fft, &err), OAC_OK, "%s", err.message);
    return fft;
}

static struct oac_fft_f *plan_f(size_t n, enum oac_fft_kind kind)
{
    struct oac_fft_f *fft = NULL;
    cr_assert_eq(oac_fft_f_create(n, kind, &fft, &err), OAC_OK, "%s", err.message);
    return fft;
}

static double *array(size_t reals)
{
    double *x = oac_fft_alloc(reals, "test", &err);
    cr_assert_not_null(x);
    return x;
}

static float *array_f(size_t reals)
{
    float *x = oac_fft_f_alloc(reals, "test", &err);
    cr_assert_not_null(x);
    return x;
}

static void randomize(size_t reals, double *x)
{
    for (size_t i = 0; i < reals; i++)
        x[i] = oac_rng_normal(11, OAC_RNG_TEST, i, (uint32_t)reals);
}

/* The defining sum with sign -1 or +1; the angle is reduced in integers, so it is exact to 1 ulp. */
static void naive(size_t n, int sign, const double *x, double *out)
{
    for (size_t m = 0; m < n; m++) {
        double re = 0.0, im = 0.0;
        for (size_t i = 0; i < n; i++) {
            double angle = sign * 2.0 * OAC_PI * (double)(m * i % n) / (double)n;
            re += x[2 * i] * cos(angle) - x[2 * i + 1] * sin(angle);
            im += x[2 * i] * sin(angle) + x[2 * i + 1] * cos(angle);
        }
        out[2 * m] = re;
        out[2 * m + 1] = im;
    }
}

/* Rounding: each of n terms of order 1 carries a few epsilon. */
static double tolerance(size_t n, double epsilon)
{
    return 8.0 * epsilon * (double)(n + 1);
}

static void check_against_sum(size_t n, enum oac_fft_kind kind, int sign)
{
    double *x = array(2 * n), *y = array(2 * n), *expected = array(2 * n);
    float *x_f = array_f(2 * n), *y_f = array_f(2 * n);
    struct oac_fft *fft = plan(n, kind);
    struct oac_fft_f *fft_f = plan_f(n, kind);
    randomize(2 * n, x);
    for (size_t i = 0; i < 2 * n; i++)
        x_f[i] = (float)x[i];
    naive(n, sign, x, expected);
    oac_fft_execute(fft, x, y);
    oac_fft_f_execute(fft_f, x_f, y_f);
    for (size_t i = 0; i < 2 * n; i++) {
        cr_assert_float_eq(y[i], expected[i], tolerance(n, DBL_EPSILON), "%zu of %zu", i, n);
        cr_assert_float_eq(y_f[i], expected[i], tolerance(n, FLT_EPSILON), "%zu of %zu", i, n);
    }
    oac_fft_execute(fft, x, x); /* in place */
    oac_fft_f_execute(fft_f, x_f, x_f);
    for (size_t i = 0; i < 2 * n; i++) {
        cr_assert_float_eq(x[i], expected[i], tolerance(n, DBL_EPSILON));
        cr_assert_float_eq(x_f[i], expected[i], tolerance(n, FLT_EPSILON));
    }
    oac_fft_destroy(fft);
    oac_fft_f_destroy(fft_f);
    oac_fft_free(x);
    oac_fft_free(y);
    oac_fft_free(expected);
    oac_fft_free(x_f);
    oac_fft_free(y_f);
}

Test(fft, forward_is_the_sum_with_a_negative_exponent)
{
    for (size_t i = 0; i < SIZES; i++)
        check_against_sum(sizes[i], OAC_FFT_FORWARD, -1);
}

Test(fft, backward_is_the_sum_with_a_positive_exponent)
{
    for (size_t i = 0; i < SIZES; i++)
        check_against_sum(sizes[i], OAC_FFT_BACKWARD, +1);
}

static void check_real(size_t n)
{
    size_t bins = n / 2 + 1;
    double *x = array(n), *pairs = array(2 * n), *expected = array(2 * n), *y = array(2 * bins);
    float *x_f = array_f(n), *y_f = array_f(2 * bins);
    struct oac_fft *forward = plan(n, OAC_FFT_REAL_FORWARD);
    struct oac_fft *backward = plan(n, OAC_FFT_REAL_BACKWARD);
    struct oac_fft_f *forward_f = plan_f(n, OAC_FFT_REAL_FORWARD);
    struct oac_fft_f *backward_f = plan_f(n, OAC_FFT_REAL_BACKWARD);
    randomize(n, pairs);
    for (size_t i = n; i-- > 0;) {
        x[i] = pairs[i];
        x_f[i] = (float)x[i];
        pairs[2 * i] = x[i];
        pairs[2 * i + 1] = 0.0;
    }
    naive(n, -1, pairs, expected);
    oac_fft_execute(forward, x, y);
    oac_fft_f_execute(forward_f, x_f, y_f);
    for (size_t i = 0; i < 2 * bins; i++) {
        cr_assert_float_eq(y[i], expected[i], tolerance(n, DBL_EPSILON), "%zu of %zu", i, n);
        cr_assert_float_eq(y_f[i], expected[i], tolerance(n, FLT_EPSILON), "%zu of %zu", i, n);
    }
    oac_fft_execute(backward, y, x);
    oac_fft_f_execute(backward_f, y_f, x_f);
    for (size_t i = 0; i < n; i++) {
        double scaled = (double)n * pairs[2 * i];
        cr_assert_float_eq(x[i], scaled, tolerance(n, DBL_EPSILON) * (double)n);
        cr_assert_float_eq(x_f[i], scaled, tolerance(n, FLT_EPSILON) * (double)n);
    }
    oac_fft_destroy(forward);
    oac_fft_destroy(backward);
    oac_fft_f_destroy(forward_f);
    oac_fft_f_destroy(backward_f);
    oac_fft_free(x);
    oac_fft_free(pairs);
    oac_fft_free(expected);
    oac_fft_free(y);
    oac_fft_free(x_f);
    oac_fft_free(y_f);
}

Test(fft, a_real_transform_is_half_of_the_complex_one_and_comes_back_n_fold)
{
    for (size_t i = 0; i < SIZES; i++)
        check_real(sizes[i]);
}

/* Parseval at a size no sum can check in time; a pairwise-summed transform errs by epsilon log2 n. */
Test(fft, energy_and_signal_survive_a_quarter_million_points)
{
    size_t n = 250000;
    double *x = array(2 * n), *y = array(2 * n), before = 0.0, after = 0.0;
    struct oac_fft *forward = plan(n, OAC_FFT_FORWARD), *backward = plan(n, OAC_FFT_BACKWARD);
    randomize(2 * n, x);
    for (size_t i = 0; i < 2 * n; i++)
        before += x[i] * x[i];
    oac_fft_execute(forward, x, y);
    for (size_t i = 0; i < 2 * n; i++)
        after += y[i] * y[i];
    cr_assert_float_eq(after / before / (double)n, 1.0, 1e-13);
    oac_fft_execute(backward, y, y);
    for (size_t i = 0; i < 2 * n; i++)
        cr_assert_float_eq(y[i] / (double)n, x[i], 1e-13);
    oac_fft_destroy(forward);
    oac_fft_destroy(backward);
    oac_fft_free(x);
    oac_fft_free(y);
}

enum { POINTS = 3600 };

/* bits (2 * POINTS) = a transform by a plan made now. Returns 0, or 1 when something failed. */
static int transform_now(float *bits)
{
    struct oac_err error;
    struct oac_fft_f *fft = NULL;
    float *x = oac_fft_f_alloc((size_t)2 * POINTS, "test", &error);
    int failed = !x || oac_fft_f_create(POINTS, OAC_FFT_FORWARD, &fft, &error);
    for (size_t i = 0; !failed && i < 2 * POINTS; i++)
        x[i] = (float)oac_rng_uniform(5, OAC_RNG_TEST, i, 0);
    if (!failed) {
        oac_fft_f_execute(fft, x, x);
        memcpy(bits, x, 2 * POINTS * sizeof *bits);
    }
    oac_fft_f_destroy(fft);
    oac_fft_free(x);
    return failed;
}

Test(fft, bits_do_not_depend_on_what_was_planned_before)
{
    static float first[2 * POINTS], later[2 * POINTS];
    cr_assert_eq(transform_now(first), 0);
    for (size_t n = 1; n < 200; n += 11)
        for (int kind = OAC_FFT_FORWARD; kind <= OAC_FFT_REAL_BACKWARD; kind++)
            oac_fft_f_destroy(plan_f(n * 18, (enum oac_fft_kind)kind));
    cr_assert_eq(transform_now(later), 0);
    cr_assert_arr_eq(first, later, sizeof first);
}

struct job {
    float bits[2 * POINTS];
    int failed;
};

static void *transform_thread(void *context)
{
    struct job *job = context;
    for (int i = 0; i < 20 && !job->failed; i++)
        job->failed = transform_now(job->bits);
    return NULL;
}

Test(fft, threads_plan_at_once_and_get_the_same_bits)
{
    enum { THREADS = 4 };
    static struct job jobs[THREADS];
    static float alone[2 * POINTS];
    pthread_t thread[THREADS];
    cr_assert_eq(transform_now(alone), 0);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, transform_thread, &jobs[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(jobs[i].failed, 0);
        cr_assert_arr_eq(jobs[i].bits, alone, sizeof alone);
    }
}

Test(fft, a_size_of_zero_or_beyond_the_limit_is_refused_and_named)
{
    struct oac_fft *fft = NULL;
    struct oac_fft_f *fft_f = NULL;
    cr_assert_eq(oac_fft_create(0, OAC_FFT_FORWARD, &fft, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "0 points"), "%s", err.message);
    cr_assert_eq(oac_fft_f_create(OAC_FFT_MAX + 1, OAC_FFT_REAL_FORWARD, &fft_f, &err),
                 OAC_EINVAL);
    cr_assert(strstr(err.message, "67108865"), "%s", err.message);
    cr_assert_null(fft);
    cr_assert_null(fft_f);
}

Test(fft, arrays_are_zeroed_and_aligned_and_too_large_ones_are_refused)
{
    for (size_t n = 0; n < 100; n += 7) {
        double *x = array(n);
        float *y = array_f(n);
        cr_assert_eq((uintptr_t)x % OAC_ALIGN_BYTES, 0);
        cr_assert_eq((uintptr_t)y % OAC_ALIGN_BYTES, 0);
        for (size_t i = 0; i < n; i++)
            cr_assert(x[i] == 0.0 && y[i] == 0.0f);
        oac_fft_free(x);
        oac_fft_free(y);
    }
    cr_assert_null(oac_fft_alloc(SIZE_MAX / 4, "spectrum", &err));
    cr_assert(strstr(err.message, "spectrum"), "%s", err.message);
}

static int is_good(size_t n)
{
    while (n % 2 == 0)
        n /= 2;
    while (n % 3 == 0)
        n /= 3;
    while (n % 5 == 0)
        n /= 5;
    return n == 1;
}

Test(fft, a_good_size_is_the_next_product_of_2_3_and_5)
{
    size_t next = 1;
    for (size_t n = 1; n < 5000; n++) {
        while (next < n || !is_good(next))
            next++;
        cr_assert_eq(oac_fft_good_size(n), next, "%zu", n);
    }
    cr_assert_eq(oac_fft_good_size(0), 1);
    cr_assert_eq(oac_fft_good_size(OAC_FFT_MAX), OAC_FFT_MAX);
    cr_assert_eq(oac_fft_good_size(((size_t)1 << 60) - 1), (size_t)1 << 60);
}

Test(fft, who_wants_the_same_size_shares_a_plan_and_others_are_dropped_in_time)
{
    struct oac_fft *held = plan(12, OAC_FFT_FORWARD), *again = plan(12, OAC_FFT_FORWARD);
    struct oac_fft *back = plan(12, OAC_FFT_BACKWARD);
    cr_expect_eq(held, again);
    cr_expect_neq(held, back);
    oac_fft_destroy(again);
    oac_fft_destroy(back);
    for (size_t n = 1; n < 200;
         n++) /* more sizes than are kept: the sanitizer sees what is freed */
        oac_fft_destroy(plan(n, OAC_FFT_FORWARD));
    double *x = oac_fft_alloc(24, "x", &err), sum = 0.0;
    cr_assert_not_null(x);
    for (size_t i = 0; i < 24; i++)
        sum += x[i] = (double)(i % 5);
    double re = 0.0;
    for (size_t i = 0; i < 12; i++)
        re += x[2 * i];
    oac_fft_execute(held, x, x); /* the one that is held still works */
    cr_expect_float_eq(x[0], re, 1e-12);
    cr_expect_float_eq(x[1], sum - re, 1e-12);
    oac_fft_destroy(held);
    oac_fft_free(x);
}
