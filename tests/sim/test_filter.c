/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "sim/waveform/filter.h"

#define FS 80e9 /* 8 samples a slot at 10 GBd */

static struct oac_err err;

/* --- responses; contexts as named --- */

struct taps { /* h[m], m = -before .. after */
    int before, after;
    double complex h[64];
};

static double complex fir(const void *context, double f_hz)
{
    const struct taps *taps = context;
    double complex sum = 0.0;
    for (int m = -taps->before; m <= taps->after; m++)
        sum += taps->h[m + taps->before] * cexp(-2.0 * OAC_PI * I * m * f_hz / FS);
    return sum;
}

static double complex delay(const void *samples, double f_hz)
{
    return cexp(-2.0 * OAC_PI * I * *(const double *)samples * f_hz / FS);
}

/* Phase a f^2; the context is the group delay at fs/2 in samples. */
static double complex dispersion(const void *samples, double f_hz)
{
    double x = f_hz / FS;
    return cexp(2.0 * OAC_PI * I * *(const double *)samples * x * x);
}

static double complex gaussian(const void *width_hz, double f_hz)
{
    double x = f_hz / *(const double *)width_hz;
    return exp(-x * x);
}

static double complex pole(const void *corner_hz, double f_hz)
{
    return 1.0 / (1.0 + I * f_hz / *(const double *)corner_hz);
}

static double complex one(const void *context, double f_hz)
{
    (void)context;
    (void)f_hz;
    return 1.0;
}

static double complex lopsided(const void *context, double f_hz)
{
    (void)context;
    return f_hz > 0.0 ? 1.0 : 0.5;
}

static double complex undefined_above_10_ghz(const void *context, double f_hz)
{
    (void)context;
    return fabs(f_hz) > 10e9 ? NAN : 1.0;
}

static void random_taps(int before, int after, bool real, uint64_t seed, struct taps *taps)
{
    *taps = (struct taps){.before = before, .after = after};
    for (uint32_t i = 0; i <= (uint32_t)(before + after); i++) {
        double im = real ? 0.0 : oac_rng_normal(seed, OAC_RNG_TEST, i, 1);
        taps->h[i] = oac_rng_normal(seed, OAC_RNG_TEST, i, 0) + I * im;
    }
}

/* --- waveforms, always stored as doubles with `lanes` reals a sample --- */

struct bed { /* one filter and its scratch */
    struct oac_filter *filter;
    struct oac_filter_scratch *scratch;
    size_t lanes;
};

static struct bed lay(oac_response response, const void *context, size_t memory, size_t segment,
                      bool real)
{
    const struct oac_filter_spec spec = {response, context, FS, memory, segment, real};
    struct bed bed = {.lanes = real ? 1 : 2};
    cr_assert_eq(oac_filter_create(&spec, &bed.filter, &err), OAC_OK, "%s", err.message);
    const struct oac_filter *const filters[] = {bed.filter};
    cr_assert_eq(oac_filter_scratch_create(filters, 1, &bed.scratch, &err), OAC_OK, "%s",
                 err.message);
    return bed;
}

static void clear(struct bed *bed)
{
    oac_filter_scratch_destroy(bed->scratch);
    oac_filter_destroy(bed->filter);
}

static double *waveform(size_t reals)
{
    double *x = oac_alloc(reals, sizeof *x, "test", &err);
    cr_assert_not_null(x);
    return x;
}

/* Noise, with `rest` samples of zero at both ends. */
static double *burst(size_t n, size_t lanes, size_t rest, uint64_t seed)
{
    double *x = waveform(n * lanes);
    for (size_t i = lanes * rest; i < lanes * (n - rest); i++)
        x[i] = oac_rng_normal(seed, OAC_RNG_TEST, i, 2);
    return x;
}

static double energy(size_t reals, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < reals; i++)
        sum += x[i] * x[i];
    return sum;
}

static double largest_difference(size_t reals, const double *a, const double *b)
{
    double worst = 0.0;
    for (size_t i = 0; i < reals; i++)
        worst = fmax(worst, fabs(a[i] - b[i]));
    return worst;
}

