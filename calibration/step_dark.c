/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First light, before any: what the readouts say with the lasers off, for two lengths of window.
 *
 *     code = offset + N dark
 *
 * On a link that cannot switch its lasers all modulators play their darkest codes instead, and what leaks
 * through both in a row counts as dark. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/least_squares.h"
#include "calibration/steps.h"

#define WINDOWS 128 /* of each length */
#define LENGTHS 2

static enum oac_status fit_channel(size_t k, size_t channels, const size_t slots[LENGTHS],
                                   const double *code, struct oac_calibration_channel *channel,
                                   struct oac_err *err)
{
    double y[LENGTHS * WINDOWS], sigma[LENGTHS * WINDOWS], design[LENGTHS * WINDOWS * 2];
    for (size_t l = 0; l < LENGTHS; l++) {
        const double *row = code + l * WINDOWS * channels + k;
        double mean = 0.0, variance = 0.0;
        for (size_t b = 0; b < WINDOWS; b++)
            mean += row[b * channels] / WINDOWS;
        for (size_t b = 0; b < WINDOWS; b++)
            variance += pow(row[b * channels] - mean, 2.0) / (WINDOWS - 1);
        for (size_t b = 0; b < WINDOWS; b++) {
            const size_t i = l * WINDOWS + b;
            y[i] = row[b * channels];
            sigma[i] = sqrt(fmax(variance, 1.0 / 12.0)); /* at least that of rounding */
            design[2 * i] = 1.0;
            design[2 * i + 1] = (double)slots[l];
        }
    }
    const struct oac_fit_data data = {.points = LENGTHS * WINDOWS, .y = y, .sigma = sigma};
    oac_fit_fini(&channel->dark_fit); /* of a first time, by a grid of codes */
    if (oac_linear_least_squares("readout without light", &data, 2, design, &channel->dark_fit,
                                 err))
        return oac_fail_within(err, "channel %zu", k);
    channel->offset_code = channel->dark_fit.estimate[0];
    channel->dark_code_per_slot = channel->dark_fit.estimate[1];
    channel->variance[0] = sigma[0] * sigma[0];
    return OAC_OK;
}

static enum oac_status choose_codes(struct oac_measure *measure,
                                    const struct oac_calibration *calibration, uint16_t *weight,
                                    uint16_t *client, struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    if (oac_measure_has(measure, OAC_LASER_ON)) {
        for (size_t k = 0; k < calibration->channels; k++)
            weight[k] = (uint16_t)caps->weight[k].code_safe;
        *client = (uint16_t)caps->client->code_safe;
        return OAC_OK;
    }
    if (!(calibration->client.vpi_v > 0.0)) /* no curve yet */
        return oac_step_darkest(measure, weight, client, err);
    oac_step_dark_codes(measure, calibration, weight, client);
    return OAC_OK;
}

enum oac_status oac_step_dark(struct oac_measure *measure,
                              const struct oac_calibrate_options *options,
                              struct oac_calibration *calibration, struct oac_err *err)
{
    (void)options;
    const struct oac_link_caps *caps = measure->link->caps;
    const size_t channels = calibration->channels;
    const size_t most =
        caps->slots_max < OAC_STEP_SLOTS_MAX ? caps->slots_max : (size_t)OAC_STEP_SLOTS_MAX;
    const size_t slots[LENGTHS] = {most > 8 ? most / 8 : 1, most};
    uint16_t client[WINDOWS], *weight = oac_alloc(channels, sizeof *weight, "codes", err);
    double *code = oac_alloc(LENGTHS * WINDOWS * channels, sizeof *code, "readouts", err);
    enum oac_status status = weight && code ? OAC_OK : OAC_ENOMEM;
    if (status == OAC_OK && slots[0] == slots[1])
        status = oac_fail(err, OAC_EUNSUPPORTED,
                          "\"%s\" plays windows of %zu slot only: 2 are needed to calibrate",
                          caps->device_id, caps->slots_max);
    if (status == OAC_OK)
        status = choose_codes(measure, calibration, weight, client, err);
    for (size_t b = 1; status == OAC_OK && b < WINDOWS; b++)
        client[b] = client[0];
    if (status == OAC_OK)
        status = oac_step_lasers(measure, false, err);
    for (size_t l = 0; status == OAC_OK && l < LENGTHS; l++)
        status = oac_measure_hold(measure, slots[l], weight, WINDOWS, client,
                                  code + l * WINDOWS * channels, NULL, err);
    if (status == OAC_OK)
        status = oac_step_lasers(measure, true, err);
    for (size_t k = 0; status == OAC_OK && k < channels; k++)
        status = fit_channel(k, channels, slots, code, &calibration->channel[k], err);
    free(weight);
    free(code);
    return status;
}
