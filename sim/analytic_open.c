/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rig and its noise switches make of the analytic engine: points of the slot, effects. */
#include <math.h>

#include "sim/analytic_workspace.h"
#include "sim/components/demux.h"
#include "sim/epoch.h"

static double drive_sigma_v(const struct oac_rig_modulator *modulator,
                            const struct oac_rig_dac *dac, bool on)
{
    return on ? hypot(modulator->drive_noise_v, oac_dac_noise_v(dac)) : 0.0;
}

/* Points of the slot waveform, on the slower modulator's time scale. */
static void choose_nodes(struct oac_analytic *self)
{
    double weight_tau_s = oac_one_pole_tau_s(self->rig.weight_modulator.bandwidth_hz);
    double client_tau_s = oac_one_pole_tau_s(self->rig.client_modulator.bandwidth_hz);
    double slow_s = fmax(weight_tau_s, client_tau_s);
    self->nodes = 1;
    self->node[0].weight = 1.0;
    if (slow_s < OAC_ANALYTIC_INSTANT * self->slot_s)
        return;
    double u[OAC_ANALYTIC_NODES], weight[OAC_ANALYTIC_NODES];
    oac_one_pole_nodes(slow_s, self->slot_s, OAC_ANALYTIC_NODES, u, weight);
    self->nodes = OAC_ANALYTIC_NODES;
    self->weight_memory = oac_one_pole_memory(weight_tau_s, self->slot_s);
    self->client_memory = oac_one_pole_memory(client_tau_s, self->slot_s);
    for (size_t i = 0; i < self->nodes; i++) { /* exp(-t/tau) = u^(slow/tau) */
        self->node[i].weight = weight[i];
        self->node[i].u_weight = weight_tau_s > 0.0 ? pow(u[i], slow_s / weight_tau_s) : 0.0;
        self->node[i].u_client = client_tau_s > 0.0 ? pow(u[i], slow_s / client_tau_s) : 0.0;
    }
}

/* Which effects this rig and these switches ask for. */
static void choose_effects(struct oac_analytic *self)
{
    const struct oac_rig *rig = &self->rig;
    const struct oac_bench *bench = self->bench;
    bool drift = self->noise & OAC_NOISE_DRIFT, rin = self->noise & OAC_NOISE_RIN;
    bool drive = self->noise & OAC_NOISE_DRIVE;
    self->weight_sigma_v = drive_sigma_v(&rig->weight_modulator, &rig->weight_dac, drive);
    self->client_sigma_v = drive_sigma_v(&rig->client_modulator, &rig->client_dac, drive);
    self->tracking = rig->client_modulator.vpi_tracks_wavelength && rig->laser.grid_hz > 0.0 &&
                     rig->channels > 1;
    self->rotating = self->client_sigma_v > 0.0 ||
                     (rin && rig->laser.shared && bench->laser.rin_per_hz > 0.0) ||
                     (drift && bench->client_bias_drift.sigma > 0.0);
    bool low_rin = rin && bench->laser.rin_per_hz > 0.0 && bench->laser.rin_corner_hz > 0.0;
    self->common_rin = low_rin && rig->laser.shared;
    self->slow_rin = low_rin && !rig->laser.shared && self->crosstalk;
    self->moving =
        self->slow_rin ||
        (drift && (rig->laser.drift_sigma > 0.0 || rig->weight_modulator.drift_sigma_v > 0.0));
    self->slow_rin = low_rin && !rig->laser.shared && self->moving;
    self->gain_drifts = drift && rig->detector.drift_sigma > 0.0;
    self->epoch_slots = oac_epoch_slots(rig);
    self->sampled = rig->receiver.kind == OAC_RECEIVER_TIA;
    bool counting = rig->detector.kind == OAC_DETECTOR_COUNTING;
    self->dead_time = counting && bench->detector.dead_time_s > 0.0;
    self->countable = self->noise & OAC_NOISE_SHOT && bench->detector.gain == 1.0 &&
                      bench->detector.excess_noise == 1.0 &&
                      rig->amplifier.position == OAC_AMPLIFIER_NONE;
    bool converter_error = self->noise & OAC_NOISE_ADC && bench->channel[0].adc->error_lsb;
    self->exact = self->dead_time || (counting && self->countable) || converter_error;
}

enum oac_status oac_analytic_setup(struct oac_analytic *self, const uint8_t rig_hash[32],
                                   struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    if (rig->subcarrier.periods > 0 || rig->weight_dac.coupling_hz > 0.0 ||
        rig->client_dac.coupling_hz > 0.0 || rig->adc.coupling_hz > 0.0)
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "rig %s has AC-coupled ports or a subcarrier, which this engine's closed "
            "forms do not cover: take --on wave",
            rig->name);
    self->slot_s = 1.0 / rig->slot_rate_hz;
    self->version = 1;
    self->crosstalk = oac_demux_has_crosstalk(rig) || rig->fault.swapped.count > 0;
    if (oac_bench_create(rig, &self->bench, err) ||
        oac_panel_init(&self->panel, rig, self->bench, self->noise, "sim", "analytic 1",
                       rig_hash, err))
        return err->status;
    choose_nodes(self);
    choose_effects(self);
    if (self->dead_time && self->nodes > 1)
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "rig %s: a dead time (detector.dead_time_s) with modulators slow against "
            "the slot is not modelled: lower slot_rate_hz",
            rig->name);
    if (oac_analytic_comb_create(self, err))
        return err->status;
    return oac_analytic_paths_refresh(self, err);
}
