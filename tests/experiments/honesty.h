/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are certificates honest? Benches really calibrated, a network really run on each, and a target that lies
 * just above what it truly reaches there: how many are certified all the same?
 *
 * Truth of a bench: right answers on `images` fresh images with fresh noise, by the difference to the digital
 * network on the same images, whose own accuracy is known from PILOT images; the error of both together is
 * sigma. The target is two sigma above. Held-out and calibration images are drawn anew for every bench, as
 * chance draws them once for whoever certifies. No step of the loop may change the bench: what it improves
 * would no longer be below. */
#ifndef OAC_TESTS_EXPERIMENTS_HONESTY_H
#define OAC_TESTS_EXPERIMENTS_HONESTY_H

#include <gsl/gsl_cdf.h>
#include <stdio.h>

#include "calibration/calibration.h"
#include "calibration/target.h"
#include "experiments/classifier.h"
#include "tests/calibration/random_bench.h"
#include "tests/experiments/task.h"

#define PILOT    1000000u
#define CHUNKS   20u
#define HELD_OUT 12000u
#define JUDGED   3000u

struct honest_world {
    struct oac_network *network;
    double digital, digital_sigma; /* of the population */
};

struct honest_bench {
    struct random_bench bench;
    struct oac_calibration *found;
    struct oac_calrec *calrec;
    struct oac_engine *engine;
    struct oac_classifier *classifier;
    struct oac_dataset *held_out, *judged;
    double truth, sigma;
};

static inline void honest_world_make(struct honest_world *world)
{
    struct oac_err err;
    size_t sum = 0;
    world->network = task_network();
    for (uint64_t key = 0; key < CHUNKS; key++) {
        struct oac_dataset *images = task_images(PILOT / CHUNKS, 1000 + key);
        size_t right;
        cr_assert_eq(
            oac_classifier_digital(world->network, images, 0, images->count, &right, &err),
            OAC_OK, "%s", err.message);
        sum += right;
        oac_dataset_destroy(images);
    }
    world->digital = (double)sum / PILOT;
    world->digital_sigma = sqrt(world->digital * (1.0 - world->digital) / PILOT);
}

static inline void honest_measure_truth(const struct honest_world *world,
                                        struct honest_bench *b, uint64_t seed, size_t count)
{
    struct oac_dataset *images = task_images(count, UINT64_C(1) << 32 | seed);
    const size_t each = count / CHUNKS;
    double mean = 0.0, square = 0.0;
    struct oac_err err;
    for (size_t c = 0; c < CHUNKS; c++) {
        size_t light, digital;
        cr_assert_eq(oac_classifier_count(b->classifier, images, c * each, each, NULL, NULL,
                                          &light, &err),
                     OAC_OK, "%s", err.message);
        cr_assert_eq(
            oac_classifier_digital(world->network, images, c * each, each, &digital, &err),
            OAC_OK);
        const double difference = ((double)light - (double)digital) / (double)each;
        mean += difference / CHUNKS;
        square += difference * difference / CHUNKS;
    }
    b->truth = world->digital + mean;
    b->sigma = hypot(world->digital_sigma, sqrt((square - mean * mean) / (CHUNKS - 1)));
    oac_dataset_destroy(images);
}

/* Random bench number `seed`: two channels of unknown curves, calibrated by few states, so that it errs a
 * little. */
