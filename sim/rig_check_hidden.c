/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rig_check_hidden.h"

#include <inttypes.h>
#include <math.h>

static enum oac_status check_channels(const struct oac_rig *rig, const char *what,
                                      const struct oac_config_reals *list, struct oac_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        double channel = list->value[i];
        if (!(channel == rint(channel) && channel < (double)rig->channels))
            return oac_fail(err, OAC_EINVAL,
                            "fault.%s names channel %g: the rig has channels 0 to %" PRId64,
                            what, channel, rig->channels - 1);
        for (size_t j = 0; j < i; j++)
            if (list->value[j] == channel)
                return oac_fail(err, OAC_EINVAL, "fault.%s names channel %g twice", what,
                                channel);
    }
    return OAC_OK;
}

static enum oac_status
check_er_spread(const char *who, const struct oac_rig_modulator *modulator, struct oac_err *err)
{
    if (!(modulator->er_spread_db > 0.0) || isfinite(modulator->er_db))
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL,
                    "%s.er_spread_db %g dB has nothing to spread about: %s.er_db is none", who,
                    modulator->er_spread_db, who);
}

enum oac_status oac_rig_check_hidden(const struct oac_rig *rig, struct oac_err *err)
{
    if (check_er_spread("weight_modulator", &rig->weight_modulator, err) ||
        check_er_spread("client_modulator", &rig->client_modulator, err) ||
        check_channels(rig, "dead_detectors", &rig->fault.dead_detectors, err) ||
        check_channels(rig, "saturated_detectors", &rig->fault.saturated_detectors, err) ||
        check_channels(rig, "stuck_modulators", &rig->fault.stuck_modulators, err) ||
        check_channels(rig, "dark_lasers", &rig->fault.dark_lasers, err) ||
        check_channels(rig, "swapped", &rig->fault.swapped, err))
        return err->status;
    if (rig->fault.swapped.count % 2 != 0)
        return oac_fail(
            err, OAC_EINVAL,
            "fault.swapped lists %zu channels: they come in pairs, 2,3 swaps 2 with 3",
            rig->fault.swapped.count);
    if (rig->demux.crosstalk_spread_db > 0.0 && !isfinite(rig->demux.adjacent_db) &&
        !isfinite(rig->demux.nonadjacent_db))
        return oac_fail(err, OAC_EINVAL,
                        "demux.crosstalk_spread_db %g dB has nothing to spread about: "
                        "demux.adjacent_db and nonadjacent_db are none",
                        rig->demux.crosstalk_spread_db);
    return OAC_OK;
}
