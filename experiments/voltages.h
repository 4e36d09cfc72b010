/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a dry run would play (driver/played.h), for people and as a file. */
#ifndef OAC_EXPERIMENTS_VOLTAGES_H
#define OAC_EXPERIMENTS_VOLTAGES_H

#include <stdio.h>

#include "base/status.h"
#include "driver/played.h"

/* Per output: range, limits, safe voltage, levels, steepest step; then every setting in order. At most
 * 80 columns. path NULL: no file was written. */
void oac_voltages_report(const struct oac_played *played, const char *path, FILE *out);

/* HDF5, format "oac-voltages": /ports/NAME/level_v and count (level: every distinct voltage and how often it is
 * played), first_v (sample: the first buffer), and whole_v (sample: everything) when it was kept;
 * attributes role, samples, buffers, min_v, max_v, safe_v; "/" has `settings`, one line each, in order. */
enum oac_status oac_voltages_write(const struct oac_played *played, const char *command_line,
                                   const char *path, struct oac_err *err) OAC_MUST_USE;

#endif
