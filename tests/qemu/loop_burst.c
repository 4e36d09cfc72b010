/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/qemu/loop_burst.h"

void loop_burst_rest(struct loop_burst *burst, size_t segments)
{
    *burst = (struct loop_burst){.segments = segments};
    for (size_t s = 0; s < segments; s++)
        for (size_t k = 0; k < LOOP_CHANNELS; k++)
            for (size_t i = 0; i < LOOP_SLOTS; i++)
                burst->code[s][k][i] = LOOP_ZERO;
}

void loop_burst_play(struct loop_burst *burst, struct oac_stream *stream)
{
    static uint16_t client[LOOP_SLOTS];
    static uint32_t pick[LOOP_SLOTS];
    struct oac_stream_segment segment[LOOP_SEGMENTS_MAX];
    uint32_t handle[LOOP_SEGMENTS_MAX];
    struct oac_err err;
    for (uint32_t i = 0; i < LOOP_SLOTS; i++) {
        client[i] = LOOP_ZERO;
        pick[i] = i;
    }
    const struct oac_stream_capture capture = {.picks = LOOP_SLOTS, .pick = pick};
    for (size_t s = 0; s < burst->segments; s++) {
        const struct oac_stream_load load = {.slots = LOOP_SLOTS,
                                             .rows = LOOP_CHANNELS,
                                             .weight = &burst->code[s][0][0],
                                             .first = LOOP_GUARD,
                                             .count = LOOP_PAYLOAD};
        cr_assert_eq(oac_stream_load(stream, &load, &handle[s], &err), OAC_OK, "%s",
                     err.message);
        segment[s] = (struct oac_stream_segment){.handle = handle[s],
                                                 .client = client,
                                                 .slot0 = 1000 * s + 100,
                                                 .launch = 1.0f,
                                                 .capture = &capture,
                                                 .rx = &burst->heard[s][0][0],
                                                 .flag = burst->flag[s]};
    }
    struct oac_stream_burst played = {.segments = burst->segments, .segment = segment};
    struct oac_workspace *workspace = stream->ops->workspace_create(stream->self, &err);
    cr_assert_not_null(workspace);
    cr_assert_eq(oac_stream_play(stream, workspace, &played, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(played.received, burst->segments);
    stream->ops->workspace_destroy(stream->self, workspace);
    for (size_t s = 0; s < burst->segments; s++)
        cr_assert_eq(oac_stream_unload(stream, handle[s], &err), OAC_OK);
}

size_t loop_burst_wrong(const struct loop_burst *burst, size_t segment, size_t channel,
                        int32_t gain_q12, int32_t bias)
{
    size_t wrong = 0;
    for (int i = LOOP_GUARD; i < LOOP_GUARD + LOOP_PAYLOAD; i++) {
        const int32_t sample = (int32_t)burst->code[segment][channel][i] - LOOP_ZERO;
        const float wanted = (float)(loop_hears(sample, gain_q12, bias) + LOOP_ZERO);
        wrong += burst->heard[segment][channel][i + LOOP_DELAY] != wanted;
    }
    return wrong;
}
