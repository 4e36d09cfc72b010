/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/link_check.h"

#include <math.h>

#include "hal/code_kernel.h"

static uint16_t lowest(const struct oac_port *port)
{
    return (uint16_t)(port->code_min > 0 ? port->code_min : 0);
}

static uint16_t highest(const struct oac_port *port)
{
    return (uint16_t)(port->code_max < UINT16_MAX ? port->code_max : UINT16_MAX);
}

static bool playable(const struct oac_port *port, size_t count, const uint16_t *code)
{
    return oac_code_kernel()->within(count, code, lowest(port), highest(port));
}

/* The first code that the port does not take. */
static size_t culprit(const struct oac_port *port, size_t count, const uint16_t *code)
{
    size_t i = 0;
    while (i < count && code[i] >= lowest(port) && code[i] <= highest(port))
        i++;
    return i;
}

enum oac_status oac_link_check_weights(const struct oac_link_caps *caps,
                                       const struct oac_weight_frame *frame,
                                       struct oac_err *err)
{
    if (!frame->code)
        return oac_fail(err, OAC_EINVAL, "a weight frame without codes");
    if (!(frame->rows >= 1 && frame->rows <= caps->channels))
        return oac_fail(err, OAC_EINVAL,
                        "a weight frame of %zu rows: \"%s\" has channels for 1 to %zu",
                        frame->rows, caps->device_id, caps->channels);
    if (!(frame->slots >= 1 && frame->slots <= caps->slots_max))
        return oac_fail(err, OAC_EINVAL, "a weight frame of %zu slots: \"%s\" takes 1 to %zu",
                        frame->slots, caps->device_id, caps->slots_max);
    if (frame->differential && !caps->differential)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "a differential weight frame: \"%s\" has no detector pairs",
                        caps->device_id);
    if (!playable(caps->client, 1, &frame->null_x_code))
        return oac_fail(
            err, OAC_EINVAL, "the client code %u for x = 0 is outside the port's %d..%d",
            frame->null_x_code, (int)caps->client->code_min, (int)caps->client->code_max);
    for (size_t k = 0; k < frame->rows; k++) {
        const struct oac_port *port = &caps->weight[k];
        const uint16_t *code = frame->code + k * frame->slots;
        if (playable(port, frame->slots, code))
            continue;
        size_t n = culprit(port, frame->slots, code);
        return oac_fail(err, OAC_EINVAL,
                        "weight code %u of channel %zu, slot %zu is outside the port's %d..%d",
                        code[n], k, n, (int)port->code_min, (int)port->code_max);
    }
    return OAC_OK;
}

static enum oac_status check_dense(const struct oac_link_caps *caps,
                                   const struct oac_activation_frame *frame, size_t slots,
                                   struct oac_err *err)
{
    const size_t count = frame->windows * slots;
    if (playable(caps->client, count, frame->code))
        return OAC_OK;
    size_t i = culprit(caps->client, count, frame->code);
    return oac_fail(err, OAC_EINVAL,
                    "client code %u of window %zu, slot %zu is outside the port's %d..%d",
                    frame->code[i], i / slots, i % slots, (int)caps->client->code_min,
                    (int)caps->client->code_max);
}

/* Entries that follow a smaller or equal slot inside one window. Windows may begin with any slot, so what
 * the kernel counts over the whole list is compared with the same at the windows' borders. */
static bool ascending(const struct oac_activation_frame *frame)
{
    const size_t first = frame->nz_begin[0], last = frame->nz_begin[frame->windows];
    size_t at_borders = 0, previous = first;
    for (size_t b = 1; b < frame->windows; b++) {
        size_t border = frame->nz_begin[b];
        if (border == previous || border == last)
            continue;
        at_borders += frame->nz_slot[border] <= frame->nz_slot[border - 1];
        previous = border;
    }
    return oac_code_kernel()->descents(last - first, frame->nz_slot + first) == at_borders;
}

static enum oac_status blame_entry(const struct oac_link_caps *caps,
                                   const struct oac_activation_frame *frame, size_t slots,
                                   struct oac_err *err)
{
    for (size_t b = 0; b < frame->windows; b++) {
        for (size_t e = frame->nz_begin[b]; e < frame->nz_begin[b + 1]; e++) {
            const unsigned slot = frame->nz_slot[e];
            if (slot >= slots)
                return oac_fail(err, OAC_EINVAL,
                                "window %zu lists slot %u of a frame of %zu slots", b, slot,
                                slots);
            if (e > frame->nz_begin[b] && slot <= frame->nz_slot[e - 1])
                return oac_fail(err, OAC_EINVAL,
                                "window %zu lists slot %u after slot %u: slots must ascend", b,
                                slot, frame->nz_slot[e - 1]);
            if (!playable(caps->client, 1, &frame->nz_code[e]))
                return oac_fail(
                    err, OAC_EINVAL,
                    "client code %u of window %zu, slot %u is outside the port's %d..%d",
                    frame->nz_code[e], b, slot, (int)caps->client->code_min,
                    (int)caps->client->code_max);
        }
    }
    return oac_fail(err, OAC_EINTERNAL, "a sparse frame failed its check without a culprit");
}

