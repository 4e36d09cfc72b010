/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Crosstalk as a matrix and its inverse.
 *
 *     X[k,j] = gain[k,j]/gain[j,j]     light of laser j on detector k, per light on its own
 *     unmix  = X^-1                    condition = ||X||_1 ||X^-1||_1 >= 1: how much unmixing can amplify errors */
#ifndef OAC_CALIBRATION_FIT_CROSSTALK_H
#define OAC_CALIBRATION_FIT_CROSSTALK_H

#include <stddef.h>

#include "base/status.h"

/* All (channels, channels). Status: OAC_EMISSED when a channel has no light of its own or X has no inverse. */
enum oac_status oac_crosstalk_invert(size_t channels, const double *gain, double *crosstalk,
                                     double *unmix, double *condition,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
