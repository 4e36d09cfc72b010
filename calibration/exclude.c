/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibrating what is left of a bench when some of its channels are broken: the steps see a link of the
 * working ones (hal/subset.h) and nothing else; what they find is then numbered as the bench is. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "calibration/steps.h"
#include "hal/subset.h"

/* (whole, whole) from (part, part): what concerns a broken channel is 0, `diagonal` on the diagonal. */
static void spread_matrix(const struct oac_calibration *whole, const double *part,
                          double diagonal, double *to)
{
    size_t row = 0;
    for (size_t k = 0; k < whole->channels; k++) {
        size_t column = 0;
        for (size_t j = 0; j < whole->channels; j++) {
            const bool both = !whole->channel[k].excluded && !whole->channel[j].excluded;
            to[k * whole->channels + j] = k == j ? diagonal : 0.0;
            if (both)
                to[k * whole->channels + j] =
                    part[row * (whole->channels - whole->excluded) + column];
            column += !whole->channel[j].excluded;
        }
        row += !whole->channel[k].excluded;
    }
}

static enum oac_status spread_allan(const struct oac_calibration *whole, const double *part,
                                    size_t count, double **to, struct oac_err *err)
{
    size_t row = 0;
    *to = oac_alloc(whole->channels * count, sizeof **to, "Allan deviations", err);
    if (!*to)
        return err->status;
    for (size_t k = 0; k < whole->channels; k++)
        if (!whole->channel[k].excluded)
            memcpy(*to + k * count, part + row++ * count, count * sizeof **to);
    return OAC_OK;
}

/* Moves what was found into `whole`; fits change their owner. */
static enum oac_status spread(struct oac_calibration *part, struct oac_calibration *whole,
                              struct oac_err *err)
{
    size_t row = 0;
    if (spread_allan(whole, part->allan_dark, part->allan_count, &whole->allan_dark, err) ||
        spread_allan(whole, part->allan_bright, part->allan_count, &whole->allan_bright, err))
        return err->status;
    for (size_t k = 0; k < whole->channels; k++) {
        if (whole->channel[k].excluded)
            continue;
        whole->channel[k] = part->channel[row];
        whole->weight_open[k] = part->weight_open[row];
        memset(&part->channel[row++], 0, sizeof *part->channel);
    }
    spread_matrix(whole, part->gain, 0.0, whole->gain);
    spread_matrix(whole, part->gain_sigma, 0.0, whole->gain_sigma);
    spread_matrix(whole, part->crosstalk, 1.0, whole->crosstalk);
    spread_matrix(whole, part->unmix, 1.0, whole->unmix);
    whole->allan_count = part->allan_count;
    whole->slots = part->slots;
    whole->client = part->client;
    whole->client_bias_v = part->client_bias_v;
    whole->skew_s = part->skew_s;
    whole->condition = part->condition;
    whole->weights_client_v = part->weights_client_v;
    whole->client_open = part->client_open;
    whole->client_fit = part->client_fit;
    whole->client_blocks = part->client_blocks;
    part->client_fit = NULL;
    part->client_blocks = 0;
    return OAC_OK;
}

static void pick(const struct oac_calibration *whole, struct oac_calibration *part)
{
    size_t row = 0;
    part->client_bias_v = whole->client_bias_v;
    part->skew_s = whole->skew_s;
    part->aligned_slots = whole->aligned_slots;
    for (size_t k = 0; k < whole->channels; k++) {
        if (whole->channel[k].excluded)
            continue;
        part->channel[row].weight_bias_v = whole->channel[k].weight_bias_v;
        part->channel[row++].predelay_s = whole->channel[k].predelay_s;
    }
}

static enum oac_status measure_part(struct oac_measure *measure, struct oac_link *link,
                                    const struct oac_calibrate_options *options,
                                    struct oac_calibration *whole, oac_calibration_step *run,
                                    struct oac_err *err)
{
    struct oac_calibration *part;
    struct oac_measure inner;
    if (oac_calibration_create(link->caps->channels, &part, err))
        return err->status;
    enum oac_status status =
        oac_measure_init(&inner, link, measure->sink, 0, measure->seed, err);
    if (status == OAC_OK) {
        inner.slot = measure->slot;
        pick(whole, part);
        status = run(&inner, options, part, err);
        if (status != OAC_OK)
            (void)oac_fail_within(err, "%zu broken channels left out, the others numbered anew",
                                  whole->excluded);
        measure->slot = inner.slot;
        measure->saturated += inner.saturated;
        oac_measure_fini(&inner);
    }
    if (status == OAC_OK)
        status = spread(part, whole, err);
    oac_calibration_destroy(part);
    return status;
}

enum oac_status oac_calibrate_others(struct oac_measure *measure,
                                     const struct oac_calibrate_options *options,
                                     struct oac_calibration *calibration,
                                     oac_calibration_step *run, struct oac_err *err)
{
    struct oac_link link;
    const size_t channels = calibration->channels;
    bool *left_out = oac_alloc(channels, sizeof *left_out, "channels", err);
    enum oac_status status = left_out ? OAC_OK : OAC_ENOMEM;
    for (size_t k = 0; status == OAC_OK && k < channels; k++) {
        left_out[k] = calibration->channel[k].excluded;
        if (left_out[k] && oac_measure_has(measure, OAC_LASER_ON))
            status = oac_measure_set(measure, OAC_LASER_ON, k, 0.0, NULL, err);
    }
    if (status == OAC_OK)
        status = oac_subset_open(measure->link, left_out, &link, err);
    if (status == OAC_OK) {
        status = measure_part(measure, &link, options, calibration, run, err);
        oac_link_close(&link);
    }
    free(left_out);
    return status;
}
