/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/receiver_pole.h"

#include <math.h>

struct oac_receiver_pole oac_receiver_pole_make(double tau_s, double step_s)
{
    if (!(tau_s > 0.0))
        return (struct oac_receiver_pole){0};
    return (struct oac_receiver_pole){.end = exp(-step_s / tau_s),
                                      .mean = -expm1(-step_s / tau_s) * tau_s / step_s};
}

void oac_receiver_pole_apply(const struct oac_receiver_pole *pole, double before, size_t n,
                             float *x)
{
    if (!(pole->mean > 0.0))
        return;
    const double settled = 1.0 - pole->end;
    double y = before; /* double: a slow pole gathers many roundings */
    for (size_t i = 0; i < n; i++) {
        double in = (double)x[i];
        x[i] = (float)(in + (y - in) * pole->mean);
        y = in * settled + y * pole->end;
    }
}

void oac_receiver_pole_adjoint(const struct oac_receiver_pole *pole, size_t n, float *weight)
{
    if (!(pole->mean > 0.0) || n == 0)
        return;
    double later = 0.0; /* weight of the state at the sample's end */
    for (size_t i = n; i-- > 0;) {
        double own = (double)weight[i];
        weight[i] = (float)(own * (1.0 - pole->mean) + later * (1.0 - pole->end));
        later = own * pole->mean + later * pole->end;
    }
    weight[0] += (float)later;
}
