/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "sim/components/fiber.h"
#include "sim/components/laser.h"
#include "sim/rig.h"

/* Reference row 7: 86 km, D = 17 ps/(nm km), 16 wavelengths on a 200 GHz grid. */
static struct oac_rig row7(void)
{
    struct oac_rig rig = {.channels = 16};
    rig.laser.center_hz = 193.4e12;
    rig.laser.grid_hz = 200e9;
    rig.fiber.length_m = 86e3;
    rig.fiber.loss_db_per_km = 0.2;
    rig.fiber.dispersion_ps_nm_km = 17.0;
    rig.fiber.group_index = 1.468;
    return rig;
}

Test(fiber, walk_off_of_3_thz_over_86_km_is_35_1_ns)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    struct oac_laser laser = oac_laser_from_rig(&rig);
    double first_s = oac_fiber_delay_s(&fiber, oac_laser_frequency_hz(&laser, 0));
    double last_s = oac_fiber_delay_s(&fiber, oac_laser_frequency_hz(&laser, 15));
    cr_assert_float_eq(first_s - last_s, 35.1e-9, 0.1e-9); /* row 7 allows 2 % */
    cr_assert(first_s > 0.0, "the lowest frequency, longest wavelength, arrives last");
}

Test(fiber, first_fading_null_over_86_km_is_6_53_ghz)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    double null_hz = oac_fiber_fading_null_hz(&fiber);
    cr_assert_float_eq(null_hz, 6.53e9, 0.02e9);
    cr_assert_float_eq(oac_fiber_fading(&fiber, null_hz), 0.0, 1e-12);
    cr_assert_float_eq(oac_fiber_fading(&fiber, 0.0), 1.0, 0.0);
    cr_assert(oac_fiber_fading(&fiber, 0.99 * null_hz) > 0.0);
}

Test(fiber, loss_is_power_loss_and_includes_the_attenuator)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    cr_assert_float_eq(fiber.transmission, 0.019054607, 1e-8); /* 10^-1.72; 0.138 if 20 log */
    rig.fiber.attenuator_db = 10.0;
    fiber = oac_fiber_from_rig(&rig);
    cr_assert_float_eq(fiber.transmission, 0.0019054607, 1e-9);
}

Test(fiber, propagation_over_86_km_takes_421_us)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    cr_assert_float_eq(oac_fiber_latency_s(&fiber), 421e-6, 0.5e-6);
}

Test(fiber, delay_integrates_dispersion_with_its_slope)
{
    struct oac_rig rig = row7();
    rig.fiber.slope_ps_nm2_km = 0.06;
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    double frequency_hz = 190e12, c = OAC_LIGHT_SPEED_M_PER_S;
    double from_m = c / 193.4e12, to_m = c / frequency_hz, sum_s = 0.0;
    enum { STEPS = 1000 };
    for (int i = 0; i < STEPS; i++) { /* midpoint rule is exact for a linear D */
        double lambda_m = from_m + (to_m - from_m) * (i + 0.5) / STEPS;
        double d_ps_nm_km = 17.0 + 0.06 * (lambda_m - from_m) * 1e9;
        sum_s += 86.0 * d_ps_nm_km * (to_m - from_m) * 1e9 / STEPS * 1e-12;
    }
    cr_assert_float_eq(oac_fiber_delay_s(&fiber, frequency_hz) / sum_s, 1.0, 1e-9);
}

/* netcast.md: at the zero-dispersion wavelength near 1310 nm, 10 km and 10 nm leave 11.5 ps. */
Test(fiber, o_band_walk_off_is_quadratic)
{
    struct oac_rig rig = row7();
    double lambda_m = 1310e-9, c = OAC_LIGHT_SPEED_M_PER_S;
    rig.laser.center_hz = c / lambda_m;
    rig.fiber.length_m = 10e3;
    rig.fiber.dispersion_ps_nm_km = 0.0;
    rig.fiber.slope_ps_nm2_km = 0.092;
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    cr_assert_float_eq(oac_fiber_delay_s(&fiber, c / (lambda_m + 5e-9)), 11.5e-12, 0.01e-12);
    cr_assert_float_eq(oac_fiber_delay_s(&fiber, c / (lambda_m - 5e-9)), 11.5e-12, 0.01e-12);
    cr_assert_eq(oac_fiber_fading_null_hz(&fiber), INFINITY);
}

