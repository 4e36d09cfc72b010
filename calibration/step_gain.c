/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random known vectors against what curves, gains and crosstalk predict: first to fit what is left of gain
 * and offset,
 *     code - N dark = offset + gain expected
 * then, with other vectors that entered no fit, to say how well the calibration holds. A weight frame is a
 * cluster: its codes' converter errors meet all its windows. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/least_squares.h"
#include "calibration/steps.h"
#include "calibration/sweep.h"
#include "calibration/vectors.h"

/* Frame numbers of verification, far from those of the fit. */
#define VERIFY_FIRST (UINT64_C(1) << 32)

/* A calibration fails its verification when noise and drift do not explain an error beyond a tenth of how far
 * random products lie apart: of 40 random benches the worst has a thousandth, one whose weights miss their data
 * has 1. Drift is a walk of the gain since it was fitted, one draw a channel, so that as many of its sigmas are
 * chance. */
#define UNEXPLAINED_MOST 0.1
#define CHANCE_SIGMAS    5.0

struct columns {
    double *y, *sigma, *design; /* (windows), (windows), (windows, 2) */
    uint32_t *cluster;
};

static enum oac_status fit_channel(size_t k, size_t channels, const struct oac_vectors *vectors,
                                   struct columns *columns,
                                   struct oac_calibration_channel *channel, struct oac_err *err)
{
    const double dark = (double)vectors->slots * channel->dark_code_per_slot;
    for (size_t b = 0; b < vectors->windows; b++) {
        const double expected = vectors->expected[b * channels + k];
        columns->y[b] = vectors->code[b * channels + k] - dark;
        columns->sigma[b] = sqrt(oac_variance_at(channel->variance, expected));
        columns->design[2 * b] = 1.0;
        columns->design[2 * b + 1] = expected;
        columns->cluster[b] = (uint32_t)(b / OAC_VECTOR_WINDOWS);
    }
    const struct oac_fit_data data = {.points = vectors->windows,
                                      .y = columns->y,
                                      .sigma = columns->sigma,
                                      .cluster = columns->cluster};
    if (oac_linear_least_squares("gain", &data, 2, columns->design, &channel->gain_fit, err))
        return oac_fail_within(err, "channel %zu", k);
    channel->vector_offset_code = channel->gain_fit.estimate[0];
    channel->vector_gain = channel->gain_fit.estimate[1];
    channel->vector_gain_sigma = oac_fit_sigma(&channel->gain_fit, 1);
    return OAC_OK;
}

enum oac_status oac_step_gain(struct oac_measure *measure,
                              const struct oac_calibrate_options *options,
                              struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_vectors vectors;
    const uint64_t from = measure->slot;
    if (oac_vectors_play(measure, calibration, options->vectors, 0, "gains", &vectors, err))
        return err->status;
    calibration->gains_slot = from + (measure->slot - from) / 2;
    struct columns columns = {0};
    columns.y = oac_alloc(4 * vectors.windows, sizeof *columns.y, "vectors", err);
    columns.cluster = oac_alloc(vectors.windows, sizeof *columns.cluster, "vectors", err);
    enum oac_status status = columns.y && columns.cluster ? OAC_OK : OAC_ENOMEM;
    if (status == OAC_OK) {
        columns.sigma = columns.y + vectors.windows;
        columns.design = columns.sigma + vectors.windows;
    }
    for (size_t k = 0; status == OAC_OK && k < calibration->channels; k++)
        status = fit_channel(k, calibration->channels, &vectors, &columns,
                             &calibration->channel[k], err);
    free(columns.y);
    free(columns.cluster);
    oac_vectors_fini(&vectors);
    return status;
}

/* Relative, from gains to the middle of the vectors, which begin at `from`. The noise step saw, of windows with
 * everything open, A(m) = d^2 m, which is a third of the variance by which such a walk grows a window (NIST SP
 * 1065, table of power laws). */
