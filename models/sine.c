/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/sine.h"

#include "base/constants.h"

double oac_plain_sine(double x_rad)
{
    double square = x_rad * x_rad, term = x_rad, sum = x_rad;
    for (int n = 3; n <= 15; n += 2) {
        term *= -square / (double)(n * (n - 1));
        sum += term;
    }
    return sum;
}

double oac_plain_cosine(double x_rad)
{
    return oac_plain_sine(0.5 * OAC_PI - x_rad);
}
