/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target loop on benches of known accuracy: answers are drawn, so nothing else can decide. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "calibration/target.h"

enum { HELD_OUT = 12000, CALIBRATION = 3000 };

struct bench { /* accuracy after each further change */
    double accuracy[8];
    size_t changes;                      /* made so far */
    unsigned possible[OAC_TARGET_STEPS]; /* how often each step can still be taken */
    enum oac_target_step taken[8];
    uint64_t seed;
    size_t next_held_out; /* every image once, in order */
    bool reused;
    double seconds, seconds_per_image;
    size_t fail_at; /* answers after which classify fails; 0: never */
};

static enum oac_status classify(void *context, bool held_out, size_t first, size_t count,
                                size_t *right, struct oac_err *err)
{
    struct bench *bench = context;
    *right = 0;
    if (bench->fail_at && first + count > bench->fail_at)
        return oac_fail(err, OAC_EDEVICE, "no light");
    if (held_out) {
        bench->reused |= first < bench->next_held_out;
        bench->next_held_out = first + count;
    }
    for (size_t i = first; i < first + count; i++) {
        uint64_t key = 2 * i + held_out;
        double u =
            oac_rng_uniform(bench->seed + 1000003 * bench->changes, OAC_RNG_TEST, key, 0);
        *right += u < bench->accuracy[bench->changes];
    }
    bench->seconds += bench->seconds_per_image * (double)count;
    return OAC_OK;
}

static enum oac_status change(void *context, enum oac_target_step step, bool *changed,
                              char detail[OAC_TARGET_DETAIL_BYTES], struct oac_err *err)
{
    struct bench *bench = context;
    (void)err;
    *changed = bench->possible[step] > 0;
    if (*changed) {
        bench->possible[step]--;
        bench->taken[bench->changes++] = step;
        strcpy(detail, "a change");
    }
    return OAC_OK;
}

static void cost(void *context, struct oac_target_cost *cost)
{
    const struct bench *bench = context;
    *cost = (struct oac_target_cost){.seconds = bench->seconds, .bench_s = NAN};
}

static const struct oac_target_bench functions = {NULL, classify, change, cost};

