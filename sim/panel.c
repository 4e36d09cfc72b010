/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/panel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/units.h"
#include "sim/noise.h"

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

/* An AC-coupled drive rests at 0 V, whatever constant code it is given. */
static int32_t resting_code(const struct oac_rig_dac *dac)
{
    const double code = rint(-dac->min_v / oac_dac_lsb_v(dac));
    const double last = (double)(((int32_t)1 << dac->bits) - 1);
    return (int32_t)fmin(fmax(code, 0.0), last);
}

static bool couples(const struct oac_rig *rig, const struct oac_rig_dac *dac)
{
    return dac->coupling_hz > 0.0 || rig->subcarrier.carrier_hz > 0.0;
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
                             .rate_hz = rig->slot_rate_hz,
                             .ac_coupled = couples(rig, dac),
                             .iq = rig->subcarrier.carrier_hz > 0.0};
}

static enum oac_status make_ports(struct oac_panel *panel, const struct oac_rig *rig,
                                  const struct oac_bench *bench, struct oac_err *err)
{
    size_t channels = bench->channels;
    panel->ports = oac_alloc(2 * channels + 1, sizeof *panel->ports, "ports", err);
    if (!panel->ports)
        return err->status;
    const bool rests = rig->subcarrier.periods > 0; /* both drives: half open */
    int32_t dark = rests || couples(rig, &rig->weight_dac)
                       ? resting_code(&rig->weight_dac)
                       : darkest_code(&rig->weight_modulator, &rig->weight_dac);
    for (size_t k = 0; k < channels; k++) {
        panel->ports[k] = dac_port(rig, OAC_WEIGHT, k);
        panel->ports[k].code_safe = dark;
        panel->ports[channels + 1 + k] =
            (struct oac_port){.role = OAC_READOUT,
                              .channel = k,
                              .code_max = (int32_t)(bench->channel[k].adc->codes - 1),
                              .v0_v = oac_adc_min_v(rig),
                              .lsb_v = oac_adc_lsb_v(rig),
                              .rate_hz = rig->slot_rate_hz,
                              .ac_coupled = rig->adc.coupling_hz > 0.0,
                              .iq = rig->subcarrier.carrier_hz > 0.0};
    }
    panel->ports[channels] = dac_port(rig, OAC_CLIENT, 0);
    panel->ports[channels].code_safe =
        rests || couples(rig, &rig->client_dac)
            ? resting_code(&rig->client_dac)
            : darkest_code(&rig->client_modulator, &rig->client_dac);
    return OAC_OK;
}

static enum oac_status make_settings(struct oac_panel *panel, const struct oac_rig *rig,
                                     const struct oac_bench *bench, struct oac_err *err)
{
    size_t channels = bench->channels;
    panel->memory = oac_alloc(5 * channels, sizeof *panel->memory, "settings", err);
    if (!panel->memory)
        return err->status;
    panel->laser_dbm = panel->memory;
    panel->laser_on = panel->laser_dbm + channels;
    panel->bias_weight_v = panel->laser_on + channels;
    panel->predelay_s = panel->bias_weight_v + channels;
    panel->rx_gain = panel->predelay_s + channels;
    for (size_t k = 0; k < channels; k++) {
        panel->laser_dbm[k] = rig->laser.power_dbm;
        panel->laser_on[k] = 1.0;
        panel->predelay_s[k] = bench->channel[k].predelay_s;
        panel->rx_gain[k] = 1.0;
    }
    return OAC_OK;
}

static enum oac_receiver receiver_of(const struct oac_rig *rig)
{
    switch (rig->receiver.kind) {
    case OAC_RECEIVER_COUNTER:
        return OAC_COUNTING;
    case OAC_RECEIVER_TIA:
        return OAC_SAMPLED;
    default:
        return OAC_INTEGRATOR;
    }
}

