/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/stream_contract.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hal/calrec.h"

#define SEGMENTS 4
#define PAYLOAD  12
#define SENTINEL -12345.0f

struct bench {
    const char *name;
    struct oac_stream stream;
    struct oac_err err;
    struct oac_workspace *workspace;
    size_t rows, guard, slots, picks;
    uint32_t handle;
    uint16_t *weight, *client; /* (rows, weight samples), (SEGMENTS, client samples) */
    double *open_s, *close_s;
    uint32_t *pick;
    struct oac_stream_capture capture;
    struct oac_stream_segment segment[SEGMENTS];
    float *rx; /* (SEGMENTS, rows, picks) */
    double photons[SEGMENTS];
};

#define OK(bench, call)                                                  \
    do {                                                                 \
        enum oac_status status_ = (call);                                \
        cr_assert(status_ == OAC_OK, "%s: %s: %s", (bench)->name, #call, \
                  (bench)->err.message);                                 \
    } while (0)

#define REFUSED(bench, expected, call, what)                                                 \
    do {                                                                                     \
        (bench)->err.message[0] = '\0';                                                      \
        enum oac_status status_ = (call);                                                    \
        cr_assert(status_ == (expected), "%s: %s must be refused with %s, not %s",           \
                  (bench)->name, what, oac_status_name(expected), oac_status_name(status_)); \
        cr_assert(strlen((bench)->err.message) > 10, "%s: %s is refused without a message",  \
                  (bench)->name, what);                                                      \
    } while (0)

static uint16_t random_code(const struct oac_port *port, uint64_t index, uint32_t sub)
{
    uint32_t words[4];
    oac_rng_words(8, OAC_RNG_TEST, index, sub, words);
    uint32_t span = (uint32_t)(port->code_max - port->code_min) + 1;
    return (uint16_t)((uint32_t)port->code_min + words[0] % span);
}

/* Payload slots of random codes, each held; guard at the safe code. */
static void fill(const struct bench *b, const struct oac_port *port, size_t per_slot,
                 uint32_t sub, uint16_t *sample)
{
    for (size_t i = 0; i < b->slots * per_slot; i++) {
        size_t slot = i / per_slot;
        bool payload = slot >= b->guard && slot < b->guard + PAYLOAD;
        sample[i] = payload ? random_code(port, slot, sub) : (uint16_t)port->code_safe;
    }
}

static struct oac_stream_load half(const struct bench *b)
{
    return (struct oac_stream_load){.slots = b->slots,
                                    .rows = b->rows,
                                    .weight = b->weight,
                                    .first = b->guard,
                                    .count = PAYLOAD};
}

static void open_gates(struct bench *b)
{
    const struct oac_stream_caps *caps = b->stream.caps;
    const double step_s = caps->gate_step_s > 0.0 ? caps->gate_step_s : caps->link.slot_s;
    for (size_t k = 0; k < b->rows; k++) {
        b->open_s[k] = 0.0;
        b->close_s[k] = step_s * floor((double)b->slots * caps->link.slot_s / step_s);
    }
}

/* Gates around everything, every second sample up to the end. */
static void make_capture(struct bench *b)
{
    const struct oac_stream_caps *caps = b->stream.caps;
    const bool gated = caps->link.receiver != OAC_SAMPLED;
    const size_t samples = (b->slots + caps->delay_slots_max) * caps->readout_samples_per_slot;
    b->open_s = malloc(b->rows * sizeof *b->open_s);
    b->close_s = malloc(b->rows * sizeof *b->close_s);
    open_gates(b);
    b->picks = (samples + 1) / 2;
    b->pick = malloc(b->picks * sizeof *b->pick);
    for (size_t i = 0; i < b->picks; i++)
        b->pick[i] = (uint32_t)(2 * i);
    b->capture = (struct oac_stream_capture){.gate_open_s = gated ? b->open_s : NULL,
                                             .gate_close_s = gated ? b->close_s : NULL,
                                             .picks = b->picks,
                                             .pick = b->pick};
}

