/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recorder's insides, shared by recorder*.c. */
#ifndef OAC_DRIVER_RECORDING_RECORDER_STATE_H
#define OAC_DRIVER_RECORDING_RECORDER_STATE_H

#include <pthread.h>

#include "driver/recording/digest_table.h"
#include "driver/recording/entries.h"
#include "driver/recording/journal.h"
#include "driver/recording/recorder.h"

struct oac_recorder_load { /* of a handle of the stream below */
    uint32_t number;       /* in the recording */
    size_t rows, slots;
};

struct oac_recorder {
    char *path, *journal_path;
    char *text[OAC_RECORDING_TEXTS];
    uint64_t seed;
    struct oac_journal *journal;
    struct oac_stream below;
    bool wrapped;
    pthread_mutex_t lock; /* of everything below: bursts come from many threads */
    struct oac_digest_table loads, clients, captures, settings, lights;
    struct oac_recorder_load *handle; /* (handles) by handle - 1 */
    size_t handles;
    double *value; /* (OAC_SETTINGS, channels) what settings are now; NAN: none */
    uint32_t now;  /* number of these values */
    bool stale;    /* the bench was made safe: they have to be read again */
    uint64_t sample_bytes, bursts;
    void *entry; /* one record in the making */
    size_t room;
};

/* Room for one record of `bytes`, zeroed where it is new. */
void *oac_recorder_entry(struct oac_recorder *self, size_t bytes, struct oac_err *err);

enum oac_status oac_recorder_write_head(struct oac_recorder *self, struct oac_err *err);
enum oac_status oac_recorder_keep_settings(struct oac_recorder *self, struct oac_err *err);
enum oac_status oac_recorder_keep_load(struct oac_recorder *self,
                                       const struct oac_stream_load *load, uint32_t *number,
                                       bool *fresh, struct oac_err *err);
/* The light of a load under the settings that are now; once for each pair. */
enum oac_status oac_recorder_keep_light(struct oac_recorder *self, uint32_t handle,
                                        uint32_t load, struct oac_err *err);
enum oac_status oac_recorder_keep_burst(struct oac_recorder *self,
                                        const struct oac_stream_burst *burst,
                                        struct oac_err *err);

#endif
