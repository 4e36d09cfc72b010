/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a calibration file to what predicts random vectors: the record, and of the fits what it lacks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "calibration/certificate.h"
#include "calibration/check.h"

#define SLOTS_MAX 1e9

static enum oac_status need(const struct oac_h5_file *file, const char *path, size_t rank,
                            const struct oac_calrec *calrec, size_t each, const double **data,
                            struct oac_err *err)
{
    const size_t channels = calrec->channels;
    const struct oac_h5_array *array = oac_h5_find_array(file, path);
    const bool fits = array && array->type == OAC_H5_F64 && array->rank == rank &&
                      array->dims[0] == channels && array->count == channels * each;
    for (size_t i = 0; fits && i < array->count; i++)
        if (!isfinite(((const double *)array->data)[i]) && !calrec->channel[i / each].excluded)
            return oac_fail(err, OAC_EINVAL,
                            "%s: %s[%zu] is not finite: calibrate this bench again", file->path,
                            path, i);
    if (!fits)
        return oac_fail(
            err, OAC_EINVAL,
            "%s has no %s of %zu channels to check against: only what oac calibrate "
            "-o wrote can be checked",
            file->path, path, channels);
    *data = array->data;
    return OAC_OK;
}

static enum oac_status fill_fits(const struct oac_h5_file *file,
                                 const struct oac_calrec *calrec,
                                 struct oac_calibration *calibration, struct oac_err *err)
{
    const double *vpi, *gain, *gain_sigma, *rms, *covariance;
    double slots;
    size_t row = 0;
    if (need(file, "/curves/client_vpi", 1, calrec, 1, &vpi, err) ||
        need(file, "/gain/vector_gain", 1, calrec, 1, &gain, err) ||
        need(file, "/gain/vector_gain_sigma", 1, calrec, 1, &gain_sigma, err) ||
        need(file, "/verification/rms", 1, calrec, 1, &rms, err) ||
        need(file, "/fits/gain/covariance", 3, calrec, 4, &covariance, err) ||
        oac_h5_need_real(file, "/spent", "slots_per_window", 1.0, SLOTS_MAX, &slots, err))
        return err->status;
    calibration->slots = (size_t)slots;
    for (size_t k = 0; k < calrec->channels; k++) {
        if (calrec->channel[k].excluded)
            continue;
        struct oac_calibration_channel *channel = &calibration->channel[row++];
        channel->client_vpi_v = vpi[k];
        channel->vector_gain = gain[k];
        channel->vector_gain_sigma = gain_sigma[k];
        channel->verify_rms = rms[k];
        if (oac_fit_init(&channel->gain_fit, 2, 1, err))
            return err->status;
        memcpy(channel->gain_fit.covariance, covariance + 4 * k, 4 * sizeof *covariance);
    }
    return OAC_OK;
}

static enum oac_status fill_tolerance(const struct oac_h5_file *file,
                                      struct oac_calibration *calibration, struct oac_err *err)
{
    struct oac_certificate certificate;
    const enum oac_status status = oac_certificate_get(file, &certificate, err);
    if (status == OAC_OK)
        calibration->tolerated = certificate.tolerated;
    return status == OAC_ENOTFOUND ? OAC_OK : status;
}

static void fill_record(const struct oac_calrec *calrec, struct oac_calibration *calibration)
{
    size_t row = 0, all = calrec->channels;
    calibration->client = calrec->client; /* at the DAC: biases stay 0 here */
    calibration->last_slot0 = calrec->last_slot0;
    for (size_t k = 0; k < all; k++) {
        if (calrec->channel[k].excluded)
            continue;
        struct oac_calibration_channel *channel = &calibration->channel[row];
        double *gain = calibration->gain + row++ * calibration->channels;
        const struct oac_calrec_channel *from = &calrec->channel[k];
        channel->weight = from->weight;
        channel->full_code = from->gain_code;
        channel->vector_offset_code = from->offset_code;
        channel->dark_code_per_slot = from->dark_code_per_slot;
        for (size_t j = 0; j < all; j++) {
            const double unit = j == k ? 1.0 : 0.0;
            const double x = calrec->crosstalk ? calrec->crosstalk[k * all + j] : unit;
            if (!calrec->channel[j].excluded)
                *gain++ = x * from->gain_code;
        }
    }
}

static size_t working(const struct oac_calrec *calrec)
{
    size_t count = 0;
    for (size_t k = 0; k < calrec->channels; k++)
        count += !calrec->channel[k].excluded;
    return count;
}

enum oac_status oac_check_read(const char *path, struct oac_calibration **calibration,
                               struct oac_err *err)
{
    struct oac_h5_file *file = NULL;
    struct oac_calrec *calrec = NULL;
    struct oac_calibration *made = NULL;
    if (oac_h5_read(path, 0, &file, err))
        return err->status;
    enum oac_status status = oac_calrec_get(file, &calrec, err);
    if (status == OAC_OK)
        status = oac_calibration_create(working(calrec), &made, err);
    if (status == OAC_OK)
        status = fill_fits(file, calrec, made, err);
    if (status == OAC_OK)
        status = fill_tolerance(file, made, err);
    if (status == OAC_OK)
        fill_record(calrec, made);
    oac_calrec_destroy(calrec);
    oac_h5_file_destroy(file);
    if (status != OAC_OK) {
        oac_calibration_destroy(made);
        return status;
    }
    *calibration = made;
    return OAC_OK;
}
