/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/noise_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* 200 inputs, 64 outputs, 32 samples; x uniform in [0,1], w uniform in [-1,1] as in reference row 3. */
#define INPUTS  200u
#define OUTPUTS 64u
#define ROWS    32u

static float light[ROWS * OUTPUTS], y[ROWS * OUTPUTS], z[ROWS * OUTPUTS], slope[ROWS * OUTPUTS];

static double uniform(size_t i, uint32_t sub)
{
    return oac_rng_uniform(5, OAC_RNG_TEST + 3, i, sub);
}

static void fill(void)
{
    for (size_t b = 0; b < ROWS; b++) {
        for (size_t k = 0; k < OUTPUTS; k++) {
            double sum = 0.0;
            for (size_t n = 0; n < INPUTS; n++)
                sum += uniform(b * INPUTS + n, 0) * uniform(k * INPUTS + n, 1);
            light[b * OUTPUTS + k] = (float)sum;
            z[b * OUTPUTS + k] = (float)oac_rng_normal(5, OAC_RNG_TEST + 4, b * OUTPUTS + k, 0);
        }
    }
}

Test(noise_model, shot_noise_is_reference_row_3)
{
    struct oac_noise_model noise = {.photons_per_mac = 2.0};
    double sum = 0.0;
    fill();
    memset(y, 0, sizeof y);
    oac_noise_add(&noise, INPUTS, ROWS, OUTPUTS, OUTPUTS, light, z, y, slope);
    for (size_t i = 0; i < ROWS * OUTPUTS; i++)
        sum += (double)y[i] * (double)y[i];
    double rms = sqrt(sum / (ROWS * OUTPUTS)) / sqrt((double)INPUTS);
    /* 0.25/sqrt(nbar); 2048 draws know their rms to 1.6 %, four of these errors. */
    cr_assert_float_eq(rms, 0.25 / sqrt(2.0), 0.063 * 0.25 / sqrt(2.0), "%g", rms);
}

Test(noise_model, agrees_with_counted_photons)
{
    /* Rails of one output, counted: photons of W+ and W- are Poisson of their own light. */
    struct oac_noise_model noise = {.photons_per_mac = 0.5};
    fill();
    double mean_light = 0.0, wanted = 0.0;
    for (size_t i = 0; i < ROWS * OUTPUTS; i++)
        mean_light += (double)light[i] / (ROWS * OUTPUTS);
    double photons_per_light =
        0.5 * INPUTS / mean_light; /* nbar N photons per output on average */
    for (size_t i = 0; i < 20000; i++) {
        double plus = 0.3 * (double)light[0], minus = 0.7 * (double)light[0];
        double counts = oac_rng_poisson(6, OAC_RNG_TEST + 5, i, 0, plus * photons_per_light) -
                        oac_rng_poisson(6, OAC_RNG_TEST + 5, i, 1, minus * photons_per_light);
        double error = counts / photons_per_light - (plus - minus);
        wanted += error * error / 20000;
    }
    memset(y, 0, sizeof y);
    z[0] = 1.0f;
    oac_noise_add(&noise, INPUTS, ROWS, OUTPUTS, OUTPUTS, light, z, y, slope);
    /* The variance of 20,000 draws is known to 1 %; four of these. */
    cr_assert_float_eq((double)y[0] * (double)y[0], wanted, 0.04 * wanted);
}

Test(noise_model, read_noise_adds_in_square)
{
    struct oac_noise_model noise = {.photons_per_mac = 1e9, .read_electrons = 1e9};
    fill();
    double mean_light = 0.0;
    for (size_t i = 0; i < ROWS * OUTPUTS; i++)
        mean_light += (double)light[i] / (ROWS * OUTPUTS);
    memset(y, 0, sizeof y);
    z[5] = 1.0f;
    oac_noise_add(&noise, INPUTS, ROWS, OUTPUTS, OUTPUTS, light, z, y, slope);
    /* Two readouts of 1e9 electrons against 1e9 N electrons per <P>; shot noise is 1e-5 of it. */
    double wanted = sqrt(2.0) * mean_light / INPUTS;
    cr_assert_float_eq(y[5], wanted, 1e-4 * wanted);
}

/* L = sum c_i y_i with arbitrary c: dL/dP against finite differences, the mean light included. */
Test(noise_model, gradient_through_the_light_is_that_of_finite_differences)
{
    struct oac_noise_model noise = {.photons_per_mac = 0.7, .read_electrons = 20.0};
    static float c[ROWS * OUTPUTS];
    fill();
    for (size_t i = 0; i < ROWS * OUTPUTS; i++)
        c[i] = (float)(uniform(i, 7) - 0.3);
    memset(y, 0, sizeof y);
    oac_noise_add(&noise, INPUTS, ROWS, OUTPUTS, OUTPUTS, light, z, y, slope);
    oac_noise_backward(&noise, INPUTS, ROWS, OUTPUTS, OUTPUTS, light, c, slope);
    float spare[ROWS * OUTPUTS];
    for (size_t i = 0; i < ROWS * OUTPUTS; i += 97) {
        double loss[2] = {0};
        float step = 0.5f, kept = light[i]; /* of about 50 */
        for (int side = 0; side < 2; side++) {
            light[i] = kept + (side ? step : -step);
            memset(y, 0, sizeof y);
            oac_noise_add(&noise, INPUTS, ROWS, OUTPUTS, OUTPUTS, light, z, y, spare);
            for (size_t j = 0; j < ROWS * OUTPUTS; j++)
                loss[side] += (double)c[j] * (double)y[j];
        }
        light[i] = kept;
        double wanted = (loss[1] - loss[0]) / (2.0 * (double)step);
        /* float32 outputs summed 2048 times: 1e-3 absolute against slopes of up to 0.1. */
        cr_assert_float_eq(slope[i], wanted, 1e-3 + 1e-2 * fabs(wanted), "%zu: %g, expected %g",
                           i, (double)slope[i], wanted);
    }
}

Test(noise_model, dac_steps_keep_signs_ends_and_half_a_step)
{
    float x[] = {-1.0f, -0.5f, -1e-4f, 0.0f, 0.1f, 0.7f, 1.0f};
    float q[sizeof x / sizeof x[0]];
    memcpy(q, x, sizeof x);
    oac_quantise(3, 1.0f, sizeof x / sizeof x[0], q);
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
        cr_assert_leq(fabs((double)(q[i] - x[i])), 0.5 / 7.0 + 1e-7);
        cr_assert_float_eq(q[i] * 7.0f, round((double)q[i] * 7.0), 1e-5);
    }
    cr_assert_eq(q[0], -1.0f);
    cr_assert_eq(q[6], 1.0f);
    memcpy(q, x, sizeof x);
    oac_quantise(3, 0.0f, sizeof x / sizeof x[0], q);
    cr_assert_eq(memcmp(q, x, sizeof x), 0, "no scale, no steps");
}
