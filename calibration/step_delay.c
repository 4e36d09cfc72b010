/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How late every channel's weights meet the client's data; then skew and pre-delays are set so that they
 * do not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/fit_delay.h"
#include "calibration/fit_transfer.h"
#include "calibration/steps.h"
#include "calibration/sweep.h"

#define REACH       OAC_STEP_REACH
#define SHIFTS      (2 * REACH + 1)
#define REPEATS     16
#define WINDOWS     (SHIFTS * REPEATS)
#define PATTERN_MAX 63
/* A correction is made when it is known to be one: beyond 5 standard errors. */
#define SIGNIFICANT 5.0
/* What cannot be corrected must not exceed [slots]: it costs 0.24/sqrt(N) of full scale per slot of random
 * products of N slots, which at a tenth of a slot is the readout noise of a good bench. */
#define LEFT_MOST 0.1

struct pattern_play {
    size_t length, slots;
    size_t margin; /* slots in front of the weights' pattern, and behind it */
    unsigned char pattern[PATTERN_MAX];
    uint16_t *weight, *client; /* (channels, slots), (WINDOWS, slots) */
    int shift[WINDOWS];
    double *code; /* (WINDOWS, channels) */
};

static void fill_codes(const struct oac_measure *measure,
                       const struct oac_calibration *calibration, struct pattern_play *play)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const uint16_t dark =
        oac_step_null_code(caps->client, &calibration->client, calibration->client_bias_v);
    for (size_t k = 0; k < calibration->channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        const uint16_t closed =
            oac_step_null_code(&caps->weight[k], &channel->weight, channel->weight_bias_v);
        for (size_t n = 0; n < play->slots; n++) {
            const size_t at = n - play->margin; /* wraps below 0: not in the pattern */
            play->weight[k * play->slots + n] =
                at < play->length && play->pattern[at] ? calibration->weight_open[k] : closed;
        }
    }
    for (size_t b = 0; b < WINDOWS; b++) {
        play->shift[b] = (int)(b % SHIFTS) - REACH;
        for (size_t n = 0; n < play->slots; n++) {
            const size_t at = n - play->margin - (size_t)play->shift[b];
            play->client[b * play->slots + n] =
                at < play->length && play->pattern[at] ? calibration->client_open : dark;
        }
    }
}

static enum oac_status fit_channel(size_t k, size_t channels, const struct pattern_play *play,
                                   double aligned_slots,
                                   struct oac_calibration_channel *channel, struct oac_err *err)
{
    double y[WINDOWS], sigma[WINDOWS];
    struct oac_delay delay;
    for (size_t b = 0; b < WINDOWS; b++) {
        y[b] = play->code[b * channels + k];
        sigma[b] = sqrt(oac_variance_at(channel->variance, 0.0));
    }
    const struct oac_fit_data data = {.points = WINDOWS, .y = y, .sigma = sigma};
    oac_fit_fini(&channel->delay_fit);
    if (oac_delay_fit("delay", &data, play->shift, play->pattern, play->length, REACH, &delay,
                      &channel->delay_fit, err))
        return oac_fail_within(err, "channel %zu", k);
    channel->late_slots = delay.late_slots + aligned_slots;
    channel->late_sigma_slots = delay.sigma_slots;
    return OAC_OK;
}

enum oac_status oac_step_skew(struct oac_measure *measure, struct oac_calibration *calibration,
                              double late_slots, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const struct oac_range *range = &caps->settings[OAC_SKEW_S];
    const double wanted_s = calibration->skew_s + late_slots * caps->slot_s;
    if (!(wanted_s >= range->min && wanted_s <= range->max))
        return oac_fail(err, OAC_EMISSED,
                        "the weights meet the client's data %.4g slots late, which takes a "
                        "skew_s of %.4g s: "
                        "\"%s\" takes %.4g to %.4g s; change the client's cable or trigger",
                        late_slots, wanted_s, caps->device_id, range->min, range->max);
    return oac_measure_set(measure, OAC_SKEW_S, 0, wanted_s, &calibration->skew_s, err);
}

/* A pre-delay takes what the skew left of a channel, *rest_slots, and leaves 0 of it where it can. */
static enum oac_status correct_channel(struct oac_measure *measure,
                                       struct oac_calibration_channel *channel, size_t k,
                                       double *rest_slots, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const struct oac_range *range = &caps->settings[OAC_PREDELAY_S];
    const double wanted_s = channel->predelay_s - *rest_slots * caps->slot_s;
    if (!(fabs(*rest_slots) > SIGNIFICANT * channel->late_sigma_slots))
        return OAC_OK;
    if (wanted_s >= range->min && wanted_s <= range->max) {
        *rest_slots = 0.0;
        return oac_measure_set(measure, OAC_PREDELAY_S, k, wanted_s, &channel->predelay_s, err);
    }
    if (fabs(*rest_slots) <= LEFT_MOST)
        return OAC_OK;
    return oac_fail(
        err, OAC_EMISSED,
        "channel %zu: its weights come %.4g slots late and no setting of \"%s\" takes that: "
        "cut its cable or fiber to length",
        k, *rest_slots, caps->device_id);
}

