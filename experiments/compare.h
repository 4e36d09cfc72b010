/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two simulators against each other: the same frames through `sim` and `wave`, layer by layer.
 *
 * Every layer gets the digital activations of the layer before, on both, so that layers are compared
 * independently. Image b is played R times (windows of images b R .. b R + R - 1 of the schedule, the
 * same slots on both: drift is then the same and cancels), which gives mean and variance of every output
 * on both sides. Without noise both are played once: the difference of means, exactly.
 *
 *     z_rms            rms over outputs of the difference of means in its standard errors; 1 expected
 *     difference       rms over outputs of (wave - sim)/rms of the layer's exact outputs, noise off
 *     error            the same of (wave - exact arithmetic)
 *     variance_ratio   sum of wave's variances over sum of sim's
 *
 * Significant means: 4 standard errors (z_rms, variance_ratio), p < 1e-3 (largest z, labels); without
 * noise, a difference above 0.1 %. Then each effect of experiments/compare_effects.h that the rig has is
 * neutralised in turn, on both sides, noise off, and its share of the mean square difference is what
 * disappears with it. Effects overlap, so shares need not add up to 1; a negative share says that the
 * effect hid others. */
#ifndef OAC_EXPERIMENTS_COMPARE_H
#define OAC_EXPERIMENTS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/status.h"
#include "experiments/compare_effects.h"
#include "experiments/run.h"

#define OAC_COMPARE_SIGMAS     4.0
#define OAC_COMPARE_P          1e-3
#define OAC_COMPARE_DIFFERENCE 1e-3 /* without noise */

struct oac_compare_layer {
    uint64_t inputs, outputs;
    double output_rms;        /* of the exact products, bias and activation left out */
    double difference, error; /* relative to output_rms, noise off */
    double sim_error;         /* of sim against exact arithmetic, the same way */
    double z_rms, z_rms_error, z_largest, z_largest_expected; /* NAN without noise */
    double variance_ratio, variance_ratio_error;              /* NAN without noise */
    uint64_t tested; /* outputs x images with variance */
    bool means_differ, variances_differ;
};

struct
    oac_compare_effect { /* one that the rig has; a layer's shares are NAN where it was not tried */
    const struct oac_effect *effect;
    double difference_share[OAC_RUN_LAYERS_MAX]; /* of wave - sim, mean square */
    double error_share[OAC_RUN_LAYERS_MAX];      /* of wave - exact */
    double variance_share[OAC_RUN_LAYERS_MAX]; /* of the excess variance; noise effects only */
};

struct oac_compare_result {
    char model_name[OAC_RUN_TEXT_BYTES], dataset_name[64], dataset_split[64];
    char rig_name[OAC_RUN_TEXT_BYTES], noise[64], encoding[16];
    char model_sha256[OAC_DIGEST_HEX_BYTES], rig_sha256[OAC_DIGEST_HEX_BYTES];
    uint64_t seed;
    size_t images, repeats, explained_images, layers;
    struct oac_compare_layer layer[OAC_RUN_LAYERS_MAX];
    double accuracy_sim, accuracy_wave, accuracy_digital, labels_agree; /* ratios */
    uint64_t only_sim_right, only_wave_right, only_digital_right, only_wave_not_digital;
    double p_sim, p_digital; /* McNemar: wave against sim, against digital */
    bool labels_differ, worse_than_digital;
    bool explained; /* effects were tried */
    size_t effects;
    struct oac_compare_effect effect[OAC_EFFECTS_MAX];
    double seconds_sim, seconds_wave; /* of the labels' forward passes */
    char *rig_text;
};

struct oac_compare_options {
    struct oac_run_options
        run; /* model, data, rig, noise, seed, ..; `on`, budgets are not looked at;
                                   run.repeats is R, >= 4 */
};

/* *result is ended with oac_compare_result_fini; zeroed on failure. Writes run.output_path
 * (HDF5, format
 * "oac-compare") when given. */
enum oac_status oac_compare(const struct oac_compare_options *options,
                            const struct oac_sink *sink, struct oac_compare_result *result,
                            struct oac_err *err) OAC_MUST_USE;
void oac_compare_result_fini(struct oac_compare_result *result); /* a zeroed one is fine */

/* At most 80 columns. output_path NULL: nothing was written. */
void oac_compare_report(const struct oac_compare_result *result, const char *output_path,
                        FILE *out);

/* One JSON object, schema 1. */
enum oac_status oac_compare_json(const struct oac_compare_result *result, FILE *out,
                                 struct oac_err *err) OAC_MUST_USE;

#endif
