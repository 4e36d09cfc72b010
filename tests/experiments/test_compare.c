/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "experiments/compare.h"
#include "experiments/compare_statistics.h"
#include "sim/noise.h"
#include "tests/support/small_world.h"

/* ---- statistics ---- */

/* 97.5 % and 99.95 % points of Student's t (tables): their z must be 1.960 and 3.2905. */
Test(compare_statistics, t_becomes_the_normal_variate_of_the_same_tail)
{
    cr_expect_float_eq(oac_z_from_t(2.2281, 10.0), 1.9600, 0.02);
    cr_expect_float_eq(oac_z_from_t(-2.0423, 30.0), -1.9600, 0.01);
    cr_expect_float_eq(oac_z_from_t(4.5869, 10.0), 3.2905, 0.03);
    cr_expect_float_eq(oac_z_from_t(3.6460, 30.0), 3.2905, 0.01);
    cr_expect_eq(oac_z_from_t(0.0, 10.0), 0.0);
}

/* median |z| of one is 0.67449; of 1000, Phi^-1((1 + 0.5^(1/1000))/2) = 3.3922 */
Test(compare_statistics, the_largest_of_many_has_its_median)
{
    cr_expect_float_eq(oac_z_largest_median(1), 0.67449, 1e-4);
    cr_expect_float_eq(oac_z_largest_median(1000), 3.392, 2e-3, "%g",
                       oac_z_largest_median(1000));
}

/* Binomial(10, 1/2): 2 (1 + 10)/1024 = 0.02148; 5 of 10 is never significant */
Test(compare_statistics, mcnemar_is_the_two_sided_binomial)
{
    cr_expect_float_eq(oac_mcnemar_p(1, 9), 22.0 / 1024.0, 1e-12);
    cr_expect_float_eq(oac_mcnemar_p(9, 1), 22.0 / 1024.0, 1e-12);
    cr_expect_float_eq(oac_mcnemar_p(0, 20), 2.0 / 1048576.0, 1e-15);
    cr_expect_eq(oac_mcnemar_p(5, 5), 1.0);
    cr_expect_eq(oac_mcnemar_p(0, 0), 1.0);
}

/* Sample means and variances of normal numbers, image by image. shift in units of one readout's sigma. */
static struct oac_layer_test sample(double shift, double sigma, size_t images, size_t outputs,
                                    size_t repeats)
{
    struct oac_layer_test test = {.repeats = (double)repeats};

    for (size_t b = 0; b < images; b++) {
        for (size_t k = 0; k < outputs; k++) {
            double mean[2] = {0.0, 0.0}, var[2] = {0.0, 0.0}, x[2][64];
            for (size_t side = 0; side < 2; side++) {
                for (size_t r = 0; r < repeats; r++) {
                    x[side][r] = oac_rng_normal(11, OAC_RNG_TEST + (uint32_t)side,
                                                (b * outputs + k) * repeats + r, 0);
                    x[side][r] = side == 0 ? shift + sigma * x[side][r] : x[side][r];
                    mean[side] += x[side][r] / (double)repeats;
                }
                for (size_t r = 0; r < repeats; r++)
                    var[side] += (x[side][r] - mean[side]) * (x[side][r] - mean[side]) /
                                 (double)(repeats - 1);
            }
            oac_layer_test_output(&test, mean, var);
        }
        oac_layer_test_end_image(&test);
    }
    return test;
}

Test(compare_statistics, equal_populations_are_found_equal)
{
    struct oac_layer_test test = sample(0.0, 1.0, 50, 20, 16);
    double error, rms = oac_layer_test_z_rms(&test, &error);

    /* 1000 outputs: se of the rms 1/sqrt(2000) = 0.0224; four of them, fixed seed */
    cr_expect_float_eq(error, 0.0224, 0.006);
    cr_expect_float_eq(rms, 1.0, 4.0 * 0.0224, "%g", rms);
    double ratio = oac_layer_test_ratio(&test, &error);
    /* sqrt(4/(1000 x 15)) = 0.0163 */
    cr_expect_float_eq(error, 0.0163, 0.005);
    cr_expect_float_eq(ratio, 1.0, 4.0 * 0.0163, "%g", ratio);
}

Test(compare_statistics, a_shift_of_half_a_standard_error_and_a_tenth_of_sigma_are_found)
{
    /* half a readout's sigma: 0.5/sqrt(2/16) = 1.41 standard errors: rms sqrt(1 + 2) = 1.73 */
    struct oac_layer_test test = sample(0.5, 1.0, 50, 20, 16);
    double error, rms = oac_layer_test_z_rms(&test, &error);

    cr_expect_float_eq(rms, sqrt(3.0), 0.15, "%g", rms);
    cr_expect_gt(rms - 1.0, OAC_COMPARE_SIGMAS * error);
    test = sample(0.0, 1.1, 50, 20, 16);
    double ratio = oac_layer_test_ratio(&test, &error);
    cr_expect_float_eq(ratio, 1.21, 0.09, "%g", ratio);
    cr_expect_gt(ratio - 1.0, OAC_COMPARE_SIGMAS * error);
}

Test(compare_statistics, outputs_without_variance_are_left_out)
{
    struct oac_layer_test test = {.repeats = 8.0};
    const double mean[2] = {1.0, 2.0}, var[2] = {0.0, 0.0};
    double error;

    oac_layer_test_output(&test, mean, var);
    oac_layer_test_end_image(&test);
    cr_expect_eq(test.quiet, 1);
    cr_expect_eq(test.outputs, 0);
    cr_expect(isnan(oac_layer_test_z_rms(&test, &error)));
    cr_expect(isnan(oac_layer_test_ratio(&test, &error)));
}

