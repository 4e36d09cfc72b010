/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Known-answer vectors of the Random123 distribution (kat_vectors, philox4x32 10). */
static const struct {
    uint32_t counter[4], key[2], out[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

Test(rng, philox_gives_the_published_answers)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t out[4];
        oac_philox4x32(known[i].counter, known[i].key, out);
        cr_assert_arr_eq(out, known[i].out, sizeof out, "vector %zu", i);
    }
}

Test(rng, seed_stream_index_and_sub_all_matter)
{
    uint32_t base[4], other[4];
    oac_rng_words(1, OAC_RNG_TEST, 7, 3, base);
    const uint64_t seeds[] = {2, 1ull << 32 | 1, 1, 1, 1, 1};
    const uint32_t streams[] = {OAC_RNG_TEST, OAC_RNG_TEST, OAC_RNG_TEST + 1,
                                OAC_RNG_TEST, OAC_RNG_TEST, OAC_RNG_TEST};
    const uint64_t indices[] = {7, 7, 7, 8, 1ull << 32 | 7, 7};
    const uint32_t subs[] = {3, 3, 3, 3, 3, 4};
    for (size_t i = 0; i < 6; i++) {
        oac_rng_words(seeds[i], streams[i], indices[i], subs[i], other);
        cr_assert_arr_neq(base, other, sizeof base, "case %zu", i);
    }
}

/* Mean and variance of n draws against theory, 4 standard errors each; the fourth central moment, which
 * the error of the variance needs, is the sample's own. */
static void check_moments(const double *x, size_t n, double mean, double variance,
                          const char *what)
{
    double sum = 0.0, m2 = 0.0, m4 = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    double average = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        m2 += d * d;
        m4 += d * d * d * d;
    }
    m2 /= (double)n;
    m4 /= (double)n;
    cr_assert_float_eq(average, mean, 4.0 * sqrt(variance / (double)n), "%s: mean %g, not %g",
                       what, average, mean);
    cr_assert_float_eq(m2, variance, 4.0 * sqrt((m4 - m2 * m2) / (double)n),
                       "%s: variance %g, not %g", what, m2, variance);
}

Test(rng, uniforms_are_uniform_and_never_0_or_1)
{
    enum { N = 200000 };
    double *x = malloc(N * sizeof *x);
    for (size_t i = 0; i < N; i++) {
        x[i] = oac_rng_uniform(11, OAC_RNG_TEST, i, 0);
        cr_assert(x[i] > 0.0 && x[i] < 1.0);
    }
    check_moments(x, N, 0.5, 1.0 / 12.0, "uniform");
    free(x);
}

Test(rng, normals_have_unit_variance)
{
    enum { N = 200000 };
    double *x = malloc(N * sizeof *x);
    for (size_t i = 0; i < N; i++)
        x[i] = oac_rng_normal(12, OAC_RNG_TEST, i, 0);
    check_moments(x, N, 0.0, 1.0, "normal");
    free(x);
}

Test(rng, poisson_has_equal_mean_and_variance_at_every_size)
{
    enum { N = 100000 };
    const double means[] = {0.0, 0.05, 1.0, 9.9, 10.1, 47.0, 1000.0, 1e6};
    double *x = malloc(N * sizeof *x);
    for (size_t m = 0; m < sizeof means / sizeof means[0]; m++) {
        for (size_t i = 0; i < N; i++)
            x[i] = oac_rng_poisson(13, OAC_RNG_TEST, i, (uint32_t)m, means[m]);
        char what[64];
        snprintf(what, sizeof what, "Poisson of mean %g", means[m]);
        check_moments(x, N, means[m], means[m], what);
    }
    free(x);
}

/* Pearson's chi-square of counts 0..29 against the probabilities, on both sides of the switch from inversion
 * to rejection. With about 20 cells of more than 25 expected each, 4 standard deviations above the mean of
 * the chi-square law are 20 + 4 sqrt(40). */
Test(rng, poisson_counts_follow_the_law_cell_by_cell)
{
    enum { N = 200000, CELLS = 30 };
    const double means[] = {3.0, 9.99, 10.01};
    for (size_t m = 0; m < 3; m++) {
        double observed[CELLS] = {0};
        for (size_t i = 0; i < N; i++) {
            double k = oac_rng_poisson(14, OAC_RNG_TEST, i, (uint32_t)m, means[m]);
            if (k < CELLS)
                observed[(size_t)k] += 1.0;
        }
        double chi2 = 0.0, cells = 0.0, p = exp(-means[m]);
        for (size_t k = 0; k < CELLS; k++, p *= means[m] / (double)k) {
            double expected = N * p;
            if (expected > 25.0) {
                chi2 += (observed[k] - expected) * (observed[k] - expected) / expected;
                cells += 1.0;
            }
        }
        cr_assert_lt(chi2, cells + 4.0 * sqrt(2.0 * cells), "mean %g: chi2 %g in %g cells",
                     means[m], chi2, cells);
    }
}

Test(rng, poisson_refuses_what_is_no_mean)
{
    cr_assert(isnan(oac_rng_poisson(1, OAC_RNG_TEST, 0, 0, -1.0)));
    cr_assert(isnan(oac_rng_poisson(1, OAC_RNG_TEST, 0, 0, NAN)));
    cr_assert(isnan(oac_rng_poisson(1, OAC_RNG_TEST, 0, 0, 1e300)));
}

/* Every element lands on every place equally often: 24 orders of 4 elements, 1000 shuffles each expected;
 * chi-square with 23 degrees of freedom stays below 23 + 4 sqrt(46). */
Test(rng, shuffles_are_permutations_and_all_equally_likely)
{
    double seen[256] = {0};
    for (uint64_t i = 0; i < 24000; i++) {
        uint32_t order[4];
        oac_rng_shuffle(15, OAC_RNG_TEST, i, 4, order);
        cr_assert_eq(1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3], 15u);
        seen[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6] += 1.0;
    }
    double chi2 = 0.0, kinds = 0.0;
    for (size_t i = 0; i < 256; i++) {
        if (seen[i] > 0.0) {
            chi2 += (seen[i] - 1000.0) * (seen[i] - 1000.0) / 1000.0;
            kinds += 1.0;
        }
    }
    cr_assert_eq(kinds, 24.0);
    cr_assert_lt(chi2, 23.0 + 4.0 * sqrt(46.0), "chi2 %g", chi2);
}