/* beta2 and beta3 are what the delay's slope against frequency says; the delay is an integral of its own. */
Test(fiber, dispersion_of_a_line_is_the_slope_of_its_delay)
{
    struct oac_rig rig = row7();
    rig.fiber.slope_ps_nm2_km = 0.058;
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    for (double nu_hz = 191.9e12; nu_hz < 195e12; nu_hz += 0.5e12) {
        const double step_hz = 1e9, dw = 2.0 * OAC_PI * step_hz;
        double slope = (oac_fiber_delay_s(&fiber, nu_hz + step_hz) -
                        oac_fiber_delay_s(&fiber, nu_hz - step_hz)) /
                       (2.0 * dw);
        struct oac_fiber_line line = oac_fiber_line(&fiber, nu_hz);
        cr_assert_float_eq(line.beta2_s2_per_m * line.length_m / slope, 1.0, 1e-8);
        double curve = (oac_fiber_line(&fiber, nu_hz + step_hz).beta2_s2_per_m -
                        oac_fiber_line(&fiber, nu_hz - step_hz).beta2_s2_per_m) /
                       (2.0 * dw);
        cr_assert_float_eq(line.beta3_s3_per_m / curve, 1.0, 1e-8);
    }
}

/* -21.69 ps^2/km by hand: 17e-6 (1.5501e-6)^2/(2 pi c). */
Test(fiber, standard_fiber_has_beta2_of_minus_21_7_ps2_per_km)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    double beta2 = oac_fiber_line(&fiber, 193.4e12).beta2_s2_per_m;
    cr_assert_float_eq(beta2, -2.169e-26, 1e-29);
}

Test(fiber, what_lies_above_the_carrier_arrives_earlier)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    struct oac_fiber_line line = oac_fiber_line(&fiber, 193.4e12);
    const double f_hz = 5e9, step_hz = 1e6;
    double complex turn =
        oac_fiber_response(&line, f_hz + step_hz) / oac_fiber_response(&line, f_hz - step_hz);
    double delay_s = -carg(turn) / (2.0 * OAC_PI * 2.0 * step_hz); /* of e^{+iwt} */
    double exact_s = oac_fiber_delay_s(&fiber, 193.4e12 + f_hz);
    cr_assert(exact_s < 0.0);
    cr_assert_float_eq(delay_s / exact_s, 1.0, 1e-4); /* the delay's curve over 5 GHz */
}

Test(fiber, intensity_modulation_fades_as_two_sidebands_drift_apart)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    struct oac_fiber_line line = oac_fiber_line(&fiber, fiber.center_hz);
    line.beta3_s3_per_m = 0.0; /* a common delay of both sidebands */
    for (double f_hz = 0.0; f_hz < 20e9; f_hz += 0.3e9) {
        double complex both =
            0.5 * (oac_fiber_response(&line, f_hz) + conj(oac_fiber_response(&line, -f_hz)));
        cr_assert_float_eq(cabs(both), oac_fiber_fading(&fiber, f_hz), 1e-10);
    }
}

Test(fiber, a_dispersive_response_loses_nothing)
{
    struct oac_rig rig = row7();
    struct oac_fiber fiber = oac_fiber_from_rig(&rig);
    struct oac_fiber_line line = oac_fiber_line(&fiber, 193e12);
    for (double f_hz = -40e9; f_hz < 40e9; f_hz += 1.7e9)
        cr_assert_float_eq(cabs(oac_fiber_response(&line, f_hz)), 1.0, 1e-15);
}
