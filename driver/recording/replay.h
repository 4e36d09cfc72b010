/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording as a stream: everything above it runs as it did, without the bench.
 *
 * A request is answered by what was recorded for the same content: weight samples, client samples, capture,
 * settings and launch, compared by digest, and slot0. Handles, threads and the order of bursts do not matter.
 *   1. A burst that was recorded as a whole answers as a whole; asked again, with its next repetition, and with
 *      the last one from then on.
 *   2. Otherwise the stream's segments are taken one by one. Where each burst finds its own delays
 *      (!delay_stable) they must come from one recorded burst; a burst that mixes two comes back short, and the
 *      modem asks for its windows one by one.
 *   3. A segment that was recorded at another slot0 only answers too: sync words sit where batches begin, and a
 *      replay may cut batches elsewhere.
 * What was never recorded is OAC_EMISMATCH, and the message says what about it is new.
 * Figures of cost (account) are computed from the recorded light of what is played. */
#ifndef OAC_DRIVER_RECORDING_REPLAY_H
#define OAC_DRIVER_RECORDING_REPLAY_H

#include <stdint.h>

#include "base/status.h"
#include "hal/stream.h"

struct oac_replay_request {  /* what the run believes the bench to be */
    const uint8_t *rig_hash; /* (32) */
    const char *rig_text;    /* YAML; NULL: a difference is only stated, not shown */
    const char *noise;       /* list of sim/noise.h */
    uint64_t seed;
};

/* Status: OAC_EMISMATCH when the recording is of another rig or, of a simulated bench, another noise or seed. */
enum oac_status oac_replay_open(const char *path, const struct oac_replay_request *request,
                                struct oac_stream *stream, struct oac_err *err) OAC_MUST_USE;

#endif
