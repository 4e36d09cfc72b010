/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/epoch.h"

#include <math.h>

#define EPOCHS_PER_TAU 65536.0

uint64_t oac_epoch_slots(const struct oac_rig *rig)
{
    double tau_s = INFINITY;
    if (rig->laser.drift_sigma > 0.0)
        tau_s = fmin(tau_s, rig->laser.drift_tau_s);
    if (rig->weight_modulator.drift_sigma_v > 0.0)
        tau_s = fmin(tau_s, rig->weight_modulator.drift_tau_s);
    if (rig->client_modulator.drift_sigma_v > 0.0)
        tau_s = fmin(tau_s, rig->client_modulator.drift_tau_s);
    if (rig->detector.drift_sigma > 0.0)
        tau_s = fmin(tau_s, rig->detector.drift_tau_s);
    double slots = floor(tau_s / EPOCHS_PER_TAU / (1.0 / rig->slot_rate_hz));
    return slots >= 1.0 && slots < 0x1p62 ? (uint64_t)slots : 1;
}

double oac_epoch_time_s(uint64_t epoch, uint64_t epoch_slots, double slot_s)
{
    return ((double)epoch + 0.5) * (double)epoch_slots * slot_s;
}
