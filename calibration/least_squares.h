/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weighted least squares, linear or not, that outliers do not move.
 *
 *     minimise sum_i ((y_i - f_i(theta))/sigma_i)^2 over the points that count
 *
 * by Levenberg-Marquardt with the analytic Jacobian (GSL's trust region; normal equations by Cholesky, scaled
 * after More). A point counts while its residual is below OAC_TRIM times the robust spread of all residuals,
 * max(1, 1.4826 median |residual|); what counts is decided again until it no longer changes. Of normal
 * errors 6e-7 lie beyond 5 sigma, so trimming biases neither estimate nor covariance; a glitch of any size has
 * no influence. The start must be on the right branch: finding it is the caller's business (a linear seed). */
#ifndef OAC_CALIBRATION_LEAST_SQUARES_H
#define OAC_CALIBRATION_LEAST_SQUARES_H

#include "calibration/fit.h"

#define OAC_TRIM 5.0

/* Given theta (parameters): value (points), and jacobian (points, parameters) unless NULL. Pure. */
typedef void oac_fit_model(const void *context, const double *theta, double *value,
                           double *jacobian);

struct oac_least_squares {
    const char *what; /* for messages */
    struct oac_fit_data data;
    size_t parameters;
    const double *start; /* (parameters) */
    oac_fit_model *model;
    const void *context;
};

/* Status: OAC_EINVAL when sigmas or data are not finite, parameters cannot be told apart, or no minimum is
 * found. *fit is initialised by this and to be freed with oac_fit_fini on success. */
enum oac_status oac_least_squares(const struct oac_least_squares *problem, struct oac_fit *fit,
                                  struct oac_err *err) OAC_MUST_USE;

/* The linear case: f = design theta, design (points, parameters). */
enum oac_status oac_linear_least_squares(const char *what, const struct oac_fit_data *data,
                                         size_t parameters, const double *design,
                                         struct oac_fit *fit, struct oac_err *err) OAC_MUST_USE;

#endif
