/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rig and its noise switches make of the waveform engine: grid, parts, capabilities. */
#include <inttypes.h>
#include <math.h>

#include "sim/waveform/optics.h"
#include "sim/waveform/play.h"
#include "sim/waveform/receive.h"
#include "sim/waveform/server.h"

#define SEGMENTS_MAX 4096u
/* A preamble is longer than most payloads: both parts of the longest that modems use fit. */
#define PREAMBLE_SLOTS_MAX 4096u

/* The largest that any clock of the bench is off, skew included. */
static double delay_max_s(const struct oac_waveform *self)
{
    double most_s = fabs(self->rig.timing.skew_s);
    for (size_t k = 0; k < self->bench->channels; k++) {
        const struct oac_bench_channel *channel = &self->bench->channel[k];
        double light_s = fabs(channel->delay_s + channel->predelay_s);
        most_s = fmax(most_s, light_s + fabs(channel->adc_delay_s));
    }
    return most_s;
}

static void make_caps(struct oac_waveform *self)
{
    const struct oac_rig *rig = &self->rig;
    struct oac_panel *panel = &self->panel;
    bool sampled = rig->receiver.kind == OAC_RECEIVER_TIA;
    self->caps.weight_samples_per_slot = (uint32_t)rig->weight_dac.samples_per_slot;
    self->caps.client_samples_per_slot = (uint32_t)rig->client_dac.samples_per_slot;
    self->caps.readout_samples_per_slot = (uint32_t)rig->adc.samples_per_slot;
    if (rig->subcarrier.carrier_hz > 0.0) { /* I and Q */
        self->caps.weight_samples_per_slot *= 2;
        self->caps.client_samples_per_slot *= 2;
        self->caps.readout_samples_per_slot *= 2;
    }
    self->caps.subcarrier_periods = (uint32_t)rig->subcarrier.periods;
    for (size_t k = 0; k < self->bench->channels; k++) {
        panel->ports[k].rate_hz *= (double)rig->weight_dac.samples_per_slot;
        panel->ports[self->bench->channels + 1 + k].rate_hz *=
            (double)rig->adc.samples_per_slot;
    }
    panel->ports[self->bench->channels].rate_hz *= (double)rig->client_dac.samples_per_slot;
    uint32_t memory = oac_wave_server_memory_slots(self) + oac_wave_optics_memory_slots(self) +
                      oac_wave_receiver_memory_slots(self);
    self->caps.memory_slots = memory > 1 ? memory : 1;
    self->caps.delay_slots_max = (uint32_t)ceil(delay_max_s(self) / self->slot_s) + 1;
    size_t payload = (size_t)rig->slots_max;
    payload = payload > PREAMBLE_SLOTS_MAX ? payload : PREAMBLE_SLOTS_MAX;
    self->caps.segment_slots_max =
        payload + 2 * ((size_t)self->caps.memory_slots + self->caps.delay_slots_max +
                       (size_t)rig->guard_slots);
    self->caps.segments_max = SEGMENTS_MAX;
    self->caps.gate_step_s = sampled ? 0.0 : self->grid.dt_s;
    self->caps.segments_apart = true;
    self->caps.delay_stable = true;
    self->caps.link = panel->caps;
}

static enum oac_status check_grid(const struct oac_rig *rig, const char *who, int64_t samples,
                                  struct oac_err *err)
{
    if (rig->wave.samples_per_slot % samples == 0)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL,
                    "rig %s: wave.samples_per_slot %" PRId64 " is not a multiple of "
                    "%s.samples_per_slot %" PRId64 ": change one of them",
                    rig->name, rig->wave.samples_per_slot, who, samples);
}

enum oac_status oac_wave_setup(struct oac_waveform *self, const uint8_t rig_hash[32],
                               struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    self->slot_s = 1.0 / rig->slot_rate_hz;
    self->version = 1;
    self->polarisations = 1;
    self->grid.per_slot = (size_t)rig->wave.samples_per_slot;
    self->grid.rate_hz = rig->slot_rate_hz * (double)rig->wave.samples_per_slot;
    self->grid.dt_s = 1.0 / self->grid.rate_hz;
    if (check_grid(rig, "weight_dac", rig->weight_dac.samples_per_slot, err) ||
        check_grid(rig, "client_dac", rig->client_dac.samples_per_slot, err) ||
        oac_bench_create(rig, &self->bench, err) ||
        oac_panel_init(&self->panel, rig, self->bench, self->noise, "wave", "waveform 1",
                       rig_hash, err) ||
        oac_wave_server_create(self, err) || oac_wave_optics_create(self, err) ||
        oac_wave_receiver_create(self, err))
        return err->status;
    make_caps(self);
    return OAC_OK;
}
