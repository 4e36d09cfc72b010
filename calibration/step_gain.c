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
    if (oac_vectors_play(measure, calibration, options->vectors, 0, "gains", &vectors, err))
        return err->status;
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

enum oac_status oac_step_verify(struct oac_measure *measure,
                                const struct oac_calibrate_options *options,
                                struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_vectors vectors;
    const size_t channels = calibration->channels;
    if (oac_vectors_play(measure, calibration, options->vectors / 2, VERIFY_FIRST,
                         "verification", &vectors, err))
        return err->status;
    for (size_t k = 0; k < channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        const double slots = (double)vectors.slots;
        const double full = slots * channel->full_code * channel->vector_gain;
        double sum = 0.0, square = 0.0;
        for (size_t b = 0; b < vectors.windows; b++) {
            const double off = vectors.code[b * channels + k] -
                               slots * channel->dark_code_per_slot -
                               channel->vector_offset_code -
                               channel->vector_gain * vectors.expected[b * channels + k];
            sum += off / full;
            square += off * off / (full * full);
        }
        channel->verify_bias = sum / (double)vectors.windows;
        channel->verify_rms = sqrt(square / (double)vectors.windows);
    }
    oac_vectors_fini(&vectors);
    return OAC_OK;
}
