/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/sweep.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum oac_status oac_sweep_init(struct oac_sweep *sweep, size_t states, size_t dark_states,
                               size_t channels, size_t modulators, size_t repeats,
                               struct oac_err *err)
{
    const size_t all = states + dark_states;
    size_t readouts, drives;
    memset(sweep, 0, sizeof *sweep);
    if (oac_size_product(all, channels, "a sweep", &readouts, err) ||
        oac_size_product(all, modulators, "a sweep", &drives, err))
        return err->status;
    sweep->mean = oac_alloc(readouts, sizeof(double), "a sweep", err);
    sweep->scatter = oac_alloc(readouts, sizeof(double), "a sweep", err);
    sweep->v_v = oac_alloc(drives, sizeof(double), "a sweep", err);
    sweep->place = oac_alloc(drives, sizeof(double), "a sweep", err);
    sweep->lit = oac_alloc(all, sizeof(double), "a sweep", err);
    sweep->cluster = oac_alloc(all, sizeof(uint32_t), "a sweep", err);
    if (!sweep->mean || !sweep->scatter || !sweep->v_v || !sweep->place || !sweep->lit ||
        !sweep->cluster) {
        oac_sweep_fini(sweep);
        return err->status;
    }
    sweep->states = states;
    sweep->dark_states = dark_states;
    sweep->channels = channels;
    sweep->modulators = modulators;
    sweep->repeats = repeats;
    for (size_t s = 0; s < all; s++) {
        sweep->lit[s] = s < states;
        sweep->cluster[s] = (uint32_t)s;
    }
    return OAC_OK;
}

void oac_sweep_fini(struct oac_sweep *sweep)
{
    free(sweep->mean);
    free(sweep->scatter);
    free(sweep->v_v);
    free(sweep->place);
    free(sweep->lit);
    free(sweep->cluster);
    memset(sweep, 0, sizeof *sweep);
}

void oac_sweep_put(struct oac_sweep *sweep, size_t s, const double *code)
{
    const size_t channels = sweep->channels, repeats = sweep->repeats;
    for (size_t k = 0; k < channels; k++) {
        double sum = 0.0, square = 0.0;
        for (size_t r = 0; r < repeats; r++)
            sum += code[r * channels + k];
        const double mean = sum / (double)repeats;
        for (size_t r = 0; r < repeats; r++)
            square += pow(code[r * channels + k] - mean, 2.0);
        sweep->mean[s * channels + k] = mean;
        sweep->scatter[s * channels + k] = repeats > 1 ? square / (double)(repeats - 1) : 0.0;
    }
}

/* Rounding to integers alone. */
#define ROUNDING_CODE2 (1.0 / 12.0)

double oac_variance_at(const double v[3], double s)
{
    return fmax(v[0] + s * (v[1] + s * v[2]), ROUNDING_CODE2);
}

/* One weighted fit of [1, s, s^2]; signals in units of `scale`, so that the columns are alike. */
static int variance_fit(const struct oac_sweep *sweep, size_t k, double zero_code, double scale,
                        gsl_matrix *design, gsl_vector *y, gsl_vector *w, double v[3])
{
    const size_t all = sweep->states + sweep->dark_states;
    for (size_t s = 0; s < all; s++) {
        const double signal = sweep->mean[s * sweep->channels + k] - zero_code;
        const double expected = oac_variance_at(v, signal);
        gsl_matrix_set(design, s, 0, 1.0);
        gsl_matrix_set(design, s, 1, signal / scale);
        gsl_matrix_set(design, s, 2, signal * signal / (scale * scale));
        gsl_vector_set(y, s, sweep->scatter[s * sweep->channels + k]);
        gsl_vector_set(w, s, 1.0 / (expected * expected));
    }
    gsl_multifit_linear_workspace *workspace = gsl_multifit_linear_alloc(all, 3);
    gsl_vector *c = gsl_vector_alloc(3);
    gsl_matrix *covariance = gsl_matrix_alloc(3, 3);
    double chi2;
    int status = GSL_ENOMEM;
    if (workspace && c && covariance)
        status = gsl_multifit_wlinear(design, w, y, c, covariance, &chi2, workspace);
    if (status == GSL_SUCCESS)
        for (size_t i = 0; i < 3; i++)
            v[i] = gsl_vector_get(c, i) / pow(scale, (double)i);
    gsl_multifit_linear_free(workspace);
    gsl_vector_free(c);
    gsl_matrix_free(covariance);
    return status;
}

enum oac_status oac_sweep_variance(const struct oac_sweep *sweep, size_t k, double zero_code,
                                   double v[3], struct oac_err *err)
{
    const size_t all = sweep->states + sweep->dark_states;
    double mean = 0.0, scale = 1.0;
    gsl_set_error_handler_off();
    if (!(sweep->repeats >= 2 && all >= 8))
        return oac_fail(
            err, OAC_EINVAL,
            "noise of channel %zu from %zu states of %zu windows: 8 states of 2 are "
            "the least",
            k, all, sweep->repeats);
    for (size_t s = 0; s < all; s++) {
        mean += sweep->scatter[s * sweep->channels + k] / (double)all;
        scale = fmax(scale, fabs(sweep->mean[s * sweep->channels + k] - zero_code));
    }
    v[0] = mean;
    v[1] = v[2] = 0.0;
    gsl_matrix *design = gsl_matrix_alloc(all, 3);
    gsl_vector *y = gsl_vector_alloc(all), *w = gsl_vector_alloc(all);
    int status = design && y && w ? GSL_SUCCESS : GSL_ENOMEM;
    for (int round = 0; status == GSL_SUCCESS && round < 3; round++)
        status = variance_fit(sweep, k, zero_code, scale, design, y, w, v);
    gsl_matrix_free(design);
    gsl_vector_free(y);
    gsl_vector_free(w);
    if (status != GSL_SUCCESS)
        return oac_fail(err, OAC_EINVAL, "noise of channel %zu against its signal: %s", k,
                        gsl_strerror(status));
    return OAC_OK;
}

void oac_sweep_sigma(const struct oac_sweep *sweep, size_t k, double zero_code,
                     const double v[3], double *sigma)
{
    for (size_t s = 0; s < sweep->states + sweep->dark_states; s++)
        sigma[s] = sqrt(oac_variance_at(v, sweep->mean[s * sweep->channels + k] - zero_code) /
                        (double)sweep->repeats);
}
