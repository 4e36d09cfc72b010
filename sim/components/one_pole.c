/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/one_pole.h"

#include <math.h>

#include "base/constants.h"

double oac_one_pole_tau_s(double bandwidth_hz)
{
    if (isinf(bandwidth_hz))
        return 0.0;
    return 1.0 / (2.0 * OAC_PI * bandwidth_hz);
}

double oac_one_pole_memory(double tau_s, double slot_s)
{
    return tau_s > 0.0 ? exp(-slot_s / tau_s) : 0.0;
}

double oac_one_pole_leak(double tau_s, double slot_s, size_t slots_later)
{
    if (!(tau_s > 0.0))
        return slots_later == 0 ? 1.0 : 0.0;
    double fraction = tau_s / slot_s;
    double settled = -expm1(-slot_s / tau_s); /* 1 - E */
    if (slots_later == 0)
        return 1.0 - fraction * settled;
    return fraction * settled * settled * exp(-slot_s / tau_s * (double)(slots_later - 1));
}

/* Root i (0 .. order-1, descending) of the Legendre polynomial of `order`, and its Gauss weight
 * on
 * [-1, 1]. Newton from the asymptotic root (Abramowitz & Stegun 25.4.29, 22.16.6). */
static double legendre_root(size_t order, size_t i, double *weight)
{
    double z = cos(OAC_PI * ((double)i + 0.75) / ((double)order + 0.5));
    double slope = 0.0;
    for (int iteration = 0; iteration < 50; iteration++) {
        double p = 1.0, before = 0.0;
        for (size_t j = 0; j < order; j++) {
            double older = before;
            before = p;
            p = ((2.0 * (double)j + 1.0) * z * before - (double)j * older) / ((double)j + 1.0);
        }
        slope = (double)order * (z * p - before) / (z * z - 1.0);
        double step = p / slope;
        z -= step;
        if (fabs(step) < 1e-15)
            break;
    }
    *weight = 2.0 / ((1.0 - z * z) * slope * slope);
    return z;
}

void oac_one_pole_nodes(double tau_s, double slot_s, size_t count, double *u, double *weight)
{
    double memory = oac_one_pole_memory(tau_s, slot_s);
    double half = 0.5 * (1.0 - memory), middle = 0.5 * (1.0 + memory);
    double others = 0.0;
    for (size_t i = 1; i < count; i++) {
        double gauss = 0.0;
        u[i] = middle + half * legendre_root(count - 1, i - 1, &gauss);
        weight[i] = tau_s / slot_s * half * gauss / u[i];
        others += weight[i];
    }
    u[0] = 0.0;
    weight[0] = 1.0 - others;
}