/* out = filter(in) in single precision, from and to doubles. */
static void apply_single(const struct bed *bed, size_t n, const double *in, double *out)
{
    size_t reals = n * bed->lanes;
    float *x = oac_alloc(reals, sizeof *x, "test", &err);
    cr_assert_not_null(x);
    for (size_t i = 0; i < reals; i++)
        x[i] = (float)in[i];
    oac_filter_apply_f(bed->filter, bed->scratch, n, x, x);
    for (size_t i = 0; i < reals; i++)
        out[i] = x[i];
    free(x);
}

/* --- the oracle: the sum of filter.h, term by term --- */

static void convolve(const struct taps *taps, size_t n, size_t lanes, const double *in,
                     double *out)
{
    for (size_t i = 0; i < n; i++) {
        double complex sum = 0.0;
        for (int m = -taps->before; m <= taps->after; m++) {
            ptrdiff_t j = (ptrdiff_t)i - m;
            j = j < 0 ? 0 : j >= (ptrdiff_t)n ? (ptrdiff_t)n - 1 : j;
            const double *x = in + lanes * (size_t)j;
            sum += taps->h[m + taps->before] * (x[0] + (lanes == 2 ? I * x[1] : 0.0));
        }
        out[lanes * i] = creal(sum);
        if (lanes == 2)
            out[2 * i + 1] = cimag(sum);
    }
}

static void check_against_sum(int before, int after, size_t memory, size_t segment, size_t n,
                              bool real)
{
    struct taps taps;
    random_taps(before, after, real, n, &taps);
    struct bed bed = lay(fir, &taps, memory, segment, real);
    size_t reals = n * bed.lanes;
    double *in = burst(n, bed.lanes, 0, segment), *expected = waveform(reals);
    double *out = waveform(reals);
    convolve(&taps, n, bed.lanes, in, expected);
    double rms = sqrt(energy(reals, expected) / (double)reals);
    oac_filter_apply(bed.filter, bed.scratch, n, in, out);
    /* rounding of transforms of a few thousand points, 5 rms being the largest sample */
    cr_assert_lt(largest_difference(reals, out, expected), 1e-13 * 10.0 * rms,
                 "[-%d, %d] memory %zu segment %zu n %zu real %d: %g", before, after, memory,
                 segment, n, real, largest_difference(reals, out, expected) / rms);
    apply_single(&bed, n, in, out);
    cr_assert_lt(largest_difference(reals, out, expected), 3e-7 * 10.0 * rms);
    oac_filter_apply(bed.filter, bed.scratch, n, in, in); /* in place */
    cr_assert_lt(largest_difference(reals, in, expected), 1e-13 * 10.0 * rms);
    free(in);
    free(out);
    free(expected);
    clear(&bed);
}

Test(filter, equals_the_sum_over_its_impulse_response)
{
    static const int supports[][2] = {{0, 0}, {0, 20}, {20, 0}, {7, 30}, {31, 31}, {1, 0}};
    for (int i = 0; i < 6; i++)
        for (int real = 0; real < 2; real++) {
            int before = supports[i][0], after = supports[i][1];
            check_against_sum(before, after, 0, 300, 300, real);
            check_against_sum(before, after, 0, 300, 1, real);
            check_against_sum(before, after, 0, 300, 17, real);
            check_against_sum(before, after, 0, 300, 2500, real); /* many blocks */
            check_against_sum(before, after, 40, 300, 1234, real);
            check_against_sum(before, after, 200, 100, 1234, real); /* memory > segment */
        }
}

Test(filter, a_long_segment_in_small_blocks_equals_the_sum)
{
    for (int real = 0; real < 2; real++) {
        struct bed bed = lay(one, NULL, 0, 1, real); /* says nothing: only keeps shape */
        clear(&bed);
        check_against_sum(9, 40, 0, 40000, 40000, real);
    }
}

