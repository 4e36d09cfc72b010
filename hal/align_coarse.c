/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole sample at which samples and levels agree best: correlation by FFT. */
#include <math.h>
#include <string.h>

#include "base/fft.h"
#include "hal/align.h"

static void take_mean_out(double *x, size_t n)
{
    double mean = 0.0;
    for (size_t j = 0; j < n; j++)
        mean += x[j] / (double)n;
    for (size_t j = 0; j < n; j++)
        x[j] -= mean;
}

/* Adds the correlation of one piece to sum, as spectra. x and t are scratch of n reals and
 * their spectra. */
static void add_correlation(const struct oac_align *align, size_t p, size_t n,
                            const struct oac_fft *fft, double *const x[2],
                            double *const spectrum[2], double *sum)
{
    const struct oac_align_piece *piece = &align->piece[p];
    memset(x[0], 0, n * sizeof(double));
    memset(x[1], 0, n * sizeof(double));
    const size_t count = piece->samples - (align->running ? 1 : 0);
    for (size_t j = 0; j < count; j++)
        x[0][j] = align->running ? piece->value[j + 1] - piece->value[j] : piece->value[j];
    take_mean_out(x[0], count);
    for (size_t i = 0; i < piece->slots * align->per_slot && i < n; i++)
        x[1][i] = piece->level[i / align->per_slot];
    oac_fft_execute(fft, x[0], spectrum[0]);
    oac_fft_execute(fft, x[1], spectrum[1]);
    for (size_t m = 0; m <= n / 2; m++) { /* X conj(T) */
        const double *a = spectrum[0] + 2 * m, *b = spectrum[1] + 2 * m;
        sum[2 * m] += a[0] * b[0] + a[1] * b[1];
        sum[2 * m + 1] += a[1] * b[0] - a[0] * b[1];
    }
}

/* The lag of the largest correlation (either sign) between the bounds. */
static double largest_lag(const struct oac_align *align, size_t n, const double *correlation)
{
    const long low = (long)floor(align->min_delay), high = (long)ceil(align->max_delay);
    long best = low;
    double most = -1.0;
    for (long lag = low; lag <= high; lag++) {
        long at = lag % (long)n;
        double size = fabs(correlation[at < 0 ? at + (long)n : at]);
        if (size > most) {
            most = size;
            best = lag;
        }
    }
    return (double)best;
}

enum oac_status oac_align_coarse(const struct oac_align *align, double *lag,
                                 struct oac_err *err)
{
    size_t longest = 0;
    const double reach = fmax(fabs(align->min_delay), fabs(align->max_delay));
    for (size_t p = 0; p < align->pieces; p++) {
        const struct oac_align_piece *piece = &align->piece[p];
        size_t wave = piece->slots * align->per_slot;
        longest = piece->samples > longest ? piece->samples : longest;
        longest = wave > longest ? wave : longest;
    }
    const size_t n = oac_fft_good_size(longest + (size_t)ceil(reach) + 2);
    struct oac_fft *forward = NULL, *backward = NULL;
    double *x[2] = {NULL, NULL}, *spectrum[2] = {NULL, NULL}, *sum = NULL;
    const size_t bins = 2 * (n / 2 + 1);
    if (oac_fft_create(n, OAC_FFT_REAL_FORWARD, &forward, err) ||
        oac_fft_create(n, OAC_FFT_REAL_BACKWARD, &backward, err) ||
        !(x[0] = oac_fft_alloc(n, "alignment", err)) ||
        !(x[1] = oac_fft_alloc(n, "alignment", err)) ||
        !(spectrum[0] = oac_fft_alloc(bins, "alignment", err)) ||
        !(spectrum[1] = oac_fft_alloc(bins, "alignment", err)) ||
        !(sum = oac_fft_alloc(bins, "alignment", err)))
        goto done;
    err->status = OAC_OK;
    for (size_t p = 0; p < align->pieces; p++)
        add_correlation(align, p, n, forward, x, spectrum, sum);
    oac_fft_execute(backward, sum, x[0]);
    *lag = largest_lag(align, n, x[0]);
done:
    oac_fft_free(sum);
    for (size_t i = 0; i < 2; i++) {
        oac_fft_free(x[i]);
        oac_fft_free(spectrum[i]);
    }
    oac_fft_destroy(forward);
    oac_fft_destroy(backward);
    return err->status;
}
