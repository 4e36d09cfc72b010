/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run leaves behind: an HDF5 file for later, one JSON object for programs.
 *
 * HDF5, format "oac-run", schema 1, written whole or not at all. Every data set has its unit
 * and named dimensions:
 *
 *   /                  provenance attributes (base/h5.h)
 *   /figures           every figure of experiments/fields.c as an attribute
 *   /options           what was asked for, as attributes
 *   /rig               name, sha256, text (the complete YAML)
 *   /images/label, prediction, prediction_digital   (image) u8
 *   /images/logits, logits_digital                  (image, class) f32
 *   /images/photons                                 (image) f64, detected
 *   /confusion                                      (true_class, predicted_class) u64
 *   /layers/...        (layer) one data set for each member of struct oac_run_layer */
#ifndef OAC_EXPERIMENTS_RESULTS_H
#define OAC_EXPERIMENTS_RESULTS_H

#include <stdio.h>

#include "base/status.h"
#include "experiments/figures.h"
#include "experiments/run.h"
#include "experiments/setup.h"

/* Finds out before hours of work whether `path` can be written: OAC_EIO when its directory is
 * missing or not writable, or it is a directory itself. Creates nothing. */
enum oac_status oac_results_check_path(const char *path, struct oac_err *err) OAC_MUST_USE;

enum oac_status oac_results_write(const struct oac_run_options *options,
                                  const struct oac_setup *setup,
                                  const struct oac_run_data *data,
                                  const struct oac_run_result *result,
                                  struct oac_err *err) OAC_MUST_USE;

/* One JSON object with every figure of fields.c (NAN becomes null), `schema` (1), `confusion`,
 * `class_names` and `layers`, ended by a newline. */
enum oac_status oac_results_json(const struct oac_run_result *result, FILE *out,
                                 struct oac_err *err) OAC_MUST_USE;

#endif
