/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/training_noise.h"

#include <math.h>

#include "sim/link_budget.h"

struct oac_noise_model oac_training_noise(const struct oac_rig *rig, size_t slots,
                                          double photons_per_mac)
{
    struct oac_link_budget budget = oac_link_budget(rig, slots);
    bool counts =
        rig->receiver.kind == OAC_RECEIVER_COUNTER; /* a count has no step to round to */
    double step = counts ? 0.0 : budget.adc_step_electrons;
    double variance = budget.thermal_electrons * budget.thermal_electrons +
                      budget.read_electrons * budget.read_electrons + step * step / 12.0;
    int64_t bits = rig->weight_dac.bits < rig->client_dac.bits ? rig->weight_dac.bits
                                                               : rig->client_dac.bits;
    return (struct oac_noise_model){.photons_per_mac = photons_per_mac,
                                    .read_electrons = sqrt(variance) / rig->detector.gain,
                                    .dac_bits = (unsigned)(bits < 16 ? bits : 16)};
}