static struct bench open_bench(const struct oac_stream_contract *contract)
{
    struct bench b = {.name = contract->name};
    OK(&b, contract->open(contract->context, &b.stream, &b.err));
    const struct oac_stream_caps *caps = b.stream.caps;
    const size_t client = caps->client_samples_per_slot;
    b.rows = caps->link.channels;
    b.guard = (caps->memory_slots > 1 ? caps->memory_slots : 1) + caps->delay_slots_max;
    b.slots = 2 * b.guard + PAYLOAD;
    cr_assert(b.slots <= caps->segment_slots_max, "%s: takes segments of %zu slots", b.name,
              b.slots);
    b.weight = malloc(b.rows * b.slots * caps->weight_samples_per_slot * sizeof *b.weight);
    b.client = malloc(SEGMENTS * b.slots * client * sizeof *b.client);
    for (size_t k = 0; k < b.rows; k++)
        fill(&b, &caps->link.weight[k], caps->weight_samples_per_slot, (uint32_t)k,
             b.weight + k * b.slots * caps->weight_samples_per_slot);
    make_capture(&b);
    b.rx = malloc(SEGMENTS * b.rows * b.picks * sizeof *b.rx);
    b.workspace = b.stream.ops->workspace_create(b.stream.self, &b.err);
    cr_assert(b.workspace, "%s: workspace: %s", b.name, b.err.message);
    const struct oac_stream_load load = half(&b);
    OK(&b, oac_stream_load(&b.stream, &load, &b.handle, &b.err));
    cr_assert(b.handle >= 1, "%s: handles start at 1", b.name);
    return b;
}

static void make_segments(struct bench *b)
{
    const struct oac_stream_caps *caps = b->stream.caps;
    const size_t samples = b->slots * caps->client_samples_per_slot;
    for (size_t i = 0; i < SEGMENTS; i++) {
        uint16_t *client = b->client + i * samples;
        fill(b, caps->link.client, caps->client_samples_per_slot, 100 + (uint32_t)i, client);
        b->segment[i] = (struct oac_stream_segment){
            .handle = b->handle,
            .client = client,
            .slot0 = 5000 + 1009 * (uint64_t)i,
            .launch = 1.0f,
            .capture = &b->capture,
            .rx = b->rx + i * b->rows * b->picks,
            .photons = &b->photons[i],
        };
    }
    for (size_t i = 0; i < SEGMENTS * b->rows * b->picks; i++)
        b->rx[i] = SENTINEL;
}

static void close_bench(struct bench *b)
{
    b->stream.ops->workspace_destroy(b->stream.self, b->workspace);
    oac_stream_close(&b->stream);
    cr_assert(b->stream.ops == NULL, "%s: a closed stream is zeroed", b->name);
    free(b->weight);
    free(b->client);
    free(b->open_s);
    free(b->close_s);
    free(b->pick);
    free(b->rx);
}

static void check_port(const struct bench *b, const struct oac_port *port, uint32_t per_slot,
                       const char *what)
{
    const struct oac_link_caps *caps = &b->stream.caps->link;
    cr_assert(per_slot >= 1, "%s: samples of %s a slot", b->name, what);
    cr_assert(fabs(port->rate_hz * caps->slot_s - per_slot) <= 1e-9 * per_slot,
              "%s: %s at %g Hz takes %u samples in a slot of %g s", b->name, what,
              port->rate_hz, per_slot, caps->slot_s);
    if (port->role == OAC_READOUT)
        return;
    cr_assert(port->code_min >= 0 && port->code_max <= 65535 && port->code_min < port->code_max,
              "%s: codes of %s", b->name, what);
    cr_assert(port->code_safe >= port->code_min && port->code_safe <= port->code_max,
              "%s: the safe code of %s is playable", b->name, what);
}

