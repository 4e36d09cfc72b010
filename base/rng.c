/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/rng.h"

#include <math.h>

#include "base/constants.h"

#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0       0x9E3779B9u
#define WEYL_1       0xBB67AE85u
#define ROUNDS       10

__extension__ typedef unsigned __int128 wide_word;

void oac_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)MULTIPLIER_0 * x0;
        uint64_t p1 = (uint64_t)MULTIPLIER_1 * x2;
        x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)p1;
        x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p0;
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

void oac_rng_words(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub,
                   uint32_t out[4])
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), sub, stream};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    oac_philox4x32(counter, key, out);
}

/* (0,1): 52 random bits and a half, so that neither end is reached even after rounding. */
static double open_unit(uint32_t high, uint32_t low)
{
    uint64_t bits = ((uint64_t)high << 32 | low) >> 12;
    return ((double)bits + 0.5) * 0x1p-52;
}

double oac_rng_uniform(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub)
{
    uint32_t word[4];
    oac_rng_words(seed, stream, index, sub, word);
    return open_unit(word[0], word[1]);
}

double oac_rng_normal(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub)
{
    uint32_t word[4];
    oac_rng_words(seed, stream, index, sub, word);
    double radius = sqrt(-2.0 * log(open_unit(word[0], word[1])));
    return radius * cos(2.0 * OAC_PI * open_unit(word[2], word[3]));
}

/* Below 10 the sum of probabilities is followed up to the uniform. 10 + 100 terms carry it past
 * 1 - 2^-53. */
static double poisson_by_inversion(double uniform, double mean)
{
    double probability = exp(-mean), sum = probability;
    double count = 0.0;
    while (uniform > sum && count < 110.0) {
        count += 1.0;
        probability *= mean / count;
        sum += probability;
    }
    return count;
}

/* Hoermann's PTRS; the names a, b, v_r, k are his. */
static double poisson_by_rejection(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub,
                                   double mean)
{
    double log_mean = log(mean);
    double b = 0.931 + 2.53 * sqrt(mean);
    double a = -0.059 + 0.02483 * b;
    double inv_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double v_r = 0.9277 - 3.6224 / (b - 2.0);
    for (uint32_t attempt = 0;; attempt++) {
        uint32_t word[4];
        oac_rng_words(seed, stream, index, sub + (attempt << 16), word);
        double u = open_unit(word[0], word[1]) - 0.5;
        double v = open_unit(word[2], word[3]);
        double us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r)
            return k;
        if (k < 0.0 || (us < 0.013 && v > us))
            continue;
        double acceptance = log(v * inv_alpha / (a / (us * us) + b));
        if (acceptance <= k * log_mean - mean - lgamma(k + 1.0))
            return k;
    }
}

double oac_rng_poisson(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub,
                       double mean)
{
    if (!(mean >= 0.0 && mean <= 0x1p31))
        return NAN;
    if (mean < 10.0)
        return poisson_by_inversion(oac_rng_uniform(seed, stream, index, sub), mean);
    return poisson_by_rejection(seed, stream, index, sub, mean);
}

/* Fisher-Yates; a 64-bit word times i, its high half, is uniform on 0..i-1 to within i/2^64. */
void oac_rng_shuffle(uint64_t seed, uint32_t stream, uint64_t index, size_t count,
                     uint32_t *order)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = count; i > 1; i--) {
        uint32_t word[4];
        oac_rng_words(seed, stream, index, (uint32_t)i, word);
        uint64_t wide = (uint64_t)word[0] << 32 | word[1];
        size_t j = (size_t)(((wide_word)wide * i) >> 64);
        uint32_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}
