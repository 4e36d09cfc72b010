/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fft.h"

#include <stdlib.h>

#include "base/alloc.h"

double *oac_fft_alloc(size_t reals, const char *what, struct oac_err *err)
{
    return oac_alloc(reals, sizeof(double), what, err);
}

float *oac_fft_f_alloc(size_t reals, const char *what, struct oac_err *err)
{
    return oac_alloc(reals, sizeof(float), what, err);
}

void oac_fft_free(void *array)
{
    free(array);
}

size_t oac_fft_good_size(size_t n)
{
    size_t best = 1;
    while (best < n)
        best *= 2;
    for (size_t five = 1; five < best; five *= 5)
        for (size_t three = five; three < best; three *= 3) {
            size_t size = three;
            while (size < n)
                size *= 2;
            if (size < best)
                best = size;
        }
    return best;
}
