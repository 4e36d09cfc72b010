/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows become segments of bursts, and what comes back becomes readouts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/modem_state.h"

#define RX_MOST ((size_t)4 << 20) /* floats that a burst may bring back */

struct job { /* one call of play */
    const struct oac_modem_frame *loaded;
    const struct oac_activation_frame *frame;
    struct oac_readouts *readouts;
    size_t samples; /* client samples of a segment */
    double photons;
    uint32_t saturated;
};

static size_t burst_windows(const struct oac_modem *self, const struct oac_modem_plan *plan)
{
    size_t most = RX_MOST / (plan->rows * plan->picks);
    if (most < 1)
        most = 1;
    return self->batch < most ? self->batch : most;
}

static enum oac_status make_room(struct oac_workspace *work, size_t windows, size_t samples,
                                 struct oac_err *err)
{
    const struct oac_modem_plan *plan = &work->plan;
    size_t photons = work->flag_capacity, flags = photons;
    void *grown;
    if (!(grown = oac_modem_fit(work->client, &work->client_capacity, windows * samples,
                                sizeof(uint16_t), err)))
        return err->status;
    work->client = grown;
    if (!(grown = oac_modem_fit(work->rx, &work->rx_capacity,
                                windows * plan->rows * plan->picks, sizeof(float), err)))
        return err->status;
    work->rx = grown;
    if (!(grown = oac_modem_fit(work->segment, &work->segment_capacity, windows,
                                sizeof(struct oac_stream_segment), err)))
        return err->status;
    work->segment = grown;
    if (!(grown = oac_modem_fit(work->photons, &photons, windows * plan->rows, sizeof(double),
                                err)))
        return err->status;
    work->photons = grown;
    if (!(grown = oac_modem_fit(work->flag, &flags, windows * plan->rows, 1, err)))
        return err->status;
    work->flag = grown;
    work->flag_capacity = flags;
    return OAC_OK;
}

static void make_segment(const struct oac_modem *self, struct oac_workspace *work,
                         const struct job *job, size_t b, size_t i)
{
    const size_t rows = job->loaded->rows;
    uint16_t *client = work->client + i * job->samples;
    oac_modem_client_samples(self, job->loaded, job->frame, b, client);
    memset(work->flag + i * rows, 0, rows);
    work->segment[i] = (struct oac_stream_segment){
        .handle = job->loaded->handle,
        .client = client,
        .slot0 = job->frame->slot0[b],
        .launch = job->frame->launch ? job->frame->launch[b] : 1.0f,
        .capture = &work->plan.capture,
        .rx = work->rx + i * rows * work->plan.picks,
        .flag = work->flag + i * rows,
        .photons = self->caps.knows_photons ? work->photons + i : NULL,
    };
}

static void take_window(const struct oac_modem *self, const struct oac_workspace *work,
                        struct job *job, size_t b, size_t i)
{
    const size_t rows = job->loaded->rows;
    const struct oac_readouts *out = job->readouts;
    oac_modem_readouts(self, &work->plan, work->rx + i * rows * work->plan.picks,
                       out->code + b * rows);
    for (size_t k = 0; k < rows; k++) {
        job->saturated += work->flag[i * rows + k] & OAC_FLAG_SATURATED ? 1 : 0;
        if (out->flag)
            out->flag[b * rows + k] = work->flag[i * rows + k];
    }
    const double photons = self->caps.knows_photons ? work->photons[i] : NAN;
    job->photons += photons;
    if (out->photons)
        out->photons[b] = photons;
}

static enum oac_status play_burst(struct oac_modem *self, struct oac_workspace *work,
                                  struct job *job, size_t first, size_t count,
                                  struct oac_err *err)
{
    for (size_t i = 0; i < count; i++)
        make_segment(self, work, job, first + i, i);
    struct oac_stream_burst burst = {.segments = count, .segment = work->segment};
    if (oac_stream_play(&self->stream, work->stream, &burst, err))
        return err->status;
    if (burst.received < count)
        return oac_fail(err, OAC_EDEVICE, "\"%s\" lost %zu of %zu windows",
                        self->caps.device_id, count - burst.received, count);
    for (size_t i = 0; i < count; i++)
        take_window(self, work, job, first + i, i);
    return OAC_OK;
}

static enum oac_status realign(struct oac_modem *self, struct oac_err *err)
{
    enum oac_status status = OAC_OK;
    pthread_mutex_lock(&self->lock);
    if (atomic_load(&self->stale)) {
        status = oac_modem_align(self, err);
        if (status == OAC_OK)
            atomic_store(&self->stale, false);
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

static void add_account(struct oac_modem *self, const struct job *job)
{
    const uint64_t slots =
        job->frame->windows * (uint64_t)(job->loaded->slots + self->caps.guard_slots);
    pthread_mutex_lock(&self->lock);
    self->account.windows += job->frame->windows;
    self->account.slots += slots;
    self->account.bench_s += (double)slots * self->caps.slot_s;
    self->account.detected_photons += job->photons;
    pthread_mutex_unlock(&self->lock);
}

enum oac_status oac_modem_play(struct oac_modem *self, uint32_t handle,
                               struct oac_workspace *work,
                               const struct oac_activation_frame *frame,
                               struct oac_readouts *readouts, struct oac_err *err)
{
    const struct oac_modem_frame *loaded = &self->frame[handle - 1];
    if (atomic_load(&self->stale) && realign(self, err))
        return err->status;
    struct job job = {.loaded = loaded, .frame = frame, .readouts = readouts};
    job.samples =
        (loaded->slots + 2 * (size_t)self->guard) * self->stream.caps->client_samples_per_slot;
    if (oac_modem_plan_make(self, loaded, &work->plan, err))
        return err->status;
    size_t most = burst_windows(self, &work->plan);
    most = frame->windows < most ? frame->windows : most;
    if (make_room(work, most, job.samples, err))
        return err->status;
    for (size_t b = 0; b < frame->windows; b += most) {
        size_t count = frame->windows - b < most ? frame->windows - b : most;
        if (play_burst(self, work, &job, b, count, err))
            return err->status;
    }
    if (readouts->saturated)
        *readouts->saturated += job.saturated;
    add_account(self, &job);
    return OAC_OK;
}