/* The client's skew takes the mean, pre-delays the rest; what stays as it is, the edges of windows do. */
static enum oac_status correct(struct oac_measure *measure, struct oac_calibration *calibration,
                               bool spare_settings, struct oac_err *err)
{
    double mean = 0.0, sigma2 = 0.0, most_slots = 0.0;
    for (size_t k = 0; k < calibration->channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        mean +=
            (channel->late_slots - calibration->aligned_slots) / (double)calibration->channels;
        sigma2 += pow(channel->late_sigma_slots / (double)calibration->channels, 2.0);
    }
    if (spare_settings || !oac_measure_has(measure, OAC_SKEW_S) ||
        !(fabs(mean) > SIGNIFICANT * sqrt(sigma2)))
        mean = 0.0;
    else if (oac_step_skew(measure, calibration, mean, err))
        return err->status;
    for (size_t k = 0; k < calibration->channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        double rest_slots = channel->late_slots - calibration->aligned_slots - mean;
        if (!spare_settings && correct_channel(measure, channel, k, &rest_slots, err))
            return err->status;
        most_slots =
            fmax(most_slots, fabs(rest_slots) + SIGNIFICANT * channel->late_sigma_slots);
    }
    calibration->edge_slots = (size_t)ceil(most_slots);
    return OAC_OK;
}

/* The client's pattern is shifted by up to REACH slots and late by as many: of a window that cuts it off, less
 * than its mean would be left. Where windows are short, what is cut off must be an outlier. */
static void play_arrange(struct pattern_play *play, const struct oac_measure *measure,
                         const struct oac_calibration *calibration)
{
    const size_t most = measure->link->caps->slots_max;
    play->length = oac_delay_pattern(calibration->slots, play->pattern);
    const size_t least = play->length + 2 * REACH,
                 spare = most > least ? (most - least) / 2 : 0;
    play->margin = REACH + (spare < REACH ? spare : REACH);
    play->slots = play->length + 2 * play->margin;
}

/* Room for the longest pattern that the readout may hold. */
static enum oac_status play_init(struct pattern_play *play, const struct oac_measure *measure,
                                 const struct oac_calibration *calibration, struct oac_err *err)
{
    *play = (struct pattern_play){0};
    play_arrange(play, measure, calibration);
    play->weight =
        oac_alloc(calibration->channels * play->slots, sizeof *play->weight, "codes", err);
    play->client = oac_alloc(WINDOWS * play->slots, sizeof *play->client, "codes", err);
    play->code =
        oac_alloc(WINDOWS * calibration->channels, sizeof *play->code, "readouts", err);
    return play->weight && play->client && play->code ? OAC_OK : OAC_ENOMEM;
}

static void play_fini(struct pattern_play *play)
{
    free(play->weight);
    free(play->client);
    free(play->code);
}

/* A peak that the readout cuts off would be found beside its place: shorter patterns then. */
static enum oac_status play_pattern(struct pattern_play *play, struct oac_measure *measure,
                                    struct oac_calibration *calibration, struct oac_err *err)
{
    uint64_t before;
    do {
        before = measure->saturated;
        play_arrange(play, measure, calibration);
        fill_codes(measure, calibration, play);
        if (oac_measure_play(measure, play->slots, play->weight, WINDOWS, play->client,
                             play->code, NULL, err))
            return err->status;
    } while (oac_step_shorter(measure, calibration, before));
    return OAC_OK;
}

enum oac_status oac_step_delay(struct oac_measure *measure,
                               const struct oac_calibrate_options *options,
                               struct oac_calibration *calibration, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    struct pattern_play play;
    enum oac_status status = play_init(&play, measure, calibration, err);
    if (status == OAC_OK && play.slots > caps->slots_max) {
        calibration->edge_slots = 1; /* as a bench that was set by hand */
        oac_log(measure->sink, OAC_LOG_WARNING,
                "delays not measured: a window of %zu slots is needed, \"%s\" takes %zu",
                play.slots, caps->device_id, caps->slots_max);
        play_fini(&play);
        return OAC_OK;
    }
    if (status == OAC_OK)
        status = play_pattern(&play, measure, calibration, err);
    for (size_t k = 0; status == OAC_OK && k < calibration->channels; k++)
        status = fit_channel(k, calibration->channels, &play, calibration->aligned_slots,
                             &calibration->channel[k], err);
    if (status == OAC_OK)
        status = correct(measure, calibration, options->spare_settings, err);
    play_fini(&play);
    oac_progress(measure->sink, "delay", 1, 1, NULL);
    return status;
}
