/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate_reason.h"

#include <math.h>
#include <stdio.h>

#define CLIPPED_MUCH 0.01 /* of the readouts: seen to cost accuracy (docs/accuracy.md) */

struct errors { /* rms over channels, relative to full scale */
    double total, white, left;
};

static struct errors errors_of(const struct oac_calibration *calibration)
{
    struct errors e = {0};
    const double working = (double)(calibration->channels - calibration->excluded);
    for (size_t k = 0; k < calibration->channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        if (channel->excluded)
            continue;
        double full = channel->full_code * (double)calibration->slots;
        double white = channel->bright_noise.white_code / full;
        e.total += channel->verify_rms * channel->verify_rms / working;
        e.white += white * white / working;
    }
    e.left = sqrt(fmax(0.0, e.total - e.white));
    e.total = sqrt(e.total);
    e.white = sqrt(e.white);
    return e;
}

static double clipped_share(const struct oac_calibrate_bench *bench)
{
    double readouts = 0.0;
    struct oac_multiply_tally now = {0};
    if (bench->classifier)
        now = oac_classifier_tally(bench->classifier);
    for (size_t i = 0; i < bench->outcome->looks; i++)
        for (size_t l = 0; l < bench->network->layers; l++)
            readouts += (double)bench->outcome->look[i].images *
                        (double)bench->network->layer[l].outputs * bench->repeats;
    double clipped = (double)(bench->tally.clipped_readouts + now.clipped_readouts);
    return readouts > 0.0 ? clipped / readouts : 0.0;
}

static void explain(const struct oac_calibrate_bench *bench, char *text, size_t bytes)
{
    const struct oac_calibrate_outcome *outcome = bench->outcome;
    struct errors e = errors_of(outcome->calibration);
    double target = bench->request->target, clipped = clipped_share(bench);
    if (outcome->digital_accuracy < target)
        snprintf(text, bytes,
                 "the network itself is right on %.2f %% of the calibration images without any "
                 "optics; ask for less, or train it longer",
                 100.0 * outcome->digital_accuracy);
    else if (clipped > CLIPPED_MUCH)
        snprintf(text, bytes,
                 "%.1f %% of the readouts are clipped; lower the laser power, or raise "
                 "adc.full_scale_v",
                 100.0 * clipped);
    else if (e.white > e.left)
        snprintf(text, bytes,
                 "noise dominates: %.3f %% of full scale a readout, %.3f %% of it averages "
                 "away; longer slots, more light or --repeats help",
                 100.0 * e.total, 100.0 * e.white);
    else
        snprintf(text, bytes,
                 "errors that do not average dominate: %.3f %% of full scale beside %.3f %% of "
                 "noise; more --biases and --vectors, or --track against drift, help",
                 100.0 * e.left, 100.0 * e.white);
}

/* The attempt that came nearest, by the calibration split. Returns how many bytes it took. */
static size_t tell_best(const struct oac_target_result *target, char *text, size_t bytes)
{
    const struct oac_target_attempt *best = &target->attempt[target->best];
    const struct oac_certify_count count = best->calibration;
    const double images = (double)(count.right + count.wrong);
    const int used =
        snprintf(text, bytes, "best %.2f %% of the calibration images (attempt %zu, %s); ",
                 100.0 * (double)count.right / images, target->best + 1,
                 oac_target_step_names[best->step]);
    return used > 0 && (size_t)used < bytes ? (size_t)used : 0;
}

void oac_calibrate_reason(const struct oac_calibrate_bench *bench, char *text, size_t bytes)
{
    const struct oac_target_result *target = &bench->outcome->target;
    text[0] = '\0';
    if (target->verdict == OAC_TARGET_CERTIFIED)
        return;
    const size_t used = tell_best(target, text, bytes);
    text += used;
    bytes -= used;
    switch (target->verdict) {
    case OAC_TARGET_CERTIFIED:
    case OAC_TARGET_REFUTED:
        break;
    case OAC_TARGET_OUT_OF_IMAGES:
    case OAC_TARGET_OUT_OF_REACH:
        snprintf(text, bytes,
                 "the accuracy is too near to the target for the %zu held-out images there "
                 "are; a lower target or confidence would be decided",
                 target->held_out_used);
        return;
    case OAC_TARGET_OUT_OF_TIME:
        snprintf(text, bytes, "--max-time ran out after %zu held-out images; give it more",
                 target->held_out_used);
        return;
    }
    explain(bench, text, bytes);
}
