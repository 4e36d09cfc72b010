/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fits of a calibration, into a file that is being written (calibration/results.h). */
#ifndef OAC_CALIBRATION_RESULTS_FITS_H
#define OAC_CALIBRATION_RESULTS_FITS_H

#include "calibration/calibration.h"

struct oac_h5_writer;

enum oac_status oac_calibration_put_fits(const struct oac_calibration *calibration,
                                         struct oac_h5_writer *writer,
                                         struct oac_err *err) OAC_MUST_USE;

#endif
