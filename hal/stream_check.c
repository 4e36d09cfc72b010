/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/stream_check.h"

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

static size_t culprit(const struct oac_port *port, size_t count, const uint16_t *code)
{
    size_t i = 0;
    while (i < count && code[i] >= lowest(port) && code[i] <= highest(port))
        i++;
    return i;
}

size_t oac_stream_capture_samples(const struct oac_stream_caps *caps, size_t slots)
{
    return (slots + caps->delay_slots_max) * caps->readout_samples_per_slot;
}

static enum oac_status check_lengths(const struct oac_stream_caps *caps,
                                     const struct oac_stream_load *load, struct oac_err *err)
{
    const char *id = caps->link.device_id;
    if (!load->weight)
        return oac_fail(err, OAC_EINVAL, "a segment without weight samples");
    if (!(load->rows >= 1 && load->rows <= caps->link.channels))
        return oac_fail(err, OAC_EINVAL,
                        "a segment of %zu rows: \"%s\" has channels for 1 to %zu", load->rows,
                        id, caps->link.channels);
    if (!(load->slots >= 1 && load->slots <= caps->segment_slots_max))
        return oac_fail(err, OAC_EINVAL, "a segment of %zu slots: \"%s\" takes 1 to %zu",
                        load->slots, id, caps->segment_slots_max);
    if (!(load->count >= 1 && load->first <= load->slots &&
          load->count <= load->slots - load->first))
        return oac_fail(err, OAC_EINVAL,
                        "a payload of %zu slots from slot %zu in a segment of %zu slots",
                        load->count, load->first, load->slots);
    const size_t after = load->slots - load->first - load->count;
    if (load->first < caps->memory_slots || after < caps->memory_slots)
        return oac_fail(err, OAC_EINVAL,
                        "a payload with %zu guard slots before and %zu after it: \"%s\" "
                        "remembers %u slots, give at least as many on both sides",
                        load->first, after, id, caps->memory_slots);
    if (load->differential && !caps->link.differential)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "a differential segment: \"%s\" has no detector pairs", id);
    return OAC_OK;
}

enum oac_status oac_stream_check_load(const struct oac_stream_caps *caps,
                                      const struct oac_stream_load *load, struct oac_err *err)
{
    if (check_lengths(caps, load, err))
        return err->status;
    const size_t samples = load->slots * caps->weight_samples_per_slot;
    for (size_t k = 0; k < load->rows; k++) {
        const struct oac_port *port = &caps->link.weight[k];
        const uint16_t *code = load->weight + k * samples;
        if (playable(port, samples, code))
            continue;
        size_t i = culprit(port, samples, code);
        return oac_fail(err, OAC_EINVAL,
                        "weight code %u of channel %zu, sample %zu is outside the port's "
                        "%d..%d",
                        code[i], k, i, (int)port->code_min, (int)port->code_max);
    }
    return OAC_OK;
}

static enum oac_status check_gates(const struct oac_stream_caps *caps,
                                   const struct oac_stream_capture *capture, size_t index,
                                   size_t rows, size_t slots, struct oac_err *err)
{
    const bool wanted = caps->link.receiver != OAC_SAMPLED;
    if (!capture->gate_open_s != !capture->gate_close_s || !capture->gate_open_s == wanted)
        return oac_fail(err, OAC_EINVAL,
                        "segment %zu: \"%s\" %s gates: give %s times of opening and closing",
                        index, caps->link.device_id, wanted ? "has" : "has no",
                        wanted ? "both" : "no");
    if (!wanted)
        return OAC_OK;
    const double end_s = (double)(slots + caps->delay_slots_max) * caps->link.slot_s;
    for (size_t k = 0; k < rows; k++) {
        const double open_s = capture->gate_open_s[k], close_s = capture->gate_close_s[k];
        if (!(open_s >= 0.0 && close_s > open_s && close_s <= end_s))
            return oac_fail(err, OAC_EINVAL,
                            "segment %zu, readout %zu: a gate open from %g s to %g s: "
                            "it must open, then close, within 0 to %g s",
                            index, k, open_s, close_s, end_s);
    }
    return OAC_OK;
}

static enum oac_status check_picks(const struct oac_stream_caps *caps,
                                   const struct oac_stream_capture *capture, size_t index,
                                   size_t slots, struct oac_err *err)
{
    const size_t samples = oac_stream_capture_samples(caps, slots);
    if (capture->picks < 1 || !capture->pick)
        return oac_fail(err, OAC_EINVAL, "segment %zu: a capture that picks no sample", index);
    for (size_t i = 0; i < capture->picks; i++) {
        if (capture->pick[i] >= samples)
            return oac_fail(err, OAC_EINVAL,
                            "segment %zu: pick %zu is sample %u of a capture of %zu samples",
                            index, i, capture->pick[i], samples);
        if (i && capture->pick[i] <= capture->pick[i - 1])
            return oac_fail(err, OAC_EINVAL,
                            "segment %zu: pick %zu is sample %u after sample %u: picks must "
                            "ascend",
                            index, i, capture->pick[i], capture->pick[i - 1]);
    }
    return OAC_OK;
}

enum oac_status oac_stream_check_segment(const struct oac_stream_caps *caps,
                                         const struct oac_stream_segment *segment, size_t index,
                                         size_t rows, size_t slots, struct oac_err *err)
{
    const struct oac_port *port = caps->link.client;
    const size_t samples = slots * caps->client_samples_per_slot;
    if (!segment->client || !segment->capture || !segment->rx)
        return oac_fail(err, OAC_EINVAL,
                        "segment %zu needs client samples, a capture and room for it", index);
    if (!playable(port, samples, segment->client)) {
        size_t i = culprit(port, samples, segment->client);
        return oac_fail(err, OAC_EINVAL,
                        "segment %zu: client code %u of sample %zu is outside the port's "
                        "%d..%d",
                        index, segment->client[i], i, (int)port->code_min, (int)port->code_max);
    }
    const double low = caps->link.launch_per_window ? 0.0 : 1.0;
    const double high = caps->link.launch_per_window ? caps->link.launch_max : 1.0;
    const double launch = (double)segment->launch;
    if (!(launch >= low && launch <= high))
        return oac_fail(err, OAC_EINVAL,
                        "segment %zu asks for a relative launch power of %g: \"%s\" gives %g "
                        "to %g",
                        index, launch, caps->link.device_id, low, high);
    if (check_gates(caps, segment->capture, index, rows, slots, err) ||
        check_picks(caps, segment->capture, index, slots, err))
        return err->status;
    return OAC_OK;
}
