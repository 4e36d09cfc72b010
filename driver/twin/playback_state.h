/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the playback: its queues and its line of scans. All of it is guarded by one lock, held while scans are
 * computed: a stretch takes milliseconds. */
#ifndef OAC_DRIVER_TWIN_PLAYBACK_STATE_H
#define OAC_DRIVER_TWIN_PLAYBACK_STATE_H

#include <pthread.h>

#include "driver/twin/playback.h"

struct block { /* one buffer of an output device */
    struct block *next;
    uint16_t *code; /* (drives, samples) */
    size_t samples, bytes;
    int64_t
        start; /* DAC sample of the playback, on its board's clock; -1: waits for one to begin */
    bool cyclic;
};

struct output {
    bool open, streams, begun; /* begun: a buffer has come since it was opened */
    uint64_t gaps;             /* in front of buffers that came too late */
    size_t drives, drive[OAC_BOARD_PORTS_MAX], depth;
    struct oac_twin_clock clock;
    struct block *first;
};

struct oac_twin_playback {
    struct oac_twin_bench *bench;
    const struct oac_twin_shape *shape;
    uint64_t seed;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopped;
    size_t outputs, readers, bytes;
    struct output *output; /* (outputs) by device */
    uint64_t now, oldest;  /* scans: the next to compute, the first still in history */
    bool playing;
    uint64_t anchor;           /* scan of the playback's first DAC sample */
    uint64_t leads;            /* drawn so far */
    uint64_t clock;            /* next absolute bench slot */
    size_t stretch;            /* slots computed at once, at most */
    uint16_t *history, *fresh; /* (readouts, OAC_TWIN_HISTORY), (readouts, one stretch) */
    struct oac_err failed;     /* the latest failure of the simulation */
};

uint32_t oac_twin_lead(struct oac_twin_playback *self); /* draws the next */
void oac_twin_block_drop(struct oac_twin_playback *self, struct output *output);
bool oac_twin_all_hold(const struct oac_twin_playback *self);
/* A stream has no samples for the next slot and may yet get them. */
bool oac_twin_starved(const struct oac_twin_playback *self);
/* All that it was given has been played, and time has passed it. */
bool oac_twin_ran_dry(const struct oac_twin_playback *self, const struct output *output);
bool oac_twin_any_holds(const struct oac_twin_playback *self);
bool oac_twin_repeats(const struct oac_twin_playback *self); /* something cyclic plays */
/* DAC sample of the playback, on the output's own clock, with which the next slot to compute begins. */
int64_t oac_twin_next_sample(const struct oac_twin_playback *self, const struct output *output);
/* Computes up to `scans` more, at least one. */
enum oac_status oac_twin_advance(struct oac_twin_playback *self, size_t scans) OAC_MUST_USE;

#endif