/* ---- effects ---- */

Test(compare_effects, every_neutralised_rig_is_a_legal_rig_that_lacks_the_effect)
{
    static const char *const rich[] = {
        "fiber.precompensate=no",       "fiber.gamma_per_w_km=1.3",
        "weight_modulator.chirp=0.2",   "weight_dac.bandwidth_hz=20e9",
        "client_dac.bandwidth_hz=20e9", "demux.passband_hz=100e9",
        "detector.bandwidth_hz=20e9",   "detector.saturation_a=1e-3",
        "receiver.droop_per_s=10",      "timing.adc_delay_s=1e-9"};
    size_t count, tried = 0;
    const struct oac_effect *effect = oac_effects(&count);
    struct oac_rig rig, without;
    struct oac_err err;

    cr_assert_eq(
        oac_rig_read("netcast-86km", rich, sizeof rich / sizeof rich[0], &rig, NULL, &err),
        OAC_OK, "%s", err.message);
    for (size_t i = 0; i < count; i++) {
        const char *sets[64];
        size_t sets_count = 0;
        cr_expect_not_null(effect[i].advice, "%s", effect[i].name);
        if (effect[i].noise || effect[i].sampling || !effect[i].present(&rig))
            continue;
        for (size_t s = 0; s < sizeof rich / sizeof rich[0]; s++)
            sets[sets_count++] = rich[s];
        for (size_t s = 0; effect[i].sets[s]; s++)
            sets[sets_count++] = effect[i].sets[s];
        cr_expect_eq(oac_rig_read("netcast-86km", sets, sets_count, &without, NULL, &err),
                     OAC_OK, "%s: %s", effect[i].name, err.message);
        cr_expect_not(effect[i].present(&without), "%s is still there", effect[i].name);
        tried++;
    }
    cr_expect_geq(tried, 13, "%zu effects", tried);
}

/* ---- the whole ---- */

static struct oac_compare_options options(const struct oac_small_world *world, const char *rig,
                                          const char *const *sets, size_t count, uint32_t noise)
{
    return (struct oac_compare_options){.run = {.model_path = world->model,
                                                .data_name = "small",
                                                .data_directory = world->dir,
                                                .rig = rig,
                                                .sets = sets,
                                                .set_count = count,
                                                .noise = noise,
                                                .images = 24,
                                                .repeats = 8,
                                                .seed = 5,
                                                .photons_per_mac = NAN}};
}

Test(compare, a_rig_within_the_assumptions_shows_nothing_significant)
{
    static const char *const sets[] = {"channels=8"};
    struct oac_compare_result *r = calloc(1, sizeof *r);
    struct oac_small_world world;
    struct oac_err err;

    cr_assert_not_null(r);
    oac_small_world_make(&world);
    struct oac_compare_options o = options(&world, "ideal", sets, 1, OAC_NOISE_ALL);
    cr_assert_eq(oac_compare(&o, NULL, r, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(r->layers, 2);
    for (size_t l = 0; l < 2; l++) {
        cr_expect_not(r->layer[l].means_differ, "layer %zu: z rms %g, largest %g", l,
                      r->layer[l].z_rms, r->layer[l].z_largest);
        cr_expect_not(r->layer[l].variances_differ, "layer %zu: ratio %g +- %g", l,
                      r->layer[l].variance_ratio, r->layer[l].variance_ratio_error);
        cr_expect_lt(r->layer[l].difference, 1e-4, "layer %zu: %g of the outputs' rms", l,
                     r->layer[l].difference); /* single precision sums of 64 slots */
        cr_expect_gt(r->layer[l].tested, 90, "outputs with noise");
    }
    cr_expect_not(r->labels_differ);
    cr_expect_not(r->explained, "nothing to explain");
    oac_compare_result_fini(r);
    oac_small_world_remove(&world);
    free(r);
}

/* 35 ns between the outer channels are 35 slots of 1 ns: the weights of most channels meet the wrong data. */
Test(compare, walk_off_is_named_first_when_it_ruins_the_labels)
{
    static const char *const sets[] = {"slot_rate_hz=1e9", "fiber.precompensate=no",
                                       "channels=16"};
    struct oac_compare_result *r = calloc(1, sizeof *r);
    struct oac_small_world world;
    struct oac_err err;
    size_t best = 0;

    cr_assert_not_null(r);
    oac_small_world_make(&world);
    struct oac_compare_options o = options(&world, "netcast-86km", sets, 3, OAC_NOISE_NONE);
    o.run.images = 100;
    cr_assert_eq(oac_compare(&o, NULL, r, &err), OAC_OK, "%s", err.message);
    cr_expect(r->worse_than_digital, "wave %g, digital %g, p %g", r->accuracy_wave,
              r->accuracy_digital, r->p_digital);
    cr_assert(r->explained);
    for (size_t i = 1; i < r->effects; i++)
        if (r->effect[i].error_share[0] > r->effect[best].error_share[0])
            best = i;
    cr_expect_str_eq(r->effect[best].effect->name, "walk-off between wavelengths");
    cr_expect_gt(r->effect[best].error_share[0], 0.8, "%g", r->effect[best].error_share[0]);
    oac_compare_result_fini(r);
    oac_small_world_remove(&world);
    free(r);
}

Test(compare, fewer_than_four_repeats_are_refused)
{
    struct oac_compare_options o = {.run = {.repeats = 3}};
    struct oac_compare_result *r = calloc(1, sizeof *r);
    struct oac_err err;

    cr_assert_not_null(r);
    cr_expect_eq(oac_compare(&o, NULL, r, &err), OAC_EINVAL);
    cr_expect_not_null(strstr(err.message, "at least 4"), "%s", err.message);
    free(r);
}
