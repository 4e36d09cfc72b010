/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which recorded segments answer a burst. */
#ifndef OAC_DRIVER_RECORDING_REPLAY_FIND_H
#define OAC_DRIVER_RECORDING_REPLAY_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "driver/recording/recording.h"

struct oac_replay_key { /* a request, numbered by content */
    uint32_t load, client, capture, settings, launch_bits, index;
    uint64_t slot0;
};

struct oac_replay_index {
    const struct oac_recording *recording;
    struct oac_replay_key *by_slot;    /* (segments) by content, slot0, index */
    struct oac_replay_key *by_content; /* (segments) by content, index */
    uint32_t *first;                   /* (bursts + 1) first segment of each burst */
    bool *used;                        /* (segments) */
};

enum oac_status oac_replay_index_init(struct oac_replay_index *index,
                                      const struct oac_recording *recording,
                                      struct oac_err *err) OAC_MUST_USE;
void oac_replay_index_fini(struct oac_replay_index *index);

/* Returned: how many of the `count` keys, from the first, are answered together; answer[i] is the recorded
 * segment.
 * Less than count: answer[that many] is UINT32_MAX if that segment was never recorded, else it was in another
 * burst. */
size_t oac_replay_find(struct oac_replay_index *index, const struct oac_replay_key *key,
                       size_t count, uint32_t *answer);

/* Whether a segment with this content was recorded at all; slot0 does not count. */
bool oac_replay_known(const struct oac_replay_index *index, const struct oac_replay_key *key);

#endif