static void make_ranges(struct oac_link_caps *caps, const struct oac_rig *rig)
{
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

static void make_caps(struct oac_panel *panel, const struct oac_rig *rig,
                      const struct oac_bench *bench, uint32_t noise, const char *firmware,
                      const uint8_t rig_hash[32])
{
    size_t channels = bench->channels;
    panel->caps = (struct oac_link_caps){
        .device_id = panel->device_id,
        .firmware = firmware,
        .channels = channels,
        .slots_max = (size_t)rig->slots_max,
        .slot_s = 1.0 / rig->slot_rate_hz,
        .guard_slots = (uint32_t)rig->guard_slots,
        .preamble_slots = (uint32_t)rig->preamble_slots,
        .receiver = receiver_of(rig),
        .conversions_per_readout = 1,
        .adc_rounds = noise & OAC_NOISE_ADC && rig->receiver.kind != OAC_RECEIVER_TIA,
        .differential = rig->detector.pair && rig->weight_modulator.dual_output,
        .launch_per_window = true,
        .launch_max = oac_power_ratio_from_db(rig->laser.power_max_dbm - rig->laser.power_dbm),
        .honours_slot0 = true,
        .knows_photons = true,
        .concurrent_play = true,
        .frequency_hz = rig->laser.center_hz,
        .quantum_efficiency = bench->detector.quantum_efficiency,
        .weight = panel->ports,
        .client = panel->ports + channels,
        .readout = panel->ports + channels + 1,
        .nominal = panel->nominal,
    };
    memcpy(panel->caps.rig_hash, rig_hash, sizeof panel->caps.rig_hash);
    make_ranges(&panel->caps, rig);
}

enum oac_status oac_panel_init(struct oac_panel *panel, const struct oac_rig *rig,
                               const struct oac_bench *bench, uint32_t noise,
                               const char *engine, const char *firmware,
                               const uint8_t rig_hash[32], struct oac_err *err)
{
    memset(panel, 0, sizeof *panel);
    snprintf(panel->device_id, sizeof panel->device_id, "%s:%.72s", engine, rig->name);
    if (make_ports(panel, rig, bench, err) || make_settings(panel, rig, bench, err) ||
        oac_nominal_calrec(rig, rig->name, rig_hash, &panel->nominal, err)) {
        oac_panel_fini(panel);
        return err->status;
    }
    make_caps(panel, rig, bench, noise, firmware, rig_hash);
    return OAC_OK;
}

void oac_panel_fini(struct oac_panel *panel)
{
    oac_calrec_destroy(panel->nominal);
    free(panel->ports);
    free(panel->memory);
    memset(panel, 0, sizeof *panel);
}

double *oac_panel_setting(struct oac_panel *panel, enum oac_setting setting, size_t channel)
{
    switch (setting) {
    case OAC_LASER_DBM:
        return &panel->laser_dbm[channel];
    case OAC_LASER_ON:
        return &panel->laser_on[channel];
    case OAC_BIAS_WEIGHT_V:
        return &panel->bias_weight_v[channel];
    case OAC_BIAS_CLIENT_V:
        return &panel->bias_client_v;
    case OAC_PREDELAY_S:
        return &panel->predelay_s[channel];
    case OAC_SKEW_S:
        return &panel->skew_s;
    case OAC_RX_GAIN:
        return &panel->rx_gain[channel];
    case OAC_SETTINGS:
        break;
    }
    return NULL;
}

bool oac_panel_set(struct oac_panel *panel, enum oac_setting setting, size_t channel,
                   double value, double *readback)
{
    double *field = oac_panel_setting(panel, setting, channel);
    double step = panel->caps.settings[setting].step;
    double stepped = step > 0.0 ? step * rint(value / step) : value;
    bool changed = *field != stepped;
    *field = stepped;
    *readback = stepped;
    return changed;
}

void oac_panel_dark(struct oac_panel *panel)
{
    for (size_t k = 0; k < panel->caps.channels; k++)
        panel->laser_on[k] = 0.0;
}
