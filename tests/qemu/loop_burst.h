/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A burst of segments through the loop: what is played on its outputs, what was heard on its inputs. */
#ifndef OAC_TESTS_QEMU_LOOP_BURST_H
#define OAC_TESTS_QEMU_LOOP_BURST_H

#include "tests/qemu/loop_fixture.h"

#define LOOP_SEGMENTS_MAX 4
#define LOOP_PAYLOAD      300
#define LOOP_GUARD \
    12 /* slots at rest on either side: the rig's memory and the stream's delays */
#define LOOP_SLOTS (LOOP_PAYLOAD + 2 * LOOP_GUARD)
#define LOOP_DELAY 1 /* slots: a capture begins one early, and the loop itself takes none */

struct loop_burst {
    size_t segments;
    uint16_t code[LOOP_SEGMENTS_MAX][LOOP_CHANNELS][LOOP_SLOTS]; /* played */
    float heard[LOOP_SEGMENTS_MAX][LOOP_CHANNELS][LOOP_SLOTS];   /* in the rig's codes */
    uint8_t flag[LOOP_SEGMENTS_MAX][LOOP_CHANNELS];
};

/* All outputs at rest. */
void loop_burst_rest(struct loop_burst *burst, size_t segments);
void loop_burst_play(struct loop_burst *burst, struct oac_stream *stream);
/* Samples of a segment's payload that are not what the module makes of what was played. */
size_t loop_burst_wrong(const struct loop_burst *burst, size_t segment, size_t channel,
                        int32_t gain_q12, int32_t bias);

#endif
