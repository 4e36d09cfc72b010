/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When drift is looked at: once per epoch, 2^-16 of the fastest drift's time constant, in which it moves by
 * sqrt(2/65536) = 0.6 % of its sigma. Epochs are cut on the bench clock, so that a window's drift depends on no
 * other window, and both engines see the same path. Units: slots, s. */
#ifndef OAC_SIM_EPOCH_H
#define OAC_SIM_EPOCH_H

#include <stdint.h>

#include "sim/rig.h"

/* Length of an epoch on this rig; at least 1. Pure. */
uint64_t oac_epoch_slots(const struct oac_rig *rig);

/* Bench time of an epoch's middle; a window's epoch is slot0/epoch_slots. Pure. */
double oac_epoch_time_s(uint64_t epoch, uint64_t epoch_slots, double slot_s);

#endif