static inline void honest_open(const struct honest_world *world, struct honest_bench *b,
                               uint64_t seed, size_t truth_images)
{
    struct oac_calibrate_options options = oac_calibrate_defaults();
    struct oac_engine_options engine = {.encoding = OAC_RAILS, .repeats = 1};
    struct oac_err err;
    options.biases = 6;
    options.codes = 32;
    options.vectors = 256;
    options.noise_windows = 64;
    bench_open(&b->bench, "netcast-86km", 2, seed);
    cr_assert_eq(oac_calibrate_measure(&b->bench.link, &options, NULL, &b->found, &err), OAC_OK,
                 "bench %d: %s", (int)seed, err.message);
    cr_assert_eq(oac_calibration_record(b->found, b->bench.link.caps, &b->calrec, &err),
                 OAC_OK);
    engine.slot_base = b->found->last_slot0;
    cr_assert_eq(oac_engine_create(&b->bench.link, b->calrec, &engine, &b->engine, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(oac_classifier_create(b->engine, world->network, 1, &b->classifier, &err),
                 OAC_OK, "%s", err.message);
    b->held_out = task_images(HELD_OUT, UINT64_C(2) << 32 | seed);
    b->judged = task_images(JUDGED, UINT64_C(3) << 32 | seed);
    honest_measure_truth(world, b, seed, truth_images);
}

static inline void honest_close(struct honest_bench *b)
{
    oac_classifier_destroy(b->classifier);
    oac_engine_destroy(b->engine);
    oac_calrec_destroy(b->calrec);
    oac_calibration_destroy(b->found);
    oac_dataset_destroy(b->held_out);
    oac_dataset_destroy(b->judged);
    bench_close(&b->bench);
}

static inline enum oac_status honest_classify(void *context, bool held_out, size_t first,
                                              size_t count, size_t *right, struct oac_err *err)
{
    struct honest_bench *b = context;
    return oac_classifier_count(b->classifier, held_out ? b->held_out : b->judged, first, count,
                                NULL, NULL, right, err);
}

static inline enum oac_status honest_change(void *context, enum oac_target_step step,
                                            bool *changed, char detail[OAC_TARGET_DETAIL_BYTES],
                                            struct oac_err *err)
{
    (void)context, (void)step, (void)detail, (void)err;
    *changed = false;
    return OAC_OK;
}

static inline void honest_cost(void *context, struct oac_target_cost *cost)
{
    (void)context;
    *cost = (struct oac_target_cost){0};
}

static inline bool honest_certifies(struct honest_bench *b, double target)
{
    const struct oac_target_bench functions = {b, honest_classify, honest_change, honest_cost};
    const struct oac_target_options options = {.target = target,
                                               .confidence = 0.95,
                                               .max_s = INFINITY,
                                               .calibration_images = JUDGED,
                                               .held_out_images = HELD_OUT,
                                               .look_images = 250};
    struct oac_target_result result;
    struct oac_err err;
    cr_assert_eq(oac_target_run(&functions, &options, NULL, &result, &err), OAC_OK, "%s",
                 err.message);
    return result.verdict == OAC_TARGET_CERTIFIED;
}

struct honesty {
    int benches, wrong,
        missed; /* certified just above the truth; not certified well below it */
    double truth_least, truth_most, sigma_most;
};

/* The most of so many benches that 5 % would exceed once in a thousand times. */
static inline int honest_limit(int benches)
{
    int limit = 0;
    while (gsl_cdf_binomial_Q((unsigned)limit, 0.05, (unsigned)benches) > 1e-3)
        limit++;
    return limit;
}

static inline struct honesty honesty_of(int benches, uint64_t first, size_t truth_images)
{
    struct honest_world world;
    struct honesty h = {.benches = benches, .truth_least = 1.0};
    honest_world_make(&world);
    for (int i = 0; i < benches; i++) {
        struct honest_bench b = {0};
        honest_open(&world, &b, first + (uint64_t)i, truth_images);
        h.wrong += honest_certifies(&b, b.truth + 2.0 * b.sigma);
        h.missed += !honest_certifies(&b, b.truth - 0.02);
        h.truth_least = fmin(h.truth_least, b.truth);
        h.truth_most = fmax(h.truth_most, b.truth);
        h.sigma_most = fmax(h.sigma_most, b.sigma);
        honest_close(&b);
    }
    fprintf(stderr,
            "digital %.3f %%; %d benches of truly %.2f to %.2f %%, known to %.3f %%: %d "
            "certified just above that "
            "(limit %d), %d not certified 2 points below\n",
            100.0 * world.digital, benches, 100.0 * h.truth_least, 100.0 * h.truth_most,
            100.0 * h.sigma_most, h.wrong, honest_limit(benches), h.missed);
    oac_network_destroy(world.network);
    return h;
}

#endif
