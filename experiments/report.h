/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as a person wants to read it: at most 80 columns of plain UTF-8 text. */
#ifndef OAC_EXPERIMENTS_REPORT_H
#define OAC_EXPERIMENTS_REPORT_H

#include <stdio.h>

#include "experiments/run.h"

/* output_path NULL: no file was written. Writing errors are the caller's to find with
 * ferror(out). */
void oac_run_report(const struct oac_run_result *result, const char *output_path, FILE *out);

#endif
