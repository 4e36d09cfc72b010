/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a network in training sees of a rig: models may not know sim, so a rig becomes three plain numbers.
 *
 *     read_electrons = sqrt((thermal^2 + read^2 + step^2/12)/M^2 + dark),   leak = 1/(10^(ER/10) - 1)
 * of one readout, referred to the detector's input (physics.md: thermal, read, adc, dark current over a
 * window), and the bits of the coarser of the two DACs. Shot noise follows from photons_per_mac. Validity:
 * that of models/noise_model.h. */
#ifndef OAC_EXPERIMENTS_TRAINING_NOISE_H
#define OAC_EXPERIMENTS_TRAINING_NOISE_H

#include "models/noise_model.h"
#include "sim/rig.h"

/* Given a checked rig and detected photons per MAC > 0; `slots`: inputs of the widest layer. Pure. */
struct oac_noise_model oac_training_noise(const struct oac_rig *rig, size_t slots,
                                          double photons_per_mac);

/* a = r/(1-r) with r = 10^(-er_db/10): what a modulator leaks, in units of its swing. Pure. */
double oac_extinction_leak(double er_db);

#endif
