/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/workspace.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "sim/epoch.h"

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
    made->receive.gate_s = oac_alloc(2 * channels, sizeof(double), "a workspace", err);
    made->motion.channel =
        oac_alloc(channels, sizeof *made->motion.channel, "a workspace", err);
    if (!made->light || !made->ase_w || !made->cursors || !made->receive.gate_s ||
        !made->motion.channel || oac_wave_server_scratch_create(self, &made->server, err) ||
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
    free(workspace->receive.g);
    free(workspace->receive.gate_s);
    free(workspace->light);
    free(workspace->ase_w);
    free(workspace->cursors);
    free(workspace->motion.channel);
    free(workspace);
}

enum oac_status oac_wave_workspace_fit(const struct oac_waveform *self, size_t slots,
                                       size_t picks, struct oac_workspace *workspace,
                                       struct oac_err *err)
{
    if (oac_wave_server_scratch_fit(self, slots, workspace->server, err) ||
        oac_wave_optics_scratch_fit(self, slots, workspace->optics, err) ||
        oac_wave_receiver_scratch_fit(self, slots, picks, workspace->receiver, err))
        return err->status;
    if (slots <= workspace->slots)
        return OAC_OK;
    workspace->slots = workspace->receive.samples = 0;
    free(workspace->power);
    free(workspace->receive.g);
    workspace->power = NULL;
    workspace->receive.g =
        oac_alloc(2 * slots * self->grid.per_slot, sizeof(float), "a workspace", err);
    if (!workspace->receive.g)
        return err->status;
    workspace->receive.square = workspace->receive.g + slots * self->grid.per_slot;
    workspace->slots = slots;
    return OAC_OK;
}

enum oac_status oac_wave_workspace_fit_power(const struct oac_waveform *self,
                                             struct oac_workspace *workspace,
                                             struct oac_err *err)
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

void oac_wave_workspace_move(const struct oac_waveform *self, uint64_t slot0,
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
