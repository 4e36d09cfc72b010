/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"

#include <criterion/criterion.h>
#include <math.h>

/* pow and log10 of glibc are good to 1 ulp each; a conversion chains at most three roundings.
 */
#define RELATIVE 1e-15

static void expect_near(double value, double expected, double relative)
{
    cr_assert(fabs(value - expected) <= relative * fabs(expected), "%.17g is not %.17g", value,
              expected);
}

Test(units, ten_db_is_a_power_ratio_of_ten_and_twenty_db_a_field_ratio_of_ten)
{
    expect_near(oac_power_ratio_from_db(10.0), 10.0, RELATIVE);
    expect_near(oac_field_ratio_from_db(20.0), 10.0, RELATIVE);
    expect_near(oac_power_ratio_from_db(-30.0), 1e-3, RELATIVE);
    expect_near(oac_linear_loss_from_db(3.0), 0.50118723362727224, RELATIVE);
}

Test(units, a_field_ratio_squared_is_the_power_ratio)
{
    for (double db = -60.0; db <= 60.0; db += 0.7)
        expect_near(pow(oac_field_ratio_from_db(db), 2.0), oac_power_ratio_from_db(db), 4e-15);
}

Test(units, db_and_dbm_invert)
{
    for (double db = -90.0; db <= 40.0; db += 1.3) {
        /* 1e-14 dB: an ulp of the ratio is 1e-15 dB, an ulp of 90 dB is 1.4e-14. */
        cr_assert(fabs(oac_db_from_power_ratio(oac_power_ratio_from_db(db)) - db) <= 3e-14);
        cr_assert(fabs(oac_dbm_from_watts(oac_watts_from_dbm(db)) - db) <= 3e-14);
    }
    expect_near(oac_watts_from_dbm(0.0), 1e-3, RELATIVE);
}

Test(units, no_loss_at_all_and_no_light_at_all_are_reached)
{
    cr_assert_eq(oac_power_ratio_from_db(-INFINITY), 0.0);
    cr_assert_eq(oac_db_from_power_ratio(0.0), -INFINITY);
}

/* hc = 1.98644586e-25 J m as CODATA 2018 prints it, to nine digits; c/lambda by hand to ten. */
Test(units, a_photon_at_1550_nm_has_the_tabulated_frequency_and_energy)
{
    double frequency_hz = 299792458.0 / 1550e-9;
    expect_near(frequency_hz, 193.4144890e12, 1e-9);
    expect_near(oac_photon_energy_j(frequency_hz), 1.98644586e-25 / 1550e-9, 3e-9);
    expect_near(oac_wavelength_m_from_hz(frequency_hz), 1550e-9, RELATIVE);
}
