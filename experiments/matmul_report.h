/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A matrix product through the optics as a person or a program wants to read it. */
#ifndef OAC_EXPERIMENTS_MATMUL_REPORT_H
#define OAC_EXPERIMENTS_MATMUL_REPORT_H

#include <stdio.h>

#include "base/status.h"
#include "experiments/matmul.h"

/* At most 80 columns. output_path NULL: Y was not written. Writing errors are the caller's to find with
 * ferror(out). */
void oac_matmul_report(const struct oac_matmul *product, const struct oac_matmul_result *result,
                       const char *output_path, FILE *out);

/* One JSON object, schema 1, keys as in struct oac_matmul_result and rows, cols, vectors. */
enum oac_status oac_matmul_json(const struct oac_matmul *product,
                                const struct oac_matmul_result *result, FILE *out,
                                struct oac_err *err) OAC_MUST_USE;

#endif