static double walk_of(const struct oac_measure *measure,
                      const struct oac_calibration *calibration, uint64_t from,
                      const struct oac_calibration_channel *channel)
{
    const double bright = (double)calibration->slots * channel->open_code;
    const double window = (double)(calibration->slots + measure->link->caps->guard_slots);
    const uint64_t middle = from + (measure->slot - from) / 2;
    const double windows = (double)(middle - calibration->gains_slot) / window;
    return channel->bright_noise.drift_code_per_sqrt_window / bright * sqrt(3.0 * windows);
}

/* Verification of one channel, in full scale: error, its bias, what noise alone would leave, what a walk of the
 * gain would, and how far the vectors' products lie apart. */
static void verify_channel(size_t k, const struct oac_calibration *calibration,
                           const struct oac_vectors *vectors, double walk,
                           struct oac_calibration_channel *channel)
{
    const size_t channels = calibration->channels;
    const double slots = (double)vectors->slots, windows = (double)vectors->windows;
    const double full = slots * channel->full_code * channel->vector_gain;
    double sum = 0.0, square = 0.0, noise = 0.0, light = 0.0, light2 = 0.0;
    for (size_t b = 0; b < vectors->windows; b++) {
        const double expected = channel->vector_gain * vectors->expected[b * channels + k];
        const double off = vectors->code[b * channels + k] -
                           slots * channel->dark_code_per_slot - channel->vector_offset_code -
                           expected;
        sum += off / full;
        square += off * off / (full * full);
        noise += oac_variance_at(channel->variance, expected) / (full * full);
        light += expected / full;
        light2 += expected * expected / (full * full);
    }
    channel->verify_bias = sum / windows;
    channel->verify_rms = sqrt(square / windows);
    channel->verify_noise = sqrt(noise / windows);
    channel->verify_drift = walk * sqrt(light2 / windows);
    channel->verify_spread = sqrt(fmax(0.0, light2 / windows - pow(light / windows, 2.0)));
}

/* What noise, drift and chance do not explain of the error, against how far products lie apart. */
static double unexplained(const struct oac_calibration_channel *channel, size_t windows)
{
    const double chance = 1.0 + CHANCE_SIGMAS * sqrt(2.0 / (double)windows);
    const double left = pow(channel->verify_rms, 2.0) -
                        chance * pow(channel->verify_noise, 2.0) -
                        pow(CHANCE_SIGMAS * channel->verify_drift, 2.0);
    return sqrt(fmax(0.0, left)) / channel->verify_spread;
}

enum oac_status oac_step_verify(struct oac_measure *measure,
                                const struct oac_calibrate_options *options,
                                struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_vectors vectors;
    const uint64_t from = measure->slot;
    size_t worst = 0;
    double most = 0.0;
    if (oac_vectors_play(measure, calibration, options->vectors / 2, VERIFY_FIRST,
                         "verification", &vectors, err))
        return err->status;
    for (size_t k = 0; k < calibration->channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        verify_channel(k, calibration, &vectors, walk_of(measure, calibration, from, channel),
                       channel);
        const double here = unexplained(&calibration->channel[k], vectors.windows);
        if (here <= most)
            continue;
        most = here;
        worst = k;
    }
    oac_vectors_fini(&vectors);
    /* Delays that were to stay are errors that were to stay; the figures tell them. */
    if (options->spare_settings || most <= UNEXPLAINED_MOST)
        return OAC_OK;
    const struct oac_calibration_channel *channel = &calibration->channel[worst];
    return oac_fail(err, OAC_EMISSED,
                    "channel %zu: random products come back %.3g %% of full scale (rms) off, "
                    "its noise explains %.3g %%, its drift %.3g %%: the bench does not do what "
                    "was fitted; let it warm up, check its connections, or measure more "
                    "(--biases, --codes)",
                    worst, 100.0 * channel->verify_rms, 100.0 * channel->verify_noise,
                    100.0 * channel->verify_drift);
}
