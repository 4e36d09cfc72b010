/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Electrical energy of the work that was done, by component.
 *
 *     client  E = symbols (E_modulator + E_dac)
 *                 + readouts (E_adc + E_integrator + E_nonlinearity)
 *     server  E = weight symbols * E_server_modulator + light emitted / wall-plug efficiency
 *
 * A client symbol drives one modulator and one DAC and multiplies every channel at once
 * (fan-out N, the channels); a readout is one conversion, one integration and one nonlinearity
 * and ends a sum over the slots of a window (fan-out M). With one layer of N rows and M columns
 * in one pass this is Table 1 of Sludds et al., Science 378, 270 (2022):
 *
 *     (E_modulator + E_dac)/N + (E_adc + E_integrator + E_nonlinearity)/M   per MAC
 *
 * N = M = 100 with 1 pJ, 1 pJ, 1 pJ, 1 fJ, 100 fJ gives 31 fJ/MAC. Passes of an encoding,
 * repeats and tiles are counted as they were played.
 *
 * Not counted: guard slots (a held voltage costs nothing), memories, clocks, the digital bias
 * and sums, and the server's DACs, which the table does not give. The server's energy is for
 * one client; a server that broadcasts to several shares it. */
#ifndef OAC_EXPERIMENTS_ENERGY_H
#define OAC_EXPERIMENTS_ENERGY_H

#include <stdint.h>

struct oac_energy_devices { /* [J] per symbol, conversion or readout */
    double modulator_j, dac_j, adc_j, integrator_j, nonlinearity_j;
    double server_modulator_j;
    double laser_wallplug_efficiency; /* (0, 1] */
};

struct oac_energy_work {   /* per image, or any other amount of work */
    double client_symbols; /* activation slots played */
    double readouts;       /* ADC conversions that end a window, all channels in use */
    double weight_symbols; /* weight slots played, all channels in use */
    double laser_j;        /* light emitted by the lasers */
};

struct oac_energy { /* [J], same amount of work */
    double modulator_j, dac_j, adc_j, integrator_j, nonlinearity_j;
    double client_j; /* sum of the five */
    double server_modulator_j, laser_j;
    double server_j; /* sum of the two */
};

/* Given the devices and the work; Returned: the energy by component [J]. Pure. */
struct oac_energy oac_energy_of(const struct oac_energy_devices *devices,
                                const struct oac_energy_work *work);

#endif
