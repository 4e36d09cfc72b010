/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/panel.h"
#include "sim/components/demux.h"
#include "sim/components/receiver.h"

/* The rig as written: no hidden spread, no wavelength dependence but the demux's own diagonal. */
static struct oac_calrec_channel nominal_channel(const struct oac_rig *rig)
{
    const struct oac_laser laser = oac_laser_from_rig(rig);
    const struct oac_fiber fiber = oac_fiber_from_rig(rig);
    const struct oac_amplifier amplifier = oac_amplifier_from_rig(rig);
    const struct oac_detector detector = oac_detector_from_rig(rig);
    const struct oac_mzm weight = oac_mzm_from_rig(&rig->weight_modulator, 1.0, 0.0);
    const struct oac_mzm client = oac_mzm_from_rig(&rig->client_modulator, 1.0, 0.0);
    const double slot_s = 1.0 / rig->slot_rate_hz;
    bool sampled = rig->receiver.kind == OAC_RECEIVER_TIA;
    const struct oac_receiver_figures receiver = oac_receiver_figures(rig, slot_s);
    double code_per_electron = receiver.volts_per_electron / oac_adc_lsb_v(rig);
    double demux = pow(10.0, -rig->demux.il_db / 10.0);
    double electrons_per_j =
        oac_detector_electrons_per_joule(detector.quantum_efficiency, laser.center_hz);
    double full = demux * laser.power_w * fiber.transmission * amplifier.gain *
                  electrons_per_j * slot_s * detector.gain * weight.t_on * client.t_on;
    double plus = detector.pair_gain_plus, minus = detector.pair_gain_minus;
    double ase = detector.gain * amplifier.polarisations * electrons_per_j * demux *
                 oac_amplifier_ase_w_per_hz(&amplifier, laser.center_hz) *
                 oac_amplifier_bandwidth_hz(&amplifier) * slot_s;
    bool before = rig->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT;
    bool after = rig->amplifier.position == OAC_AMPLIFIER_AFTER_CLIENT;
    double dark = (detector.gain * detector.dark_per_s + detector.surface_dark_per_s) * slot_s;
    double zero = -oac_adc_min_v(rig) / oac_adc_lsb_v(rig);

    struct oac_calrec_channel channel = {
        .weight = {weight.vpi_v, weight.vpeak_v, weight.r},
        .gain_code = full * plus * code_per_electron,
        .gain_minus_code = rig->detector.pair ? full * minus * code_per_electron : 0.0,
        .offset_code = sampled ? 0.0 : zero,
        .dark_code_per_slot = (dark + (after ? plus * ase : 0.0)) * code_per_electron,
        .gx_code_per_x = before ? plus * ase * client.t_on * code_per_electron : 0.0,
        .offset_pair_code = sampled ? 0.0 : zero,
        .dark_pair_code_per_slot = (after ? (plus - minus) * ase : 0.0) * code_per_electron,
        .gx_pair_code_per_x =
            before ? (plus - minus) * ase * client.t_on * code_per_electron : 0.0,
        .noise_code = NAN,
    };
    if (sampled) { /* the sum of one conversion per slot has one offset per slot */
        channel.dark_code_per_slot += zero;
        channel.dark_pair_code_per_slot += zero;
    } else {
        double adc_noise = oac_adc_noise_lsb(rig);
        double electrons2 = receiver.thermal_electrons2 + receiver.read_electrons2;
        channel.noise_code = sqrt(electrons2 * code_per_electron * code_per_electron +
                                  adc_noise * adc_noise + 1.0 / 12.0);
    }
    return channel;
}

enum oac_status oac_nominal_calrec(const struct oac_rig *rig, const char *device_id,
                                   const uint8_t rig_hash[32], struct oac_calrec **calrec,
                                   struct oac_err *err)
{
    struct oac_calrec *made;
    enum oac_status status = oac_calrec_create((size_t)rig->channels, &made, err);
    if (status != OAC_OK)
        return status;
    const struct oac_mzm client = oac_mzm_from_rig(&rig->client_modulator, 1.0, 0.0);
    snprintf(made->origin, sizeof made->origin, "nominal");
    snprintf(made->device_id, sizeof made->device_id, "%s", device_id);
    memcpy(made->rig_hash, rig_hash, sizeof made->rig_hash);
    made->slot_rate_hz = rig->slot_rate_hz;
    made->client = (struct oac_curve){client.vpi_v, client.vpeak_v, client.r};
    for (size_t k = 0; k < made->channels; k++)
        made->channel[k] = nominal_channel(rig);
    *calrec = made;
    return OAC_OK;
}
