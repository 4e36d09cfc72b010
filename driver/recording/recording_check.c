/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/recording/recording_check.h"

#include <math.h>

static enum oac_status check_calls(const struct oac_recording *r, struct oac_err *err)
{
    const size_t channels = r->caps.link.channels;
    for (size_t i = 0; i < r->calls; i++) {
        const struct oac_entry_call *call = &r->call[i];
        if (call->set > 1 || call->setting >= OAC_SETTINGS || call->channel >= channels ||
            call->settings >= r->settings)
            return oac_fail(err, OAC_EPARSE, "/call: call %zu is of setting %u, channel %u", i,
                            call->setting, call->channel);
    }
    for (size_t i = 0; i < r->lights; i++)
        if (r->light[i].load >= r->loads || r->light[i].settings >= r->settings)
            return oac_fail(err, OAC_EPARSE, "/light: entry %zu is of load %u of %zu", i,
                            r->light[i].load, r->loads);
    return OAC_OK;
}

/* Gates, where there are, are those of the load's rows. */
static bool fits(const struct oac_recording *r, const struct oac_recording_segment *s,
                 size_t readouts, size_t flags)
{
    const size_t rows = r->load[s->load].rows, slots = r->load[s->load].slots;
    const size_t picks = r->capture[s->capture].picks;
    const uint64_t client = r->client_begin[s->client + 1] - r->client_begin[s->client];
    return client == (uint64_t)slots * r->caps.client_samples_per_slot && s->rx <= readouts &&
           picks <= (readouts - s->rx) / rows && s->flag <= flags && rows <= flags - s->flag &&
           isfinite(s->launch);
}

static enum oac_status check_segments(const struct oac_recording *r, size_t readouts,
                                      size_t flags, struct oac_err *err)
{
    uint32_t burst = 0;
    size_t in_burst = 0;
    for (size_t i = 0; i < r->segments; i++) {
        const struct oac_recording_segment *s = &r->segment[i];
        if (s->load >= r->loads || s->client >= r->clients || s->capture >= r->captures ||
            s->settings >= r->settings || s->burst >= r->bursts)
            return oac_fail(err, OAC_EPARSE,
                            "/segment: segment %zu is of load %u, client %u, capture %u, burst "
                            "%u, and not all of them are there",
                            i, s->load, s->client, s->capture, s->burst);
        if (!fits(r, s, readouts, flags))
            return oac_fail(err, OAC_EPARSE,
                            "/segment: the samples of segment %zu do not fit its load", i);
        if (i ? s->burst != burst && s->burst != burst + 1 : s->burst != 0)
            return oac_fail(err, OAC_EPARSE,
                            "/segment: segment %zu of burst %u is out of order", i, s->burst);
        in_burst = i && s->burst == burst ? in_burst + 1 : 1;
        burst = s->burst;
        if (in_burst > r->caps.segments_max)
            return oac_fail(err, OAC_EPARSE, "burst %u has more than %zu segments", burst,
                            r->caps.segments_max);
    }
    if (r->bursts != (r->segments ? (size_t)burst + 1 : 0))
        return oac_fail(err, OAC_EPARSE, "/burst: %zu bursts, segments of %u", r->bursts,
                        burst + (r->segments ? 1 : 0));
    return OAC_OK;
}

enum oac_status oac_recording_check(const struct oac_recording *r, size_t readouts,
                                    size_t flags, struct oac_err *err)
{
    if (check_calls(r, err))
        return err->status;
    return check_segments(r, readouts, flags, err);
}
