/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what a run recorded per image to the figures people compare.
 *
 * Doubles are summed in image order, so that no figure depends on threads or batches.
 *
 * Light: launched and client_in are those of the loaded frames at the launch power of each
 * layer, per image; detected is the mean of what the link counted for the images that were run.
 * With a budget per sample the power differs from image to image; then both are what the link's
 * account says, to six digits, because it sums in whatever order windows were played.
 *
 * Readouts: a layer of K rows on C channels takes ceil(K/C) tiles and each window ends with one
 * conversion per row of its tile: K * windows / ceil(K/C) of them.
 *
 * Client memory [bytes] is what a client must hold at once, and never a weight:
 *
 *     4 max over layers (inputs + outputs)   activations in and out, float32
 *     + 4 C                                  readouts of the window at hand, float32
 *     + 64 + 8 C                             header of the weight frame, with its sums
 *     + 88 C + 24                            calibration record
 *
 * Link rate: C channels x bits of the weight DAC x slot rate. */
#ifndef OAC_EXPERIMENTS_FIGURES_H
#define OAC_EXPERIMENTS_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "experiments/run.h"
#include "experiments/setup.h"

struct oac_run_data { /* what a run records; all by image index */
    size_t images, classes;
    float *logits, *logits_digital;           /* (images, classes) */
    double *photons;                          /* (images) detected, all layers */
    uint8_t *prediction, *prediction_digital; /* (images) */
    struct oac_multiply_tally tally;
    double played_launched_j, played_client_in_j; /* by the link's account, all images */
    enum oac_loss underflow, overflow;            /* by the same */
    double launch[OAC_RUN_LAYERS_MAX];            /* (layers); NAN with a budget per sample */
    size_t threads, batch;
    double seconds;
};

/* Fills everything in *result. */
enum oac_status oac_figures(const struct oac_run_options *options,
                            const struct oac_setup *setup, const struct oac_run_data *data,
                            struct oac_run_result *result, struct oac_err *err) OAC_MUST_USE;

#endif