Test(filter, memory_found_is_the_support_of_the_impulse_response)
{
    struct taps taps;
    random_taps(7, 30, false, 3, &taps);
    struct bed bed = lay(fir, &taps, 0, 300, false);
    cr_assert_eq(oac_filter_memory(bed.filter), 30);
    cr_assert_geq(oac_filter_block(bed.filter), 337);
    clear(&bed);
    bed = lay(fir, &taps, 44, 300, false);
    cr_assert_eq(oac_filter_memory(bed.filter), 44);
    clear(&bed);
}

/* --- energy --- */

struct lossless {
    const char *name;
    oac_response response;
    double samples;
    size_t memory;
};

static const struct lossless lossless[] = {
    {"fractional delay", delay, 12.37, 0},
    {"fractional advance", delay, -3.5, 0},
    {"whole delay", delay, 25.0, 0},
    {"dispersion", dispersion, 40.0, 0},
    {"strong dispersion", dispersion, -400.0, 0},
    {"dispersion, short memory given", dispersion, 40.0, 60},
};
#define LOSSLESS (sizeof lossless / sizeof lossless[0])

static void check_energy(const struct lossless *kind, size_t n, bool real)
{
    struct bed bed = lay(kind->response, &kind->samples, kind->memory, n, real);
    size_t reals = n * bed.lanes;
    double *in = burst(n, bed.lanes, 200, 1), *out = waveform(reals);
    double before = energy(reals, in);
    oac_filter_apply(bed.filter, bed.scratch, n, in, out);
    cr_assert_float_eq(energy(reals, out) / before, 1.0, 1e-12, "%s, %zu", kind->name, n);
    apply_single(&bed, n, in, out);
    cr_assert_float_eq(energy(reals, out) / before, 1.0, 1e-5, "%s, %zu", kind->name, n);
    free(in);
    free(out);
    clear(&bed);
}

Test(filter, responses_of_magnitude_1_conserve_the_energy_of_what_rests_at_both_ends)
{
    for (size_t i = 0; i < LOSSLESS; i++)
        for (size_t n = 1000; n < 7300;
             n += 2083) { /* 1000, 3083, 5166, 7249: odd, even, prime */
            check_energy(&lossless[i], n, false);
            if (lossless[i].response == delay) /* dispersion of a real waveform is complex */
                check_energy(&lossless[i], n, true);
        }
}

/* Parseval: the output's energy is that of H X; |X| by the defining sum at the frequencies of n points, which
 * hold the whole output when nothing leaves the segment. */
static void check_parseval(oac_response response, const void *context, bool real, size_t n)
{
    struct bed bed = lay(response, context, 0, n, real);
    size_t lanes = bed.lanes;
    double *in = burst(n, lanes, n / 4, 5), *out = waveform(n * lanes), expected = 0.0;
    for (size_t k = 0; k < n; k++) {
        double f = (2 * k < n ? (double)k : (double)k - (double)n) / (double)n;
        double complex sum = 0.0;
        for (size_t i = 0; i < n; i++)
            sum += (in[lanes * i] + (lanes == 2 ? I * in[2 * i + 1] : 0.0)) *
                   cexp(-2.0 * OAC_PI * I * (double)(k * i % n) / (double)n);
        expected += pow(cabs(sum * response(context, f * FS)), 2) / (double)n;
    }
    oac_filter_apply(bed.filter, bed.scratch, n, in, out);
    cr_assert_float_eq(energy(n * lanes, out) / expected, 1.0, 1e-12);
    apply_single(&bed, n, in, out);
    cr_assert_float_eq(energy(n * lanes, out) / expected, 1.0, 1e-5);
    free(in);
    free(out);
    clear(&bed);
}

Test(filter, energy_behind_a_lossy_filter_is_that_of_its_spectrum)
{
    struct taps taps;
    double width_hz =
        7e9; /* 7e-15 is left at fs/2: no kink there, so its impulse response ends */
    for (int real = 0; real < 2; real++) {
        random_taps(12, 19, real, 8, &taps);
        check_parseval(fir, &taps, real, 400);
        check_parseval(gaussian, &width_hz, real, 400);
    }
}

/* --- linear, the same at any time --- */

