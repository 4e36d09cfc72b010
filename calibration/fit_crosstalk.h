/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Crosstalk as a matrix and its inverse.
 *
 *     X[k,j] = gain[k,j]/gain[k,k]     what laser j adds to readout k, per what k's own laser adds
 * (hal/calrec.h)
 *     unmix  = X^-1                    condition = |X| |X^-1| >= 1 (largest row sum): how much unmixing
 * can amplify
 *                                      errors */
#ifndef OAC_CALIBRATION_FIT_CROSSTALK_H
#define OAC_CALIBRATION_FIT_CROSSTALK_H

#include <stddef.h>

#include "base/status.h"

/* All (channels, channels). Status: OAC_EMISSED when a channel has no light of its own or X has no inverse. */
enum oac_status oac_crosstalk_invert(size_t channels, const double *gain, double *crosstalk,
                                     double *unmix, double *condition,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
