/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "base/rng.h"
#include "sim/components/laser.h"
#include "sim/rig.h"

static struct oac_rig rig_of(int64_t channels)
{
    struct oac_rig rig = {.channels = channels};
    rig.laser.power_dbm = -10.0;
    rig.laser.center_hz = 193.4e12;
    rig.laser.grid_hz = 200e9;
    rig.laser.rin_db_per_hz = -150.0;
    rig.laser.rin_corner_hz = 1e6;
    rig.laser.rin_min_hz = 1.0;
    return rig;
}

Test(laser, minus_ten_dbm_is_a_hundred_microwatts)
{
    struct oac_rig rig = rig_of(16);
    struct oac_laser laser = oac_laser_from_rig(&rig);
    cr_assert_float_eq(oac_laser_power_w(&laser, 0.0), 100e-6, 1e-18);
    cr_assert_float_eq(oac_laser_power_w(&laser, 3.0), 199.526e-6, 1e-9);
}

Test(laser, sixteen_lines_of_200_ghz_span_3_thz_about_the_centre)
{
    struct oac_rig rig = rig_of(16);
    struct oac_laser laser = oac_laser_from_rig(&rig);
    double first_hz = oac_laser_frequency_hz(&laser, 0),
           last_hz = oac_laser_frequency_hz(&laser, 15);
    cr_assert_float_eq(last_hz - first_hz, 3e12, 1.0);
    cr_assert_float_eq(0.5 * (first_hz + last_hz), 193.4e12, 1.0);
}

Test(laser, an_odd_count_has_a_line_at_the_centre)
{
    struct oac_rig rig = rig_of(5);
    struct oac_laser laser = oac_laser_from_rig(&rig);
    cr_assert_eq(oac_laser_frequency_hz(&laser, 2), 193.4e12);
}

Test(laser, rin_is_a_power_ratio_per_hertz)
{
    struct oac_rig rig = rig_of(16);
    struct oac_laser laser = oac_laser_from_rig(&rig);
    cr_assert_float_eq(laser.rin_per_hz / 1e-15, 1.0, 1e-12);
    rig.laser.rin_db_per_hz = -INFINITY;
    laser = oac_laser_from_rig(&rig);
    cr_assert_eq(laser.rin_per_hz, 0.0);
    cr_assert_eq(oac_laser_gain_variance(&laser, 1e-3), 0.0);
}

Test(laser, gain_variance_is_the_integral_of_the_slow_noise)
{
    struct oac_rig rig = rig_of(16);
    struct oac_laser laser = oac_laser_from_rig(&rig);
    /* midpoint rule over S(f) - white = rin corner/f from 1 Hz to 1/T_w = 1 kHz */
    double sum = 0.0;
    for (int i = 0; i < 999000; i++) {
        double f_hz = 1.0 + (i + 0.5) * 1e-3;
        sum += 1e-15 * 1e6 / f_hz * 1e-3;
    }
    cr_assert_float_eq(oac_laser_gain_variance(&laser, 1e-3) / sum, 1.0, 1e-6);
}

Test(laser, windows_longer_than_the_slowest_noise_have_no_gain_variance)
{
    struct oac_rig rig = rig_of(16);
    struct oac_laser laser = oac_laser_from_rig(&rig);
    cr_assert_eq(oac_laser_gain_variance(&laser, 2.0), 0.0);
    rig.laser.rin_corner_hz = 0.0;
    laser = oac_laser_from_rig(&rig);
    cr_assert_eq(oac_laser_gain_variance(&laser, 1e-3), 0.0);
}
