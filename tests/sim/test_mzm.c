/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "base/rng.h"
#include "sim/components/mzm.h"
#include "sim/rig.h"

static const struct oac_mzm MZM = {.vpi_v = 3.0, .vpeak_v = 0.4, .r = 0.01, .t_on = 0.5};

static struct oac_rig_modulator rig_modulator(void)
{
    return (struct oac_rig_modulator){.vpi_v = 4.0, .bias_v = 1.0, .er_db = 20.0, .il_db = 3.0};
}

Test(mzm, swing_of_one_vpi_gives_the_extinction_ratio)
{
    double on = oac_mzm_transmission(&MZM, MZM.vpeak_v);
    double off = oac_mzm_transmission(&MZM, MZM.vpeak_v + MZM.vpi_v);
    cr_assert_float_eq(on, 0.5, 1e-15);
    cr_assert_float_eq(off / on, 0.01, 1e-15);
}

Test(mzm, half_the_swing_gives_the_mean_of_the_extremes)
{
    double half = oac_mzm_transmission(&MZM, MZM.vpeak_v + 0.5 * MZM.vpi_v);
    cr_assert_float_eq(half, 0.5 * 0.5 * 1.01, 1e-15);
}

Test(mzm, transmission_has_a_period_of_two_vpi_and_is_even_about_its_peak)
{
    for (double v_v = -3.0; v_v < 3.0; v_v += 0.37) {
        double t = oac_mzm_transmission(&MZM, MZM.vpeak_v + v_v);
        cr_assert_float_eq(oac_mzm_transmission(&MZM, MZM.vpeak_v - v_v), t, 1e-15);
        cr_assert_float_eq(oac_mzm_transmission(&MZM, MZM.vpeak_v + v_v + 6.0), t, 1e-14);
    }
}

Test(mzm, the_two_outputs_sum_to_a_constant_and_mirror_each_other)
{
    for (double v_v = -3.0; v_v < 3.0; v_v += 0.37) {
        double sum = oac_mzm_transmission(&MZM, v_v) + oac_mzm_complement(&MZM, v_v);
        cr_assert_float_eq(sum, 0.5 * 1.01, 1e-15);
        cr_assert_float_eq(oac_mzm_complement(&MZM, v_v),
                           oac_mzm_transmission(&MZM, v_v + MZM.vpi_v), 1e-15);
    }
}

Test(mzm, decibels_of_the_rig_are_power_decibels)
{
    struct oac_rig_modulator modulator = rig_modulator();
    struct oac_mzm mzm = oac_mzm_from_rig(&modulator, 1.0, 0.0);
    cr_assert_float_eq(mzm.r, 0.01, 1e-15);        /* 0.1 if 20 log were used */
    cr_assert_float_eq(mzm.t_on, 0.5011872, 1e-6); /* 10^-0.3; 0.708 if 20 log were used */
}

Test(mzm, er_none_is_perfectly_dark)
{
    struct oac_rig_modulator modulator = rig_modulator();
    modulator.er_db = INFINITY;
    struct oac_mzm mzm = oac_mzm_from_rig(&modulator, 1.0, 0.0);
    cr_assert_eq(mzm.r, 0.0);
    /* cos(pi/2) in double precision, squared: 4e-33 */
    cr_assert(oac_mzm_transmission(&mzm, 5.0) < 1e-30);
}

Test(mzm, hidden_errors_scale_vpi_and_shift_the_peak)
{
    struct oac_rig_modulator modulator = rig_modulator();
    struct oac_mzm mzm = oac_mzm_from_rig(&modulator, 1.02, -0.3);
    cr_assert_float_eq(mzm.vpi_v, 4.08, 1e-15);
    cr_assert_float_eq(mzm.vpeak_v, 0.7, 1e-15);
}

Test(mzm, drive_moments_without_noise_are_the_transmission_and_zero)
{
    double mean = 0.0, variance = 1.0;
    oac_mzm_drive_moments(&MZM, 1.3, 0.0, &mean, &variance);
    cr_assert_float_eq(mean, oac_mzm_transmission(&MZM, 1.3), 1e-15);
    cr_assert_eq(variance, 0.0);
}

Test(mzm, little_drive_noise_gives_the_squared_slope)
{
    double v_v = 1.3, sigma_v = 1e-5, mean = 0.0, variance = 0.0;
    oac_mzm_drive_moments(&MZM, v_v, sigma_v, &mean, &variance);
    double slope = 0.5 * 0.99 * 0.5 * OAC_PI / 3.0 * sin(OAC_PI * (v_v - 0.4) / 3.0);
    /* next order is s^2 = 1e-10 relative */
    cr_assert_float_eq(variance / (slope * slope * sigma_v * sigma_v), 1.0, 1e-8);
}

/* The expressions as docs/physics.md prints them. */
static void printed_moments(double v_v, double sigma_v, double *mean, double *variance)
{
    double th = OAC_PI * (v_v - MZM.vpeak_v) / MZM.vpi_v,
           s2 = pow(OAC_PI * sigma_v / MZM.vpi_v, 2);
    *mean = MZM.t_on * (MZM.r + (1 - MZM.r) / 2 * (1 + cos(th) * exp(-s2 / 2)));
    *variance = MZM.t_on * MZM.t_on * (1 - MZM.r) * (1 - MZM.r) / 4 *
                ((1 + cos(2 * th) * exp(-2 * s2)) / 2 - cos(th) * cos(th) * exp(-s2));
}