struct kind {
    oac_response response;
    double parameter;
    bool real;
};

static const struct kind kinds[] = {
    {delay, 7.3, false},       {delay, 7.3, true},      {delay, 4.0, false},
    {dispersion, 30.0, false}, {gaussian, 11e9, false}, {gaussian, 11e9, true},
    {pole, 20e9, true},        {pole, 2e9, true},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

Test(filter, is_linear)
{
    enum { N = 700 };
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t reals = N * bed.lanes;
        double *x = burst(N, bed.lanes, 0, 1), *y = burst(N, bed.lanes, 0, 2);
        double *both = waveform(reals);
        for (size_t j = 0; j < reals; j++)
            both[j] = 1.7 * x[j] - 0.4 * y[j];
        oac_filter_apply(bed.filter, bed.scratch, N, x, x);
        oac_filter_apply(bed.filter, bed.scratch, N, y, y);
        oac_filter_apply(bed.filter, bed.scratch, N, both, both);
        for (size_t j = 0; j < reals; j++)
            x[j] = 1.7 * x[j] - 0.4 * y[j];
        cr_assert_lt(largest_difference(reals, x, both), 1e-13, "kind %zu", i); /* rounding */
        free(x);
        free(y);
        free(both);
        clear(&bed);
    }
}

/* A burst of noise far from both ends, moved by `shift`: the output moves along. What a response that rings for
 * ever (a sharp edge at fs/2) leaves at the ends is not rounding, so the burst there is smooth. */
Test(filter, is_the_same_at_any_time)
{
    enum { N = 960, SHIFT = 37 };
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t lanes = bed.lanes, reals = N * lanes;
        double *x = waveform(reals), *y = waveform(reals);
        for (size_t j = 0; j < reals; j++) {
            double t = ((double)(j / lanes) - 400.0) / 6.0, value = exp(-t * t) * cos(0.3 * t);
            x[j] = j % 2 ? 0.5 * value : value;
        }
        memcpy(y + SHIFT * lanes, x, (reals - SHIFT * lanes) * sizeof *x);
        oac_filter_apply(bed.filter, bed.scratch, N, x, x);
        oac_filter_apply(bed.filter, bed.scratch, N, y, y);
        cr_assert_lt(largest_difference(reals - SHIFT * lanes, y + SHIFT * lanes, x), 1e-12,
                     "kind %zu: %g", i,
                     largest_difference(reals - SHIFT * lanes, y + SHIFT * lanes, x));
        free(x);
        free(y);
        clear(&bed);
    }
}

/* --- steady values --- */

Test(filter, a_steady_value_passes_with_the_response_at_zero)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, 500, kinds[i].real);
        static const size_t lengths[] = {1, 50, 500, 501, 3000};
        for (size_t l = 0; l < 5; l++) {
            size_t n = lengths[l];
            double *x = waveform(n * bed.lanes);
            for (size_t j = 0; j < n * bed.lanes; j++)
                x[j] = j % 2 && bed.lanes == 2 ? -0.25 : 3.0;
            double *y = waveform(n * bed.lanes);
            oac_filter_apply(bed.filter, bed.scratch, n, x, y);
            for (size_t j = 0; j < n * bed.lanes; j++)
                cr_assert_float_eq(y[j], x[j], 1e-12, "kind %zu n %zu at %zu: %g", i, n, j,
                                   y[j] - x[j]);
            free(x);
            free(y);
        }
        clear(&bed);
    }
}

/* From -1 to 2 by a smooth step in the middle: both ends stay where they are and the step is what it is on a
 * waveform eight times as long, whose ends are far away. */
