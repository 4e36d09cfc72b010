/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/play.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/epoch.h"
#include "sim/waveform/optics.h"
#include "sim/waveform/receive.h"

struct oac_workspace {
    size_t slots; /* room for segments of that many */
    struct oac_wave_server_scratch *server;
    struct oac_wave_optics_scratch *optics;
    struct oac_wave_receiver_scratch *receiver;
    float *power;  /* (outputs, channels, samples); NULL until something is propagated */
    float *g;      /* (samples) receive weights */
    double *light; /* (outputs, channels, 2) */
    double *ase_w; /* (channels) */
    struct oac_wave_motion motion;
    bool moved; /* motion is that of an epoch */
    uint64_t epoch;
    struct oac_drift_cursor *cursors; /* (3 channels + 1) */
};

struct tally { /* of one burst, for the account */
    double launched_j, client_in_j, photons;
    uint64_t slots;
};

enum oac_status oac_wave_frame_refresh(struct oac_waveform *self, struct oac_wave_frame *frame,
                                       struct oac_wave_server_scratch *scratch,
                                       struct oac_err *err)
{
    if (atomic_load_explicit(&frame->built, memory_order_acquire) == self->version)
        return OAC_OK;
    enum oac_status status = OAC_OK;
    pthread_mutex_lock(&self->lock);
    if (atomic_load_explicit(&frame->built, memory_order_relaxed) != self->version) {
        status = oac_wave_server_build(self, frame, scratch, err);
        if (status == OAC_OK)
            atomic_store_explicit(&frame->built, self->version, memory_order_release);
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

struct oac_workspace *oac_wave_workspace_create(void *context, struct oac_err *err)
{
    struct oac_waveform *self = context;
    const size_t channels = self->bench->channels;
    struct oac_workspace *made = oac_alloc(1, sizeof *made, "a workspace", err);
    if (!made)
        return NULL;
    made->light = oac_alloc(4 * channels, sizeof(double), "a workspace", err);
    made->ase_w = oac_alloc(channels, sizeof(double), "a workspace", err);
    made->cursors = oac_alloc(3 * channels + 1, sizeof *made->cursors, "a workspace", err);
    made->motion.channel =
        oac_alloc(channels, sizeof *made->motion.channel, "a workspace", err);
    if (!made->light || !made->ase_w || !made->cursors || !made->motion.channel ||
        oac_wave_server_scratch_create(self, &made->server, err) ||
        oac_wave_optics_scratch_create(self, &made->optics, err) ||
        oac_wave_receiver_scratch_create(self, &made->receiver, err)) {
        oac_wave_workspace_destroy(self, made);
        return NULL;
    }
    for (size_t k = 0; k < channels; k++) {
        made->motion.channel[k].power = 1.0;
        made->motion.channel[k].gain = 1.0;
    }
    return made;
}

void oac_wave_workspace_destroy(void *context, struct oac_workspace *workspace)
{
    (void)context;
    if (!workspace)
        return;
    oac_wave_server_scratch_destroy(workspace->server);
    oac_wave_optics_scratch_destroy(workspace->optics);
    oac_wave_receiver_scratch_destroy(workspace->receiver);
    free(workspace->power);
    free(workspace->g);
    free(workspace->light);
    free(workspace->ase_w);
    free(workspace->cursors);
    free(workspace->motion.channel);
    free(workspace);
}

static enum oac_status fit(const struct oac_waveform *self, size_t slots, size_t picks,
                           struct oac_workspace *workspace, struct oac_err *err)
{
    if (oac_wave_server_scratch_fit(self, slots, workspace->server, err) ||
        oac_wave_optics_scratch_fit(self, slots, workspace->optics, err) ||
        oac_wave_receiver_scratch_fit(self, slots, picks, workspace->receiver, err))
        return err->status;
    if (slots <= workspace->slots)
        return OAC_OK;
    workspace->slots = 0;
    free(workspace->power);
    free(workspace->g);
    workspace->power = NULL;
    workspace->g = oac_alloc(slots * self->grid.per_slot, sizeof(float), "a workspace", err);
    if (!workspace->g)
        return err->status;
    workspace->slots = slots;
    return OAC_OK;
}

static enum oac_status fit_power(const struct oac_waveform *self,
                                 struct oac_workspace *workspace, struct oac_err *err)
{
    if (workspace->power)
        return OAC_OK;
    size_t outputs = self->panel.caps.differential ? 2 : 1, count;
    if (oac_size_product(outputs * self->bench->channels,
                         workspace->slots * self->grid.per_slot, "a workspace", &count, err))
        return err->status;
    workspace->power = oac_alloc(count, sizeof(float), "a workspace", err);
    return workspace->power ? OAC_OK : err->status;
}

/* Where drift stands: the same path as the analytic engine's. */
static void move(const struct oac_waveform *self, uint64_t slot0,
                 struct oac_workspace *workspace)
{
    if (!(self->noise & OAC_NOISE_DRIFT))
        return;
    uint64_t length = oac_epoch_slots(&self->rig), epoch = slot0 / length;
    if (workspace->moved && workspace->epoch == epoch)
        return;
    const struct oac_bench *bench = self->bench;
    double time_s = oac_epoch_time_s(epoch, length, self->slot_s);
    struct oac_drift_cursor *cursor = workspace->cursors;
    struct oac_wave_motion *motion = &workspace->motion;
    motion->client_bias_v = oac_drift_at(&bench->client_bias_drift, time_s, cursor++);
    for (size_t k = 0; k < bench->channels; k++, cursor += 3) {
        const struct oac_bench_channel *channel = &bench->channel[k];
        double power = 1.0 + oac_drift_at(&channel->power_drift, time_s, cursor);
        motion->channel[k].power = power > 0.0 ? power : 0.0;
        motion->channel[k].bias_v = oac_drift_at(&channel->bias_drift, time_s, cursor + 1);
        motion->channel[k].gain = 1.0 + oac_drift_at(&channel->gain_drift, time_s, cursor + 2);
    }
    workspace->epoch = epoch;
    workspace->moved = true;
}

/* Electrons per watt and sample of a row's detector o, before avalanche gain. */
static double counted_per_w(const struct oac_waveform *self, size_t k, unsigned o)
{
    const struct oac_bench_channel *channel = &self->bench->channel[k];
    double part = o == 0 ? channel->gain_plus : channel->gain_minus;
    return channel->electrons_per_joule * part * self->grid.dt_s;
}

#define LANES 16

static double sum_of(size_t n, const float *x)
{
    double lane[LANES] = {0.0}, sum = 0.0;
    for (size_t i = 0; i < n / LANES * LANES; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lane[j] += (double)x[i + j];
    for (size_t j = 0; j < LANES; j++)
        sum += lane[j];
    for (size_t i = n / LANES * LANES; i < n; i++)
        sum += (double)x[i];
    return sum;
}

static double payload_photons(const struct oac_waveform *self,
                              const struct oac_wave_window *window,
                              const struct oac_workspace *workspace)
{
    const struct oac_wave_frame *frame = window->frame;
    size_t first = frame->first * self->grid.per_slot, n = frame->count * self->grid.per_slot;
    double photons = 0.0;
    for (unsigned o = 0; o < frame->outputs; o++)
        for (size_t k = 0; k < frame->rows; k++) {
            size_t at = (o * self->bench->channels + k) * frame->samples + first;
            photons += counted_per_w(self, k, o) *
                       (sum_of(n, workspace->power + at) - (double)n * workspace->ase_w[k]);
        }
    return photons;
}

static double contracted_photons(const struct oac_waveform *self,
                                 const struct oac_wave_window *window, const double *light)
{
    double photons = 0.0;
    for (unsigned o = 0; o < window->frame->outputs; o++)
        for (size_t k = 0; k < window->frame->rows; k++)
            photons += counted_per_w(self, k, o) * light[(o * self->bench->channels + k) * 2];
    return photons;
}

/* True when g takes the payload as it is and nothing else. */
static bool takes_payload(const struct oac_waveform *self, const struct oac_wave_frame *frame,
                          const float *g)
{
    size_t first = frame->first * self->grid.per_slot;
    size_t end = first + frame->count * self->grid.per_slot;
    bool same = true;
    for (size_t i = 0; i < frame->samples; i++)
        same &= g[i] == (i >= first && i < end ? 1.0f : 0.0f);
    return same;
}

/* The inner product, where it is the same as the waveform. */
static bool contracts(const struct oac_waveform *self, const struct oac_wave_window *window,
                      struct oac_workspace *workspace)
{
    if (self->options.propagate || self->tap || !oac_wave_optics_memoryless(self) ||
        oac_wave_server_varies(self) || !oac_wave_receiver_holds(self, window))
        return false;
    bool same = false;
    oac_wave_receiver_weights(self, window, 0, workspace->g, &same);
    return same;
}

static double contract(const struct oac_waveform *self, const struct oac_wave_window *window,
                       struct oac_workspace *workspace)
{
    const struct oac_wave_frame *frame = window->frame;
    oac_wave_contract(self, window, workspace->g, workspace->optics, workspace->light);
    oac_wave_receiver_hold(self, window, workspace->light, workspace->receiver);
    bool plain = takes_payload(self, frame, workspace->g) &&
                 self->rig.amplifier.position == OAC_AMPLIFIER_NONE;
    if (!plain)
        oac_wave_signal(self, window, workspace->optics, workspace->light);
    return contracted_photons(self, window, workspace->light);
}

static double propagate(const struct oac_waveform *self, const struct oac_wave_window *window,
                        struct oac_workspace *workspace)
{
    oac_wave_optics_window(self, window, workspace->server, workspace->optics, workspace->power,
                           workspace->ase_w);
    oac_wave_receiver_window(self, window, workspace->power, workspace->receiver);
    return payload_photons(self, window, workspace);
}

static enum oac_status play_segment(struct oac_waveform *self,
                                    const struct oac_stream_segment *segment,
                                    struct oac_workspace *workspace, struct tally *tally,
                                    struct oac_err *err)
{
    struct oac_wave_frame *frame = self->frame[segment->handle - 1];
    if (fit(self, frame->slots, segment->capture->picks, workspace, err) ||
        oac_wave_frame_refresh(self, frame, workspace->server, err))
        return err->status;
    move(self, segment->slot0, workspace);
    const struct oac_wave_window window = {
        .frame = frame, .segment = segment, .motion = workspace->motion};
    if (segment->flag)
        memset(segment->flag, 0, frame->rows);
    double photons;
    if (contracts(self, &window, workspace)) {
        photons = contract(self, &window, workspace);
    } else {
        if (fit_power(self, workspace, err))
            return err->status;
        photons = propagate(self, &window, workspace);
    }
    if (segment->photons)
        *segment->photons = photons;
    tally->photons += photons;
    tally->slots += frame->slots;
    tally->launched_j += (double)segment->launch * frame->light.launched_j;
    tally->client_in_j += (double)segment->launch * frame->light.client_in_j;
    return OAC_OK;
}

enum oac_status oac_wave_play(void *context, struct oac_workspace *workspace,
                              struct oac_stream_burst *burst, struct oac_err *err)
{
    struct oac_waveform *self = context;
    struct tally tally = {0};
    enum oac_status status = OAC_OK;
    burst->received = 0;
    while (status == OAC_OK && burst->received < burst->segments) {
        status = play_segment(self, &burst->segment[burst->received], workspace, &tally, err);
        burst->received += status == OAC_OK;
    }
    pthread_mutex_lock(&self->lock);
    self->account.windows += burst->received;
    self->account.slots += tally.slots;
    self->account.bench_s += (double)tally.slots * self->slot_s;
    self->account.launched_j += tally.launched_j;
    self->account.client_in_j += tally.client_in_j;
    self->account.detected_photons += tally.photons;
    pthread_mutex_unlock(&self->lock);
    return status;
}
