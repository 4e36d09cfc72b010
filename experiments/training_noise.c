/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/training_noise.h"

#include <math.h>

#include "base/units.h"
#include "sim/link_budget.h"

double oac_extinction_leak(double er_db)
{
    return 1.0 / (oac_power_ratio_from_db(er_db) - 1.0);
}

struct oac_noise_model oac_training_noise(const struct oac_rig *rig, size_t slots,
                                          double photons_per_mac)
{
    struct oac_link_budget budget = oac_link_budget(rig, slots);
    bool counts =
        rig->receiver.kind == OAC_RECEIVER_COUNTER; /* a count has no step to round to */
    double step = counts ? 0.0 : budget.adc_step_electrons;
    double variance = budget.thermal_electrons * budget.thermal_electrons +
                      budget.read_electrons * budget.read_electrons + step * step / 12.0;
    double gain = rig->detector.gain;
    double dark = budget.dark_electrons_per_slot * (double)slots;
    int64_t bits = rig->weight_dac.bits < rig->client_dac.bits ? rig->weight_dac.bits
                                                               : rig->client_dac.bits;
    return (struct oac_noise_model){
        .photons_per_mac = photons_per_mac,
        .read_electrons = sqrt(variance / (gain * gain) + dark),
        .weight_leak = oac_extinction_leak(rig->weight_modulator.er_db),
        .operand_leak = oac_extinction_leak(rig->client_modulator.er_db),
        .dac_bits = (unsigned)(bits < 16 ? bits : 16)};
}
