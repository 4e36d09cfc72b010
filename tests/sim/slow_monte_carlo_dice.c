/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random variates of the oracle, by other methods than base/rng.h. */
#include <math.h>

#include "tests/sim/monte_carlo.h"

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t dice_next(struct dice *d)
{
    uint64_t *s = d->s, result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

void dice_seed(struct dice *d, uint64_t seed)
{
    for (int i = 0; i < 4; i++) { /* splitmix64 */
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        d->s[i] = z ^ (z >> 31);
    }
}

double dice_uniform(struct dice *d)
{
    return ((double)(dice_next(d) >> 11) + 0.5) * 0x1p-53;
}

/* Marsaglia's polar method. */
double dice_normal(struct dice *d)
{
    if (d->has_spare) {
        d->has_spare = false;
        return d->spare;
    }
    double u, v, r;
    do {
        u = 2.0 * dice_uniform(d) - 1.0;
        v = 2.0 * dice_uniform(d) - 1.0;
        r = u * u + v * v;
    } while (r >= 1.0);
    double scale = sqrt(-2.0 * log(r) / r);
    d->spare = v * scale;
    d->has_spare = true;
    return u * scale;
}

/* Marsaglia and Tsang, ACM Trans. Math. Softw. 26, 363 (2000). */
double dice_gamma(struct dice *d, double shape)
{
    if (!(shape > 0.0))
        return 0.0;
    if (shape < 1.0)
        return dice_gamma(d, shape + 1.0) * pow(dice_uniform(d), 1.0 / shape);
    double a = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * a);
    for (;;) {
        double x = dice_normal(d), v = 1.0 + c * x;
        if (v <= 0.0)
            continue;
        v = v * v * v;
        if (log(dice_uniform(d)) < 0.5 * x * x + a - a * v + a * log(v))
            return a * v;
    }
}

/* Splits at the median order statistic until few are left. */
static double dice_binomial(struct dice *d, double n, double p)
{
    double count = 0.0;
    while (n >= 24.0) {
        double a = 1.0 + floor(n / 2.0), b = n - a + 1.0;
        double x = dice_gamma(d, a), y = x / (x + dice_gamma(d, b));
        if (y >= p) {
            n = a - 1.0;
            p /= y;
        } else {
            count += a;
            n = b - 1.0;
            p = (p - y) / (1.0 - y);
        }
    }
    for (; n >= 1.0; n -= 1.0)
        count += dice_uniform(d) < p;
    return count;
}

/* Arrival times of a unit Poisson process: the m-th comes after Gamma(m) (Ahrens and Dieter 1974). */
double dice_poisson(struct dice *d, double mean)
{
    double count = 0.0;
    while (mean > 16.0) {
        double m = floor(0.875 * mean), x = dice_gamma(d, m);
        if (x > mean)
            return count + dice_binomial(d, m - 1.0, mean / x);
        count += m;
        mean -= x;
    }
    double product = dice_uniform(d), floor_at = exp(-mean);
    for (; product > floor_at; product *= dice_uniform(d))
        count += 1.0;
    return count;
}
