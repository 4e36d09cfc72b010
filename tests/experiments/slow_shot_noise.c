/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference rows 2 and 3 of docs/physics.md, through everything from real numbers to readouts. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/rng.h"
#include "experiments/matmul.h"
#include "sim/noise.h"

#define SEED 20220601u

static float *allocate(size_t count)
{
    float *values = malloc(count * sizeof *values);

    cr_assert(values != NULL);
    return values;
}

/* values (count) spread evenly over [low, high], in a seeded order: uniform without the sampling error of
 * its mean, which is what row 3's factor is made of. */
static void spread(float low, float high, uint64_t index, size_t count, float *values)
{
    uint32_t *order = malloc(count * sizeof *order);

    cr_assert(order != NULL);
    oac_rng_shuffle(SEED, OAC_RNG_TEST, index, count, order);
    for (size_t i = 0; i < count; i++)
        values[i] = low + (high - low) * ((float)order[i] + 0.5f) / (float)count;
    free(order);
}

/* ---- row 3 ---- */

#define ROWS    100u
#define COLS    100u
#define VECTORS 1000u

/* Rms error over sqrt(N), times sqrt(nbar), of rails with shot noise only. */
static double shot_factor(const char *const *sets, size_t set_count, double photons)
{
    const struct oac_station_options station = {
        .rig = "ideal",
        .sets = sets,
        .set_count = set_count,
        .noise = OAC_NOISE_SHOT,
        .seed = 1,
        .engine = {.encoding = OAC_RAILS, .repeats = 1},
    };
    float *w = allocate(ROWS * COLS), *x = allocate(VECTORS * COLS),
          *y = allocate(VECTORS * ROWS);
    struct oac_matmul_result r;
    struct oac_err err;

    spread(-1.0f, 1.0f, 0, ROWS * COLS, w);
    spread(0.0f, 1.0f, 1, VECTORS * COLS, x);
    const struct oac_matmul product = {.rows = ROWS,
                                       .cols = COLS,
                                       .vectors = VECTORS,
                                       .w = w,
                                       .x = x,
                                       .photons_per_mac = photons};
    cr_assert_eq(oac_matmul_run(&station, &product, NULL, y, &r, &err), OAC_OK, "%s",
                 err.message);
    /* The budget is set at the mean operand of these very vectors. */
    cr_expect_float_eq(r.photons_per_mac_detected / photons, 1.0, 2e-3, "%g photons/MAC",
                       r.photons_per_mac_detected);
    free(w);
    free(x);
    free(y);
    return r.error_rms / sqrt((double)COLS) * sqrt(r.photons_per_mac_detected);
}

/* 10^5 readouts give an rms to 0.22 %; 4 standard errors are 0.9 %, well inside the 3 % of row 3 and
 * enough to tell the 1.9 % of a 25 dB extinction ratio from none. */
#define RMS_TOLERANCE 0.009

Test(shot_noise, rms_error_of_rails_is_a_quarter_over_root_photons)
{
    static const double photons[] = {1.0, 10.0, 100.0};

    for (size_t i = 0; i < 3; i++) {
        double factor = shot_factor(NULL, 0, photons[i]);
        cr_expect_float_eq(factor / 0.250, 1.0, RMS_TOLERANCE, "%g photons/MAC: %.4f",
                           photons[i], factor);
    }
}

Test(shot_noise, finite_extinction_costs_the_factor_of_row_3)
{
    static const char *const sets[] = {"weight_modulator.er_db=25",
                                       "client_modulator.er_db=25"};
    double r = pow(10.0, -2.5);
    double expected = 0.250 * (1.0 + 3.0 * r) * (1.0 + r) / ((1.0 - r) * (1.0 - r));
    double factor = shot_factor(sets, 2, 10.0);

    cr_expect_float_eq(factor / expected, 1.0, RMS_TOLERANCE, "%.4f, expected %.4f", factor,
                       expected);
}

/* ---- row 2 ---- */

#define LENGTHS  5u
#define READINGS 20000u

/* SNR of a sum of `length` equal products with fixed read noise: read once, or each product by itself
 * and summed afterwards. */
static double snr(size_t length, bool integrating)
{
    /* 100 uV on 1 pF are 624 electrons; the ADC is off, so that nothing but this is noise. */
    static const char *const sets[] = {"receiver.read_noise_v=100e-6", "receiver.cds=no"};
    const struct oac_station_options station = {
        .rig = "ideal",
        .sets = sets,
        .set_count = 2,
        .noise = OAC_NOISE_READ,
        .seed = 1,
        .engine = {.encoding = OAC_RAILS, .repeats = 1},
    };
    size_t cols = integrating ? length : 1,
           vectors = integrating ? READINGS : READINGS * length;
    float *w = allocate(cols), *x = allocate(vectors * cols), *y = allocate(vectors);
    struct oac_matmul_result r;
    struct oac_err err;
    double sum = 0.0, square = 0.0;

    for (size_t i = 0; i < cols; i++)
        w[i] = 1.0f;
    for (size_t i = 0; i < vectors * cols; i++)
        x[i] = 1.0f;
    const struct oac_matmul product = {
        .rows = 1, .cols = cols, .vectors = vectors, .w = w, .x = x, .photons_per_mac = NAN};
    cr_assert_eq(oac_matmul_run(&station, &product, NULL, y, &r, &err), OAC_OK, "%s",
                 err.message);
    for (size_t i = 0; i < READINGS; i++) {
        double total = 0.0;
        for (size_t j = 0; j < vectors / READINGS; j++)
            total += (double)y[i * (vectors / READINGS) + j];
        sum += total;
        square += (total - (double)length) * (total - (double)length);
    }
    free(w);
    free(x);
    free(y);
    return sum / READINGS / sqrt(square / READINGS);
}

/* Least-squares slope of log SNR against log length. */
static double slope(bool integrating)
{
    double sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;

    for (size_t i = 0; i < LENGTHS; i++) {
        size_t length = (size_t)1 << (2 * i); /* 1, 4, ... 256 */
        double x = log((double)length), y = log(snr(length, integrating));
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    return (LENGTHS * sxy - sx * sy) / (LENGTHS * sxx - sx * sx);
}

/* 20,000 readings give each SNR to 0.5 %; over lengths 1 to 256 the slope has a standard error of
 * 0.0012, so the 0.02 of row 2 has room for nothing but a mistake. */
Test(shot_noise, snr_grows_with_the_vector_length_when_the_receiver_integrates)
{
    double s = slope(true);

    cr_assert_float_eq(s, 1.00, 0.02, "slope %.4f", s);
}

Test(shot_noise, snr_grows_with_its_root_when_each_product_is_read)
{
    double s = slope(false);

    cr_assert_float_eq(s, 0.50, 0.02, "slope %.4f", s);
}
