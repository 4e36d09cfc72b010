/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/fit.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum oac_status oac_fit_init(struct oac_fit *fit, size_t parameters, size_t points,
                             struct oac_err *err)
{
    size_t square, all;
    memset(fit, 0, sizeof *fit);
    if (oac_size_product(parameters, parameters, "a fit", &square, err) ||
        oac_size_product(2, square, "a fit", &all, err))
        return err->status;
    fit->estimate = oac_alloc(parameters + all, sizeof *fit->estimate, "a fit", err);
    fit->residual = oac_alloc(points, sizeof *fit->residual, "residuals", err);
    if (!fit->estimate || !fit->residual) {
        oac_fit_fini(fit);
        return err->status;
    }
    fit->covariance = fit->estimate + parameters;
    fit->white = fit->covariance + square;
    fit->parameters = parameters;
    fit->points = points;
    return OAC_OK;
}

void oac_fit_fini(struct oac_fit *fit)
{
    free(fit->estimate);
    free(fit->residual);
    memset(fit, 0, sizeof *fit);
}

double oac_fit_sigma(const struct oac_fit *fit, size_t i)
{
    return sqrt(fit->covariance[i * fit->parameters + i]);
}

double oac_fit_variance(const struct oac_fit *fit, const double *gradient)
{
    double variance = 0.0;
    for (size_t i = 0; i < fit->parameters; i++)
        for (size_t j = 0; j < fit->parameters; j++)
            variance += gradient[i] * gradient[j] * fit->covariance[i * fit->parameters + j];
    return variance;
}

/* m (p, p) becomes its inverse, through a Cholesky factor of the matrix scaled to a unit diagonal. */
static enum oac_status invert(size_t p, double *m, double *scale, const char *what,
                              struct oac_err *err)
{
    for (size_t i = 0; i < p; i++) {
        if (!(m[i * p + i] > 0.0))
            return oac_fail(err, OAC_EINVAL,
                            "%s: the data do not depend on parameter %zu of %zu: vary what it "
                            "stands for",
                            what, i, p);
        scale[i] = 1.0 / sqrt(m[i * p + i]);
    }
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            m[i * p + j] *= scale[i] * scale[j];
    gsl_matrix_view view = gsl_matrix_view_array(m, p, p);
    gsl_set_error_handler_off();
    if (gsl_linalg_cholesky_decomp1(&view.matrix) || gsl_linalg_cholesky_invert(&view.matrix))
        return oac_fail(err, OAC_EINVAL,
                        "%s: %zu parameters cannot be told apart by these data: take a wider "
                        "sweep",
                        what, p);
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            m[i * p + j] *= scale[i] * scale[j];
    return OAC_OK;
}

static size_t same_cluster(const struct oac_fit_data *data, size_t i)
{
    size_t end = i + 1;
    while (data->cluster && end < data->points && data->cluster[end] == data->cluster[i])
        end++;
    return end;
}

/* Points whose residuals agree with the stated sigmas, and whose dependence is known, need no covariance that
 * holds without either. */
#define P_ENOUGH 0.01
/* A point that the fit leans on by more than this keeps no residual to judge it by. */
#define SPARE_MIN 0.01

/* h_i = J_i A^-1 J_i^T / sigma_i^2: by how much the fit follows point i. */
static double leverage(const struct oac_fit *fit, const double *row, double sigma)
{
    const size_t p = fit->parameters;
    double sum = 0.0;
    for (size_t a = 0; a < p; a++) {
        double inner = 0.0;
        for (size_t b = 0; b < p; b++)
            inner += fit->white[a * p + b] * row[b];
        sum += row[a] * inner;
    }
    return sum / (sigma * sigma);
}

/* sum_c g_c g_c^T into meat (p, p); returns how many clusters have members that count. */
static size_t scatter_of_clusters(const struct oac_fit *fit, const struct oac_fit_data *data,
                                  const double *jacobian, const unsigned char *keep, double *g,
                                  double *meat)
{
    size_t p = fit->parameters, clusters = 0;
    for (size_t i = 0; i < data->points;) {
        size_t end = same_cluster(data, i), members = 0;
        memset(g, 0, p * sizeof *g);
        for (; i < end; i++) {
            if (!keep[i])
                continue;
            const double *row = jacobian + i * p;
            const double spare = 1.0 - leverage(fit, row, data->sigma[i]);
            const double weight =
                fit->residual[i] / (data->sigma[i] * sqrt(fmax(spare, SPARE_MIN)));
            members++;
            for (size_t a = 0; a < p; a++)
                g[a] += row[a] * weight;
        }
        clusters += members > 0;
        for (size_t a = 0; a < p && members; a++)
            for (size_t b = 0; b < p; b++)
                meat[a * p + b] += g[a] * g[b];
    }
    return clusters;
}

