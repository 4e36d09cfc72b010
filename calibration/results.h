/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration as a file: the record that engines read (hal/calrec.h), and beside it every fit it came from.
 *
 *     /fits/dark, weight, delay, linearity, gain   one row a channel: estimate (channel, parameter), covariance
 *         (channel, parameter, parameter), white, residual (channel, point) in sigmas, chi2, dof, p_value,
 * outliers (channel)
 *         and the attribute `parameters`, which names and units them in order
 *     /fits/client/000 ..                          the same of each block of channels; their first
 * dimension is 1
 *     /gain/matrix, sigma, crosstalk, unmix        (readout, laser)
 *     /noise/..., /verification/..., /settings/... (channel)
 *     /spent                                       what it cost, as attributes */
#ifndef OAC_CALIBRATION_RESULTS_H
#define OAC_CALIBRATION_RESULTS_H

#include "calibration/calibration.h"

struct oac_calibration_source { /* where it comes from; NULL: not stated */
    const char *command_line, *on, *rig_name, *rig_text;
    uint64_t seed;
};

/* Everything, provenance too, into a file that may get more before it is written. */
struct oac_h5_writer;
enum oac_status oac_calibration_put(const struct oac_calibration *calibration,
                                    const struct oac_calrec *calrec,
                                    const struct oac_calibration_source *source,
                                    struct oac_h5_writer *writer,
                                    struct oac_err *err) OAC_MUST_USE;

#endif
