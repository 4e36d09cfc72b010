/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a calibration found, for people and for programs. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_REPORT_H
#define OAC_EXPERIMENTS_CALIBRATE_REPORT_H

#include <stdio.h>

#include "experiments/calibrate.h"

/* path: of the result file; NULL: none was written. */
void oac_calibrate_report(const struct oac_calibrate_outcome *outcome, const char *path,
                          FILE *out);
/* One object with every figure; with a target also `target`: verdict, certificate, attempts. */
enum oac_status oac_calibrate_json(const struct oac_calibrate_outcome *outcome,
                                   const char *path, FILE *out,
                                   struct oac_err *err) OAC_MUST_USE;

#endif
