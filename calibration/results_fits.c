/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/results_fits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/h5.h"
#include "calibration/fit_client.h"

#define PATH_BYTES 96

/* Fits of one kind, alike in shape: `count` of them, one a channel or block. */
struct kind {
    const char *group, *parameters;
    const struct oac_fit **fit; /* (count) */
    size_t count;
};

/* What a fit's array is made of. */
struct part {
    const char *name, *dimensions, *unit;
    size_t rank; /* beside the channel */
};

static const struct part parts[] = {
    {"estimate", "channel,parameter", "1", 1},
    {"covariance", "channel,parameter,parameter", "1", 2},
    {"white", "channel,parameter,parameter", "1", 2},
    {"residual", "channel,point", "sigma", 1},
    {"chi2", "channel", "1", 0},
    {"dof", "channel", "1", 0},
    {"p_value", "channel", "1", 0},
    {"outliers", "channel", "1", 0},
};

/* Part i of a fit, or its scalar in *scalar. */
static const double *part_data(const struct oac_fit *fit, size_t i, double *scalar)
{
    switch (i) {
    case 0:
        return fit->estimate;
    case 1:
        return fit->covariance;
    case 2:
        return fit->white;
    case 3:
        return fit->residual;
    case 4:
        *scalar = fit->chi2;
        break;
    case 5:
        *scalar = (double)fit->dof;
        break;
    case 6:
        *scalar = fit->p_value;
        break;
    default:
        *scalar = (double)fit->outliers;
        break;
    }
    return scalar;
}

/* The first there is: channels that were left out have none. NULL: no channel has. */
static const struct oac_fit *first_of(const struct kind *kind)
{
    for (size_t f = 0; f < kind->count; f++)
        if (kind->fit[f]->estimate)
            return kind->fit[f];
    return NULL;
}

static enum oac_status put_part(struct oac_h5_writer *writer, const struct kind *kind, size_t i,
                                struct oac_err *err)
{
    const struct oac_fit *first = first_of(kind);
    const struct part *part = &parts[i];
    const size_t length = i == 3 ? first->points : first->parameters;
    const size_t dims[] = {kind->count, length, length};
    size_t each = 1, all;
    for (size_t d = 0; d < part->rank; d++)
        each *= length;
    if (oac_size_product(kind->count, each, "a fit", &all, err))
        return err->status;
    double *data = oac_alloc(all, sizeof *data, "a fit", err);
    if (!data)
        return err->status;
    for (size_t f = 0; f < kind->count; f++) {
        double scalar;
        if (kind->fit[f]->estimate)
            memcpy(data + f * each, part_data(kind->fit[f], i, &scalar), each * sizeof *data);
        else
            for (size_t at = 0; at < each; at++)
                data[f * each + at] = NAN;
    }
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", kind->group, part->name);
    enum oac_status status = oac_h5_put_array(writer, path, OAC_H5_F64, part->rank + 1, dims,
                                              part->dimensions, part->unit, true, data, err);
    free(data);
    return status;
}

static enum oac_status put_kind(struct oac_h5_writer *writer, const struct kind *kind,
                                struct oac_err *err)
{
    if (!first_of(kind))
        return OAC_OK; /* a step that was left out */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (put_part(writer, kind, i, err))
            return err->status;
    return oac_h5_put_text(writer, kind->group, "parameters", kind->parameters, err);
}

static enum oac_status put_client(struct oac_h5_writer *writer,
                                  const struct oac_calibration *calibration,
                                  struct oac_err *err)
{
    for (size_t b = 0; b < calibration->client_blocks; b++) {
        char group[PATH_BYTES];
        const struct oac_fit *fit = &calibration->client_fit[b];
        snprintf(group, sizeof group, "/fits/client/%03zu", b);
        const struct kind kind = {
            .group = group,
            .parameters =
                "of every channel: zero [code]; full [code]; V_pi [V]; then V_peak [V], "
                "r [1], converter error [lsb] where it was fitted",
            .fit = &fit,
            .count = 1};
        if (put_kind(writer, &kind, err))
            return err->status;
    }
    return OAC_OK;
}

static const struct {
    const char *group, *parameters;
    size_t offset;
} kinds[] = {
    {"/fits/dark", "offset [code], dark [code/slot]",
     offsetof(struct oac_calibration_channel, dark_fit)},
    {"/fits/delay", "floor [code], swing (1-f) [code], swing f [code]",
     offsetof(struct oac_calibration_channel, delay_fit)},
    {"/fits/weight",
     "zero [code], full [code], V_pi [V], V_peak [V], r [1], light of every other laser "
     "[code], "
     "converter error [lsb] where it was fitted",
     offsetof(struct oac_calibration_channel, weight_fit)},
    {"/fits/linearity", "offset, linear, quadratic, cubic [code] of slots/most slots",
     offsetof(struct oac_calibration_channel, linearity_fit)},
    {"/fits/gain", "offset [code], gain [1]",
     offsetof(struct oac_calibration_channel, gain_fit)},
    {"/fits/pair",
     "offset [code], dark [code/slot], leak of nulls [code/slot], gain of the second detector "
     "[1]",
     offsetof(struct oac_calibration_channel, pair_fit)},
};

enum oac_status oac_calibration_put_fits(const struct oac_calibration *calibration,
                                         struct oac_h5_writer *writer, struct oac_err *err)
{
    const struct oac_fit **fit =
        oac_alloc(calibration->channels, sizeof *fit, "fits of all channels", err);
    enum oac_status status = fit ? OAC_OK : OAC_ENOMEM;
    for (size_t i = 0; status == OAC_OK && i < sizeof kinds / sizeof *kinds; i++) {
        for (size_t k = 0; k < calibration->channels; k++)
            fit[k] = (const struct oac_fit *)((const char *)&calibration->channel[k] +
                                              kinds[i].offset);
        const struct kind kind = {.group = kinds[i].group,
                                  .parameters = kinds[i].parameters,
                                  .fit = fit,
                                  .count = calibration->channels};
        status = put_kind(writer, &kind, err);
    }
    free(fit);
    return status == OAC_OK ? put_client(writer, calibration, err) : status;
}
