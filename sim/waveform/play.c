/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/play.h"

#include <string.h>

#include "sim/waveform/field.h"
#include "sim/waveform/workspace.h"

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

/* Receive weights of a window; kept while gates stay where they are in a segment. */
static void receive_weights(const struct oac_waveform *self,
                            const struct oac_wave_window *window,
                            struct oac_workspace *workspace)
{
    const struct oac_wave_frame *frame = window->frame;
    const struct oac_stream_capture *capture = window->segment->capture;
    const size_t rows = frame->rows, bytes = rows * sizeof(double);
    double *open_s = workspace->receive.gate_s, *close_s = open_s + rows;
    if (workspace->receive.samples == frame->samples && workspace->receive.rows == rows &&
        workspace->receive.first == frame->first && workspace->receive.count == frame->count &&
        memcmp(open_s, capture->gate_open_s, bytes) == 0 &&
        memcmp(close_s, capture->gate_close_s, bytes) == 0)
        return;
    oac_wave_receiver_weights(self, window, 0, workspace->receive.g, &workspace->receive.same);
    workspace->receive.plain = takes_payload(self, frame, workspace->receive.g);
    for (size_t i = 0; i < frame->samples; i++)
        workspace->receive.square[i] = workspace->receive.g[i] * workspace->receive.g[i];
    workspace->receive.samples = frame->samples;
    workspace->receive.rows = rows;
    workspace->receive.first = frame->first;
    workspace->receive.count = frame->count;
    memcpy(open_s, capture->gate_open_s, bytes);
    memcpy(close_s, capture->gate_close_s, bytes);
}

/* The inner product, where it is the same as the waveform. */
static bool contracts(const struct oac_waveform *self, const struct oac_wave_window *window,
                      struct oac_workspace *workspace)
{
    if (self->options.propagate || self->tap || !oac_wave_optics_memoryless(self) ||
        oac_wave_server_varies(self) || !oac_wave_receiver_holds(self, window))
        return false;
    receive_weights(self, window, workspace);
    return workspace->receive.same;
}

static double contract(const struct oac_waveform *self, const struct oac_wave_window *window,
                       struct oac_workspace *workspace)
{
    oac_wave_contract(self, window, workspace->receive.g, workspace->optics, workspace->light);
    oac_wave_receiver_hold(self, window, workspace->light, workspace->receiver);
    if (!workspace->receive.plain || self->rig.amplifier.position != OAC_AMPLIFIER_NONE)
        oac_wave_signal(self, window, workspace->optics, workspace->light);
    return contracted_photons(self, window, workspace->light);
}

/* Light that was propagated, received as one held value where that is all the receiver makes of it. */
static bool holds(const struct oac_waveform *self, const struct oac_wave_window *window,
                  struct oac_workspace *workspace)
{
    if (self->options.propagate || !oac_wave_receiver_holds(self, window))
        return false;
    receive_weights(self, window, workspace);
    return workspace->receive.same;
}

static void hold(const struct oac_waveform *self, const struct oac_wave_window *window,
                 struct oac_workspace *workspace)
{
    const struct oac_wave_frame *frame = window->frame;
    const struct oac_field_kernel *kernel = oac_field_kernel();
    for (size_t o = 0; o < frame->outputs; o++)
        for (size_t k = 0; k < frame->rows; k++) {
            size_t row = o * self->bench->channels + k;
            const float *power = workspace->power + row * frame->samples;
            double sums[2];
            kernel->contract(frame->samples, power, workspace->receive.g, NULL, sums);
            workspace->light[2 * row] = sums[0];
            if (!workspace->receive.plain)
                kernel->contract(frame->samples, power, workspace->receive.square, NULL, sums);
            workspace->light[2 * row + 1] = sums[0];
        }
    oac_wave_receiver_hold(self, window, workspace->light, workspace->receiver);
}

static double propagate(const struct oac_waveform *self, const struct oac_wave_window *window,
                        struct oac_workspace *workspace)
{
    oac_wave_optics_window(self, window, workspace->server, workspace->optics, workspace->power,
                           workspace->ase_w);
    if (holds(self, window, workspace))
        hold(self, window, workspace);
    else
        oac_wave_receiver_window(self, window, workspace->power, workspace->receiver);
    return payload_photons(self, window, workspace);
}

static enum oac_status play_segment(struct oac_waveform *self,
                                    const struct oac_stream_segment *segment,
                                    struct oac_workspace *workspace, struct tally *tally,
                                    struct oac_err *err)
{
    struct oac_wave_frame *frame = self->frame[segment->handle - 1];
    if (oac_wave_workspace_fit(self, frame->slots, segment->capture->picks, workspace, err) ||
        oac_wave_frame_refresh(self, frame, workspace->server, err))
        return err->status;
    oac_wave_workspace_move(self, segment->slot0, workspace);
    const struct oac_wave_window window = {
        .frame = frame, .segment = segment, .motion = workspace->motion};
    if (segment->flag)
        memset(segment->flag, 0, frame->rows);
    double photons;
    if (contracts(self, &window, workspace)) {
        photons = contract(self, &window, workspace);
    } else {
        if (oac_wave_workspace_fit_power(self, workspace, err))
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
