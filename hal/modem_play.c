/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers a call of play: burst after burst, and what was lost once more, window by window. */
#include <math.h>

#include "hal/modem_state.h"

/* A window that would not come: no number, and a flag; without a place for flags, an error. */
static enum oac_status give_up(const struct oac_modem *self, struct oac_modem_job *job,
                               size_t b, struct oac_err *err)
{
    const size_t rows = job->loaded->rows;
    const struct oac_readouts *out = job->readouts;
    if (!out->flag)
        return oac_fail(err, OAC_EDEVICE,
                        "window %zu (slot %llu) of \"%s\" was lost, also when played alone: "
                        "reopen the device, or lower its sample rates",
                        b, (unsigned long long)job->frame->slot0[b], self->caps.device_id);
    for (size_t k = 0; k < rows; k++) {
        out->code[b * rows + k] = NAN;
        out->flag[b * rows + k] = OAC_FLAG_LOST;
    }
    if (out->photons)
        out->photons[b] = NAN;
    return OAC_OK;
}

static enum oac_status play_again(struct oac_modem *self, struct oac_workspace *work,
                                  struct oac_modem_job *job, size_t first, size_t count,
                                  struct oac_err *err)
{
    for (size_t b = first; b < first + count; b++) {
        bool good = false;
        if (oac_modem_burst_play(self, work, job, b, 1, true, OAC_FLAG_REALIGNED, &good, err) ||
            (!good && give_up(self, job, b, err)))
            return err->status;
    }
    return OAC_OK;
}

/* Or blind where there is light. */
static bool all_dark(struct oac_modem *self)
{
    for (size_t k = 0; k < self->caps.channels; k++)
        if (oac_modem_laser(self, k) && !oac_modem_blind(self, k))
            return false;
    return true;
}

static enum oac_status realign(struct oac_modem *self, struct oac_err *err)
{
    enum oac_status status = OAC_OK;
    pthread_mutex_lock(&self->lock);
    /* In the dark there is nothing to align by, and nothing that would be late: later. */
    if (atomic_load(&self->stale) && !(self->alignment.valid && all_dark(self))) {
        status = oac_modem_align(self, err);
        if (status == OAC_OK)
            atomic_store(&self->stale, false);
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

static void add_account(struct oac_modem *self, const struct oac_modem_job *job)
{
    const uint64_t slots =
        job->frame->windows * (uint64_t)(job->loaded->slots + self->caps.guard_slots);
    pthread_mutex_lock(&self->lock);
    self->account.windows += job->frame->windows;
    self->account.slots += slots;
    self->account.preambles += job->words;
    self->account.bench_s += (double)(slots + job->sync_slots) * self->caps.slot_s;
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
    if (!readouts->flag && oac_modem_check_seen(self, loaded->rows, frame->unused, err))
        return err->status;
    struct oac_modem_job job = {.loaded = loaded, .frame = frame, .readouts = readouts};
    job.samples =
        (loaded->slots + 2 * (size_t)self->guard) * self->stream.caps->client_samples_per_slot;
    if (oac_modem_plan_make(self, loaded, &work->plan, err))
        return err->status;
    const size_t most = oac_modem_burst_windows(self, &work->plan);
    for (size_t b = 0; b < frame->windows; b += most) {
        const size_t count = frame->windows - b < most ? frame->windows - b : most;
        bool good = false;
        if (oac_modem_burst_play(self, work, &job, b, count, false, 0, &good, err) ||
            (!good && play_again(self, work, &job, b, count, err)))
            return err->status;
    }
    if (readouts->saturated)
        *readouts->saturated += job.saturated;
    add_account(self, &job);
    return OAC_OK;
}