static void check_caps(struct bench *b)
{
    const struct oac_stream_caps *caps = b->stream.caps;
    const struct oac_link_caps *link = &caps->link;
    cr_assert(link->device_id && link->firmware, "%s: names itself", b->name);
    cr_assert(link->channels >= 1 && link->slot_s > 0.0 && caps->segments_max >= 1,
              "%s: states its size", b->name);
    for (size_t k = 0; k < link->channels; k++) {
        check_port(b, &link->weight[k], caps->weight_samples_per_slot, "weight");
        check_port(b, &link->readout[k], caps->readout_samples_per_slot, "readout");
    }
    check_port(b, link->client, caps->client_samples_per_slot, "client");
    cr_assert((caps->gate_step_s > 0.0) == (link->receiver != OAC_SAMPLED),
              "%s: a gate has a resolution", b->name);
    cr_assert(link->nominal && link->nominal->channels == link->channels,
              "%s: has a nominal record of all channels", b->name);
    cr_assert(memcmp(link->nominal->rig_hash, link->rig_hash, 32) == 0,
              "%s: the nominal record is of this rig", b->name);
}

/* A burst of segments first .. first+count-1; all must be received. */
static void play(struct bench *b, size_t first, size_t count)
{
    struct oac_stream_burst burst = {.segments = count, .segment = b->segment + first};
    OK(b, oac_stream_play(&b->stream, b->workspace, &burst, &b->err));
    cr_assert(burst.received == count, "%s: received %zu of %zu segments", b->name,
              burst.received, count);
}

static void segments_bring_every_pick(struct bench *b)
{
    make_segments(b);
    const size_t count = b->stream.caps->segments_max < SEGMENTS ? 1 : SEGMENTS;
    for (size_t i = 0; i < SEGMENTS; i += count)
        play(b, i, count);
    for (size_t i = 0; i < SEGMENTS * b->rows * b->picks; i++)
        cr_assert(isfinite(b->rx[i]) && b->rx[i] != SENTINEL, "%s: value %zu is %g", b->name, i,
                  (double)b->rx[i]);
    for (size_t i = 0; i < SEGMENTS && b->stream.caps->link.knows_photons; i++)
        cr_assert(b->photons[i] > 0.0, "%s: segment %zu counts photons", b->name, i);
}

static void segments_stand_alone(struct bench *b)
{
    const size_t size = SEGMENTS * b->rows * b->picks * sizeof *b->rx;
    float *together = malloc(size);
    segments_bring_every_pick(b);
    memcpy(together, b->rx, size);
    double photons[SEGMENTS];
    memcpy(photons, b->photons, sizeof photons);
    make_segments(b);
    for (size_t i = SEGMENTS; i-- > 0;)
        play(b, i, 1);
    cr_assert(memcmp(together, b->rx, size) == 0, "%s: a segment depends on the burst it is in",
              b->name);
    cr_assert(memcmp(photons, b->photons, sizeof photons) == 0 ||
                  !b->stream.caps->link.knows_photons,
              "%s: photons depend on the burst", b->name);
    free(together);
}

/* One pick alone is what it is among others; a gate that closes at the payload's end holds its
 * value. */
static void picks_stand_alone(struct bench *b)
{
    make_segments(b);
    play(b, 0, 1);
    float *all = malloc(b->rows * b->picks * sizeof *all);
    memcpy(all, b->rx, b->rows * b->picks * sizeof *all);
    const uint32_t one = b->pick[b->picks / 2];
    struct oac_stream_capture capture = b->capture;
    capture.picks = 1;
    capture.pick = &one;
    b->segment[0].capture = &capture;
    play(b, 0, 1);
    for (size_t k = 0; k < b->rows; k++) { /* 1e-4 of the largest: sums in another order */
        double wanted = (double)all[k * b->picks + b->picks / 2];
        double largest = fabs((double)all[k * b->picks + b->picks - 1]) + fabs(wanted);
        cr_assert(fabs((double)b->rx[k] - wanted) <= 1e-4 * largest,
                  "%s: a pick alone is %g, among others %g", b->name, (double)b->rx[k], wanted);
    }
    free(all);
}