/* meat (p, p) = tau sum_c sum_(i != j) u_i u_j J_i^T J_j/(sigma_i sigma_j); u_i = J_i,shared/sigma_i. */
static void scatter_of_shared(const struct oac_fit *fit, const struct oac_fit_data *data,
                              const double *jacobian, const unsigned char *keep, double *h,
                              double *meat)
{
    const size_t p = fit->parameters;
    double covered = 0.0, norm = 0.0;
    memset(meat, 0, p * p * sizeof *meat);
    for (size_t i = 0; i < data->points;) {
        const size_t end = same_cluster(data, i);
        double sum = 0.0, own = 0.0, squares = 0.0, own_squares = 0.0;
        memset(h, 0, p * sizeof *h);
        for (; i < end; i++) {
            if (!keep[i])
                continue;
            const double *row = jacobian + i * p;
            const double u = row[data->shared - 1] / data->sigma[i], off = u * fit->residual[i];
            sum += off;
            own += off * off;
            squares += u * u;
            own_squares += u * u * u * u;
            for (size_t a = 0; a < p; a++) {
                const double part = u * row[a] / data->sigma[i];
                h[a] += part;
                for (size_t b = 0; b < p; b++)
                    meat[a * p + b] -= part * u * row[b] / data->sigma[i];
            }
        }
        covered += sum * sum - own;
        norm += squares * squares - own_squares;
        for (size_t a = 0; a < p; a++)
            for (size_t b = 0; b < p; b++)
                meat[a * p + b] += h[a] * h[b];
    }
    const double tau = norm > 0.0 ? fmax(0.0, covered / norm) : 0.0;
    for (size_t a = 0; a < p * p; a++)
        meat[a] *= tau;
}

/* covariance = white meat white */
static void sandwich(struct oac_fit *fit, const double *meat, double *scratch)
{
    size_t p = fit->parameters;
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++) {
            double sum = 0.0;
            for (size_t a = 0; a < p; a++)
                sum += fit->white[i * p + a] * meat[a * p + j];
            scratch[i * p + j] = sum;
        }
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++) {
            double sum = 0.0;
            for (size_t a = 0; a < p; a++)
                sum += scratch[i * p + a] * fit->white[a * p + j];
            fit->covariance[i * p + j] = sum;
        }
}

static void information(struct oac_fit *fit, const struct oac_fit_data *data,
                        const double *jacobian, const unsigned char *keep)
{
    size_t p = fit->parameters;
    memset(fit->white, 0, p * p * sizeof *fit->white);
    for (size_t i = 0; i < data->points; i++) {
        if (!keep[i])
            continue;
        double weight = 1.0 / (data->sigma[i] * data->sigma[i]);
        for (size_t a = 0; a < p; a++)
            for (size_t b = 0; b <= a; b++)
                fit->white[a * p + b] += weight * jacobian[i * p + a] * jacobian[i * p + b];
    }
    for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b < a; b++)
            fit->white[b * p + a] = fit->white[a * p + b];
}

enum oac_status oac_fit_finish(struct oac_fit *fit, const struct oac_fit_data *data,
                               const double *jacobian, const unsigned char *keep,
                               const char *what, struct oac_err *err)
{
    size_t p = fit->parameters, kept = 0;
    double *scratch = oac_alloc(p + 2 * p * p, sizeof *scratch, "a covariance", err);
    if (!scratch)
        return err->status;
    fit->chi2 = 0.0;
    for (size_t i = 0; i < data->points; i++) {
        kept += keep[i];
        fit->chi2 += keep[i] ? fit->residual[i] * fit->residual[i] : 0.0;
    }
    fit->outliers = data->points - kept;
    enum oac_status status = OAC_OK;
    if (!(kept > p)) {
        status = oac_fail(err, OAC_EINVAL,
                          "%s: %zu points cannot fix %zu parameters: take more", what, kept, p);
        goto done;
    }
    fit->dof = kept - p;
    fit->p_value = gsl_cdf_chisq_Q(fit->chi2, (double)fit->dof);
    information(fit, data, jacobian, keep);
    status = invert(p, fit->white, scratch, what, err);
    if (status != OAC_OK)
        goto done;
    double *meat = scratch + p;
    size_t clusters = scatter_of_clusters(fit, data, jacobian, keep, scratch, meat);
    if (fit->p_value >= P_ENOUGH && data->shared) {
        scatter_of_shared(fit, data, jacobian, keep, scratch, meat);
        sandwich(fit, meat, meat + p * p);
        for (size_t i = 0; i < p * p; i++)
            fit->covariance[i] += fit->white[i];
    } else if (clusters == kept && fit->p_value >= P_ENOUGH) {
        memcpy(fit->covariance, fit->white, p * p * sizeof *fit->white);
    } else if (clusters >= 4 * p) {
        sandwich(fit, meat, meat + p * p);
    } else {
        double excess = fmax(1.0, fit->chi2 / (double)fit->dof);
        for (size_t i = 0; i < p * p; i++)
            fit->covariance[i] = fit->white[i] * excess;
    }
done:
    free(scratch);
    return status;
}
