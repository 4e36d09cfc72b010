/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Responses of known impulse responses or energies, a filter with its scratch, and waveforms for it: always stored
 * as doubles with `lanes` reals a sample. */
#ifndef OAC_TESTS_SIM_FILTER_FIXTURE_H
#define OAC_TESTS_SIM_FILTER_FIXTURE_H

#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/rng.h"
#include "sim/waveform/filter.h"

#define FS 80e9 /* 8 samples a slot at 10 GBd */

static struct oac_err err;

/* --- responses; contexts as named --- */

struct taps { /* h[m], m = -before .. after */
    int before, after;
    double complex h[64];
};

static inline double complex fir(const void *context, double f_hz)
{
    const struct taps *taps = context;
    double complex sum = 0.0;
    for (int m = -taps->before; m <= taps->after; m++)
        sum += taps->h[m + taps->before] * cexp(-2.0 * OAC_PI * I * m * f_hz / FS);
    return sum;
}

static inline double complex delay(const void *samples, double f_hz)
{
    return cexp(-2.0 * OAC_PI * I * *(const double *)samples * f_hz / FS);
}

/* Phase a f^2; the context is the group delay at fs/2 in samples. */
static inline double complex dispersion(const void *samples, double f_hz)
{
    double x = f_hz / FS;
    return cexp(2.0 * OAC_PI * I * *(const double *)samples * x * x);
}

static inline double complex gaussian(const void *width_hz, double f_hz)
{
    double x = f_hz / *(const double *)width_hz;
    return exp(-x * x);
}

static inline double complex pole(const void *corner_hz, double f_hz)
{
    return 1.0 / (1.0 + I * f_hz / *(const double *)corner_hz);
}

static inline double complex one(const void *context, double f_hz)
{
    (void)context;
    (void)f_hz;
    return 1.0;
}

static inline void random_taps(int before, int after, bool real, uint64_t seed,
                               struct taps *taps)
{
    *taps = (struct taps){.before = before, .after = after};
    for (uint32_t i = 0; i <= (uint32_t)(before + after); i++) {
        double im = real ? 0.0 : oac_rng_normal(seed, OAC_RNG_TEST, i, 1);
        taps->h[i] = oac_rng_normal(seed, OAC_RNG_TEST, i, 0) + I * im;
    }
}

/* --- waveforms --- */

struct bed { /* one filter and its scratch */
    struct oac_filter *filter;
    struct oac_filter_scratch *scratch;
    size_t lanes;
};

static inline struct bed lay(oac_response response, const void *context, size_t memory,
                             size_t segment, bool real)
{
    const struct oac_filter_spec spec = {response, context, FS, memory, segment, real};
    struct bed bed = {.lanes = real ? 1 : 2};
    cr_assert_eq(oac_filter_create(&spec, &bed.filter, &err), OAC_OK, "%s", err.message);
    const struct oac_filter *const filters[] = {bed.filter};
    cr_assert_eq(oac_filter_scratch_create(filters, 1, &bed.scratch, &err), OAC_OK, "%s",
                 err.message);
    return bed;
}

static inline void clear(struct bed *bed)
{
    oac_filter_scratch_destroy(bed->scratch);
    oac_filter_destroy(bed->filter);
}

static inline double *waveform(size_t reals)
{
    double *x = oac_alloc(reals, sizeof *x, "test", &err);
    cr_assert_not_null(x);
    return x;
}

/* Noise, with `rest` samples of zero at both ends. */
static inline double *burst(size_t n, size_t lanes, size_t rest, uint64_t seed)
{
    double *x = waveform(n * lanes);
    for (size_t i = lanes * rest; i < lanes * (n - rest); i++)
        x[i] = oac_rng_normal(seed, OAC_RNG_TEST, i, 2);
    return x;
}

static inline double energy(size_t reals, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < reals; i++)
        sum += x[i] * x[i];
    return sum;
}

static inline double largest_difference(size_t reals, const double *a, const double *b)
{
    double worst = 0.0;
    for (size_t i = 0; i < reals; i++)
        worst = fmax(worst, fabs(a[i] - b[i]));
    return worst;
}

/* out = filter(in) in single precision, from and to doubles. */
static inline void apply_single(const struct bed *bed, size_t n, const double *in, double *out)
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

/* --- one of each kind --- */

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

#endif
