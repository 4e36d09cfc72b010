/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibration_use.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/format.h"

enum oac_status oac_calibration_open(const struct oac_calibration_use *use,
                                     struct oac_engine_options *options,
                                     struct oac_calrec **calrec, char id[OAC_DIGEST_HEX_BYTES],
                                     struct oac_err *err)
{
    uint8_t sum[32];
    options->track = use->track;
    options->force = use->force;
    *id = '\0';
    if (!use->path)
        return OAC_OK;
    if (oac_digest_file(use->path, sum, err) || oac_calrec_read(use->path, calrec, err))
        return err->status;
    oac_digest_hex(sum, id);
    const double idle_slots = rint(use->idle_s * (*calrec)->slot_rate_hz);
    if (use->idle_s > 0.0 && !((*calrec)->slot_rate_hz > 0.0))
        return oac_fail(
            err, OAC_EINVAL,
            "calibration %s states no slot rate, so no idle time can be counted from "
            "its end: leave --idle-s away, or calibrate again",
            use->path);
    if (!(idle_slots >= 0.0 && idle_slots < 0x1p63) ||
        __builtin_add_overflow((*calrec)->last_slot0, (uint64_t)idle_slots,
                               &options->slot_base))
        return oac_fail(
            err, OAC_EINVAL,
            "%g s after the end of calibration %s the bench's clock has ended: give "
            "a shorter --idle-s",
            use->idle_s, use->path);
    return OAC_OK;
}

enum oac_status oac_calibration_mark(const struct oac_calibration_use *use,
                                     const struct oac_engine *engine, const char *id,
                                     struct oac_calibration_marks *marks, struct oac_err *err)
{
    const struct oac_calrec *calrec = oac_engine_calrec(engine);
    struct oac_reference_cost cost;
    if (oac_engine_reference_cost(engine, &cost, err))
        return err->status;
    struct oac_calibration_marks made = {
        .age_s = use->path ? use->idle_s : (double)NAN,
        .forced = oac_engine_forced(engine),
        .tracked = use->track,
        .reference_slots = cost.slots,
    };
    snprintf(made.id, sizeof made.id, "%s", id);
    snprintf(made.origin, sizeof made.origin, "%s", calrec->origin);
    snprintf(made.date_utc, sizeof made.date_utc, "%s", calrec->date_utc);
    for (size_t k = 0; k < calrec->channels; k++)
        made.excluded += calrec->channel[k].excluded;
    *marks = made;
    return OAC_OK;
}

void oac_calibration_line(const struct oac_calibration_marks *marks,
                          char line[OAC_CALIBRATION_LINE_BYTES])
{
    char from[120] = "none, the rig's nominal curves", excluded[48] = "";
    if (*marks->id)
        snprintf(from, sizeof from, "%.8s%s%.31s, %s old", marks->id,
                 *marks->date_utc ? " of " : "", marks->date_utc,
                 oac_format_si(marks->age_s, "s").text);
    if (marks->excluded)
        snprintf(excluded, sizeof excluded, ", %llu channels excluded",
                 (unsigned long long)marks->excluded);
    snprintf(line, OAC_CALIBRATION_LINE_BYTES, "%s%s%s%s", from,
             marks->tracked ? ", drift tracked" : "", excluded,
             marks->forced ? ", FORCED: made for another bench" : "");
}
