/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of `oac calibrate`: record and fits (calibration/results.h), and with a target
 *
 *     /certificate        calibration/certificate.h, as attributes
 *     /attempts/...       (attempt) step, verdict, counts, bound, cost; /attempts/detail in words
 *     /looks/...          (look) attempt, images, right, bench_s: accuracy against time
 *     /confusion          (label, answer) held-out images of the deciding attempt
 * sealed (base/h5_seal.h), whole or not at all. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_FILE_H
#define OAC_EXPERIMENTS_CALIBRATE_FILE_H

#include "experiments/calibrate.h"

enum oac_status oac_calibrate_write(const struct oac_calibrate_request *request,
                                    const struct oac_station *station,
                                    const struct oac_calibrate_outcome *outcome,
                                    struct oac_err *err) OAC_MUST_USE;

#endif
