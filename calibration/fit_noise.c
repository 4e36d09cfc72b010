/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/fit_noise.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

#define WINDOWS_MIN 16u
#define MEANS_MIN   8u /* of the longest average */

size_t oac_allan_count(size_t windows)
{
    size_t count = 0;
    for (size_t m = 1; m * MEANS_MIN <= windows; m *= 2)
        count++;
    return count;
}

static enum oac_status check(size_t windows, struct oac_err *err)
{
    if (windows >= WINDOWS_MIN)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL, "noise of %zu windows: %u are the least", windows,
                    WINDOWS_MIN);
}

enum oac_status oac_allan_deviation(const double *code, size_t windows, double *deviation,
                                    struct oac_err *err)
{
    if (check(windows, err))
        return err->status;
    const size_t count = oac_allan_count(windows);
    for (size_t i = 0; i < count; i++) {
        const size_t m = (size_t)1 << i, last = windows - 2 * m;
        double difference = 0.0, sum = 0.0; /* of the next m less these m windows */
        for (size_t n = 0; n < m; n++)
            difference += code[n + m] - code[n];
        for (size_t n = 0; n <= last; n++) {
            sum += difference * difference;
            if (n < last)
                difference += code[n + 2 * m] - 2.0 * code[n + m] + code[n];
        }
        deviation[i] = sqrt(sum / (2.0 * (double)(last + 1))) / (double)m;
    }
    return OAC_OK;
}

enum oac_status oac_noise_split(const double *code, size_t windows, double range_code,
                                struct oac_noise_figures *figures, struct oac_err *err)
{
    if (check(windows, err))
        return err->status;
    const size_t count = oac_allan_count(windows);
    double *deviation = oac_alloc(count, sizeof *deviation, "an Allan deviation", err);
    if (!deviation)
        return err->status;
    if (oac_allan_deviation(code, windows, deviation, err)) {
        free(deviation);
        return err->status;
    }
    double mean = 0.0, variance = 0.0;
    for (size_t i = 0; i < windows; i++)
        mean += code[i] / (double)windows;
    for (size_t i = 0; i < windows; i++)
        variance += (code[i] - mean) * (code[i] - mean) / (double)(windows - 1);
    /* A(m) - A(1)/m = drift (m - 1/m); A(m) of white noise has a relative variance of 3 m/n and more where it
     * drifts, so each m counts by n/(m A^2). */
    const double first = deviation[0] * deviation[0];
    double top = 0.0, bottom = 0.0;
    for (size_t i = 1; i < count; i++) {
        const double m = (double)((size_t)1 << i), allan = deviation[i] * deviation[i];
        const double weight = allan > 0.0 ? 1.0 / (m * allan * allan) : 0.0;
        top += weight * (m - 1.0 / m) * (allan - first / m);
        bottom += weight * (m - 1.0 / m) * (m - 1.0 / m);
    }
    free(deviation);
    const double drift = bottom > 0.0 ? fmax(0.0, top / bottom) : 0.0;
    const double white = fmax(0.0, first - drift);
    *figures = (struct oac_noise_figures){
        .sigma_code = sqrt(variance),
        .white_code = sqrt(white),
        .drift_code_per_sqrt_window = sqrt(drift),
        /* relative variance 3/n of the variance: half of it, squared, of the deviation */
        .white_sigma_code = sqrt(white) * sqrt(0.75 / (double)(windows - 1)),
        .effective_bits = variance > 0.0 ? log2(range_code / sqrt(12.0 * variance)) : HUGE_VAL,
    };
    return OAC_OK;
}
