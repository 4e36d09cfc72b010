/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/run.h"
#include "sim/noise.h"
#include "tests/support/small_world.h"

static struct oac_run_options options_of(const struct oac_small_world *world, const char *rig)
{
    return (struct oac_run_options){
        .model_path = world->model,
        .data_name = "small",
        .data_directory = world->data,
        .rig = rig,
        .encoding = OAC_RAILS,
        .noise = OAC_NOISE_ALL,
        .photons_per_mac = NAN,
        .repeats = 1,
        .seed = 1,
        .threads = 1,
    };
}

static struct oac_run_result *run(const struct oac_run_options *options)
{
    struct oac_run_result *result = malloc(sizeof *result);
    struct oac_err err;

    cr_assert(result != NULL);
    cr_assert_eq(oac_run(options, NULL, result, &err), OAC_OK, "%s", err.message);
    return result;
}

/* ---- bits ---- */

struct outcome { /* everything a run recorded per image */
    struct oac_run_result *result;
    struct oac_h5_file *file;
    const struct oac_h5_array *logits, *photons;
};

static struct outcome outcome_of(const struct oac_small_world *world, const char *rig,
                                 size_t threads, size_t batch, size_t images)
{
    struct oac_run_options options = options_of(world, rig);
    char path[OAC_TEST_DIR_BYTES + 16];
    struct outcome outcome;
    struct oac_err err;

    options.output_path = oac_test_dir_path(world->dir, "run.h5", path);
    options.threads = threads;
    options.batch = batch;
    options.images = images;
    outcome.result = run(&options);
    cr_assert_eq(oac_h5_read(path, 0, &outcome.file, &err), OAC_OK, "%s", err.message);
    outcome.logits = oac_h5_find_array(outcome.file, "/images/logits");
    outcome.photons = oac_h5_find_array(outcome.file, "/images/photons");
    cr_assert(outcome.logits && outcome.photons);
    return outcome;
}

static void outcome_free(struct outcome *outcome)
{
    free(outcome->result);
    oac_h5_file_destroy(outcome->file);
}

/* Every figure but those of the clock and of how the work was split. */
static void blank_speed(struct oac_run_result *result)
{
    result->seconds = result->images_per_s = 0.0;
    result->threads = result->batch = 0;
}

static void same_bits(const char *rig)
{
    static const struct {
        size_t threads, batch;
    } splits[] = {{2, 0}, {1, 1}, {2, 1}, {1, 64}, {2, 64}, {1, 10000}};
    struct oac_small_world world;

    oac_small_world_make(&world);
    struct outcome whole = outcome_of(&world, rig, 1, 0, 0);
    blank_speed(whole.result);
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        struct outcome split = outcome_of(&world, rig, splits[i].threads, splits[i].batch, 0);
        blank_speed(split.result);
        cr_expect_arr_eq(split.logits->data, whole.logits->data,
                         whole.logits->count * sizeof(float), "%s: logits, split %zu", rig, i);
        cr_expect_arr_eq(split.photons->data, whole.photons->data,
                         whole.photons->count * sizeof(double), "%s: photons, split %zu", rig,
                         i);
        cr_expect_arr_eq(split.result, whole.result, sizeof *whole.result,
                         "%s: figures, split %zu", rig, i);
        outcome_free(&split);
    }
    struct outcome prefix = outcome_of(&world, rig, 2, 7, 50);
    cr_expect_arr_eq(prefix.logits->data, whole.logits->data,
                     prefix.logits->count * sizeof(float), "%s: logits of the first 50", rig);
    cr_expect_arr_eq(prefix.photons->data, whole.photons->data,
                     prefix.photons->count * sizeof(double), "%s: photons of the first 50",
                     rig);
    cr_expect_eq(prefix.photons->count, 50);
    outcome_free(&prefix);
    outcome_free(&whole);
    oac_small_world_remove(&world);
}

Test(run, local_bench_gives_the_same_bits_for_any_threads_batch_and_prefix)
{
    same_bits("netcast-local");
}

Test(run, long_fiber_gives_the_same_bits_for_any_threads_batch_and_prefix)
{
    same_bits("netcast-86km");
}

Test(run, photon_counting_gives_the_same_bits_for_any_threads_batch_and_prefix)
{
    same_bits("netcast-snspd");
}

