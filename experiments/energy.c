/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/energy.h"

struct oac_energy oac_energy_of(const struct oac_energy_devices *devices,
                                const struct oac_energy_work *work)
{
    struct oac_energy energy = {
        .modulator_j = work->client_symbols * devices->modulator_j,
        .dac_j = work->client_symbols * devices->dac_j,
        .adc_j = work->readouts * devices->adc_j,
        .integrator_j = work->readouts * devices->integrator_j,
        .nonlinearity_j = work->readouts * devices->nonlinearity_j,
        .server_modulator_j = work->weight_symbols * devices->server_modulator_j,
        .laser_j = work->laser_j / devices->laser_wallplug_efficiency,
    };

    energy.client_j = energy.modulator_j + energy.dac_j + energy.adc_j + energy.integrator_j +
                      energy.nonlinearity_j;
    energy.server_j = energy.server_modulator_j + energy.laser_j;
    return energy;
}
