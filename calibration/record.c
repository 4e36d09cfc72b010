/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what was measured to what the engine needs. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "calibration/calibration.h"

/* In volts of the DAC: the bias is set beside it. A negative r is zero within its error. */
static struct oac_curve at_the_dac(struct oac_curve curve, double bias_v)
{
    curve.vpeak_v -= bias_v;
    curve.r = fmax(0.0, curve.r);
    return curve;
}

static void fill_channel(const struct oac_calibration *calibration,
                         const struct oac_link_caps *caps, size_t k, struct oac_calrec *calrec)
{
    const struct oac_calibration_channel *from = &calibration->channel[k];
    struct oac_calrec_channel *to = &calrec->channel[k];
    struct oac_calrec_finding *found = &calrec->finding[k];
    double *setting = calrec->setting[k].value;
    *to = caps->nominal
              ->channel[k]; /* what is not measured, such as light the weights do not gate */
    to->excluded = from->excluded;
    if (from->excluded) {
        if (caps->settings[OAC_LASER_ON].max > caps->settings[OAC_LASER_ON].min)
            setting[OAC_LASER_ON] = 0.0;
        return;
    }
    to->weight = at_the_dac(from->weight, from->weight_bias_v);
    to->gain_minus_code = from->full_code * from->minus_gain;
    to->offset_pair_code = from->offset_pair_code;
    to->dark_pair_code_per_slot = from->dark_pair_code_per_slot;
    to->gain_code = from->full_code * from->vector_gain;
    to->offset_code = from->vector_offset_code;
    to->dark_code_per_slot = from->dark_code_per_slot;
    to->noise_code = from->dark_noise.white_code;
    to->quadratic_per_code = from->quadratic_per_code;
    to->cubic_per_code2 = from->cubic_per_code2;
    found->shot_code2_per_code = fmax(0.0, from->variance[1]);
    const struct oac_noise_figures *bright = &from->bright_noise;
    found->drift_code = sqrt(fmax(0.0, bright->sigma_code * bright->sigma_code -
                                           bright->white_code * bright->white_code));
    size_t first = 0;
    while (calibration->channel[first].excluded)
        first++;
    found->walkoff_s =
        (from->late_slots - calibration->channel[first].late_slots) * caps->slot_s;
    if (caps->settings[OAC_BIAS_WEIGHT_V].max > caps->settings[OAC_BIAS_WEIGHT_V].min)
        setting[OAC_BIAS_WEIGHT_V] = from->weight_bias_v;
    if (caps->settings[OAC_PREDELAY_S].max > caps->settings[OAC_PREDELAY_S].min)
        setting[OAC_PREDELAY_S] = from->predelay_s;
}

enum oac_status oac_calibration_record(const struct oac_calibration *calibration,
                                       const struct oac_link_caps *caps,
                                       struct oac_calrec **calrec, struct oac_err *err)
{
    struct oac_calrec *made;
    const size_t channels = calibration->channels;
    if (oac_calrec_create(channels, &made, err))
        return err->status;
    if (oac_calrec_need_crosstalk(made, err)) {
        oac_calrec_destroy(made);
        return err->status;
    }
    snprintf(made->origin, sizeof made->origin, "measured");
    snprintf(made->device_id, sizeof made->device_id, "%s", caps->device_id);
    snprintf(made->firmware, sizeof made->firmware, "%s", caps->firmware);
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc))
        strftime(made->date_utc, sizeof made->date_utc, "%Y-%m-%dT%H:%M:%SZ", &utc);
    memcpy(made->rig_hash, caps->rig_hash, sizeof made->rig_hash);
    made->slot_rate_hz = 1.0 / caps->slot_s;
    made->last_slot0 = calibration->last_slot0;
    made->client = at_the_dac(calibration->client, calibration->client_bias_v);
    memcpy(made->crosstalk, calibration->crosstalk,
           channels * channels * sizeof *made->crosstalk);
    for (size_t k = 0; k < channels; k++)
        fill_channel(calibration, caps, k, made);
    if (caps->settings[OAC_BIAS_CLIENT_V].max > caps->settings[OAC_BIAS_CLIENT_V].min)
        made->setting[0].value[OAC_BIAS_CLIENT_V] = calibration->client_bias_v;
    if (caps->settings[OAC_SKEW_S].max > caps->settings[OAC_SKEW_S].min)
        made->setting[0].value[OAC_SKEW_S] = calibration->skew_s;
    *calrec = made;
    return OAC_OK;
}