Test(mzm, drive_moments_equal_the_printed_expressions)
{
    for (double v_v = -3.0; v_v < 3.0; v_v += 0.37) {
        for (double sigma_v = 0.05; sigma_v < 3.0; sigma_v *= 2.0) {
            double mean, variance, printed_mean, printed_variance;
            oac_mzm_drive_moments(&MZM, v_v, sigma_v, &mean, &variance);
            printed_moments(v_v, sigma_v, &printed_mean, &printed_variance);
            cr_assert_float_eq(mean, printed_mean, 1e-15);
            cr_assert_float_eq(variance, printed_variance,
                               1e-15); /* cancellation in the printed form */
        }
    }
}

Test(mzm, drive_moments_are_those_of_sampled_voltages)
{
    enum { COUNT = 40000 };
    const double places_v[] = {0.4, 1.3, 1.9, 3.4}; /* peak, slope, quadrature, null */
    const double sigma_v = 0.25;
    for (unsigned place = 0; place < 4; place++) {
        double sum = 0.0, sum2 = 0.0, sum4 = 0.0, mean, variance;
        oac_mzm_drive_moments(&MZM, places_v[place], sigma_v, &mean, &variance);
        for (unsigned i = 0; i < COUNT; i++) {
            double v_v = places_v[place] + sigma_v * oac_rng_normal(1, OAC_RNG_TEST, i, place);
            double d = oac_mzm_transmission(&MZM, v_v) - mean;
            sum += d;
            sum2 += d * d;
            sum4 += d * d * d * d;
        }
        double spread = sum4 / COUNT - pow(sum2 / COUNT, 2);
        cr_assert_float_eq(sum / COUNT, 0.0, 4.0 * sqrt(variance / COUNT));
        cr_assert_float_eq(sum2 / COUNT, variance, 4.0 * sqrt(spread / COUNT));
    }
}

Test(mzm, drive_noise_shifts_the_mean_where_the_slope_vanishes)
{
    double mean = 0.0, variance = 0.0;
    oac_mzm_drive_moments(&MZM, MZM.vpeak_v + MZM.vpi_v, 0.3, &mean, &variance);
    double s2 = pow(OAC_PI * 0.1, 2);
    double dark = MZM.t_on * MZM.r;
    cr_assert_float_eq(mean - dark, 0.5 * 0.99 * 0.5 * (1.0 - exp(-0.5 * s2)), 1e-15);
    cr_assert(variance > 0.0);
}

static const struct oac_mzm CHIRPED = {
    .vpi_v = 3.0, .vpeak_v = 0.4, .r = 0.01, .t_on = 0.5, .chirp = 0.7};

Test(mzm, power_of_the_fields_is_the_transmission_of_either_output)
{
    for (double v_v = -9.0; v_v < 9.0; v_v += 0.37) {
        double complex first, second;
        oac_mzm_field(&CHIRPED, v_v, &first, &second);
        cr_assert_float_eq(creal(first * conj(first)), oac_mzm_transmission(&MZM, v_v), 1e-12);
        cr_assert_float_eq(creal(second * conj(second)), oac_mzm_complement(&MZM, v_v), 1e-12);
    }
}

Test(mzm, both_outputs_together_lose_nothing_at_any_drive)
{
    struct oac_mzm lossless = CHIRPED;
    lossless.t_on = 1.0 / (1.0 + lossless.r); /* a coupler gives out what came in */
    for (double v_v = -9.0; v_v < 9.0; v_v += 0.37) {
        double complex first, second;
        oac_mzm_field(&lossless, v_v, &first, &second);
        cr_assert_float_eq(creal(first * conj(first) + second * conj(second)), 1.0, 1e-12);
    }
}

/* Arms of amplitudes (1 +- sqrt r)/2 turned by +-ph and both by chirp ph, then a coupler: sum and difference. */
Test(mzm, field_is_the_sum_of_two_unequal_arms)
{
    for (double v_v = -9.0; v_v < 9.0; v_v += 0.37) {
        double complex first, second;
        double phase = 0.5 * OAC_PI * (v_v - CHIRPED.vpeak_v) / CHIRPED.vpi_v;
        double complex upper = 0.5 * (1.0 + 0.1) * cexp(I * (1.0 + CHIRPED.chirp) * phase);
        double complex lower = 0.5 * (1.0 - 0.1) * cexp(I * (-1.0 + CHIRPED.chirp) * phase);
        oac_mzm_field(&CHIRPED, v_v, &first, &second);
        cr_assert_lt(cabs(first - sqrt(0.5) * (upper + lower)), 1e-14);
        cr_assert_lt(cabs(second - sqrt(0.5) * (upper - lower) / I), 1e-14);
    }
}

Test(mzm, push_pull_of_infinite_extinction_has_no_phase_but_a_sign)
{
    struct oac_mzm ideal = MZM;
    ideal.r = 0.0;
    for (double v_v = -9.0; v_v < 9.0; v_v += 0.37) {
        double complex first;
        oac_mzm_field(&ideal, v_v, &first, NULL);
        cr_assert_eq(cimag(first), 0.0);
    }
}
