/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep of a port (driver/iio/port_sweep.h) as a file, as text and as a picture.
 *
 * HDF5, format "oac-sweep": output_v, mean_v, sigma_v, low_v, high_v and clipped, all (step);
 * attributes output and input name the ports. CSV: the same columns under one line of names. */
#ifndef OAC_EXPERIMENTS_SWEEP_H
#define OAC_EXPERIMENTS_SWEEP_H

#include <stdbool.h>
#include <stdio.h>

#include "driver/iio/port_sweep.h"

/* Before anything is driven: the path ends in .h5 or .csv and can be written. */
enum oac_status oac_sweep_path_check(const char *path, struct oac_err *err) OAC_MUST_USE;

void oac_sweep_csv(const struct oac_port_sweep *sweep, const struct oac_port_step *step,
                   size_t count, FILE *out);
/* One JSON object: output, input, steps. */
enum oac_status oac_sweep_json(const struct oac_port_sweep *sweep,
                               const struct oac_port_step *step, size_t count, FILE *out,
                               struct oac_err *err) OAC_MUST_USE;
/* As its ending says. */
enum oac_status oac_sweep_write(const struct oac_port_sweep *sweep,
                                const struct oac_port_step *step, size_t count,
                                const char *command_line, const char *path,
                                struct oac_err *err) OAC_MUST_USE;

/* sweep.h5 -> sweep.svg or .png; false when there is no room. */
bool oac_sweep_picture_path(const char *path, bool png, char *picture, size_t bytes);
/* OAC_ENOTFOUND without gnuplot. */
enum oac_status oac_sweep_draw(const struct oac_port_sweep *sweep,
                               const struct oac_port_step *step, size_t count,
                               const char *picture, struct oac_err *err) OAC_MUST_USE;

#endif
