/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "sim/components/amplifier.h"
#include "sim/rig.h"

static struct oac_amplifier amplifier_of(double gain_db, double nf_db)
{
    struct oac_rig rig = {.channels = 1};
    rig.amplifier.position = OAC_AMPLIFIER_AFTER_CLIENT;
    rig.amplifier.gain_db = gain_db;
    rig.amplifier.nf_db = nf_db;
    rig.amplifier.bandwidth_hz = 50e9;
    rig.amplifier.polarisations = 2;
    return oac_amplifier_from_rig(&rig);
}

Test(amplifier, noise_figure_is_recovered_from_n_sp)
{
    for (double gain_db = 1.0; gain_db < 40.0; gain_db += 3.0) {
        struct oac_amplifier amplifier = amplifier_of(gain_db, 5.0);
        double g = amplifier.gain, n_sp = oac_amplifier_n_sp(&amplifier);
        double nf = 2.0 * n_sp * (g - 1.0) / g + 1.0 / g;
        cr_assert_float_eq(10.0 * log10(nf), 5.0, 1e-12);
    }
}

Test(amplifier, full_inversion_at_high_gain_is_three_db)
{
    struct oac_amplifier amplifier = amplifier_of(50.0, 10.0 * log10(2.0));
    cr_assert_float_eq(oac_amplifier_n_sp(&amplifier), 1.0, 1e-5); /* 1/G is left */
}

/* 20 dB and n_sp = 2 at 193.4 THz: 2 x 1.2815e-19 J x 99 = 2.537e-17 W/Hz by hand. */
Test(amplifier, ase_density_is_n_sp_photons_per_mode_times_gain_minus_one)
{
    double nf = 2.0 * 2.0 * 99.0 / 100.0 + 0.01;
    struct oac_amplifier amplifier = amplifier_of(20.0, 10.0 * log10(nf));
    cr_assert_float_eq(oac_amplifier_ase_w_per_hz(&amplifier, 193.4e12), 2.5373e-17, 1e-20);
}

Test(amplifier, gain_is_a_power_ratio)
{
    cr_assert_float_eq(amplifier_of(20.0, 5.0).gain, 100.0, 1e-12); /* 10 if 20 log were used */
}

Test(amplifier, one_that_is_not_there_adds_nothing)
{
    struct oac_rig rig = {.channels = 1};
    rig.amplifier.position = OAC_AMPLIFIER_NONE;
    rig.amplifier.gain_db = 20.0;
    rig.amplifier.nf_db = 5.0;
    struct oac_amplifier amplifier = oac_amplifier_from_rig(&rig);
    cr_assert_eq(amplifier.gain, 1.0);
    cr_assert_eq(oac_amplifier_ase_w_per_hz(&amplifier, 193.4e12), 0.0);
}

Test(amplifier, a_rectangular_filter_has_one_bandwidth)
{
    struct oac_amplifier amplifier = amplifier_of(20.0, 5.0);
    cr_assert_eq(oac_amplifier_bandwidth_hz(&amplifier), 50e9);
    cr_assert_eq(oac_amplifier_bandwidth2_hz(&amplifier), 50e9);
}

/* 80 km in equal spans of 0.2 dB/km and a share of 2 dB of connectors. */
static struct oac_amplifier chain_of(int64_t spans, double gain_db)
{
    struct oac_rig rig = {.channels = 1};
    rig.fiber.length_m = 80e3;
    rig.fiber.loss_db_per_km = 0.2;
    rig.fiber.attenuator_db = 2.0;
    rig.amplifier.position = OAC_AMPLIFIER_BEFORE_CLIENT;
    rig.amplifier.gain_db = gain_db;
    rig.amplifier.nf_db = 5.0;
    rig.amplifier.spans = spans;
    return oac_amplifier_from_rig(&rig);
}

Test(amplifier, two_spans_made_up_for_give_twice_the_ase_of_one)
{
    struct oac_amplifier two = chain_of(2, 9.0); /* 18 dB in two spans */
    double stage = oac_amplifier_stage_ase_w_per_hz(&two, 193.4e12);
    cr_assert_float_eq(oac_amplifier_ase_w_per_hz(&two, 193.4e12) / stage, 2.0, 1e-12);
    cr_assert_float_eq(two.gain, pow(10.0, 1.8), 1e-10);
    struct oac_amplifier ten = chain_of(10, 1.8);
    stage = oac_amplifier_stage_ase_w_per_hz(&ten, 193.4e12);
    cr_assert_float_eq(oac_amplifier_ase_w_per_hz(&ten, 193.4e12) / stage, 10.0, 1e-11);
}

Test(amplifier, noise_of_an_early_amplifier_passes_the_spans_and_amplifiers_after_it)
{
    struct oac_amplifier chain = chain_of(3, 20.0); /* 6 dB a span */
    double stage = oac_amplifier_stage_ase_w_per_hz(&chain, 193.4e12);
    double through = pow(10.0, 2.0 - 0.6);
    cr_assert_float_eq(oac_amplifier_ase_w_per_hz(&chain, 193.4e12) / stage,
                       1.0 + through + through * through, 1e-9);
    struct oac_amplifier one = chain_of(1, 20.0);
    cr_assert_eq(oac_amplifier_ase_w_per_hz(&one, 193.4e12),
                 oac_amplifier_stage_ase_w_per_hz(&one, 193.4e12));
}
