/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the target loop did and found, for people and for programs. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_VERDICT_H
#define OAC_EXPERIMENTS_CALIBRATE_VERDICT_H

#include <jansson.h>
#include <stdio.h>

#include "experiments/calibrate.h"

void oac_verdict_report(const struct oac_calibrate_outcome *outcome, FILE *out);
/* A new object; NULL when memory is short. */
json_t *oac_verdict_json(const struct oac_calibrate_outcome *outcome);

#endif
