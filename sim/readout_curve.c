/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which form of a modulator's curve the kernel computes: decided once, for all codes. */
#include <math.h>

#include "sim/readout.h"

/* sin(2 pi t)/t by powers of t^2, |t| <= OAC_SLOPE_TURNS: own Remez fit, 5e-09 of the sine. */
static const double sine_series[OAC_SLOPE_TERMS] = {6.283185090339067, -41.341637879598046,
                                                    81.59989676498085, -76.523838521358,
                                                    39.337182304471355};

/* cos(2 pi turns) = -+sin(2 pi (turns - centre)) around the middle of slope number j, which falls when j is
 * even. */
static void find_slope(struct oac_transmission *curve, double beta, double turns0,
                       double turns_per_code, uint32_t codes)
{
    const double last = turns0 + turns_per_code * (double)(codes - 1);
    const double j = floor(turns0 + last); /* twice the middle of the codes */
    const double centre = 0.5 * j + 0.25, sign = fmod(fabs(j), 2.0) == 1.0 ? 1.0 : -1.0;
    curve->slope =
        fabs(turns0 - centre) <= OAC_SLOPE_TURNS && fabs(last - centre) <= OAC_SLOPE_TURNS;
    curve->slope0 = (float)(sign * (turns0 - centre));
    curve->slope_per_code = (float)(sign * turns_per_code);
    for (int i = 0; i < OAC_SLOPE_TERMS; i++)
        curve->series[i] = (float)(beta * sine_series[i]);
}

void oac_transmission_init(struct oac_transmission *curve, double alpha, double beta,
                           double turns0, double turns_per_code, uint32_t codes,
                           uint16_t null_code)
{
    *curve = (struct oac_transmission){
        .alpha = (float)alpha,
        .beta = (float)beta,
        .turns0 = (float)turns0,
        .turns_per_code = (float)turns_per_code,
    };
    float null;
    oac_readout_kernel()->transmit(1, &null_code, curve, &null);
    curve->null = null;
    find_slope(curve, beta, turns0, turns_per_code, codes);
    if (!curve->slope)
        return;
    oac_readout_kernel()->transmit(1, &null_code, curve, &null);
    curve->slope_null = null;
}
