/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "base/rng.h"
#include "sim/components/receiver.h"
#include "sim/rig.h"

/* Reference row 1. */
Test(receiver, reset_noise_of_10_pf_at_300_k_is_1270_electrons)
{
    cr_assert_float_eq(oac_receiver_ktc_electrons(10e-12, 300.0), 1270.0, 0.01 * 1270.0);
    cr_assert_float_eq(oac_receiver_ktc_electrons(1e-15, 300.0), 12.70, 0.01 * 12.70);
}

/* The published script's figure: 300 uV on 10 pF. */
Test(receiver, read_noise_of_300_uv_on_10_pf_is_18_7_kilo_electrons)
{
    cr_assert_float_eq(oac_receiver_read_electrons(300e-6, 10e-12), 18.7e3, 0.05e3);
}

static struct oac_rig integrator(void)
{
    struct oac_rig rig = {.temperature_k = 300.0};
    rig.receiver.kind = OAC_RECEIVER_INTEGRATOR;
    rig.receiver.capacitance_f = 10e-12;
    rig.receiver.read_noise_v = 300e-6;
    rig.receiver.saturation_v = 0.2;
    return rig;
}

Test(receiver, double_sampling_removes_reset_noise_and_doubles_read_noise)
{
    struct oac_rig rig = integrator();
    struct oac_receiver_figures single = oac_receiver_figures(&rig, 1e-3);
    rig.receiver.cds = true;
    struct oac_receiver_figures twice = oac_receiver_figures(&rig, 1e-3);
    cr_assert_float_eq(sqrt(single.thermal_electrons2), 1270.0, 12.7);
    cr_assert_eq(twice.thermal_electrons2, 0.0);
    cr_assert_float_eq(twice.read_electrons2 / single.read_electrons2, 2.0, 1e-15);
}

Test(receiver, ten_pf_at_200_mv_hold_12_5_million_electrons)
{
    struct oac_rig rig = integrator();
    struct oac_receiver_figures figures = oac_receiver_figures(&rig, 1e-3);
    cr_assert_float_eq(figures.saturation_electrons, 12.48e6, 0.01e6);
    cr_assert_float_eq(figures.saturation_electrons * figures.volts_per_electron, 0.2, 1e-15);
    /* published: 381 electrons per code of 0.2 V/2^15 */
    cr_assert_float_eq(0.2 / 32768.0 / figures.volts_per_electron, 381.0, 0.5);
}

Test(receiver, tia_boxcar_reads_the_mean_current)
{
    struct oac_rig rig = {.temperature_k = 300.0};
    rig.receiver.kind = OAC_RECEIVER_TIA;
    rig.receiver.gain_v_per_a = 24e3;
    rig.receiver.read_noise_v = 1e-3;
    rig.receiver.saturation_v = INFINITY;
    double window_s = 1e-6, electrons = 1e6;
    struct oac_receiver_figures figures = oac_receiver_figures(&rig, window_s);
    double current_a = electrons * OAC_ELEMENTARY_CHARGE_C / window_s;
    cr_assert_float_eq(figures.volts_per_electron * electrons, 24e3 * current_a, 1e-12);
    cr_assert_float_eq(sqrt(figures.read_electrons2) * figures.volts_per_electron, 1e-3, 1e-15);
    cr_assert_eq(figures.saturation_electrons, INFINITY);
}

/* White current noise of one-sided density i_n^2, sampled every dt, has variance i_n^2/(2 dt): a two-sided
 * reading of i_n would give twice the charge variance found here. */
Test(receiver, tia_noise_is_that_of_sampled_one_sided_white_current)
{
    enum { WINDOWS = 4000, SAMPLES = 50 };
    double in_a_per_rthz = 7e-12, window_s = 1e-6, dt_s = window_s / SAMPLES, sum2 = 0.0;
    for (unsigned w = 0; w < WINDOWS; w++) {
        double electrons = 0.0;
        for (unsigned i = 0; i < SAMPLES; i++) {
            double current_a =
                in_a_per_rthz / sqrt(2.0 * dt_s) * oac_rng_normal(3, OAC_RNG_TEST, w, i);
            electrons += current_a * dt_s / OAC_ELEMENTARY_CHARGE_C;
        }
        sum2 += electrons * electrons;
    }
    double variance = oac_receiver_tia_electrons2(in_a_per_rthz, window_s);
    cr_assert_float_eq(sum2 / WINDOWS / variance, 1.0, 4.0 * sqrt(2.0 / WINDOWS));
}

Test(receiver, a_counter_has_no_electronics_noise)
{
    struct oac_rig rig = integrator();
    rig.receiver.kind = OAC_RECEIVER_COUNTER;
    struct oac_receiver_figures figures = oac_receiver_figures(&rig, 1e-3);
    cr_assert(figures.volts_per_electron == 1.0 && figures.thermal_electrons2 == 0.0);
    cr_assert(figures.read_electrons2 == 0.0 && isinf(figures.saturation_electrons));
}