static void gates_hold(struct bench *b)
{
    const struct oac_stream_caps *caps = b->stream.caps;
    if (caps->link.receiver == OAC_SAMPLED)
        return;
    make_segments(b);
    const double step_s = caps->gate_step_s;
    for (size_t k = 0; k < b->rows; k++)
        b->close_s[k] =
            step_s * floor((double)(b->guard + PAYLOAD / 2) * caps->link.slot_s / step_s);
    play(b, 0, 1);
    const double sample_s = caps->link.slot_s / caps->readout_samples_per_slot;
    for (size_t k = 0; k < b->rows; k++) {
        const float *value = b->rx + k * b->picks;
        size_t i = 0;
        while (i < b->picks && (double)b->pick[i] * sample_s < b->close_s[k] + sample_s)
            i++;
        cr_assert(i < b->picks, "%s: nothing after the gate", b->name);
        for (size_t j = i; j < b->picks; j++) /* 1e-3: an integrator may droop a little */
            cr_assert(fabs((double)value[j] - (double)value[i]) <=
                          1e-3 * fabs((double)value[i]),
                      "%s: readout %zu held %g, then %g", b->name, k, (double)value[i],
                      (double)value[j]);
    }
    open_gates(b);
}

static void launch_scales_the_light(struct bench *b)
{
    if (!b->stream.caps->link.launch_per_window)
        return;
    float *value[3];
    for (size_t i = 0; i < 3; i++) {
        make_segments(b);
        b->segment[0].launch = 0.5f * (float)i;
        play(b, 0, 1);
        value[i] = malloc(b->rows * b->picks * sizeof *value[i]);
        memcpy(value[i], b->rx, b->rows * b->picks * sizeof *value[i]);
    }
    double largest = 0.0;
    for (size_t i = 0; i < b->rows * b->picks; i++)
        largest = fmax(largest, fabs((double)value[2][i]));
    for (size_t i = 0; i < b->rows * b->picks; i++) {
        double half_ = (double)value[1][i] - (double)value[0][i];
        double full = (double)value[2][i] - (double)value[0][i];
        double lost = b->stream.caps->link.receiver == OAC_COUNTING ? 0.1 * fabs(half_) : 0.0;
        cr_assert(half_ - 0.5 * full >= -1e-5 * largest &&
                      half_ - 0.5 * full <= 1e-5 * largest + lost,
                  "%s: half the light gives %g codes, all of it %g", b->name, half_, full);
    }
    for (size_t i = 0; i < 3; i++)
        free(value[i]);
}

static void handles_are_independent(struct bench *b)
{
    enum { MANY = 20 };
    uint32_t handle[MANY];
    const struct oac_stream_load load = half(b);
    for (size_t i = 0; i < MANY; i++) {
        OK(b, oac_stream_load(&b->stream, &load, &handle[i], &b->err));
        for (size_t j = 0; j < i; j++)
            cr_assert(handle[i] != handle[j] && handle[i] != b->handle, "%s: handles differ",
                      b->name);
    }
    for (size_t i = 0; i < MANY; i++)
        OK(b, oac_stream_unload(&b->stream, handle[i], &b->err));
    REFUSED(b, OAC_ENOTFOUND, oac_stream_unload(&b->stream, handle[3], &b->err),
            "unloading twice");
    make_segments(b);
    b->segment[0].handle = handle[3];
    struct oac_stream_burst burst = {.segments = 1, .segment = b->segment};
    REFUSED(b, OAC_ENOTFOUND, oac_stream_play(&b->stream, b->workspace, &burst, &b->err),
            "playing an unloaded segment");
    cr_assert(b->rx[0] == SENTINEL, "%s: a refused play writes nothing", b->name);
}

static void refuse_segment(struct bench *b, const char *what)
{
    struct oac_stream_burst burst = {.segments = 1, .segment = b->segment, .received = 77};
    REFUSED(b, OAC_EINVAL, oac_stream_play(&b->stream, b->workspace, &burst, &b->err), what);
    cr_assert(b->rx[0] == SENTINEL && burst.received == 77, "%s: %s writes nothing", b->name,
              what);
    make_segments(b);
}

