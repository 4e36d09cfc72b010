/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/check.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "calibration/vectors.h"

/* Weight frames numbered far from those of fits and verification (step_gain.c). */
#define CHECK_FIRST (UINT64_C(1) << 33)

struct series { /* one channel: F values of a figure, summed up */
    double sum, square;
};

static void series_add(struct series *series, double value)
{
    series->sum += value;
    series->square += value * value;
}

static struct oac_check_figure judge(const struct series *series, size_t frames, double sigma,
                                     double tolerance, double limit)
{
    const double f = (double)frames, mean = series->sum / f;
    const double variance = fmax(0.0, (series->square - f * mean * mean) / (f - 1.0));
    struct oac_check_figure figure = {
        .change = mean, .sigma = sqrt(variance / f + sigma * sigma), .limit = limit};
    figure.t = (fabs(mean) - tolerance) / figure.sigma;
    figure.moved = !(figure.t <= limit);
    return figure;
}

static void check_channel(const struct oac_vectors *vectors,
                          const struct oac_calibration *calibration, size_t k, double limit,
                          struct oac_check_channel *check)
{
    const struct oac_calibration_channel *channel = &calibration->channel[k];
    const size_t channels = calibration->channels;
    const size_t frames = vectors->windows / OAC_VECTOR_WINDOWS;
    const double slots = (double)vectors->slots, full = slots * channel->full_code;
    struct series gain = {0}, level = {0};
    double centre = 0.0, square = 0.0;
    for (size_t b = 0; b < vectors->windows; b++)
        centre += vectors->expected[b * channels + k] / (double)vectors->windows;
    for (size_t f = 0; f < frames; f++) {
        double s = OAC_VECTOR_WINDOWS, x = 0.0, xx = 0.0, y = 0.0, xy = 0.0;
        for (size_t b = f * OAC_VECTOR_WINDOWS; b < (f + 1) * OAC_VECTOR_WINDOWS; b++) {
            const double expected = vectors->expected[b * channels + k];
            const double off = vectors->code[b * channels + k] -
                               slots * channel->dark_code_per_slot -
                               channel->vector_offset_code - expected;
            const double from = expected - centre;
            x += from;
            xx += from * from;
            y += off;
            xy += from * off;
            square += off * off;
        }
        const double slope = (s * xy - x * y) / (s * xx - x * x);
        series_add(&gain, slope);
        series_add(&level, (y - slope * x) / s / full);
    }
    /* The stored fit's offset and slope at the centre; its abscissa had the light of that fit. */
    const double *c = channel->gain_fit.covariance, at = centre / channel->vector_gain;
    const double level_sigma = sqrt(fmax(0.0, c[0] + 2.0 * at * c[1] + at * at * c[3])) / full;
    check->tolerance = fmax(channel->verify_rms, calibration->tolerated);
    check->gain = judge(&gain, frames, channel->vector_gain_sigma / channel->vector_gain,
                        check->tolerance, limit);
    check->level = judge(&level, frames, level_sigma, check->tolerance, limit);
    check->rms = sqrt(square / (double)vectors->windows) / full;
    check->verify_rms = channel->verify_rms;
}

static enum oac_status check_options(const struct oac_link *link,
                                     const struct oac_calibration *calibration,
                                     const struct oac_check_options *options,
                                     struct oac_err *err)
{
    if (link->caps->channels != calibration->channels)
        return oac_fail(err, OAC_EINVAL,
                        "a calibration of %zu channels cannot be checked on the %zu of \"%s\": "
                        "calibrate it",
                        calibration->channels, link->caps->channels, link->caps->device_id);
    if (options->windows < 4 * OAC_VECTOR_WINDOWS || options->windows % OAC_VECTOR_WINDOWS ||
        !(options->false_alarm > 0.0 && options->false_alarm < 1.0))
        return oac_fail(err, OAC_EINVAL,
                        "a check of %zu windows at a false-alarm rate of %g: give a multiple "
                        "of %d windows, at least 256, and a rate between 0 and 1",
                        options->windows, options->false_alarm, OAC_VECTOR_WINDOWS);
    return OAC_OK;
}

enum oac_status oac_check_run(struct oac_link *link, const struct oac_calibration *calibration,
                              const struct oac_check_options *options,
                              const struct oac_sink *sink, struct oac_check *check,
                              struct oac_err *err)
{
    struct oac_measure measure;
    struct oac_vectors vectors;
    const size_t channels = calibration->channels;
    if (check_options(link, calibration, options, err) ||
        oac_measure_init(&measure, link, sink, options->slot0, options->seed, err))
        return err->status;
    struct oac_check made = {.channels = channels};
    made.channel = oac_alloc(channels, sizeof *made.channel, "check", err);
    enum oac_status status = made.channel ? OAC_OK : OAC_ENOMEM;
    if (status == OAC_OK)
        status = oac_vectors_play(&measure, calibration, options->windows, CHECK_FIRST, "check",
                                  &vectors, err);
    made.last_slot0 = measure.slot;
    oac_measure_fini(&measure);
    if (status != OAC_OK) {
        free(made.channel);
        return status;
    }
    const size_t whole_frames = vectors.windows / OAC_VECTOR_WINDOWS;
    const double frames = (double)whole_frames;
    const double limit =
        gsl_cdf_tdist_Qinv(options->false_alarm / (2.0 * (double)channels), frames - 1.0);
    for (size_t k = 0; k < channels; k++) {
        check_channel(&vectors, calibration, k, limit, &made.channel[k]);
        made.moved += made.channel[k].gain.moved || made.channel[k].level.moved;
    }
    made.bench_s = (double)(made.last_slot0 - options->slot0) * link->caps->slot_s;
    made.holds = made.moved == 0;
    oac_vectors_fini(&vectors);
    *check = made;
    return OAC_OK;
}

void oac_check_fini(struct oac_check *check)
{
    free(check->channel);
    memset(check, 0, sizeof *check);
}
