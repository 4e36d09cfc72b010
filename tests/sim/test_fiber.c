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
