/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/calrec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/constants.h"

static const struct oac_calrec_finding UNKNOWN = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

enum oac_status oac_calrec_create(size_t channels, struct oac_calrec **calrec,
                                  struct oac_err *err)
{
    if (channels == 0)
        return oac_fail(err, OAC_EINVAL,
                        "a calibration record of 0 channels: at least 1 is needed");
    struct oac_calrec *made = oac_alloc(1, sizeof *made, "a calibration record", err);
    if (!made)
        return OAC_ENOMEM;
    made->channel = oac_alloc(channels, sizeof *made->channel, "calibrated channels", err);
    made->finding = oac_alloc(channels, sizeof *made->finding, "calibrated channels", err);
    made->setting = oac_alloc(channels, sizeof *made->setting, "calibrated settings", err);
    if (!made->channel || !made->finding || !made->setting) {
        oac_calrec_destroy(made);
        return OAC_ENOMEM;
    }
    strcpy(made->origin, "nominal");
    made->skew_s = NAN;
    made->channels = channels;
    for (size_t k = 0; k < channels; k++) {
        made->channel[k].noise_code = NAN;
        made->finding[k] = UNKNOWN;
        for (size_t i = 0; i < OAC_SETTINGS; i++)
            made->setting[k].value[i] = NAN;
    }
    *calrec = made;
    return OAC_OK;
}

enum oac_status oac_calrec_need_crosstalk(struct oac_calrec *calrec, struct oac_err *err)
{
    const size_t channels = calrec->channels;
    size_t cells;
    if (calrec->crosstalk)
        return OAC_OK;
    if (oac_size_product(channels, channels, "a crosstalk matrix", &cells, err) ||
        !(calrec->crosstalk =
              oac_alloc(cells, sizeof *calrec->crosstalk, "a crosstalk matrix", err)))
        return err->status;
    for (size_t k = 0; k < channels; k++)
        calrec->crosstalk[k * channels + k] = 1.0;
    return OAC_OK;
}

enum oac_status oac_calrec_copy(const struct oac_calrec *from, struct oac_calrec **calrec,
                                struct oac_err *err)
{
    const size_t channels = from->channels;
    struct oac_calrec *made;
    if (oac_calrec_create(channels, &made, err))
        return err->status;
    if (from->crosstalk && oac_calrec_need_crosstalk(made, err)) {
        oac_calrec_destroy(made);
        return err->status;
    }
    const struct oac_calrec own = *made;
    *made = *from;
    made->channel = own.channel;
    made->finding = own.finding;
    made->crosstalk = own.crosstalk;
    made->setting = own.setting;
    memcpy(made->channel, from->channel, channels * sizeof *made->channel);
    memcpy(made->finding, from->finding, channels * sizeof *made->finding);
    memcpy(made->setting, from->setting, channels * sizeof *made->setting);
    if (from->crosstalk)
        memcpy(made->crosstalk, from->crosstalk, channels * channels * sizeof *made->crosstalk);
    *calrec = made;
    return OAC_OK;
}

void oac_calrec_destroy(struct oac_calrec *calrec)
{
    if (!calrec)
        return;
    free(calrec->channel);
    free(calrec->finding);
    free(calrec->crosstalk);
    free(calrec->setting);
    free(calrec);
}

double oac_calrec_parked_t(const struct oac_calrec *calrec, const struct oac_port *weight,
                           size_t j)
{
    if (!isnan(calrec->finding[j].parked_t))
        return calrec->finding[j].parked_t;
    return oac_curve_transmission(&calrec->channel[j].weight,
                                  weight->v0_v + weight->lsb_v * weight->code_safe);
}

double oac_calrec_leak_code_per_x(const struct oac_calrec *calrec,
                                  const struct oac_port *weight, size_t k, bool differential)
{
    const struct oac_calrec_channel *own = &calrec->channel[k];
    double plus = 0.0, minus = 0.0;
    for (size_t j = 0; calrec->crosstalk && j < calrec->channels; j++) {
        double x = calrec->crosstalk[k * calrec->channels + j];
        double parked = oac_calrec_parked_t(calrec, &weight[j], j);
        if (j == k)
            continue;
        plus += x * parked;
        minus += x * (1.0 + calrec->channel[j].weight.r - parked);
    }
    return own->gain_code * plus - (differential ? own->gain_minus_code * minus : 0.0);
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
