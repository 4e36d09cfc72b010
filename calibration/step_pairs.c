/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second detectors of pairs. Random known vectors once more, in windows of two lengths, read by the
 * difference:
 *     code = offset + N dark + plus expected - minus complement
 * complement is what the weight modulators' second outputs carry, at the first detector's gain; plus is 1 but for
 * errors. Points count one by one: 32 weight frames would be too few clusters to tell an error from, and what a
 * frame's codes share is far below noise. What curves and converters are wrong by is not in the stated error. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/least_squares.h"
#include "calibration/steps.h"
#include "calibration/sweep.h"
#include "calibration/vectors.h"

#define LENGTHS    2
#define SHORT_PART 0.25
enum { OFFSET, DARK, PLUS, MINUS, PARAMETERS };
/* Frame numbers, far from those of the steps before. */
#define FIRST (UINT64_C(1) << 34)
/* A second detector is there when its light is beyond so many standard errors. */
#define SIGNIFICANT 5.0

struct points {
    double *y, *sigma,
        *design; /* (windows of both lengths), the same, (the same, PARAMETERS) */
    size_t count;
};

static enum oac_status points_init(struct points *points, const struct oac_vectors *vectors,
                                   struct oac_err *err)
{
    points->count = 0;
    for (size_t l = 0; l < LENGTHS; l++)
        points->count += vectors[l].windows;
    points->y = oac_alloc((2 + PARAMETERS) * points->count, sizeof *points->y, "vectors", err);
    if (!points->y)
        return OAC_ENOMEM;
    points->sigma = points->y + points->count;
    points->design = points->sigma + points->count;
    return OAC_OK;
}

/* Of a difference of two lights, either within what sweeps saw: each adds its own to that of the dark. */
static double variance_of(const struct oac_calibration_channel *channel, double plus,
                          double minus)
{
    const double dark = oac_variance_at(channel->variance, 0.0);
    return fmax(dark, oac_variance_at(channel->variance, plus) +
                          oac_variance_at(channel->variance, minus) - dark);
}

static void fill_points(struct points *points, const struct oac_vectors *vectors, size_t k,
                        size_t channels, const struct oac_calibration_channel *channel)
{
    size_t i = 0;
    for (size_t l = 0; l < LENGTHS; l++)
        for (size_t b = 0; b < vectors[l].windows; b++, i++) {
            const size_t at = b * channels + k;
            const double plus = vectors[l].expected[at], minus = vectors[l].complement[at];
            double *row = points->design + i * PARAMETERS;
            points->y[i] = vectors[l].code[at];
            points->sigma[i] = sqrt(variance_of(channel, plus, minus));
            row[OFFSET] = 1.0;
            row[DARK] = (double)vectors[l].slots;
            row[PLUS] = plus;
            row[MINUS] = -minus;
        }
}

static enum oac_status fit_channel(const struct points *points, size_t k,
                                   struct oac_calibration_channel *channel, struct oac_err *err)
{
    const struct oac_fit_data data = {
        .points = points->count, .y = points->y, .sigma = points->sigma};
    if (oac_linear_least_squares("pair", &data, PARAMETERS, points->design, &channel->pair_fit,
                                 err))
        return oac_fail_within(err, "channel %zu", k);
    const double *found = channel->pair_fit.estimate;
    channel->offset_pair_code = found[OFFSET];
    channel->dark_pair_code_per_slot = found[DARK];
    channel->minus_gain = found[MINUS];
    channel->minus_gain_sigma = oac_fit_sigma(&channel->pair_fit, MINUS);
    if (channel->minus_gain > SIGNIFICANT * channel->minus_gain_sigma)
        return OAC_OK;
    return oac_fail(err, OAC_EMISSED,
                    "channel %zu: the second detector of its pair hears %.2g +- %.2g of the "
                    "first's light: check the fiber from its modulator's second output",
                    k, channel->minus_gain, channel->minus_gain_sigma);
}

/* Differences are negative too, and readouts may reach less far there: shorter windows, *part as long as light
 * allows, until none clips. */
static enum oac_status play_unclipped(struct oac_measure *measure,
                                      const struct oac_calibrate_options *options,
                                      const struct oac_calibration *calibration, uint64_t first,
                                      double *part, struct oac_vectors *vectors,
                                      struct oac_err *err)
{
    for (;; *part *= 0.5) {
        const uint64_t before = measure->saturated;
        oac_vectors_fini(vectors);
        if (oac_vectors_play(measure, calibration, options->vectors / LENGTHS, first, *part,
                             "pairs", vectors, err))
            return err->status;
        if (measure->saturated == before || vectors->slots == 1)
            return OAC_OK;
    }
}

enum oac_status oac_step_pairs(struct oac_measure *measure,
                               const struct oac_calibrate_options *options,
                               struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_vectors vectors[LENGTHS] = {{0}};
    struct points points = {0};
    double part = 1.0;
    enum oac_status status = OAC_OK;
    if (!measure->link->caps->differential)
        return OAC_OK;
    measure->differential = true;
    for (size_t l = 0; status == OAC_OK && l < LENGTHS; l++, part *= SHORT_PART)
        status = play_unclipped(measure, options, calibration, FIRST * (l + 1), &part,
                                &vectors[l], err);
    measure->differential = false;
    if (status == OAC_OK)
        status = points_init(&points, vectors, err);
    for (size_t k = 0; status == OAC_OK && k < calibration->channels; k++) {
        fill_points(&points, vectors, k, calibration->channels, &calibration->channel[k]);
        status = fit_channel(&points, k, &calibration->channel[k], err);
    }
    for (size_t l = 0; l < LENGTHS; l++)
        oac_vectors_fini(&vectors[l]);
    free(points.y);
    return status;
}
