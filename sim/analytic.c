/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens the simulated bench and carries the link's slow calls: load, settings, account. */
#include "sim/analytic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "base/units.h"
#include "sim/analytic_workspace.h"
#include "sim/components/demux.h"

#define FRAMES_MAX 65536u

static void analytic_destroy(struct oac_analytic *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->frame_capacity; i++)
        oac_analytic_frame_destroy(self->frame[i]);
    free(self->frame);
    oac_client_tables_destroy(self);
    oac_bench_destroy(self->bench);
    oac_calrec_destroy(self->nominal);
    free(self->ports);
    free(self->set.memory);
    free(self->comb_shift);
    oac_analytic_paths_destroy(self);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static enum oac_status load(void *context, const struct oac_weight_frame *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct oac_analytic *self = context;
    if (wanted->differential && self->dead_time)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "a detector pair with dead time is not modelled: use encoding rails or "
                        "offset, or set detector.dead_time_s=0");
    size_t free_slot = 0;
    while (free_slot < self->frame_capacity && self->frame[free_slot])
        free_slot++;
    if (free_slot == self->frame_capacity) {
        size_t grown = self->frame_capacity ? 2 * self->frame_capacity : 16;
        if (grown > FRAMES_MAX)
            return oac_fail(err, OAC_ENOMEM, "more than %u frames loaded at once", FRAMES_MAX);
        struct oac_frame **more = oac_alloc(grown, sizeof *more, "frame handles", err);
        if (!more)
            return err->status;
        if (self->frame)
            memcpy(more, self->frame, self->frame_capacity * sizeof *more);
        free(self->frame);
        self->frame = more;
        self->frame_capacity = grown;
    }
    struct oac_frame *frame = oac_alloc(1, sizeof *frame, "a weight frame", err);
    if (!frame)
        return err->status;
    frame->rows = wanted->rows;
    frame->slots = wanted->slots;
    frame->cols = (wanted->rows + 1 + OAC_KERNEL_PAD - 1) / OAC_KERNEL_PAD * OAC_KERNEL_PAD;
    frame->differential = wanted->differential;
    frame->null_code = wanted->null_x_code;
    size_t cells = wanted->rows * wanted->slots;
    frame->code = oac_alloc(cells, sizeof *frame->code, "a weight frame", err);
    if (frame->code)
        memcpy(frame->code, wanted->code, cells * sizeof *frame->code);
    if (!frame->code || oac_analytic_frame_refresh(self, frame, err)) {
        oac_analytic_frame_destroy(frame);
        return err->status;
    }
    self->frame[free_slot] = frame;
    *handle = (uint32_t)free_slot + 1;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    (void)err;
    struct oac_analytic *self = context;
    oac_analytic_frame_destroy(self->frame[handle - 1]);
    self->frame[handle - 1] = NULL;
    return OAC_OK;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct oac_analytic *self = context;
    struct oac_frame *frame = self->frame[handle - 1];
    if (oac_analytic_frame_refresh(self, frame, err))
        return err->status;
    *figures = (struct oac_frame_light){.launched_j = frame->launched_j,
                                        .client_in_j = frame->client_in_j,
                                        .photons_preweight = frame->photons_preweight};
    return OAC_OK;
}

static double *setting_of(struct oac_analytic *self, enum oac_setting setting, size_t channel)
{
    switch (setting) {
    case OAC_LASER_DBM:
        return &self->set.laser_dbm[channel];
    case OAC_LASER_ON:
        return &self->set.laser_on[channel];
    case OAC_BIAS_WEIGHT_V:
        return &self->set.bias_weight_v[channel];
    case OAC_BIAS_CLIENT_V:
        return &self->set.bias_client_v;
    case OAC_PREDELAY_S:
        return &self->set.predelay_s[channel];
    case OAC_SKEW_S:
        return &self->set.skew_s;
    case OAC_RX_GAIN:
        return &self->set.rx_gain[channel];
    case OAC_SETTINGS:
        break;
    }
    return NULL;
}

/* Frames are rebuilt when they are next played. */
static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct oac_analytic *self = context;
    double *field = setting_of(self, setting, channel);
    double step = self->caps.settings[setting].step;
    double stepped = step > 0.0 ? step * rint(value / step) : value;
    if (*field != stepped) {
        *field = stepped;
        self->version++;
        oac_client_tables_destroy(self);
        if (oac_analytic_paths_refresh(self, err))
            return err->status;
    }
    *readback = stepped;
    return OAC_OK;
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    (void)err;
    *value = *setting_of(context, setting, channel);
    return OAC_OK;
}

/* Lasers dark is the safe state of a bench whose DACs rest at code_safe between plays. */
static enum oac_status safe(void *context, struct oac_err *err)
{
    struct oac_analytic *self = context;
    for (size_t k = 0; k < self->bench->channels; k++)
        self->set.laser_on[k] = 0.0;
    self->version++;
    oac_client_tables_destroy(self);
    return oac_analytic_paths_refresh(self, err);
}

static void account(const void *context, struct oac_account *figures)
{
    struct oac_analytic *self = (struct oac_analytic *)(uintptr_t)context;
    pthread_mutex_lock(&self->lock);
    *figures = self->account;
    pthread_mutex_unlock(&self->lock);
}

static void close_bench(void *context)
{
    struct oac_err ignored;
    (void)!safe(context, &ignored);
    analytic_destroy(context);
}

static const struct oac_link_ops analytic_ops = {
    .load = load,
    .unload = unload,
    .play = oac_analytic_play,
    .light = light,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_bench,
    .workspace_create = oac_analytic_workspace_create,
    .workspace_destroy = oac_analytic_workspace_destroy,
};

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

enum oac_status oac_analytic_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                                  uint32_t noise, uint64_t seed, const struct oac_sink *sink,
                                  struct oac_link *link, struct oac_err *err)
{
    if (oac_rig_check(rig, err))
        return err->status;
    struct oac_analytic *self = oac_alloc(1, sizeof *self, "a simulated bench", err);
    if (!self)
        return err->status;
    pthread_mutex_init(&self->lock, NULL);
    self->rig = *rig;
    self->noise = noise;
    self->seed = seed;
    self->sink = sink ? *sink : (struct oac_sink){0};
    self->slot_s = 1.0 / rig->slot_rate_hz;
    self->version = 1;
    if (oac_bench_create(rig, &self->bench, err) || make_ports(self, err) ||
        make_settings(self, err) ||
        oac_nominal_calrec(rig, rig->name, rig_hash, &self->nominal, err)) {
        analytic_destroy(self);
        return err->status;
    }
    make_caps(self, rig_hash);
    choose_nodes(self);
    self->crosstalk = oac_demux_has_crosstalk(rig);
    choose_effects(self);
    if (oac_analytic_comb_create(self, err)) {
        analytic_destroy(self);
        return err->status;
    }
    if (oac_analytic_paths_refresh(self, err)) {
        analytic_destroy(self);
        return err->status;
    }
    if (self->dead_time && self->nodes > 1) {
        analytic_destroy(self);
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "rig %s: a dead time (detector.dead_time_s) with modulators slow against "
            "the slot is not modelled: lower slot_rate_hz",
            rig->name);
    }
    *link = (struct oac_link){.ops = &analytic_ops, .caps = &self->caps, .self = self};
    return OAC_OK;
}
