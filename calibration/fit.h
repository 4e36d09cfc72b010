/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every estimator returns: parameters with their covariance, and how well the model describes the data.
 *
 *     residual_i = (y_i - model_i)/sigma_i        chi2 = sum residual_i^2 over points that count
 *     p_value    = P(chi2 of dof degrees of freedom > chi2)
 *
 * Covariance, with A = sum_i J_i^T J_i / sigma_i^2 over points that count. Errors of points that were taken under
 * one state of the bench are not independent: a converter's code is off by the same voltage, a laser's power
 * by the same factor. Points therefore come in clusters.
 *
 * As long as the residuals do not contradict the stated sigmas (p_value >= 0.01), C = A^-1 where each point is its
 * own cluster. Where members of a cluster share an error that moves them as parameter s does, with
 * u_i = J_is/sigma_i, E r_i r_j = tau u_i u_j, and all pairs together tell
 *     tau = max(0, sum_c sum_(i != j) u_i u_j r_i r_j / sum_c sum_(i != j) u_i^2 u_j^2)
 *     C = A^-1 + tau A^-1 [sum_c sum_(i != j) u_i u_j J_i^T J_j/(sigma_i sigma_j)] A^-1
 * Otherwise C is right whatever happens inside a cluster (Liang and Zeger, Biometrika 73, 13 (1986)):
 *     h_i = J_i A^-1 J_i^T / sigma_i^2
 *     g_c = sum_(i in c) J_i^T residual_i / (sigma_i sqrt(1 - h_i)),   C = A^-1 (sum_c g_c g_c^T) A^-1
 * where 1 - h_i makes up for what the fit has taken out of a residual (MacKinnon and White, J.
 * Econometrics 29, 305 (1985), HC2). That is noisy: where a parameter hangs on few clusters, as a peak voltage
 * beside a converter's error does, its error is off by 17 % rms, which widens pulls by 3 to 6 %. With fewer
 * than 4 p clusters it is not to be used; C is then A^-1 max(1, chi2/dof). `white` keeps A^-1. */
#ifndef OAC_CALIBRATION_FIT_H
#define OAC_CALIBRATION_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_fit {
    size_t parameters, points;
    double *estimate;   /* (parameters) */
    double *covariance; /* (parameters, parameters) */
    double *white;      /* (parameters, parameters) */
    double *residual;   /* (points) in sigmas; those of outliers too */
    size_t outliers;    /* points that were left out */
    double chi2, p_value;
    size_t dof;
    size_t iterations;
};

/* Zeroed arrays; on failure nothing is left behind. */
enum oac_status oac_fit_init(struct oac_fit *fit, size_t parameters, size_t points,
                             struct oac_err *err) OAC_MUST_USE;
void oac_fit_fini(struct oac_fit *fit); /* a zeroed fit is fine */

/* Standard error of parameter i. Pure. */
double oac_fit_sigma(const struct oac_fit *fit, size_t i);
/* Variance of sum_i gradient[i] estimate[i]. Pure. */
double oac_fit_variance(const struct oac_fit *fit, const double *gradient);

/* Data of a fit. */
struct oac_fit_data {
    size_t points;
    const double *y, *sigma; /* (points), sigma > 0 */
    const uint32_t
        *cluster; /* (points) members of one cluster stand together; NULL: each its own */
    size_t
        shared; /* 1 + the parameter that moves members as their common error does; 0: unknown */
};

/* Fills chi2, dof, p_value, covariance and white from residuals, jacobian (points, parameters) of the model and
 * keep (points; 0: left out). `what` names the fit in messages. */
enum oac_status oac_fit_finish(struct oac_fit *fit, const struct oac_fit_data *data,
                               const double *jacobian, const unsigned char *keep,
                               const char *what, struct oac_err *err) OAC_MUST_USE;

#endif
