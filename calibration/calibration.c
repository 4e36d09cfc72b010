/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/calibration.h"

#include <stdlib.h>

#include "base/alloc.h"

struct oac_calibrate_options oac_calibrate_defaults(void)
{
    return (struct oac_calibrate_options){.seed = 1,
                                          .biases = 12,
                                          .codes = 64,
                                          .repeats = 4,
                                          .vectors = 2048,
                                          .noise_windows = 2048};
}

enum oac_status oac_calibration_create(size_t channels, struct oac_calibration **calibration,
                                       struct oac_err *err)
{
    size_t cells;
    struct oac_calibration *made = oac_alloc(1, sizeof *made, "a calibration", err);
    if (!made)
        return err->status;
    made->channels = channels;
    if (oac_size_product(channels, channels, "a calibration", &cells, err))
        goto fail;
    made->channel = oac_alloc(channels, sizeof *made->channel, "a calibration", err);
    made->gain = oac_alloc(cells, sizeof *made->gain, "a calibration", err);
    made->gain_sigma = oac_alloc(cells, sizeof *made->gain, "a calibration", err);
    made->crosstalk = oac_alloc(cells, sizeof *made->gain, "a calibration", err);
    made->unmix = oac_alloc(cells, sizeof *made->gain, "a calibration", err);
    made->weight_open = oac_alloc(channels, sizeof *made->weight_open, "a calibration", err);
    if (!made->channel || !made->gain || !made->gain_sigma || !made->crosstalk ||
        !made->unmix || !made->weight_open)
        goto fail;
    *calibration = made;
    return OAC_OK;
fail:
    oac_calibration_destroy(made);
    return err->status;
}

void oac_calibration_destroy(struct oac_calibration *calibration)
{
    if (!calibration)
        return;
    for (size_t k = 0; calibration->channel && k < calibration->channels; k++) {
        struct oac_calibration_channel *channel = &calibration->channel[k];
        oac_fit_fini(&channel->dark_fit);
        oac_fit_fini(&channel->weight_fit);
        oac_fit_fini(&channel->delay_fit);
        oac_fit_fini(&channel->linearity_fit);
        oac_fit_fini(&channel->gain_fit);
        oac_fit_fini(&channel->pair_fit);
    }
    for (size_t b = 0; b < calibration->client_blocks; b++)
        oac_fit_fini(&calibration->client_fit[b]);
    free(calibration->client_fit);
    free(calibration->channel);
    free(calibration->gain);
    free(calibration->gain_sigma);
    free(calibration->crosstalk);
    free(calibration->unmix);
    free(calibration->weight_open);
    free(calibration->allan_dark);
    free(calibration->allan_bright);
    free(calibration);
}