Test(run, another_seed_gives_other_noise)
{
    struct oac_small_world world;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "netcast-local");
    struct oac_run_result *first = run(&options);
    options.seed = 2;
    struct oac_run_result *second = run(&options);
    cr_assert_neq(first->logit_error_rms, second->logit_error_rms);
    free(first);
    free(second);
    oac_small_world_remove(&world);
}

/* ---- figures ---- */

Test(run, ideal_bench_without_noise_agrees_with_the_digital_network)
{
    static const enum oac_encoding encodings[] = {OAC_RAILS, OAC_OFFSET, OAC_BALANCED};
    struct oac_small_world world;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.noise = OAC_NOISE_NONE;
    for (size_t e = 0; e < 3; e++) {
        options.encoding = encodings[e];
        struct oac_run_result *result = run(&options);
        /* 16-bit DACs: steps of at most 2.4e-5 of full scale in each of 64 products, of x up to 1
         * and w up to 0.3, then of 16; rms well below 1e-3 on logits of order 1. */
        cr_expect_lt(result->logit_error_rms, 1e-3, "%s: %g", result->encoding,
                     result->logit_error_rms);
        cr_expect_geq(result->agreement, 0.99);
        cr_expect_gt(result->accuracy_digital, 0.9);
        cr_expect_eq(result->clipped_weights, 0);
        cr_expect_eq(result->clipped_readouts, 0);
        free(result);
    }
    oac_small_world_remove(&world);
}

Test(run, figures_belong_together)
{
    struct oac_small_world world;
    size_t all = 0, right = 0;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "netcast-local");
    struct oac_run_result *r = run(&options);
    for (size_t i = 0; i < r->classes; i++) {
        right += r->confusion[i][i];
        for (size_t j = 0; j < r->classes; j++)
            all += r->confusion[i][j];
    }
    cr_assert_eq(r->images, OAC_SMALL_IMAGES);
    cr_assert_eq(all, OAC_SMALL_IMAGES);
    cr_assert_float_eq(r->accuracy, (double)right / OAC_SMALL_IMAGES, 1e-15);
    cr_assert(r->accuracy_low < r->accuracy && r->accuracy <= r->accuracy_high);
    cr_assert_eq(r->macs_per_image, 64 * 16 + 16 * 4);
    /* rails, x >= 0: two passes. */
    cr_assert_eq(r->optical_macs_per_image, 2 * r->macs_per_image);
    cr_assert_eq(r->readouts_per_image, 2.0 * (16 + 4));
    /* Light is only ever lost on its way, and no more is detected than arrives. */
    cr_assert_gt(r->photons_per_mac_detected, 0.0);
    cr_assert_geq(r->photons_per_mac_incident, r->photons_per_mac_detected);
    cr_assert_gt(r->photons_per_mac_launched, r->photons_per_mac_incident);
    cr_assert_geq(r->photons_per_mac_launched, r->photons_per_mac_client_in);
    cr_assert_gt(r->latency_s_per_image, 0.0);
    cr_assert_gt(r->client_j_per_mac, 0.0);
    cr_assert_gt(r->server_j_per_mac, 0.0);
    /* 0.128 aJ per photon at 1550 nm; the rig's band is within 2 % of it. */
    cr_assert_float_eq(r->aj_per_mac_detected / r->photons_per_mac_detected, 0.128, 0.003);
    free(r);
    oac_small_world_remove(&world);
}

Test(run, photon_budget_is_met_per_model_mac)
{
    static const enum oac_encoding encodings[] = {OAC_RAILS, OAC_OFFSET, OAC_BALANCED};
    struct oac_small_world world;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.noise = OAC_NOISE_NONE;
    options.photons_per_mac = 50.0;
    for (size_t e = 0; e < 3; e++) {
        options.encoding = encodings[e];
        struct oac_run_result *result = run(&options);
        /* The reference split of this data set is the images that run, and there is no noise, so
         * only the codes' steps (below 1e-4) and float32 launch powers are between them. */
        cr_expect_float_eq(result->photons_per_mac_detected, 50.0, 0.05, "%s: %g",
                           result->encoding, result->photons_per_mac_detected);
        free(result);
    }
    oac_small_world_remove(&world);
}

Test(run, preweight_photons_are_more_than_detected_ones)
{
    struct oac_small_world world;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.photons_per_mac = 10.0;
    options.photon_reference = OAC_PHOTONS_PREWEIGHT;
    options.encoding = OAC_OFFSET;
    struct oac_run_result *result = run(&options);
    /* Weights transmit a part of what is before them. */
    cr_assert_lt(result->photons_per_mac_detected, 9.0);
    cr_assert_gt(result->photons_per_mac_detected, 1.0);
    free(result);
    oac_small_world_remove(&world);
}

