/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/fit_crosstalk.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* The largest sum of magnitudes in a row. */
static double norm(size_t n, const double *m)
{
    double most = 0.0;
    for (size_t k = 0; k < n; k++) {
        double sum = 0.0;
        for (size_t j = 0; j < n; j++)
            sum += fabs(m[k * n + j]);
        most = fmax(most, sum);
    }
    return most;
}

enum oac_status oac_crosstalk_invert(size_t channels, const double *gain, double *crosstalk,
                                     double *unmix, double *condition, struct oac_err *err)
{
    const size_t cells = channels * channels;
    for (size_t k = 0; k < channels; k++) {
        const double own = gain[k * channels + k];
        if (!(own > 0.0))
            return oac_fail(err, OAC_EMISSED,
                            "channel %zu has no light of its own (gain %g codes a slot): its "
                            "crosstalk cannot be stated",
                            k, own);
        for (size_t j = 0; j < channels; j++)
            crosstalk[k * channels + j] = gain[k * channels + j] / own;
    }
    double *factors = oac_alloc(cells, sizeof *factors, "a crosstalk matrix", err);
    if (!factors)
        return err->status;
    memcpy(factors, crosstalk, cells * sizeof *factors);
    gsl_set_error_handler_off();
    gsl_matrix_view from = gsl_matrix_view_array(factors, channels, channels);
    gsl_matrix_view to = gsl_matrix_view_array(unmix, channels, channels);
    gsl_permutation *order = gsl_permutation_alloc(channels);
    int sign, status = order ? gsl_linalg_LU_decomp(&from.matrix, order, &sign) : GSL_ENOMEM;
    if (status == GSL_SUCCESS)
        status = gsl_linalg_LU_invert(&from.matrix, order, &to.matrix);
    gsl_permutation_free(order);
    free(factors);
    if (status != GSL_SUCCESS)
        return oac_fail(err, OAC_EMISSED,
                        "the crosstalk of %zu channels has no inverse (%s): two channels show "
                        "the same light",
                        channels, gsl_strerror(status));
    *condition = norm(channels, crosstalk) * norm(channels, unmix);
    return OAC_OK;
}
