/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The acceptance of the calibration: a bench that nobody knows, the shipped network on it before and after,
 * against the same network in floating point on the same images.
 *
 * Images are paired, so chance is in those alone that only one of the two gets right: of n images, lost and
 * won of them, light is (lost - won)/n below digital with a standard error of sqrt(lost + won)/n. */
#ifndef OAC_TESTS_EXPERIMENTS_CALIBRATE_MNIST_H
#define OAC_TESTS_EXPERIMENTS_CALIBRATE_MNIST_H

#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/calibrate.h"
#include "experiments/run.h"
#include "tests/calibration/random_bench.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

#define MNIST_POINTS 0.5   /* that light may be below digital */
#define MNIST_Z      1.645 /* 95 %, one-sided */
#define MNIST_SETS   24

struct mnist_bench {
    const char *rig, *on, *uri;
    char text[MNIST_SETS][80];
    const char *sets[MNIST_SETS];
    size_t set_count;
    char dir[OAC_TEST_DIR_BYTES], cal[OAC_TEST_DIR_BYTES + 16], model[OAC_TEST_PATH_BYTES];
};

struct mnist_score {
    size_t images, lost, won; /* lost: digital alone is right; won: light alone */
    double light, digital;    /* accuracies */
};

static inline void mnist_set(struct mnist_bench *bench, const char *key, double value)
{
    cr_assert_lt(bench->set_count, MNIST_SETS);
    char *text = bench->text[bench->set_count];
    snprintf(text, sizeof bench->text[0], "%s=%.17g", key, value);
    bench->sets[bench->set_count++] = text;
}

/* False: the test was skipped. */
static inline bool mnist_open(struct mnist_bench *bench, const char *rig, const char *on,
                              const char *uri)
{
    char data[OAC_TEST_PATH_BYTES];
    const char *source = getenv("OAC_SOURCE_DIR");
    memset(bench, 0, sizeof *bench);
    bench->rig = rig;
    bench->on = on;
    bench->uri = uri;
    oac_test_shared_path("mnist/t10k-images-idx3-ubyte.gz", data);
    snprintf(bench->model, sizeof bench->model, "%s/experiments/mnist/mnist.h5",
             source ? source : ".");
    if (!oac_test_need_file(data, "the MNIST images") ||
        !oac_test_need_file(bench->model, "the network shipped for MNIST"))
        return false;
    oac_test_dir_make(bench->dir);
    oac_test_dir_path(bench->dir, "cal.h5", bench->cal);
    return true;
}

static inline void mnist_close(struct mnist_bench *bench)
{
    oac_test_dir_remove(bench->dir);
}

/* What random bench number `seed` hides (random_bench.h), on the rig's own channels and grid. */
static inline void mnist_hide(struct mnist_bench *bench, uint64_t seed)
{
    struct random_bench drawn;
    bench_draw_rig(&drawn, bench->rig, 16, seed);
    const struct oac_rig *r = &drawn.rig;
    mnist_set(bench, "bench_seed", (double)r->bench_seed);
    mnist_set(bench, "weight_modulator.vpi_spread", r->weight_modulator.vpi_spread);
    mnist_set(bench, "client_modulator.vpi_spread", r->client_modulator.vpi_spread);
    mnist_set(bench, "weight_modulator.bias_spread_v", r->weight_modulator.bias_spread_v);
    mnist_set(bench, "client_modulator.bias_spread_v", r->client_modulator.bias_spread_v);
    mnist_set(bench, "weight_modulator.er_db", r->weight_modulator.er_db);
    mnist_set(bench, "client_modulator.er_db", r->client_modulator.er_db);
    mnist_set(bench, "detector.gain_spread_db", r->detector.gain_spread_db);
    mnist_set(bench, "adc.offset_spread_v", r->adc.offset_spread_v);
    mnist_set(bench, "demux.adjacent_db", r->demux.adjacent_db);
    mnist_set(bench, "demux.nonadjacent_db", r->demux.nonadjacent_db);
    mnist_set(bench, "timing.skew_s", r->timing.skew_s);
}

