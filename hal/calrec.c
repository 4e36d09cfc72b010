/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/calrec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"

enum oac_status oac_calrec_create(size_t channels, struct oac_calrec **calrec,
                                  struct oac_err *err)
{
    if (channels == 0)
        return oac_fail(err, OAC_EINVAL,
                        "a calibration record of 0 channels: at least 1 is needed");
    struct oac_calrec *made = oac_alloc(1, sizeof *made, "a calibration record", err);
    if (!made)
        return err->status;
    made->channel = oac_alloc(channels, sizeof *made->channel, "calibrated channels", err);
    if (!made->channel) {
        free(made);
        return err->status;
    }
    strcpy(made->origin, "nominal");
    made->channels = channels;
    for (size_t k = 0; k < channels; k++)
        made->channel[k].noise_code = NAN;
    *calrec = made;
    return OAC_OK;
}

void oac_calrec_destroy(struct oac_calrec *calrec)
{
    if (!calrec)
        return;
    free(calrec->channel);
    free(calrec);
}

double oac_curve_transmission(const struct oac_curve *curve, double v_v)
{
    double c = cos(0.5 * OAC_PI * (v_v - curve->vpeak_v) / curve->vpi_v);
    return curve->r + (1.0 - curve->r) * c * c;
}

double oac_curve_floor(const struct oac_curve *curve)
{
    return curve->r > 0.0 ? curve->r : 0.0;
}

double oac_curve_voltage(const struct oac_curve *curve, double t, int falling)
{
    double u = (t - curve->r) / (1.0 - curve->r);
    double away_v = 0.0; /* from V_peak */
    if (!(u >= 0.0))
        away_v = curve->vpi_v;
    else if (u < 1.0)
        away_v = 2.0 * curve->vpi_v / OAC_PI * acos(sqrt(u));
    return falling ? curve->vpeak_v + away_v : curve->vpeak_v - away_v;
}
