/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay's insides, shared by replay*.c. */
#ifndef OAC_DRIVER_RECORDING_REPLAY_STATE_H
#define OAC_DRIVER_RECORDING_REPLAY_STATE_H

#include "driver/recording/digest_table.h"
#include "driver/recording/recording.h"
#include "driver/recording/replay.h"
#include "driver/recording/replay_find.h"

struct oac_replay {
    char *path;
    struct oac_recording *recording;
    struct oac_stream_caps caps;
    struct oac_replay_index index;
    struct oac_digest_table loads, clients, captures, settings;
    uint32_t *handle; /* (handles) number of the load, UINT32_MAX: free */
    size_t handles;
    double *value; /* (OAC_SETTINGS, channels) as they would read now */
    uint32_t now;  /* their number; UINT32_MAX: never recorded like this */
    struct oac_account account;
    struct oac_replay_key *key; /* (room) of the burst in hand */
    uint32_t *answer;           /* (room) */
    size_t room;
};

/* Of a load under the settings that are now; NULL: not recorded. */
const struct oac_frame_light *oac_replay_light(const struct oac_replay *self, uint32_t load);

enum oac_status oac_replay_play(struct oac_replay *self, struct oac_stream_burst *burst,
                                struct oac_err *err);

/* Is the recording of the bench that is asked for? */
enum oac_status oac_replay_same_bench(const struct oac_recording *recording, const char *path,
                                      const struct oac_replay_request *request,
                                      struct oac_err *err);

#endif