Test(filter, ends_of_different_value_are_continued_and_not_wrapped_around)
{
    enum { N = 720, LONG = 8 * N };
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        struct bed wide = lay(kinds[i].response, &kinds[i].parameter, 0, LONG, kinds[i].real);
        size_t lanes = bed.lanes;
        double *x = waveform(N * lanes), *y = waveform(LONG * lanes);
        for (ptrdiff_t j = 0; j < LONG; j++)
            for (size_t l = 0; l < lanes; l++) {
                ptrdiff_t here = j - LONG / 2;
                double value = -1.0 + 1.5 * erfc(-(double)here / 8.0);
                y[lanes * (size_t)j + l] = value;
                if (here >= -N / 2 && here < N / 2)
                    x[lanes * (size_t)(here + N / 2) + l] = value;
            }
        oac_filter_apply(bed.filter, bed.scratch, N, x, x);
        oac_filter_apply(wide.filter, wide.scratch, LONG, y, y);
        double *middle = y + lanes * (LONG / 2 - N / 2);
        /* the gaussian's kink at fs/2 (2e-6) rings on beyond what is kept of it, longer in the long one */
        double tolerance = kinds[i].response == gaussian ? 1e-8 : 1e-11;
        cr_assert_lt(largest_difference(N * lanes, x, middle), tolerance, "kind %zu: %g", i,
                     largest_difference(N * lanes, x, middle));
        free(x);
        free(y);
        clear(&bed);
        clear(&wide);
    }
}

/* --- identity, precision, determinism, refusals --- */

Test(filter, a_response_within_1e_7_of_1_is_a_copy)
{
    enum { N = 333 };
    double little = 1e-8, none = 0.0, much = 1e-3;
    for (int real = 0; real < 2; real++) {
        struct bed bed = lay(one, NULL, 0, N, real);
        double *x = burst(N, bed.lanes, 0, 1), *y = waveform(N * bed.lanes);
        cr_assert(oac_filter_is_identity(bed.filter));
        cr_assert_eq(oac_filter_memory(bed.filter), 0);
        oac_filter_apply(bed.filter, bed.scratch, N, x, y);
        cr_assert_arr_eq(x, y, N * bed.lanes * sizeof *x);
        oac_filter_apply(bed.filter, bed.scratch, N, y, y);
        cr_assert_arr_eq(x, y, N * bed.lanes * sizeof *x);
        free(x);
        free(y);
        clear(&bed);
        bed = lay(delay, &none, 0, N, real);
        cr_assert(oac_filter_is_identity(bed.filter));
        clear(&bed);
        bed = lay(delay, &much, 0, N, real);
        cr_assert_not(oac_filter_is_identity(bed.filter));
        clear(&bed);
    }
    struct bed bed = lay(dispersion, &little, 0, N, false);
    cr_assert(oac_filter_is_identity(bed.filter));
    clear(&bed);
}

Test(filter, single_precision_follows_double_to_1e_6)
{
    enum { N = 6000 };
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t reals = N * bed.lanes;
        double *x = burst(N, bed.lanes, 0, 1), *y = waveform(reals), *z = waveform(reals);
        oac_filter_apply(bed.filter, bed.scratch, N, x, y);
        apply_single(&bed, N, x, z);
        double error = 0.0;
        for (size_t j = 0; j < reals; j++)
            error += (y[j] - z[j]) * (y[j] - z[j]);
        cr_assert_lt(sqrt(error / energy(reals, x)), 1e-6, "kind %zu", i);
        free(x);
        free(y);
        free(z);
        clear(&bed);
    }
}

/* Twice the array from one more than an aligned address: the copying path and the one that copies nothing. */
Test(filter, bits_do_not_depend_on_alignment_place_or_repetition)
{
    enum { N = 960 };
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t reals = N * bed.lanes;
        for (size_t rest = 0; rest < 2; rest++) { /* ends that differ, ends that do not */
            double *x = burst(N, bed.lanes, rest, 1), *y = waveform(reals);
            double *room = waveform(reals + 1);
            oac_filter_apply(bed.filter, bed.scratch, N, x, y);
            memcpy(room + 1, x, reals * sizeof *x);
            oac_filter_apply(bed.filter, bed.scratch, N, room + 1, room + 1);
            cr_assert_arr_eq(y, room + 1, reals * sizeof *x);
            oac_filter_apply(bed.filter, bed.scratch, N, x, x);
            cr_assert_arr_eq(y, x, reals * sizeof *x);
            free(x);
            free(y);
            free(room);
        }
        clear(&bed);
    }
}

