/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linearity of receiver and converter: all open for 1 .. N slots. The light of n equal slots is n times
 * that of one, so no calibrated attenuator is needed:
 *     code = offset + a n + b n^2 + c n^3
 * whose inverse, to the order that hal/calrec.h keeps, is a n = d - (b/a^2) d^2 + (2 b^2/a^4 - c/a^3) d^3 with
 * d = code - offset. Both are used only when b or c is beyond 5 standard errors. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/least_squares.h"
#include "calibration/steps.h"
#include "calibration/sweep.h"

#define LENGTHS     16
#define WINDOWS     64 /* of each */
#define POINTS      (LENGTHS * WINDOWS)
#define TERMS       4
#define SIGNIFICANT 5.0

static void take_fit(struct oac_calibration_channel *channel)
{
    const double *e = channel->linearity_fit.estimate;
    const double full = e[1] + e[2] + e[3];
    double worst = 0.0; /* deviation from the line through both ends */
    for (double n = 0.0; n <= 1.0; n += 1.0 / 64.0)
        worst = fmax(worst, fabs(n * (e[1] + n * (e[2] + n * e[3])) - n * full));
    channel->nonlinearity = worst / full;
    channel->quadratic_per_code = channel->cubic_per_code2 = 0.0;
    if (!(fabs(e[2]) > SIGNIFICANT * oac_fit_sigma(&channel->linearity_fit, 2)) &&
        !(fabs(e[3]) > SIGNIFICANT * oac_fit_sigma(&channel->linearity_fit, 3)))
        return;
    channel->quadratic_per_code = -e[2] / (e[1] * e[1]);
    channel->cubic_per_code2 = 2.0 * e[2] * e[2] / pow(e[1], 4.0) - e[3] / pow(e[1], 3.0);
}

static enum oac_status fit_channel(size_t k, size_t channels, const double *code,
                                   const size_t *slots, struct oac_calibration_channel *channel,
                                   struct oac_err *err)
{
    double y[POINTS], sigma[POINTS], design[POINTS * TERMS];
    const double most = (double)slots[LENGTHS - 1];
    for (size_t i = 0; i < POINTS; i++) {
        const size_t length = i / WINDOWS;
        const double n = (double)slots[length] / most; /* 0 .. 1 */
        y[i] = code[i * channels + k];
        sigma[i] = sqrt(oac_variance_at(channel->variance, n * most * channel->full_code));
        for (size_t t = 0; t < TERMS; t++)
            design[i * TERMS + t] = pow(n, (double)t);
    }
    const struct oac_fit_data data = {.points = POINTS, .y = y, .sigma = sigma};
    if (oac_linear_least_squares("linearity", &data, TERMS, design, &channel->linearity_fit,
                                 err))
        return oac_fail_within(err, "channel %zu", k);
    take_fit(channel);
    return OAC_OK;
}

enum oac_status oac_step_linearity(struct oac_measure *measure,
                                   const struct oac_calibrate_options *options,
                                   struct oac_calibration *calibration, struct oac_err *err)
{
    (void)options;
    const size_t channels = calibration->channels;
    size_t slots[LENGTHS];
    uint16_t client[WINDOWS];
    if (calibration->slots < LENGTHS) {
        oac_log(measure->sink, OAC_LOG_WARNING,
                "linearity not measured: %zu slots fill the readout, %d are needed",
                calibration->slots, LENGTHS);
        return OAC_OK;
    }
    for (size_t l = 0; l < LENGTHS; l++)
        slots[l] = (l + 1) * calibration->slots / LENGTHS;
    for (size_t b = 0; b < WINDOWS; b++)
        client[b] = calibration->client_open;
    double *code = oac_alloc(POINTS * channels, sizeof *code, "readouts", err);
    enum oac_status status = code ? OAC_OK : OAC_ENOMEM;
    for (size_t l = 0; status == OAC_OK && l < LENGTHS; l++) {
        status = oac_measure_hold(measure, slots[l], calibration->weight_open, WINDOWS, client,
                                  code + l * WINDOWS * channels, NULL, err);
        oac_progress(measure->sink, "linearity", l + 1, LENGTHS, NULL);
    }
    for (size_t k = 0; status == OAC_OK && k < channels; k++)
        status = fit_channel(k, channels, code, slots, &calibration->channel[k], err);
    free(code);
    return status;
}
