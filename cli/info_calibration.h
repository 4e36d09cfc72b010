/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a calibration says about its bench, in a few lines. */
#ifndef OAC_CLI_INFO_CALIBRATION_H
#define OAC_CLI_INFO_CALIBRATION_H

#include "base/status.h"

/* Prints to stdout. */
enum oac_status oac_info_print_calibration(const char *path, struct oac_err *err) OAC_MUST_USE;

#endif
