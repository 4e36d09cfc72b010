/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One frame over and over, dark and bright: what averages away, what drifts, effective bits. */
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/steps.h"

/* What a readout of a window can be at most, less its least: a sampled one is a sum over its slots. */
static double range_of(const struct oac_link_caps *caps, size_t k, size_t slots)
{
    const struct oac_port *port = &caps->readout[k];
    const double conversion = (double)(port->code_max - port->code_min);
    return caps->receiver == OAC_SAMPLED ? conversion * (double)slots : conversion;
}

static enum oac_status judge(const struct oac_measure *measure, size_t windows, double *code,
                             struct oac_calibration *calibration, bool bright, double *allan,
                             struct oac_err *err)
{
    const size_t channels = calibration->channels;
    double *row = oac_alloc(windows, sizeof *row, "noise", err);
    enum oac_status status = row ? OAC_OK : OAC_ENOMEM;
    for (size_t k = 0; status == OAC_OK && k < channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        const double range = range_of(measure->link->caps, k, calibration->slots);
        for (size_t b = 0; b < windows; b++)
            row[b] = code[b * channels + k];
        status = oac_allan_deviation(row, windows, allan + k * calibration->allan_count, err);
        if (status == OAC_OK)
            status =
                oac_noise_split(row, windows, range,
                                bright ? &channel->bright_noise : &channel->dark_noise, err);
    }
    free(row);
    return status;
}

enum oac_status oac_step_noise(struct oac_measure *measure,
                               const struct oac_calibrate_options *options,
                               struct oac_calibration *calibration, struct oac_err *err)
{
    const size_t windows = options->noise_windows, channels = calibration->channels;
    calibration->allan_count = oac_allan_count(windows);
    const size_t cells = channels * calibration->allan_count;
    calibration->allan_dark = oac_alloc(cells, sizeof(double), "Allan deviations", err);
    calibration->allan_bright = oac_alloc(cells, sizeof(double), "Allan deviations", err);
    uint16_t *client = oac_alloc(windows, sizeof *client, "codes", err);
    uint16_t *closed = oac_alloc(channels, sizeof *closed, "codes", err);
    double *code = oac_alloc(windows * channels, sizeof *code, "readouts", err);
    enum oac_status status =
        calibration->allan_dark && calibration->allan_bright && client && closed && code
            ? OAC_OK
            : OAC_ENOMEM;
    for (int bright = 1; status == OAC_OK && bright >= 0; bright--) {
        const uint16_t *weight = bright ? calibration->weight_open : closed;
        if (bright)
            client[0] = calibration->client_open;
        else
            oac_step_dark_codes(measure, calibration, closed, client);
        for (size_t b = 1; b < windows; b++)
            client[b] = client[0];
        if (!bright)
            status = oac_step_lasers(measure, false, err);
        if (status == OAC_OK)
            status = oac_measure_hold(measure, calibration->slots, weight, windows, client,
                                      code, NULL, err);
        if (status == OAC_OK)
            status = judge(measure, windows, code, calibration, bright,
                           bright ? calibration->allan_bright : calibration->allan_dark, err);
        oac_progress(measure->sink, "noise", (size_t)(2 - bright), 2, NULL);
    }
    if (status == OAC_OK)
        status = oac_step_lasers(measure, true, err);
    free(client);
    free(closed);
    free(code);
    return status;
}
