/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a fit of a transfer curve starts: for a fixed V_pi the curve is linear,
 *     y = zero + lit (a + b cos(pi v/V_pi) + c sin(pi v/V_pi)),
 * so a row of V_pi, close enough that the best of them is within the fit's basin, leaves no second minimum. */
#include <math.h>
#include <stdbool.h>

#include "base/constants.h"
#include "calibration/fit_transfer.h"

/* Phase that one step of V_pi moves the ends of a sweep by. */
#define STEP_RAD 0.1

struct normal { /* equations of four unknowns: zero, a, b, c */
    double m[4][4], v[4], yy;
};

static void accumulate(const struct oac_transfer_data *data, double vpi_v, double centre_v,
                       struct normal *n)
{
    *n = (struct normal){.yy = 0.0};
    for (size_t i = 0; i < data->readout.points; i++) {
        const double weight = 1.0 / (data->readout.sigma[i] * data->readout.sigma[i]);
        const double phase = OAC_PI * (data->v_v[i] - centre_v) / vpi_v, lit = data->lit[i];
        const double row[4] = {1.0, lit, lit * cos(phase), lit * sin(phase)};
        const double y = data->readout.y[i];
        for (int a = 0; a < 4; a++) {
            n->v[a] += weight * row[a] * y;
            for (int b = 0; b < 4; b++)
                n->m[a][b] += weight * row[a] * row[b];
        }
        n->yy += weight * y * y;
    }
}

/* Gaussian elimination without pivoting of a symmetric positive matrix; an unknown the others already explain
 * (zero, when no point is dark) is set to 0.. */
static double solve(struct normal *n, double x[4])
{
    double m[4][4], v[4], chi2 = n->yy;
    bool used[4];
    for (int a = 0; a < 4; a++) {
        v[a] = n->v[a];
        for (int b = 0; b < 4; b++)
            m[a][b] = n->m[a][b];
    }
    for (int step = 0; step < 4; step++) {
        const int a = 3 - step; /* zero goes last: it is the one that may be redundant */
        used[a] = m[a][a] > 1e-10 * n->m[a][a];
        if (!used[a])
            continue;
        chi2 -= v[a] * v[a] / m[a][a];
        for (int c = 0; c < a; c++) {
            const double f = m[c][a] / m[a][a];
            v[c] -= f * v[a];
            for (int b = 0; b < a; b++)
                m[c][b] -= f * m[a][b];
        }
    }
    for (int a = 0; a < 4; a++) {
        x[a] = 0.0;
        if (!used[a])
            continue;
        double sum = v[a];
        for (int b = 0; b < a; b++)
            sum -= m[a][b] * x[b];
        x[a] = sum / m[a][a];
    }
    return chi2;
}

static void span(const struct oac_transfer_data *data, double *low_v, double *high_v,
                 size_t *lit, size_t *dark)
{
    *low_v = HUGE_VAL;
    *high_v = -HUGE_VAL;
    *lit = *dark = 0;
    for (size_t i = 0; i < data->readout.points; i++) {
        *(data->lit[i] > 0.0 ? lit : dark) += 1;
        if (!(data->lit[i] > 0.0))
            continue;
        *low_v = fmin(*low_v, data->v_v[i]);
        *high_v = fmax(*high_v, data->v_v[i]);
    }
}

enum oac_status oac_transfer_seed(const char *what, const struct oac_transfer_data *data,
                                  double vpi_min_v, double vpi_max_v, double near_v,
                                  struct oac_curve *curve, double *zero_code, double *full_code,
                                  struct oac_err *err)
{
    double low_v, high_v, best = HUGE_VAL, vpi_v = vpi_min_v, x[4] = {0};
    size_t lit, dark;
    span(data, &low_v, &high_v, &lit, &dark);
    if (!(lit >= 4))
        return oac_fail(err, OAC_EINVAL,
                        "%s: %zu lit points cannot fix a curve: 4 are the least", what, lit);
    const double centre_v = 0.5 * (low_v + high_v), half_v = 0.5 * (high_v - low_v);
    const double first = 1.0 / vpi_max_v, last = 1.0 / vpi_min_v;
    const double step = fmin(STEP_RAD / (OAC_PI * half_v), (last - first) / 8.0);
    for (double inverse = first; inverse <= last * (1.0 + 1e-12); inverse += step) {
        struct normal n;
        double at[4];
        accumulate(data, 1.0 / inverse, centre_v, &n);
        const double chi2 = solve(&n, at);
        if (!(chi2 < best))
            continue;
        best = chi2;
        vpi_v = 1.0 / inverse;
        for (int a = 0; a < 4; a++)
            x[a] = at[a];
    }
    const double half = hypot(x[2], x[3]);
    double noise2 = 0.0;
    for (size_t i = 0; i < data->readout.points; i++)
        noise2 += data->readout.sigma[i] * data->readout.sigma[i];
    const double sigma = sqrt(noise2 / (double)data->readout.points);
    /* An amplitude fitted to so many points has a standard error of sigma sqrt(2/points). */
    if (!(half > 5.0 * sigma * sqrt(2.0 / (double)lit)))
        return oac_fail(
            err, OAC_EMISSED,
            "%s: readouts do not follow the voltage (swing %.3g codes, noise %.3g): "
            "no light, or nothing moves",
            what, 2.0 * half, sigma);
    const double floor = dark ? x[1] - half : 0.0;
    *zero_code = dark ? x[0] : x[0] + x[1] - half;
    *full_code = floor + 2.0 * half;
    curve->vpi_v = vpi_v;
    curve->vpeak_v =
        oac_branch_near(centre_v + vpi_v / OAC_PI * atan2(x[3], x[2]), vpi_v, near_v);
    curve->r = fmax(0.0, floor) / *full_code;
    return OAC_OK;
}
