/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate's table of checks, for people, programs (docs/gate.schema.json) and pipelines (JUnit XML). */
#ifndef OAC_CLI_GATE_OUTPUT_H
#define OAC_CLI_GATE_OUTPUT_H

#include <stdio.h>

#include "base/status.h"
#include "calibration/gate.h"

void oac_gate_print(const struct oac_gate_request *request,
                    const struct oac_gate_result *result, FILE *out);
enum oac_status oac_gate_json(const struct oac_gate_request *request,
                              const struct oac_gate_result *result, FILE *out,
                              struct oac_err *err) OAC_MUST_USE;
/* One test case a check. Whole or not at all. */
enum oac_status oac_gate_junit(const struct oac_gate_request *request,
                               const struct oac_gate_result *result, const char *path,
                               struct oac_err *err) OAC_MUST_USE;

#endif