static enum oac_target_verdict run_at(struct bench *bench, double target, double max_s,
                                      struct oac_target_result *result)
{
    struct oac_target_bench with = functions;
    struct oac_err err;
    const struct oac_sink silent = {0};
    const struct oac_target_options options = {target, 0.95, max_s, CALIBRATION, HELD_OUT, 250};
    with.context = bench;
    cr_assert_eq(oac_target_run(&with, &options, &silent, result, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_not(bench->reused);
    cr_assert_eq(result->held_out_used, bench->next_held_out);
    return result->verdict;
}

static enum oac_target_verdict run(struct bench *bench, double target,
                                   struct oac_target_result *result)
{
    return run_at(bench, target, INFINITY, result);
}

Test(target, an_easy_bench_is_certified_at_once_with_few_images)
{
    struct bench bench = {.accuracy = {0.987}, .seed = 1};
    struct oac_target_result result;
    cr_assert_eq(run(&bench, 0.95, &result), OAC_TARGET_CERTIFIED);
    cr_assert_eq(result.attempts, 1);
    cr_assert_leq(result.held_out_used, 500);
    cr_assert_geq(result.attempt[0].bound, 0.95);
}

Test(target, steps_are_taken_in_the_order_of_their_cost_until_one_helps)
{
    struct bench bench = {.accuracy = {0.90, 0.92, 0.93, 0.94, 0.99, 0.5},
                          .possible = {0, 1, 2, 1, 1},
                          .seed = 2};
    struct oac_target_result result;
    cr_assert_eq(run(&bench, 0.97, &result), OAC_TARGET_CERTIFIED);
    cr_assert_eq(bench.changes, 4);
    cr_assert_eq(bench.taken[0], OAC_STEP_RECALIBRATE);
    cr_assert_eq(bench.taken[1], OAC_STEP_AVERAGE);
    cr_assert_eq(bench.taken[2], OAC_STEP_AVERAGE);
    cr_assert_eq(bench.taken[3], OAC_STEP_LIGHT);
    cr_assert_eq(result.attempts, 5);
    cr_assert_eq(result.best, 4);
    cr_assert_eq(result.attempt[4].step, OAC_STEP_LIGHT);
}

Test(target, what_the_calibration_split_refutes_costs_no_held_out_image)
{
    struct bench bench = {.accuracy = {0.90}, .seed = 3};
    struct oac_target_result result;
    cr_assert_eq(run(&bench, 0.98, &result), OAC_TARGET_REFUTED);
    cr_assert_eq(result.held_out_used, 0);
    cr_assert_float_eq(result.attempt[0].bound, 0.0, 0.0);
}

Test(target, a_margin_too_small_for_the_images_is_said_and_tried_after_the_last_step)
{
    struct bench bench = {.accuracy = {0.9838}, .seed = 14};
    struct oac_target_result result;
    enum oac_target_verdict verdict = run(&bench, 0.984, &result);
    cr_assert_eq(result.attempt[0].expected_images, HELD_OUT + 1, "%zu, %zu wrong",
                 result.attempt[0].expected_images, result.attempt[0].calibration.wrong);
    cr_assert(verdict == OAC_TARGET_OUT_OF_IMAGES || verdict == OAC_TARGET_REFUTED);
    cr_assert_gt(result.held_out_used, 0);
}

Test(target, time_ends_the_loop)
{
    struct bench bench = {.accuracy = {0.984}, .seed = 5, .seconds_per_image = 0.01};
    struct oac_target_result result;
    cr_assert_eq(run_at(&bench, 0.98, 45.0, &result), OAC_TARGET_OUT_OF_TIME);
    cr_assert_lt(bench.seconds, 45.0 + 2 * 2.5); /* it looks every 250 images */
}

/* 200 benches a tenth of a point below the target that can be changed six times: the rate of false certificates
 * must not exceed 5 %; 20 of 200 is what a true 5 % exceeds once in a thousand. */
Test(target, a_bench_below_the_target_is_seldom_certified_whatever_is_tried)
{
    unsigned certified = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct bench bench = {.accuracy = {0.979, 0.979, 0.979, 0.979, 0.979, 0.979, 0.979},
                              .possible = {0, 1, 2, 2, 1},
                              .seed = 1000 * seed};
        struct oac_target_result result;
        certified += run(&bench, 0.98, &result) == OAC_TARGET_CERTIFIED;
    }
    cr_assert_leq(certified, 20, "%u of 200", certified);
}

Test(target, a_bench_half_a_point_above_is_certified_more_often_than_not)
{
    unsigned certified = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct bench bench = {.accuracy = {0.987}, .seed = 77 + 1000 * seed};
        struct oac_target_result result;
        certified += run(&bench, 0.982, &result) == OAC_TARGET_CERTIFIED;
    }
    cr_assert_gt(certified, 28, "%u of 40", certified);
}

Test(target, a_device_that_fails_ends_it_and_what_was_done_is_told)
{
    struct bench bench = {.accuracy = {0.987}, .seed = 6, .fail_at = 3100};
    struct oac_target_bench with = functions;
    struct oac_target_result result;
    struct oac_err err;
    const struct oac_sink silent = {0};
    const struct oac_target_options options = {0.982,       0.95,     INFINITY,
                                               CALIBRATION, HELD_OUT, 250};
    with.context = &bench;
    cr_assert_eq(oac_target_run(&with, &options, &silent, &result, &err), OAC_EDEVICE);
    cr_assert_eq(result.attempts, 1);
    cr_assert_eq(result.held_out_used, 3000);
}

Test(target, a_target_that_is_no_accuracy_is_refused)
{
    struct bench bench = {.accuracy = {0.9}};
    struct oac_target_bench with = functions;
    struct oac_target_result result;
    struct oac_err err;
    const struct oac_sink silent = {0};
    with.context = &bench;
    const double wrong[] = {0.0, 1.0, -1.0, NAN, INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct oac_target_options options = {wrong[i], 0.95, INFINITY, 10, 10, 5};
        cr_assert_eq(oac_target_run(&with, &options, &silent, &result, &err), OAC_EINVAL);
        const struct oac_target_options unsure = {0.9, wrong[i], INFINITY, 10, 10, 5};
        cr_assert_eq(oac_target_run(&with, &unsure, &silent, &result, &err), OAC_EINVAL);
    }
}
