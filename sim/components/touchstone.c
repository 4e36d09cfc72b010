/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/touchstone.h"

#include <math.h>
#include <stdlib.h>

#define HALF_POWER 0.70710678118654752440 /* of the field */

void oac_touchstone_destroy(struct oac_touchstone *self)
{
    if (!self)
        return;
    free(self->f_hz);
    free(self->magnitude);
    free(self->phase_rad);
    free(self);
}

/* The last point i with f_hz[i] <= f, but points - 2 at most; f >= f_hz[0]. */
static size_t interval_of(const struct oac_touchstone *table, double f_hz)
{
    size_t low = 0, high = table->points - 1;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table->f_hz[middle] <= f_hz)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double complex above_zero(const struct oac_touchstone *table, double f_hz)
{
    const double *f = table->f_hz, *magnitude = table->magnitude, *phase = table->phase_rad;
    if (f_hz > f[table->points - 1])
        return 0.0;
    double rad_per_hz = (phase[1] - phase[0]) / (f[1] - f[0]);
    if (f_hz <= f[0])
        return cexp(I * rad_per_hz * f_hz);
    size_t i = interval_of(table, f_hz);
    double part = (f_hz - f[i]) / (f[i + 1] - f[i]);
    double here = magnitude[i] + part * (magnitude[i + 1] - magnitude[i]);
    double phase_rad = phase[i] + part * (phase[i + 1] - phase[i]);
    double phase0_rad = phase[0] - rad_per_hz * f[0];
    return here / magnitude[0] * cexp(I * (phase_rad - phase0_rad));
}

double complex oac_touchstone_response(const void *table, double f_hz)
{
    return f_hz < 0.0 ? conj(above_zero(table, -f_hz)) : above_zero(table, f_hz);
}

double oac_touchstone_bandwidth_hz(const struct oac_touchstone *table)
{
    const double *f = table->f_hz, *magnitude = table->magnitude;
    double level = HALF_POWER * magnitude[0];
    size_t i = table->points - 1;
    if (magnitude[i] >= level)
        return INFINITY;
    while (magnitude[i - 1] < level) /* ends: the first point is above */
        i--;
    double part = (magnitude[i - 1] - level) / (magnitude[i - 1] - magnitude[i]);
    return f[i - 1] + part * (f[i] - f[i - 1]);
}
