/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a filter does to a waveform; its energy and its bits have files of their own. */
#include "tests/sim/filter_fixture.h"

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
    for (int real = 0; real < 2; real++)
        check_against_sum(9, 40, 0, 40000, 40000, real);
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

/* --- linear, the same at any time --- */

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

/* --- identity, refusals --- */

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
