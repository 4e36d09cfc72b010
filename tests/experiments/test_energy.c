/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference row 9 of docs/physics.md: Sludds et al., Science 378, 270 (2022), Table 1. */
#include <criterion/criterion.h>
#include <math.h>

#include "experiments/energy.h"

static const struct oac_energy_devices sludds = {
    .modulator_j = 1e-12,
    .dac_j = 1e-12,
    .adc_j = 1e-12,
    .integrator_j = 1e-15,
    .nonlinearity_j = 100e-15,
    .server_modulator_j = 450e-15,
    .laser_wallplug_efficiency = 0.2,
};

/* One layer of `rows` outputs and `cols` inputs in one pass, as work per MAC. */
static struct oac_energy_work per_mac(double rows, double cols)
{
    return (struct oac_energy_work){
        .client_symbols = cols / (rows * cols),
        .readouts = rows / (rows * cols),
        .weight_symbols = 1.0,
    };
}

Test(energy, a_hundred_by_a_hundred_costs_the_client_31_fj_per_mac)
{
    struct oac_energy_work work = per_mac(100.0, 100.0);
    struct oac_energy energy = oac_energy_of(&sludds, &work);

    /* 10 + 10 + 10 + 0.01 + 1 fJ; arithmetic, so only rounding is allowed for. */
    cr_assert_float_eq(energy.client_j, 31.01e-15, 1e-24, "%g", energy.client_j);
    cr_assert_float_eq(energy.modulator_j, 10e-15, 1e-25);
    cr_assert_float_eq(energy.dac_j, 10e-15, 1e-25);
    cr_assert_float_eq(energy.adc_j, 10e-15, 1e-25);
    cr_assert_float_eq(energy.integrator_j, 0.01e-15, 1e-27);
    cr_assert_float_eq(energy.nonlinearity_j, 1e-15, 1e-26);
}

Test(energy, the_lab_modulator_of_18_pj_over_48_wavelengths_costs_375_fj_per_mac)
{
    const struct oac_energy_devices lab = {.modulator_j = 18e-12,
                                           .laser_wallplug_efficiency = 1.0};
    struct oac_energy_work work = per_mac(48.0, 100.0);

    cr_assert_float_eq(oac_energy_of(&lab, &work).client_j, 375e-15, 1e-24);
}

Test(energy, fan_out_is_over_channels_for_the_modulator_and_over_slots_for_the_adc)
{
    struct oac_energy_work wide = per_mac(1000.0, 100.0), deep = per_mac(100.0, 1000.0);
    struct oac_energy e_wide = oac_energy_of(&sludds, &wide),
                      e_deep = oac_energy_of(&sludds, &deep);

    cr_assert_float_eq(e_wide.modulator_j, 1e-15, 1e-25);
    cr_assert_float_eq(e_wide.adc_j, 10e-15, 1e-25);
    cr_assert_float_eq(e_deep.modulator_j, 10e-15, 1e-25);
    cr_assert_float_eq(e_deep.adc_j, 1e-15, 1e-25);
}

Test(energy, server_pays_a_modulator_for_every_weight_and_the_wall_plug_for_light)
{
    const struct oac_energy_work work = {.weight_symbols = 1.0, .laser_j = 2e-15};
    struct oac_energy energy = oac_energy_of(&sludds, &work);

    cr_assert_float_eq(energy.server_modulator_j, 450e-15, 1e-25);
    cr_assert_float_eq(energy.laser_j, 10e-15, 1e-25);
    cr_assert_float_eq(energy.server_j, 460e-15, 1e-24);
    cr_assert_eq(energy.client_j, 0.0);
}
