/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rig and its noise switches make of the analytic engine: effects, ports, settings, capabilities. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/units.h"
#include "sim/analytic_workspace.h"
#include "sim/components/demux.h"

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
    self->epoch_slots = oac_analytic_epoch_slots(self);
    self->sampled = rig->receiver.kind == OAC_RECEIVER_TIA;
    bool counting = rig->detector.kind == OAC_DETECTOR_COUNTING;
    self->dead_time = counting && bench->detector.dead_time_s > 0.0;
    self->countable = self->noise & OAC_NOISE_SHOT && bench->detector.gain == 1.0 &&
                      bench->detector.excess_noise == 1.0 &&
                      rig->amplifier.position == OAC_AMPLIFIER_NONE;
    bool converter_error = self->noise & OAC_NOISE_ADC && bench->channel[0].adc->error_lsb;
    self->exact = self->dead_time || (counting && self->countable) || converter_error;
}

static int32_t darkest_code(const struct oac_rig_modulator *modulator,
                            const struct oac_rig_dac *dac)
{
    const struct oac_mzm mzm = oac_mzm_from_rig(modulator, 1.0, 0.0);
    double lsb_v = oac_dac_lsb_v(dac);
    int32_t codes = (int32_t)1 << dac->bits, best = 0;
    for (int32_t code = 1; code < codes; code++)
        if (oac_mzm_transmission(&mzm, dac->min_v + lsb_v * code) <
            oac_mzm_transmission(&mzm, dac->min_v + lsb_v * best))
            best = code;
    return best;
}

static struct oac_port dac_port(const struct oac_rig *rig, enum oac_role role, size_t channel)
{
    bool client = role == OAC_CLIENT;
    const struct oac_rig_dac *dac = client ? &rig->client_dac : &rig->weight_dac;
    return (struct oac_port){.role = role,
                             .channel = channel,
                             .code_min = 0,
                             .code_max = ((int32_t)1 << dac->bits) - 1,
                             .v0_v = dac->min_v,
                             .lsb_v = oac_dac_lsb_v(dac),
                             .rate_hz = rig->slot_rate_hz};
}

static enum oac_status make_ports(struct oac_analytic *self, struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    size_t channels = self->bench->channels;
    self->ports = oac_alloc(2 * channels + 1, sizeof *self->ports, "ports", err);
    if (!self->ports)
        return err->status;
    int32_t dark = darkest_code(&rig->weight_modulator, &rig->weight_dac);
    for (size_t k = 0; k < channels; k++) {
        self->ports[k] = dac_port(rig, OAC_WEIGHT, k);
        self->ports[k].code_safe = dark;
        self->ports[channels + 1 + k] =
            (struct oac_port){.role = OAC_READOUT,
                              .channel = k,
                              .code_max = (int32_t)(self->bench->channel[k].adc->codes - 1),
                              .v0_v = oac_adc_min_v(rig),
                              .lsb_v = oac_adc_lsb_v(rig),
                              .rate_hz = rig->slot_rate_hz};
    }
    self->ports[channels] = dac_port(rig, OAC_CLIENT, 0);
    self->ports[channels].code_safe = darkest_code(&rig->client_modulator, &rig->client_dac);
    return OAC_OK;
}

static enum oac_status make_settings(struct oac_analytic *self, struct oac_err *err)
{
    size_t channels = self->bench->channels;
    self->set.memory = oac_alloc(5 * channels, sizeof(double), "settings", err);
    if (!self->set.memory)
        return err->status;
    self->set.laser_dbm = self->set.memory;
    self->set.laser_on = self->set.laser_dbm + channels;
    self->set.bias_weight_v = self->set.laser_on + channels;
    self->set.predelay_s = self->set.bias_weight_v + channels;
    self->set.rx_gain = self->set.predelay_s + channels;
    for (size_t k = 0; k < channels; k++) {
        self->set.laser_dbm[k] = self->rig.laser.power_dbm;
        self->set.laser_on[k] = 1.0;
        self->set.predelay_s[k] = self->bench->channel[k].predelay_s;
        self->set.rx_gain[k] = 1.0;
    }
    return OAC_OK;
}

static void make_caps(struct oac_analytic *self, const uint8_t rig_hash[32])
{
    const struct oac_rig *rig = &self->rig;
    struct oac_link_caps *caps = &self->caps;
    size_t channels = self->bench->channels;
    snprintf(self->device_id, sizeof self->device_id, "sim:%.72s", rig->name);
    *caps = (struct oac_link_caps){
        .device_id = self->device_id,
        .firmware = "analytic 1",
        .channels = channels,
        .slots_max = (size_t)rig->slots_max,
        .slot_s = self->slot_s,
        .guard_slots = (uint32_t)rig->guard_slots,
        .preamble_slots = (uint32_t)rig->preamble_slots,
        .receiver = rig->receiver.kind == OAC_RECEIVER_COUNTER ? OAC_COUNTING
                    : self->sampled                            ? OAC_SAMPLED
                                                               : OAC_INTEGRATOR,
        .conversions_per_readout = 1,
        .adc_rounds = self->noise & OAC_NOISE_ADC && !self->sampled,
        .differential = rig->detector.pair && rig->weight_modulator.dual_output,
        .launch_per_window = true,
        .launch_max = oac_power_ratio_from_db(rig->laser.power_max_dbm - rig->laser.power_dbm),
        .honours_slot0 = true,
        .knows_photons = true,
        .concurrent_play = true,
        .frequency_hz = rig->laser.center_hz,
        .quantum_efficiency = self->bench->detector.quantum_efficiency,
        .weight = self->ports,
        .client = self->ports + channels,
        .readout = self->ports + channels + 1,
        .nominal = self->nominal,
    };
    memcpy(caps->rig_hash, rig_hash, sizeof caps->rig_hash);
    /* The slow bias and the DAC together reach 2.4 V_pi. */
    double weight_v = 1.2 * rig->weight_modulator.vpi_v,
           client_v = 1.2 * rig->client_modulator.vpi_v;
    caps->settings[OAC_LASER_DBM] =
        (struct oac_range){rig->laser.power_dbm - 60.0, rig->laser.power_max_dbm, 0.0, 0.0};
    caps->settings[OAC_LASER_ON] = (struct oac_range){0.0, 1.0, 1.0, 0.0};
    caps->settings[OAC_BIAS_WEIGHT_V] = (struct oac_range){-weight_v, weight_v, 0.0, 0.0};
    caps->settings[OAC_BIAS_CLIENT_V] = (struct oac_range){-client_v, client_v, 0.0, 0.0};
    caps->settings[OAC_PREDELAY_S] = (struct oac_range){-1e-3, 1e-3, 0.0, 0.0};
    caps->settings[OAC_SKEW_S] = (struct oac_range){-1e-3, 1e-3, 0.0, 0.0};
    caps->settings[OAC_RX_GAIN] = (struct oac_range){0.01, 100.0, 0.0, 0.0};
}

enum oac_status oac_analytic_setup(struct oac_analytic *self, const uint8_t rig_hash[32],
                                   struct oac_err *err)
{
    const struct oac_rig *rig = &self->rig;
    self->slot_s = 1.0 / rig->slot_rate_hz;
    self->version = 1;
    self->crosstalk = oac_demux_has_crosstalk(rig);
    if (oac_bench_create(rig, &self->bench, err) || make_ports(self, err) ||
        make_settings(self, err) ||
        oac_nominal_calrec(rig, rig->name, rig_hash, &self->nominal, err))
        return err->status;
    make_caps(self, rig_hash);
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
