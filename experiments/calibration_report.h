/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration file as one HTML page for people: verdict, cost, curves, fits, gains,
 * crosstalk, noise, accuracy, provenance. Self-contained: pictures are inline SVG, no script,
 * nothing is fetched. docs/certification.md says how to read it. */
#ifndef OAC_EXPERIMENTS_CALIBRATION_REPORT_H
#define OAC_EXPERIMENTS_CALIBRATION_REPORT_H

#include "base/status.h"

#define OAC_CALIBRATION_REPORT_WARNING_BYTES 600u

/* warning gets one line when the file's seal is missing or broken, which the page says too, else "".
 * Status: OAC_EPARSE for what oac calibrate did not write; the page appears whole or not at all. */
enum oac_status oac_calibration_report(const char *calibration_path, const char *page_path,
                                       char warning[OAC_CALIBRATION_REPORT_WARNING_BYTES],
                                       struct oac_err *err) OAC_MUST_USE;

#endif
