/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/alloc.h"
#include "driver/twin/playback_state.h"

enum oac_status oac_twin_playback_create(struct oac_twin_bench *bench, size_t devices,
                                         uint64_t seed, struct oac_twin_playback **playback,
                                         struct oac_err *err)
{
    pthread_condattr_t monotonic;
    struct oac_twin_playback *made = oac_alloc(1, sizeof *made, "a playback", err);
    if (!made)
        return err->status;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    made->bench = bench;
    made->shape = oac_twin_bench_shape(bench);
    made->seed = seed;
    made->clock = made->shape->guard_slots;
    made->outputs = devices;
    const size_t per_slot_readout = made->shape->per_slot_readout;
    const size_t kept = OAC_TWIN_HISTORY / per_slot_readout;
    made->stretch =
        made->shape->stretch_slots_max < kept ? made->shape->stretch_slots_max : kept;
    made->output = oac_alloc(devices, sizeof *made->output, "a playback", err);
    if (!made->output)
        goto fail;
    made->history = oac_alloc(made->shape->readouts * OAC_TWIN_HISTORY, sizeof *made->history,
                              "scans", err);
    if (!made->history)
        goto fail;
    made->fresh = oac_alloc(made->shape->readouts * made->stretch * per_slot_readout,
                            sizeof *made->fresh, "scans", err);
    if (!made->fresh)
        goto fail;
    *playback = made;
    return OAC_OK;
fail:
    oac_twin_playback_destroy(made);
    return err->status;
}

void oac_twin_playback_destroy(struct oac_twin_playback *self)
{
    if (!self)
        return;
    for (size_t d = 0; self->output && d < self->outputs; d++)
        while (self->output[d].first)
            oac_twin_block_drop(self, &self->output[d]);
    free(self->output);
    free(self->history);
    free(self->fresh);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}
