/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/npy.h"
#include "base/rng.h"
#include "experiments/matmul.h"
#include "sim/noise.h"
#include "tests/support/tmpdir.h"

#define ROWS    130u /* two tiles on 100 channels */
#define COLS    37u
#define VECTORS 70u /* two batches */

static float w[ROWS * COLS], x[VECTORS * COLS], y[VECTORS * ROWS];

static void fill(float x_low)
{
    for (size_t i = 0; i < ROWS * COLS; i++)
        w[i] = (float)(3.0 * oac_rng_normal(1, OAC_RNG_TEST, i, 0));
    for (size_t i = 0; i < VECTORS * COLS; i++)
        x[i] = x_low + (5.0f - x_low) * (float)oac_rng_uniform(2, OAC_RNG_TEST, i, 0);
}

static struct oac_station_options ideal(enum oac_encoding encoding, uint32_t noise)
{
    return (struct oac_station_options){
        .rig = "ideal",
        .noise = noise,
        .seed = 1,
        .engine = {.encoding = encoding, .repeats = 1},
    };
}

static const struct oac_matmul product = {.rows = ROWS,
                                          .cols = COLS,
                                          .vectors = VECTORS,
                                          .w = w,
                                          .x = x,
                                          .photons_per_mac = NAN,
                                          .threads = 2};

static struct oac_matmul_result multiply(const struct oac_station_options *station,
                                         const struct oac_matmul *p)
{
    struct oac_matmul_result result;
    struct oac_err err;

    cr_assert_eq(oac_matmul_run(station, p, NULL, y, &result, &err), OAC_OK, "%s", err.message);
    return result;
}

Test(matmul, every_encoding_without_noise_is_exact_to_the_converters_steps)
{
    static const enum oac_encoding encodings[] = {OAC_RAILS, OAC_OFFSET, OAC_BALANCED};
    static const float lows[] = {0.0f, -5.0f};

    for (size_t s = 0; s < 2; s++) {
        fill(lows[s]);
        for (size_t e = 0; e < 3; e++) {
            struct oac_station_options station = ideal(encodings[e], OAC_NOISE_NONE);
            struct oac_matmul_result r = multiply(&station, &product);
            /* Steps of 2.4e-5 at most of each of 37 factors' full scale on both sides, rounded
             * independently: 37^-1/2 * 2.4e-5 of full scale is 4e-6 rms at the very most, twice that for
             * the affine maps. */
            cr_expect_lt(r.error_rms, 8e-6 * r.full_scale, "encoding %zu, x from %g: %g of %g",
                         e, (double)lows[s], r.error_rms, r.full_scale);
            cr_expect_eq(r.macs, ROWS * COLS * VECTORS);
            cr_expect_eq(r.clipped_readouts, 0);
        }
    }
}

Test(matmul, result_does_not_depend_on_the_threads)
{
    static float first[VECTORS * ROWS];
    struct oac_station_options station = ideal(OAC_RAILS, OAC_NOISE_ALL);
    struct oac_matmul one = product;

    fill(-5.0f);
    one.threads = 1;
    struct oac_matmul_result a = multiply(&station, &one);
    memcpy(first, y, sizeof y);
    struct oac_matmul_result b = multiply(&station, &product);
    a.seconds = b.seconds = 0.0;
    cr_assert_arr_eq(first, y, sizeof y);
    cr_assert_eq(a.error_rms, b.error_rms);
    cr_assert_eq(a.photons_per_mac_detected, b.photons_per_mac_detected);
}

Test(matmul, averaging_sixteen_readouts_quarters_the_shot_noise)
{
    struct oac_station_options station = ideal(OAC_RAILS, OAC_NOISE_SHOT);
    struct oac_matmul budget = product;

    fill(0.0f);
    budget.photons_per_mac = 10.0;
    double once = multiply(&station, &budget).error_rms;
    station.engine.repeats = 16;
    budget.photons_per_mac = 160.0; /* all repeats together: the same light in each */
    double averaged = multiply(&station, &budget).error_rms;
    /* 9100 readouts give each rms to 0.75 %; 4 standard errors of the ratio are 4.2 %. */
    cr_assert_float_eq(once / averaged, 4.0, 0.17, "%g", once / averaged);
}