static void bad_segments_are_refused(struct bench *b)
{
    const struct oac_stream_caps *caps = b->stream.caps;
    make_segments(b);
    b->segment[0].client = NULL;
    refuse_segment(b, "a segment without client samples");
    b->segment[0].rx = NULL;
    refuse_segment(b, "a segment without room");
    b->segment[0].launch = NAN;
    refuse_segment(b, "a launch power that is not a number");
    if (caps->link.client->code_max < 65535) {
        b->client[3] = (uint16_t)(caps->link.client->code_max + 1);
        refuse_segment(b, "a client sample beyond the port");
    }
    const uint32_t was = b->pick[1];
    b->pick[1] = b->pick[0];
    refuse_segment(b, "picks that do not ascend");
    b->pick[1] = was;
    const uint32_t last = b->pick[b->picks - 1];
    b->pick[b->picks - 1] =
        (uint32_t)((b->slots + caps->delay_slots_max) * caps->readout_samples_per_slot);
    refuse_segment(b, "a pick behind the capture");
    b->pick[b->picks - 1] = last;
    if (caps->link.receiver == OAC_SAMPLED)
        return;
    const double bad[] = {NAN, -1e-9, b->close_s[0], INFINITY};
    for (size_t i = 0; i < 4; i++) {
        b->open_s[0] = bad[i];
        refuse_segment(b, "a gate that opens at the wrong time");
    }
    b->open_s[0] = 0.0;
}

static void bad_loads_are_refused(struct bench *b)
{
    const struct oac_stream_caps *caps = b->stream.caps;
    uint32_t handle = 99;
    struct oac_stream_load load = half(b);
    load.weight = NULL;
    REFUSED(b, OAC_EINVAL, oac_stream_load(&b->stream, &load, &handle, &b->err), "no samples");
    load = half(b);
    load.rows = caps->link.channels + 1;
    REFUSED(b, OAC_EINVAL, oac_stream_load(&b->stream, &load, &handle, &b->err),
            "too many rows");
    load = half(b);
    load.slots = caps->segment_slots_max + 1;
    REFUSED(b, OAC_EINVAL, oac_stream_load(&b->stream, &load, &handle, &b->err),
            "too many slots");
    load = half(b);
    load.count = b->slots;
    REFUSED(b, OAC_EINVAL, oac_stream_load(&b->stream, &load, &handle, &b->err),
            "a payload beyond the segment");
    load = half(b);
    load.first = 0;
    if (caps->memory_slots > 0)
        REFUSED(b, OAC_EINVAL, oac_stream_load(&b->stream, &load, &handle, &b->err),
                "a payload without guard");
    load = half(b);
    load.differential = true;
    if (!caps->link.differential)
        REFUSED(b, OAC_EUNSUPPORTED, oac_stream_load(&b->stream, &load, &handle, &b->err),
                "pairs that are not there");
    const uint16_t was = b->weight[7];
    load = half(b);
    if (caps->link.weight[0].code_max < 65535) {
        b->weight[7] = (uint16_t)(caps->link.weight[0].code_max + 1);
        REFUSED(b, OAC_EINVAL, oac_stream_load(&b->stream, &load, &handle, &b->err),
                "a weight sample beyond the port");
    }
    b->weight[7] = was;
    cr_assert(handle == 99, "%s: a refused load leaves the handle untouched", b->name);
}

void oac_stream_contract_run(const struct oac_stream_contract *contract)
{
    struct bench b = open_bench(contract);
    check_caps(&b);
    segments_bring_every_pick(&b);
    if (contract->deterministic)
        segments_stand_alone(&b);
    if (contract->linear)
        picks_stand_alone(&b);
    if (contract->linear)
        gates_hold(&b);
    if (contract->linear)
        launch_scales_the_light(&b);
    handles_are_independent(&b);
    bad_segments_are_refused(&b);
    bad_loads_are_refused(&b);
    OK(&b, b.stream.ops->safe(b.stream.self, &b.err));
    OK(&b, b.stream.ops->safe(b.stream.self, &b.err));
    close_bench(&b);
    oac_stream_close(&b.stream); /* a zeroed stream */
}
