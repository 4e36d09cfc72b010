/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/settings.h"

#include <math.h>
#include <string.h>

static enum oac_status differs(const struct oac_calrec *calrec, const char *what,
                               const char *theirs, const char *ours, struct oac_err *err)
{
    return oac_fail(
        err, OAC_EMISMATCH,
        "the calibration (%s, of device \"%.60s\") was made for another %s%s%.80s%s%s%.80s"
        "%s: calibrate this one, or --force-cal",
        calrec->origin, calrec->device_id, what, theirs ? ", \"" : "", theirs ? theirs : "",
        theirs ? "\"" : "", ours ? "; this is \"" : "", ours ? ours : "", ours ? "\"" : "");
}

enum oac_status oac_calrec_match(const struct oac_calrec *calrec,
                                 const struct oac_link_caps *caps, struct oac_err *err)
{
    const bool measured = strcmp(calrec->origin, "nominal") != 0;
    if (memcmp(calrec->rig_hash, caps->rig_hash, sizeof calrec->rig_hash) != 0)
        return differs(calrec, "rig", NULL, NULL, err);
    if (!measured)
        return OAC_OK;
    if (strcmp(calrec->device_id, caps->device_id) != 0)
        return differs(calrec, "device", calrec->device_id, caps->device_id, err);
    if (strcmp(calrec->firmware, caps->firmware) != 0)
        return differs(calrec, "firmware", calrec->firmware, caps->firmware, err);
    double rate_hz = 1.0 / caps->slot_s; /* made of a division, so not to the last bit */
    if (calrec->slot_rate_hz > 0.0 && !(fabs(calrec->slot_rate_hz / rate_hz - 1.0) < 1e-9))
        return oac_fail(
            err, OAC_EMISMATCH,
            "the calibration was made at %g slots/s, the link plays %g: calibrate at "
            "this rate, or --force-cal",
            calrec->slot_rate_hz, rate_hz);
    return OAC_OK;
}

static enum oac_status apply_one(const struct oac_calrec *calrec, struct oac_link *link,
                                 enum oac_setting setting, size_t k, struct oac_err *err)
{
    const struct oac_range *range = &link->caps->settings[setting];
    const double wanted = calrec->setting[k].value[setting];
    double readback;
    if (isnan(wanted))
        return OAC_OK;
    if (oac_link_set(link, setting, k, wanted, &readback, err))
        return oac_fail_within(err, "a setting of the calibration");
    /* half a step of rounding, or the last digits of a device that has no steps */
    double slack = range->step > 0.0 ? 0.501 * range->step : 1e-6 * fabs(wanted) + 1e-15;
    if (!(fabs(readback - wanted) <= slack))
        return oac_fail(
            err, OAC_EDEVICE,
            "%s of channel %zu was set to %g, as calibrated, and reads back %g: the "
            "device does not take it; calibrate again",
            oac_setting_name(setting), k, wanted, readback);
    return OAC_OK;
}

enum oac_status oac_settings_apply(const struct oac_calrec *calrec, struct oac_link *link,
                                   struct oac_err *err)
{
    static const enum oac_setting order[OAC_SETTINGS] = {
        OAC_BIAS_WEIGHT_V, OAC_BIAS_CLIENT_V, OAC_PREDELAY_S, OAC_SKEW_S,
        OAC_RX_GAIN,       OAC_LASER_DBM,     OAC_LASER_ON};
    for (size_t i = 0; i < OAC_SETTINGS; i++) {
        const bool single = order[i] == OAC_BIAS_CLIENT_V || order[i] == OAC_SKEW_S;
        const size_t channels = single ? 1 : calrec->channels;
        for (size_t k = 0; k < channels; k++)
            if (apply_one(calrec, link, order[i], k, err))
                return err->status;
    }
    return OAC_OK;
}