Test(matmul, zeros_and_equal_values_are_ordinary_matrices)
{
    struct oac_station_options station = ideal(OAC_RAILS, OAC_NOISE_NONE);

    memset(w, 0, sizeof w);
    memset(x, 0, sizeof x);
    struct oac_matmul_result r = multiply(&station, &product);
    cr_expect_lt(r.error_largest, 1e-3);
    for (size_t i = 0; i < ROWS * COLS; i++)
        w[i] = -2.0f;
    for (size_t i = 0; i < VECTORS * COLS; i++)
        x[i] = 3.0f;
    r = multiply(&station, &product);
    cr_expect_float_eq((double)y[0], -2.0 * 3.0 * COLS, 1e-3 * 6.0 * COLS, "%g", (double)y[0]);
}

Test(matmul, value_that_is_not_finite_is_named)
{
    struct oac_station_options station = ideal(OAC_RAILS, OAC_NOISE_NONE);
    struct oac_matmul_result result;
    struct oac_err err;

    fill(0.0f);
    x[5] = NAN;
    cr_assert_eq(oac_matmul_run(&station, &product, NULL, y, &result, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "element 5 of X"), "%s", err.message);
}

/* ---- the command ---- */

static int shell(const char *format, const char *dir)
{
    char command[4096], filled[2048];
    const char *binary_dir = getenv("OAC_BINARY_DIR");

    snprintf(filled, sizeof filled, format, dir, dir, dir,
             dir); /* those it does not name are unused */
    snprintf(command, sizeof command, "%s/cli/oac matmul %s", binary_dir ? binary_dir : ".",
             filled);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

Test(matmul, command_reads_multiplies_and_writes_npy_files)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
    const size_t w_dims[] = {ROWS, COLS}, x_dims[] = {VECTORS, COLS};
    struct oac_npy result;
    struct oac_err err;

    fill(-5.0f);
    oac_test_dir_make(dir);
    cr_assert_eq(oac_npy_write_f32(oac_test_dir_path(dir, "W.npy", path), 2, w_dims, w, &err),
                 0);
    cr_assert_eq(oac_npy_write_f32(oac_test_dir_path(dir, "X.npy", path), 2, x_dims, x, &err),
                 0);
    cr_assert_eq(
        oac_npy_write_f32(oac_test_dir_path(dir, "v.npy", path), 1, x_dims + 1, x, &err), 0);

    cr_assert_eq(shell("%s/W.npy %s/X.npy --rig ideal --noise none -o %s/Y.npy > %s/out", dir),
                 0);
    cr_assert_eq(oac_npy_read(oac_test_dir_path(dir, "Y.npy", path), 0, &result, &err), OAC_OK);
    cr_assert(result.rank == 2 && result.dims[0] == VECTORS && result.dims[1] == ROWS);
    double exact = 0.0;
    for (size_t n = 0; n < COLS; n++)
        exact += (double)w[COLS + n] * (double)x[2 * COLS + n];
    cr_expect_float_eq((double)result.data[2 * ROWS + 1], exact, 0.1);
    oac_npy_fini(&result);

    cr_assert_eq(shell("%s/W.npy %s/v.npy --rig ideal -o %s/Y.npy --json > %s/out", dir), 0);
    cr_assert_eq(oac_npy_read(path, 0, &result, &err), OAC_OK);
    cr_assert(result.rank == 1 && result.dims[0] == ROWS);
    oac_npy_fini(&result);

    size_t before = oac_test_dir_entries(dir);
    cr_expect_eq(shell("%s/X.npy %s/v.npy --rig nowhere 2> %s/out", dir), 1);
    cr_expect_eq(shell("%s/v.npy %s/X.npy --rig ideal 2> %s/out", dir), 1);
    cr_expect_eq(shell("%s/W.npy %s/none.npy --rig ideal 2> %s/out", dir), 1);
    cr_expect_eq(shell("%s/W.npy %s/X.npy --rig ideal -o %s/missing/Y.npy 2> %s/out", dir), 1);
    cr_expect_eq(shell("%s/W.npy --rig ideal 2> %s/out", dir), 2);
    cr_expect_eq(oac_test_dir_entries(dir), before);
    oac_test_dir_remove(dir);
}