enum { SHARED = 5000 };

struct job {
    const struct oac_filter *filter;
    const float *in;
    float out[2 * SHARED];
    int failed;
};

static void *apply_thread(void *context)
{
    struct job *job = context;
    struct oac_err error;
    struct oac_filter_scratch *scratch;
    const struct oac_filter *const filters[] = {job->filter};
    job->failed = oac_filter_scratch_create(filters, 1, &scratch, &error) != OAC_OK;
    for (int i = 0; i < 10 && !job->failed; i++)
        oac_filter_apply_f(job->filter, scratch, SHARED, job->in, job->out);
    if (!job->failed)
        oac_filter_scratch_destroy(scratch);
    return NULL;
}

Test(filter, threads_share_one_filter_and_get_the_same_bits)
{
    enum { THREADS = 3 };
    static struct job jobs[THREADS];
    static float in[2 * SHARED], out[2 * SHARED];
    double width_hz = 9e9;
    struct bed bed = lay(gaussian, &width_hz, 0, 1000, false);
    pthread_t thread[THREADS];
    for (size_t i = 0; i < 2 * SHARED; i++)
        in[i] = (float)oac_rng_normal(3, OAC_RNG_TEST, i, 0);
    oac_filter_apply_f(bed.filter, bed.scratch, SHARED, in, out);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].filter = bed.filter;
        jobs[i].in = in;
        cr_assert_eq(pthread_create(&thread[i], NULL, apply_thread, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        cr_assert_eq(jobs[i].failed, 0);
        cr_assert_arr_eq(jobs[i].out, out, sizeof out);
    }
    clear(&bed);
}

/* "auto" may be v1 itself, on an old machine: then this compares nothing but repetition. */
Test(filter, every_processor_level_gives_the_same_bits)
{
    enum { N = 1500 };
    if (oac_kernel_select("v1", &err)) /* not an x86-64 */
        return;
    for (size_t i = 0; i < KINDS; i++) {
        struct bed bed = lay(kinds[i].response, &kinds[i].parameter, 0, N, kinds[i].real);
        size_t reals = N * bed.lanes;
        double *x = burst(N, bed.lanes, 0, 1), *y = waveform(reals), *z = waveform(reals);
        cr_assert_eq(oac_kernel_select("v1", &err), OAC_OK);
        oac_filter_apply(bed.filter, bed.scratch, N, x, y);
        cr_assert_eq(oac_kernel_select("auto", &err), OAC_OK);
        oac_filter_apply(bed.filter, bed.scratch, N, x, z);
        cr_assert_arr_eq(y, z, reals * sizeof *y);
        free(x);
        free(y);
        free(z);
        clear(&bed);
    }
}

static void check_refused(struct oac_filter_spec spec, const char *word)
{
    struct oac_filter *filter = NULL;
    cr_assert_eq(oac_filter_create(&spec, &filter, &err), OAC_EINVAL, "%s", word);
    cr_assert(strstr(err.message, word), "'%s' lacks '%s'", err.message, word);
    cr_assert_null(filter);
}

Test(filter, what_cannot_be_is_refused_with_its_value)
{
    check_refused((struct oac_filter_spec){one, NULL, 0.0, 0, 100, false}, "sample rate 0");
    check_refused((struct oac_filter_spec){one, NULL, NAN, 0, 100, false}, "sample rate nan");
    check_refused((struct oac_filter_spec){one, NULL, FS, 0, 0, false}, "segment 0");
    check_refused((struct oac_filter_spec){one, NULL, FS, 0, SIZE_MAX, false},
                  "segment 184467");
    check_refused((struct oac_filter_spec){one, NULL, FS, SIZE_MAX, 100, false},
                  "memory 184467");
    check_refused((struct oac_filter_spec){lopsided, NULL, FS, 0, 100, true}, "conj");
    check_refused((struct oac_filter_spec){undefined_above_10_ghz, NULL, FS, 0, 100, false},
                  "finite");
}
