/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/fit_delay.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/least_squares.h"

size_t oac_delay_pattern(size_t most, unsigned char *pattern)
{
    /* Degree n and the other tap of a primitive trinomial x^n + x^tap + 1. */
    static const struct {
        unsigned degree, tap;
    } registers[] = {{6, 1}, {5, 2}, {4, 1}, {3, 1}};
    size_t i = 0;
    while (i < 3 && (size_t)1 << (registers[i].degree - 1) > most)
        i++;
    const unsigned degree = registers[i].degree, tap = registers[i].tap;
    const size_t length = ((size_t)1 << degree) - 1;
    for (size_t n = 0; n < length; n++)
        pattern[n] = n < degree ? 1 : pattern[n - degree] ^ pattern[n - degree + tap];
    return length;
}

/* R(t), aperiodic, whole t. */
static double correlation(const unsigned char *pattern, size_t length, int t)
{
    double sum = 0.0;
    for (int n = 0; n < (int)length; n++)
        if (n - t >= 0 && n - t < (int)length)
            sum += pattern[n - t] & pattern[n];
    return sum;
}

static void fill_design(double *design, const struct oac_fit_data *data, const int *shift,
                        const unsigned char *pattern, size_t length, int whole)
{
    for (size_t i = 0; i < data->points; i++) {
        double *row = design + i * OAC_DELAY_PARAMETERS;
        row[OAC_DELAY_FLOOR] = 1.0;
        row[OAC_DELAY_NEAR] = correlation(pattern, length, whole - shift[i]);
        row[OAC_DELAY_FAR] = correlation(pattern, length, whole + 1 - shift[i]);
    }
}

/* f = far/(near + far) and its standard error. */
static void read_delay(const struct oac_fit *fit, int whole, struct oac_delay *delay)
{
    const double near = fit->estimate[OAC_DELAY_NEAR], far = fit->estimate[OAC_DELAY_FAR];
    const double swing = near + far;
    const double gradient[OAC_DELAY_PARAMETERS] = {0.0, -far / (swing * swing),
                                                   near / (swing * swing)};
    delay->late_slots = whole + far / swing;
    delay->sigma_slots = sqrt(oac_fit_variance(fit, gradient));
}

/* By how much f lies outside 0 .. 1. */
static double outside(const struct oac_fit *fit)
{
    const double near = fit->estimate[OAC_DELAY_NEAR], far = fit->estimate[OAC_DELAY_FAR];
    const double f = far / (near + far);
    return near + far > 0.0 ? fmax(fmax(-f, f - 1.0), 0.0) : HUGE_VAL;
}

/* Is there a swing, and does it lie in the cell that describes it? */
static bool stands_out(const struct oac_fit *fit)
{
    const double ones[OAC_DELAY_PARAMETERS] = {0.0, 1.0, 1.0};
    const double swing = fit->estimate[OAC_DELAY_NEAR] + fit->estimate[OAC_DELAY_FAR];
    return swing > 5.0 * sqrt(oac_fit_variance(fit, ones)) && outside(fit) < 0.5;
}

enum oac_status oac_delay_fit(const char *what, const struct oac_fit_data *data,
                              const int *shift, const unsigned char *pattern, size_t length,
                              int reach, struct oac_delay *delay, struct oac_fit *fit,
                              struct oac_err *err)
{
    struct oac_fit best = {0}, trial;
    int best_whole = 0;
    double *design = oac_alloc(data->points * OAC_DELAY_PARAMETERS, sizeof *design, what, err);
    if (!design)
        return err->status;
    for (int whole = -reach; whole < reach; whole++) {
        fill_design(design, data, shift, pattern, length, whole);
        if (oac_linear_least_squares(what, data, OAC_DELAY_PARAMETERS, design, &trial, err))
            goto fail;
        /* Where f is outside, the neighbouring cell describes the data better; chi2 of all points decides, and
         * trimming, which a wrong cell would be flattered by, counts against it. */
        trial.chi2 += OAC_TRIM * OAC_TRIM * (double)trial.outliers;
        const bool better = !best.estimate || trial.chi2 < best.chi2;
        struct oac_fit *worse = better ? &best : &trial;
        oac_fit_fini(worse);
        if (better) {
            best = trial;
            best_whole = whole;
        }
    }
    if (!best.estimate || !stands_out(&best)) {
        oac_fail(
            err, OAC_EMISSED,
            "%s: the readout does not follow the pattern within +-%d slots: check timing.skew "
            "and pre-delays",
            what, reach);
        goto fail;
    }
    best.chi2 -= OAC_TRIM * OAC_TRIM * (double)best.outliers;
    read_delay(&best, best_whole, delay);
    free(design);
    *fit = best;
    return OAC_OK;
fail:
    oac_fit_fini(&best);
    free(design);
    return err->status;
}