Test(run, fewer_photons_are_noisier)
{
    struct oac_small_world world;
    double error[2];

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.noise = OAC_NOISE_SHOT;
    for (int i = 0; i < 2; i++) {
        options.photons_per_mac = i ? 1600.0 : 100.0;
        struct oac_run_result *result = run(&options);
        error[i] = result->logit_error_rms;
        free(result);
    }
    /* Shot noise goes with the root of the photons: 4 for 16 times. 800 logits give it to 3.5 %
     * each; the ReLU between the layers bends it a little. */
    cr_assert_float_eq(error[0] / error[1], 4.0, 0.8, "%g", error[0] / error[1]);
    oac_small_world_remove(&world);
}

/* ---- failures ---- */

static enum oac_status fails(struct oac_run_options *options, struct oac_err *err)
{
    struct oac_run_result *result = malloc(sizeof *result);
    enum oac_status status = oac_run(options, NULL, result, err);

    free(result);
    return status;
}

Test(run, model_that_does_not_fit_the_data_is_named_with_both_sizes)
{
    struct oac_small_world world;
    struct oac_err err;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.model_path = world.wide;
    cr_assert_eq(fails(&options, &err), OAC_EMISMATCH);
    cr_assert(strstr(err.message, "100 inputs") && strstr(err.message, "8 x 8 = 64"), "%s",
              err.message);
    oac_small_world_remove(&world);
}

Test(run, more_images_than_there_are_is_refused)
{
    struct oac_small_world world;
    struct oac_err err;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.images = OAC_SMALL_IMAGES + 1;
    cr_assert_eq(fails(&options, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "201") && strstr(err.message, "200"), "%s", err.message);
    oac_small_world_remove(&world);
}

Test(run, sample_budget_without_its_reference_is_a_usage_error)
{
    struct oac_small_world world;
    struct oac_err err;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.photon_budget = OAC_BUDGET_SAMPLE;
    cr_assert_eq(fails(&options, &err), OAC_EUSAGE);
    options.photons_per_mac = 1.0;
    cr_assert_eq(fails(&options, &err), OAC_EUSAGE);
    oac_small_world_remove(&world);
}

Test(run, budget_beyond_the_lasers_says_what_they_can_do)
{
    struct oac_small_world world;
    struct oac_err err;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.photons_per_mac = 1e14;
    cr_assert_eq(fails(&options, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "layer 0") && strstr(err.message, "at most"), "%s",
              err.message);
    oac_small_world_remove(&world);
}

Test(run, missing_output_directory_is_found_before_the_work)
{
    struct oac_small_world world;
    struct oac_err err;
    char path[OAC_TEST_DIR_BYTES + 32];

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "no such rig");
    options.output_path = oac_test_dir_path(world.dir, "missing/run.h5", path);
    cr_assert_eq(fails(&options, &err), OAC_EIO, "%s", err.message);
    options.output_path = world.dir;
    cr_assert_eq(fails(&options, &err), OAC_EIO, "%s", err.message);
    oac_small_world_remove(&world);
}

Test(run, unknown_bench_lists_those_there_are)
{
    struct oac_small_world world;
    struct oac_err err;

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    options.on = "nowhere";
    cr_assert_eq(fails(&options, &err), OAC_ENOTFOUND);
    cr_assert(strstr(err.message, "sim"), "%s", err.message);
    oac_small_world_remove(&world);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

Test(run, stop_request_leaves_no_file_and_says_so)
{
    const struct oac_sink sink = {.stop_requested = stop_at_once};
    struct oac_small_world world;
    struct oac_err err;
    char path[OAC_TEST_DIR_BYTES + 16];

    oac_small_world_make(&world);
    struct oac_run_options options = options_of(&world, "ideal");
    struct oac_run_result *result = malloc(sizeof *result);
    options.output_path = oac_test_dir_path(world.dir, "run.h5", path);
    size_t before = oac_test_dir_entries(world.dir);
    cr_assert_eq(oac_run(&options, &sink, result, &err), OAC_EINTERRUPTED);
    cr_assert(strstr(err.message, "was not written") && strstr(err.message, "of 200 images"),
              "%s", err.message);
    cr_assert_eq(oac_test_dir_entries(world.dir), before);
    free(result);
    oac_small_world_remove(&world);
}
