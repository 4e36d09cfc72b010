/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/fit_client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "calibration/fit_transfer.h"
#include "calibration/least_squares.h"

struct client_model {
    const struct oac_client_data *data;
    size_t parameters;
    double *
        outside; /* (states, count) light of channels outside the block, per full_k; NULL: none */
    struct oac_curve_slopes *slopes; /* (count) of one state */
};

static size_t parameter_count(const struct oac_client_data *data)
{
    return 3 * data->count + 2 + (data->place ? OAC_INL_TERMS : 0);
}

/* Value and derivatives of detector k (within the block) in one state. */
static double detector(const struct client_model *model, const double *theta, size_t s,
                       size_t k, const double *phi, double *row)
{
    const struct oac_client_data *data = model->data;
    const size_t count = data->count;
    const double *mix = data->mix + (data->first + k) * data->channels + data->first;
    const double full = theta[oac_client_full(data, k)] * data->lit[s];
    double t = model->outside ? model->outside[s * count + k] : 0.0;
    double by_v = 0.0, by_vpeak = 0.0, by_r = 0.0;
    for (size_t j = 0; j < count; j++) {
        const struct oac_curve_slopes *slopes = &model->slopes[j];
        t += mix[j] * slopes->t;
        by_v += mix[j] * slopes->by_v;
        by_vpeak += mix[j] * slopes->by_vpeak;
        by_r += mix[j] * slopes->by_r;
        if (row)
            row[oac_client_vpi(data, j)] = full * mix[j] * slopes->by_vpi;
    }
    if (row) {
        row[oac_client_zero(k)] = 1.0;
        row[oac_client_full(data, k)] = data->lit[s] * t;
        row[oac_client_vpeak(data)] = full * by_vpeak;
        row[oac_client_r(data)] = full * by_r;
        for (size_t m = 0; data->place && m < OAC_INL_TERMS; m++)
            row[oac_client_r(data) + 1 + m] = full * by_v * data->lsb_v * phi[m];
    }
    return theta[oac_client_zero(k)] + full * t;
}

static void client_model(const void *context, const double *theta, double *value,
                         double *jacobian)
{
    const struct client_model *model = context;
    const struct oac_client_data *data = model->data;
    const size_t p = model->parameters, count = data->count;
    const double *inl = theta + oac_client_r(data) + 1;
    if (jacobian)
        memset(jacobian, 0, data->states * count * p * sizeof *jacobian);
    for (size_t s = 0; s < data->states; s++) {
        double phi[OAC_INL_TERMS], v_v = data->v_v[s];
        if (data->place) {
            oac_inl_terms(data->place[s], phi);
            for (size_t m = 0; m < OAC_INL_TERMS; m++)
                v_v += data->lsb_v * inl[m] * phi[m];
        }
        for (size_t j = 0; j < count; j++)
            model->slopes[j] =
                oac_curve_slopes(theta[oac_client_vpi(data, j)], theta[oac_client_vpeak(data)],
                                 theta[oac_client_r(data)], v_v);
        for (size_t k = 0; k < count; k++) {
            const size_t i = s * count + k;
            value[i] = detector(model, theta, s, k, phi, jacobian ? jacobian + i * p : NULL);
        }
    }
}

/* Light of channels outside the block on detector k of it, in state s, per full_k. */
static double outside(const struct oac_client_data *data, const struct oac_curve *curve,
                      size_t s, size_t k)
{
    double sum = 0.0;
    for (size_t j = 0; j < data->channels; j++) {
        const struct oac_curve own = {data->vpi_seed_v[j], curve->vpeak_v, curve->r};
        if (j < data->first || j >= data->first + data->count)
            sum += data->mix[(data->first + k) * data->channels + j] *
                   oac_curve_transmission(&own, data->v_v[s]);
    }
    return sum;
}

enum oac_status oac_client_fit(const struct oac_client_data *data,
                               const struct oac_curve *curve, const double *zero_code,
                               const double *full_code, struct oac_fit *fit,
                               struct oac_err *err)
{
    const size_t count = data->count, points = data->states * count;
    if (!(count >= 1))
        return oac_fail(err, OAC_EINVAL, "client modulator: a block of no channels");
    struct client_model model = {.data = data, .parameters = parameter_count(data)};
    double *memory =
        oac_alloc(3 * points + model.parameters, sizeof *memory, "the client's sweep", err);
    uint32_t *cluster = oac_alloc(points, sizeof *cluster, "the client's sweep", err);
    model.slopes = oac_alloc(count, sizeof *model.slopes, "the client's sweep", err);
    enum oac_status status = memory && cluster && model.slopes ? OAC_OK : OAC_ENOMEM;
    if (status != OAC_OK)
        goto done;
    double *y = memory, *sigma = y + points, *start = sigma + 2 * points;
    for (size_t i = 0; i < points; i++) {
        const size_t from = i / count * data->channels + data->first + i % count;
        y[i] = data->y[from];
        sigma[i] = data->sigma[from];
        cluster[i] = (uint32_t)(i / count);
    }
    if (count < data->channels) {
        model.outside = sigma + points;
        for (size_t i = 0; i < points; i++)
            model.outside[i] = outside(data, curve, i / count, i % count);
    }
    for (size_t k = 0; k < count; k++) {
        start[oac_client_zero(k)] = zero_code[k];
        start[oac_client_full(data, k)] = full_code[k];
        start[oac_client_vpi(data, k)] = data->vpi_seed_v[data->first + k];
    }
    start[oac_client_vpeak(data)] = curve->vpeak_v;
    start[oac_client_r(data)] = curve->r;
    const struct oac_least_squares problem = {
        .what = "client modulator",
        .data = {.points = points,
                 .y = y,
                 .sigma = sigma,
                 .cluster = cluster,
                 .shared = 1 + oac_client_vpeak(data)}, /* a voltage */
        .parameters = model.parameters,
        .start = start,
        .model = client_model,
        .context = &model};
    status = oac_least_squares(&problem, fit, err);
done:
    free(memory);
    free(cluster);
    free(model.slopes);
    return status;
}

enum oac_status oac_client_fit_order(const struct oac_client_data *data,
                                     const struct oac_curve *curve, const double *zero_code,
                                     const double *full_code, struct oac_fit *fit,
                                     struct oac_err *err)
{
    struct oac_fit best = {0};
    double least = HUGE_VAL;
    const int reach = data->count > 1 ? 1 : 0;
    for (int order = -reach; order <= reach; order++) {
        struct oac_curve trial = *curve;
        struct oac_fit found;
        trial.vpeak_v += 2.0 * order * curve->vpi_v;
        if (oac_client_fit(data, &trial, zero_code, full_code, &found, err)) {
            oac_fit_fini(&best);
            return err->status;
        }
        const double chi2 = found.chi2 + OAC_TRIM * OAC_TRIM * (double)found.outliers;
        oac_fit_fini(chi2 < least ? &best : &found);
        if (chi2 < least)
            best = found;
        least = fmin(least, chi2);
    }
    *fit = best;
    return OAC_OK;
}
