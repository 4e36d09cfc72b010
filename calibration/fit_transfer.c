/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/fit_transfer.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "calibration/least_squares.h"

void oac_inl_terms(double p, double *phi)
{
    const double window = sin(OAC_PI * p);
    phi[0] = window;
    for (int m = 1; m <= OAC_INL_PERIODS; m++) {
        phi[2 * m - 1] = window * cos(2.0 * OAC_PI * m * p);
        phi[2 * m] = window * sin(2.0 * OAC_PI * m * p);
    }
}

double oac_branch_near(double vpeak_v, double vpi_v, double near_v)
{
    return vpeak_v + 2.0 * vpi_v * rint((near_v - vpeak_v) / (2.0 * vpi_v));
}

struct oac_curve_slopes oac_curve_slopes(double vpi_v, double vpeak_v, double r, double v_v)
{
    const double theta = OAC_PI * (v_v - vpeak_v) / vpi_v;
    const double u = 0.5 * (1.0 + cos(theta)); /* opening */
    const double by_theta = -0.5 * (1.0 - r) * sin(theta);
    return (struct oac_curve_slopes){
        .t = r + (1.0 - r) * u,
        .by_v = by_theta * OAC_PI / vpi_v,
        .by_vpi = -by_theta * theta / vpi_v,
        .by_vpeak = -by_theta * OAC_PI / vpi_v,
        .by_r = 1.0 - u,
    };
}

static size_t parameter_count(const struct oac_transfer_data *data)
{
    return OAC_TRANSFER_OTHERS + data->others + (data->place ? OAC_INL_TERMS : 0);
}

static void transfer_model(const void *context, const double *theta, double *value,
                           double *jacobian)
{
    const struct oac_transfer_data *data = context;
    const size_t p = parameter_count(data);
    const double *other = theta + OAC_TRANSFER_OTHERS, *inl = other + data->others;
    for (size_t i = 0; i < data->readout.points; i++) {
        double phi[OAC_INL_TERMS], v_v = data->v_v[i], light = 0.0;
        const double lit = data->lit[i];
        if (data->place) {
            oac_inl_terms(data->place[i], phi);
            for (size_t m = 0; m < OAC_INL_TERMS; m++)
                v_v += data->lsb_v * inl[m] * phi[m];
        }
        for (size_t j = 0; j < data->others; j++)
            light += other[j] * data->other[i * data->others + j];
        const double full = theta[OAC_TRANSFER_FULL];
        const struct oac_curve_slopes s = oac_curve_slopes(
            theta[OAC_TRANSFER_VPI], theta[OAC_TRANSFER_VPEAK], theta[OAC_TRANSFER_R], v_v);
        value[i] = theta[OAC_TRANSFER_ZERO] + lit * (full * s.t + light);
        if (!jacobian)
            continue;
        double *row = jacobian + i * p;
        row[OAC_TRANSFER_ZERO] = 1.0;
        row[OAC_TRANSFER_FULL] = lit * s.t;
        row[OAC_TRANSFER_VPI] = lit * full * s.by_vpi;
        row[OAC_TRANSFER_VPEAK] = lit * full * s.by_vpeak;
        row[OAC_TRANSFER_R] = lit * full * s.by_r;
        for (size_t j = 0; j < data->others; j++)
            row[OAC_TRANSFER_OTHERS + j] = lit * data->other[i * data->others + j];
        for (size_t m = 0; data->place && m < OAC_INL_TERMS; m++)
            row[OAC_TRANSFER_OTHERS + data->others + m] =
                lit * full * s.by_v * data->lsb_v * phi[m];
    }
}

enum oac_status oac_transfer_fit(const char *what, const struct oac_transfer_data *data,
                                 const struct oac_curve *seed, double zero_code,
                                 double full_code, struct oac_fit *fit, struct oac_err *err)
{
    double *start = oac_alloc(parameter_count(data), sizeof *start, what, err);
    if (!start)
        return err->status;
    start[OAC_TRANSFER_ZERO] = zero_code;
    start[OAC_TRANSFER_FULL] = full_code;
    start[OAC_TRANSFER_VPI] = seed->vpi_v;
    start[OAC_TRANSFER_VPEAK] = seed->vpeak_v;
    start[OAC_TRANSFER_R] = seed->r;
    const struct oac_least_squares problem = {.what = what,
                                              .data = data->readout,
                                              .parameters = parameter_count(data),
                                              .start = start,
                                              .model = transfer_model,
                                              .context = data};
    enum oac_status status = oac_least_squares(&problem, fit, err);
    free(start);
    return status;
}

struct oac_curve oac_transfer_curve(const struct oac_fit *fit)
{
    return (struct oac_curve){.vpi_v = fit->estimate[OAC_TRANSFER_VPI],
                              .vpeak_v = fit->estimate[OAC_TRANSFER_VPEAK],
                              .r = fit->estimate[OAC_TRANSFER_R]};
}
