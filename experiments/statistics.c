/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/statistics.h"

#include <math.h>

void oac_wilson_interval(size_t successes, size_t trials, double *low, double *high)
{
    const double z = 1.959963984540054;

    *low = 0.0;
    *high = 1.0;
    if (trials == 0)
        return;
    double n = (double)trials, p = (double)successes / n;
    double middle = p + z * z / (2.0 * n);
    double half = z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    double norm = 1.0 + z * z / n;
    /* Rounding must not push a bound past its limit, nor past p itself. */
    *low = successes == 0 ? 0.0 : fmax(0.0, (middle - half) / norm);
    *high = successes == trials ? 1.0 : fmin(1.0, (middle + half) / norm);
}

size_t oac_argmax(size_t count, const float *logits)
{
    size_t best = 0;

    for (size_t i = 1; i < count; i++)
        if (logits[i] > logits[best] || (isnan(logits[best]) && !isnan(logits[i])))
            best = i;
    return best;
}