static enum oac_status check_sparse(const struct oac_link_caps *caps,
                                    const struct oac_activation_frame *frame, size_t slots,
                                    struct oac_err *err)
{
    for (size_t b = 0; b < frame->windows; b++)
        if (!(frame->nz_begin[b] <= frame->nz_begin[b + 1]))
            return oac_fail(
                err, OAC_EINVAL,
                "window %zu begins at entry %u and ends at %u: entries must not go back", b,
                frame->nz_begin[b], frame->nz_begin[b + 1]);
    const size_t first = frame->nz_begin[0], count = frame->nz_begin[frame->windows] - first;
    const uint16_t last_slot = (uint16_t)(slots - 1 < UINT16_MAX ? slots - 1 : UINT16_MAX);
    if (count == 0)
        return OAC_OK;
    if (!oac_code_kernel()->within(count, frame->nz_slot + first, 0, last_slot) ||
        !playable(caps->client, count, frame->nz_code + first) || !ascending(frame))
        return blame_entry(caps, frame, slots, err);
    return OAC_OK;
}

static enum oac_status check_launch(const struct oac_link_caps *caps,
                                    const struct oac_activation_frame *frame,
                                    struct oac_err *err)
{
    const double low = caps->launch_per_window ? 0.0 : 1.0;
    const double high = caps->launch_per_window ? caps->launch_max : 1.0;
    for (size_t b = 0; b < frame->windows; b++)
        if (!((double)frame->launch[b] >= low && (double)frame->launch[b] <= high))
            return oac_fail(
                err, OAC_EINVAL,
                "window %zu asks for a relative launch power of %g: \"%s\" gives %g to %g", b,
                (double)frame->launch[b], caps->device_id, low, high);
    return OAC_OK;
}

enum oac_status oac_link_check_activations(const struct oac_link_caps *caps,
                                           const struct oac_activation_frame *frame,
                                           size_t slots, struct oac_err *err)
{
    const bool dense = frame->code, sparse = frame->nz_begin;
    if (frame->windows == 0)
        return OAC_OK;
    if (dense == sparse || (sparse && (!frame->nz_slot || !frame->nz_code)))
        return oac_fail(
            err, OAC_EINVAL,
            "an activation frame needs either dense codes or all three sparse lists");
    if (!frame->slot0)
        return oac_fail(err, OAC_EINVAL,
                        "an activation frame without slot0: every window needs one");
    if (dense ? check_dense(caps, frame, slots, err) : check_sparse(caps, frame, slots, err))
        return err->status;
    return frame->launch ? check_launch(caps, frame, err) : OAC_OK;
}

static const struct {
    const char *name, *unit;
    bool per_channel;
} settings[OAC_SETTINGS] = {
    [OAC_LASER_DBM] = {"laser_dbm", "dBm", true},
    [OAC_LASER_ON] = {"laser_on", "", true},
    [OAC_BIAS_WEIGHT_V] = {"bias_weight_v", "V", true},
    [OAC_BIAS_CLIENT_V] = {"bias_client_v", "V", false},
    [OAC_PREDELAY_S] = {"predelay_s", "s", true},
    [OAC_SKEW_S] = {"skew_s", "s", false},
    [OAC_RX_GAIN] = {"rx_gain", "", true},
};

const char *oac_setting_name(enum oac_setting setting)
{
    return (unsigned)setting < OAC_SETTINGS ? settings[setting].name : "unknown";
}

enum oac_status oac_link_check_setting(const struct oac_link_caps *caps,
                                       enum oac_setting setting, size_t channel,
                                       struct oac_err *err)
{
    if ((unsigned)setting >= OAC_SETTINGS)
        return oac_fail(err, OAC_EINVAL, "setting %d does not exist: there are 0 to %d",
                        (int)setting, OAC_SETTINGS - 1);
    const struct oac_range *range = &caps->settings[setting];
    if (!(range->min <= range->max))
        return oac_fail(err, OAC_EUNSUPPORTED, "\"%s\" has no setting %s", caps->device_id,
                        settings[setting].name);
    const size_t channels = settings[setting].per_channel ? caps->channels : 1;
    if (channel >= channels)
        return oac_fail(err, OAC_EINVAL,
                        "setting %s of channel %zu: \"%s\" has channels 0 to %zu",
                        settings[setting].name, channel, caps->device_id, channels - 1);
    return OAC_OK;
}

enum oac_status oac_link_check_value(const struct oac_link_caps *caps, enum oac_setting setting,
                                     double value, struct oac_err *err)
{
    const struct oac_range *range = &caps->settings[setting];
    const char *unit = settings[setting].unit;
    if (!(value >= range->min && value <= range->max))
        return oac_fail(err, OAC_EINVAL, "setting %s = %g%s%s: \"%s\" takes %g to %g%s%s",
                        settings[setting].name, value, *unit ? " " : "", unit, caps->device_id,
                        range->min, range->max, *unit ? " " : "", unit);
    return OAC_OK;
}
