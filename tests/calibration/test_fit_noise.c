/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "calibration/fit_crosstalk.h"
#include "calibration/fit_noise.h"
#include "calibration/sweep.h"
#include "tests/calibration/pulls.h"

#define WINDOWS 4096

/* White noise of sigma 20 codes on a random walk of `step` a window. */
static void draw(double *code, uint64_t seed, double step)
{
    double walk = 1000.0;
    for (size_t i = 0; i < WINDOWS; i++) {
        walk += step * oac_rng_normal(seed, OAC_RNG_TEST, i, 1);
        code[i] = walk + 20.0 * oac_rng_normal(seed, OAC_RNG_TEST, i, 0);
    }
}

Test(fit_noise, allan_deviation_of_white_noise_falls_with_the_root_of_the_average)
{
    static double code[WINDOWS], deviation[16];
    struct oac_err err;
    draw(code, 1, 0.0);
    cr_assert_eq(oac_allan_count(WINDOWS), 10);
    cr_assert_eq(oac_allan_deviation(code, WINDOWS, deviation, &err), OAC_OK);
    for (size_t i = 0; i < 10; i++) {
        const double m = (double)(1 << i), expected = 20.0 / sqrt(m);
        /* relative variance of the deviation at most 3 m/(4 n), physics of fit_noise.h; 4 sigma */
        cr_expect_lt(fabs(deviation[i] / expected - 1.0), 4.0 * sqrt(0.75 * m / WINDOWS),
                     "m = %g: %g for %g", m, deviation[i], expected);
    }
}

Test(fit_noise, allan_deviation_is_that_of_the_definition)
{
    double code[16], deviation[2];
    struct oac_err err;
    for (int i = 0; i < 16; i++)
        code[i] = i * i % 7;
    cr_assert_eq(oac_allan_deviation(code, 16, deviation, &err), OAC_OK);
    double sum = 0.0;
    for (int i = 0; i + 4 <= 16; i++)
        sum += pow((code[i + 2] + code[i + 3] - code[i] - code[i + 1]) / 2.0, 2.0);
    cr_expect_float_eq(deviation[1], sqrt(sum / 13.0 / 2.0), 1e-12);
}

Test(fit_noise, white_noise_and_drift_are_told_apart)
{
    static double code[WINDOWS];
    struct pulls pulls = {.name = "white noise"};
    double drift = 0.0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct oac_noise_figures figures;
        struct oac_err err;
        draw(code, seed, 0.0);
        cr_assert_eq(oac_noise_split(code, WINDOWS, 65535.0, &figures, &err), OAC_OK);
        pulls_add(&pulls, figures.white_code, 20.0, figures.white_sigma_code);
        /* log2(65535/(20 sqrt 12)) */
        cr_expect_float_eq(figures.effective_bits, 9.885, 0.1);
        draw(code, seed, 2.0);
        cr_assert_eq(oac_noise_split(code, WINDOWS, 65535.0, &figures, &err), OAC_OK);
        drift += figures.drift_code_per_sqrt_window / 200.0;
        cr_expect_lt(fabs(figures.white_code - 20.0), 2.0);
    }
    cr_expect_eq(pulls_judge(&pulls, 1, stderr), 0);
    /* A random walk's Allan variance is m step^2/3 for large m: the model's drift is step/sqrt 3 and the
     * average of 200 rows is good to a few per cent. */
    cr_expect_float_eq(drift, 2.0 / sqrt(3.0), 0.06, "drift %g", drift);
}

Test(fit_noise, too_few_windows_are_refused)
{
    double code[15] = {0}, deviation[1];
    struct oac_err err;
    cr_expect_eq(oac_allan_deviation(code, 15, deviation, &err), OAC_EINVAL);
}

Test(sweep, variance_of_a_readout_is_found_against_its_signal)
{
    struct oac_sweep sweep;
    struct oac_err err;
    double v[3], codes[4];
    cr_assert_eq(oac_sweep_init(&sweep, 2000, 0, 1, 1, 4, &err), OAC_OK);
    for (size_t s = 0; s < 2000; s++) {
        const double light = 30000.0 * (double)s / 2000.0;
        const double sigma = sqrt(900.0 + 0.05 * light);
        for (size_t r = 0; r < 4; r++)
            codes[r] = 500.0 + light + sigma * oac_rng_normal(4, OAC_RNG_TEST, s, (uint32_t)r);
        oac_sweep_put(&sweep, s, codes);
    }
    cr_assert_eq(oac_sweep_variance(&sweep, 0, 500.0, v, &err), OAC_OK, "%s", err.message);
    /* 6000 degrees of freedom: 1.8 % of a variance overall, about twice that at either end; 4 sigma */
    for (double s = 0.0; s <= 30000.0; s += 15000.0)
        cr_expect_float_eq(oac_variance_at(v, s) / (900.0 + 0.05 * s), 1.0, 0.16, "at %g", s);
    oac_sweep_fini(&sweep);
}

Test(fit_crosstalk, unmixing_undoes_mixing)
{
    const double gain[9] = {500, 10, 2, 7, 400, 9, 1, 12, 600};
    double x[9], unmix[9], condition;
    struct oac_err err;
    cr_assert_eq(oac_crosstalk_invert(3, gain, x, unmix, &condition, &err), OAC_OK);
    cr_expect_float_eq(x[1], 0.02, 1e-15);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double sum = 0.0;
            for (int m = 0; m < 3; m++)
                sum += unmix[i * 3 + m] * x[m * 3 + j];
            cr_expect_float_eq(sum, i == j, 1e-14);
        }
    cr_expect_geq(condition, 1.0);
}

Test(fit_crosstalk, a_channel_without_light_is_named)
{
    const double gain[4] = {500, 10, 7, 0};
    double x[4], unmix[4], condition;
    struct oac_err err;
    cr_assert_eq(oac_crosstalk_invert(2, gain, x, unmix, &condition, &err), OAC_EMISSED);
    cr_expect_not_null(strstr(err.message, "channel 1"));
}
