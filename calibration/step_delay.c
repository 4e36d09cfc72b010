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

#define REACH       24 /* slots to either side */
#define SHIFTS      (2 * REACH + 1)
#define REPEATS     16
#define WINDOWS     (SHIFTS * REPEATS)
#define PATTERN_MAX 63
/* A correction is made when it is known to be one: beyond 5 standard errors. */
#define SIGNIFICANT 5.0

struct pattern_play {
    size_t length, slots;
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
            const size_t at = n - REACH; /* wraps below 0: not in the pattern */
            play->weight[k * play->slots + n] =
                at < play->length && play->pattern[at] ? calibration->weight_open[k] : closed;
        }
    }
    for (size_t b = 0; b < WINDOWS; b++) {
        play->shift[b] = (int)(b % SHIFTS) - REACH;
        for (size_t n = 0; n < play->slots; n++) {
            const size_t at = n - (size_t)(REACH + play->shift[b]);
            play->client[b * play->slots + n] =
                at < play->length && play->pattern[at] ? calibration->client_open : dark;
        }
    }
}

static enum oac_status fit_channel(size_t k, size_t channels, const struct pattern_play *play,
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
    channel->late_slots = delay.late_slots;
    channel->late_sigma_slots = delay.sigma_slots;
    return OAC_OK;
}

/* The client's skew takes the mean, pre-delays the rest; what stays as it is, the edges of windows do. */
static enum oac_status correct(struct oac_measure *measure, struct oac_calibration *calibration,
                               bool spare_settings, struct oac_err *err)
{
    const double slot_s = measure->link->caps->slot_s;
    const bool skew = !spare_settings && oac_measure_has(measure, OAC_SKEW_S);
    const bool predelays = !spare_settings && oac_measure_has(measure, OAC_PREDELAY_S);
    double mean = 0.0, sigma2 = 0.0, most = 0.0;
    for (size_t k = 0; k < calibration->channels; k++) {
        mean += calibration->channel[k].late_slots / (double)calibration->channels;
        sigma2 +=
            pow(calibration->channel[k].late_sigma_slots / (double)calibration->channels, 2.0);
    }
    if (!skew || !(fabs(mean) > SIGNIFICANT * sqrt(sigma2)))
        mean = 0.0;
    else if (oac_measure_set(measure, OAC_SKEW_S, 0, calibration->skew_s + mean * slot_s,
                             &calibration->skew_s, err))
        return err->status;
    for (size_t k = 0; k < calibration->channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        const double rest = channel->late_slots - mean;
        const double sure = SIGNIFICANT * channel->late_sigma_slots;
        const bool corrected = predelays && fabs(rest) > sure;
        most = fmax(most, (corrected ? 0.0 : fabs(rest)) + sure);
        if (!corrected)
            continue;
        if (oac_measure_set(measure, OAC_PREDELAY_S, k, channel->predelay_s - rest * slot_s,
                            &channel->predelay_s, err))
            return err->status;
    }
    calibration->edge_slots = (size_t)ceil(most);
    return OAC_OK;
}

enum oac_status oac_step_delay(struct oac_measure *measure,
                               const struct oac_calibrate_options *options,
                               struct oac_calibration *calibration, struct oac_err *err)
{
    struct pattern_play play = {0};
    play.length = oac_delay_pattern(calibration->slots, play.pattern);
    play.slots = play.length + 2 * REACH;
    if (play.slots > measure->link->caps->slots_max) {
        calibration->edge_slots = 1; /* as a bench that was set by hand */
        oac_log(measure->sink, OAC_LOG_WARNING,
                "delays not measured: a window of %zu slots is needed, \"%s\" takes %zu",
                play.slots, measure->link->caps->device_id, measure->link->caps->slots_max);
        return OAC_OK;
    }
    play.weight =
        oac_alloc(calibration->channels * play.slots, sizeof *play.weight, "codes", err);
    play.client = oac_alloc(WINDOWS * play.slots, sizeof *play.client, "codes", err);
    play.code = oac_alloc(WINDOWS * calibration->channels, sizeof *play.code, "readouts", err);
    enum oac_status status = play.weight && play.client && play.code ? OAC_OK : OAC_ENOMEM;
    if (status == OAC_OK) {
        fill_codes(measure, calibration, &play);
        status = oac_measure_play(measure, play.slots, play.weight, WINDOWS, play.client,
                                  play.code, NULL, err);
    }
    for (size_t k = 0; status == OAC_OK && k < calibration->channels; k++)
        status = fit_channel(k, calibration->channels, &play, &calibration->channel[k], err);
    if (status == OAC_OK)
        status = correct(measure, calibration, options->spare_settings, err);
    free(play.weight);
    free(play.client);
    free(play.code);
    oac_progress(measure->sink, "delay", 1, 1, NULL);
    return status;
}