/* Measures the bench into bench->cal; returns the worst channel's error of fresh vectors [full scale]. */
static inline double mnist_calibrate(const struct mnist_bench *bench,
                                     const struct oac_calibrate_options *measure)
{
    const struct oac_calibrate_request request = {.station = {.rig = bench->rig,
                                                              .on = bench->on,
                                                              .uri = bench->uri,
                                                              .sets = bench->sets,
                                                              .set_count = bench->set_count,
                                                              .noise = OAC_NOISE_ALL,
                                                              .seed = 1,
                                                              .engine = {.repeats = 1}},
                                                  .measure = *measure,
                                                  .target = NAN,
                                                  .max_s = INFINITY,
                                                  .output_path = bench->cal,
                                                  .command_line = "test"};
    struct oac_calibrate_outcome *outcome = calloc(1, sizeof *outcome);
    struct oac_err err;
    double worst = 0.0;
    cr_assert_eq(oac_calibrate(&request, NULL, outcome, &err), OAC_OK, "%s", err.message);
    for (size_t k = 0; k < outcome->calibration->channels; k++)
        worst = fmax(worst, outcome->calibration->channel[k].verify_rms);
    oac_calibrate_outcome_fini(outcome);
    free(outcome);
    return worst;
}

static inline const uint8_t *mnist_labels(const struct oac_h5_file *file, const char *path)
{
    const struct oac_h5_array *array = oac_h5_find_array(file, path);
    cr_assert_not_null(array, "%s", path);
    return array->data;
}

/* The first so many test images (0: all), with bench->cal or without. */
static inline struct mnist_score mnist_run(const struct mnist_bench *bench, bool calibrated,
                                           size_t images)
{
    char path[OAC_TEST_DIR_BYTES + 16];
    const struct oac_run_options options = {
        .model_path = bench->model,
        .data_name = "mnist",
        .rig = bench->rig,
        .on = bench->on,
        .uri = bench->uri,
        .sets = bench->sets,
        .set_count = bench->set_count,
        .images = images,
        .noise = OAC_NOISE_ALL,
        .photons_per_mac = NAN,
        .repeats = 1,
        .seed = 1,
        .calibration = {.path = calibrated ? bench->cal : NULL},
        .output_path = oac_test_dir_path(bench->dir, "run.h5", path)};
    struct oac_run_result *result = calloc(1, sizeof *result);
    struct oac_h5_file *file = NULL;
    struct oac_err err;
    cr_assert_eq(oac_run(&options, NULL, result, &err), OAC_OK, "%s", err.message);
    struct mnist_score score = {.images = result->images,
                                .light = result->accuracy,
                                .digital = result->accuracy_digital};
    free(result);
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK, "%s", err.message);
    const uint8_t *label = mnist_labels(file, "/images/label");
    const uint8_t *light = mnist_labels(file, "/images/prediction");
    const uint8_t *digital = mnist_labels(file, "/images/prediction_digital");
    for (size_t i = 0; i < score.images; i++) {
        score.lost += digital[i] == label[i] && light[i] != label[i];
        score.won += digital[i] != label[i] && light[i] == label[i];
    }
    oac_h5_file_destroy(file);
    return score;
}

/* Points that light is below digital, and their standard error; an image more or less is the least. */
static inline double mnist_below(const struct mnist_score *score, double *sigma)
{
    const double n = (double)score->images, apart = (double)(score->lost + score->won);
    *sigma = 100.0 * sqrt(fmax(apart, 1.0)) / n;
    return 100.0 * ((double)score->lost - (double)score->won) / n;
}

static inline void mnist_tell(uint64_t seed, const struct mnist_bench *bench,
                              const struct mnist_score *before, const struct mnist_score *after,
                              double rms)
{
    double sigma;
    const double below = mnist_below(after, &sigma);
    fprintf(
        stderr,
        "bench %2llu on %-4s before %6.2f %%, after %6.2f %%, digital %6.2f %%: %+.2f +- %.2f "
        "points below, %zu images; vectors come back within %.3f %%\n",
        (unsigned long long)seed, bench->on, 100.0 * before->light, 100.0 * after->light,
        100.0 * after->digital, below, sigma, after->images, 100.0 * rms);
}

/* So many images that MNIST_POINTS are a statement: below it by more than chance. */
static inline void mnist_expect_proven(const struct mnist_score *score)
{
    double sigma;
    const double below = mnist_below(score, &sigma);
    cr_expect_leq(below + MNIST_Z * sigma, MNIST_POINTS, "%.2f +- %.2f points below digital",
                  below, sigma);
}

/* So few that they can only refute it. */
static inline void mnist_expect_possible(const struct mnist_score *score)
{
    double sigma;
    const double below = mnist_below(score, &sigma);
    cr_expect_leq(below - MNIST_Z * sigma, MNIST_POINTS, "%.2f +- %.2f points below digital",
                  below, sigma);
}

#endif
