/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Targets that cannot be reached: the last row of the table of faults (docs/faults.md). Every second bench
 * would need a better network, the others more light than their lasers have. */
#ifndef OAC_TESTS_EXPERIMENTS_UNREACHABLE_H
#define OAC_TESTS_EXPERIMENTS_UNREACHABLE_H

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "experiments/calibrate.h"
#include "models/formats/native.h"
#include "sim/noise.h"
#include "tests/experiments/task.h"
#include "tests/support/tmpdir.h"

#define UNREACHABLE_IMAGES 8000u /* of the training file: 400 are reference, 1600 held out */

struct unreachable {
    char dir[OAC_TEST_DIR_BYTES], data[OAC_TEST_DIR_BYTES + 16], model[OAC_TEST_DIR_BYTES + 16];
    int not_reached, explained,
        faults; /* benches: verdict; with best, dominant error and help; ended otherwise */
    double longest_s; /* processor time */
};

static inline void unreachable_big_endian(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline void unreachable_put(const char *dir, const char *name, uint32_t magic,
                                   const uint32_t *dims, size_t rank, const uint8_t *bytes,
                                   size_t count)
{
    char path[OAC_TEST_DIR_BYTES + 64];
    uint8_t *file = malloc(4 + 4 * rank + count);
    cr_assert_not_null(file);
    unreachable_big_endian(file, magic);
    for (size_t d = 0; d < rank; d++)
        unreachable_big_endian(file + 4 + 4 * d, dims[d]);
    memcpy(file + 4 + 4 * rank, bytes, count);
    oac_test_file_put(oac_test_dir_path(dir, name, path), file, 4 + 4 * rank + count);
    free(file);
}

static inline void unreachable_make(struct unreachable *u)
{
    const uint32_t dims[3] = {UNREACHABLE_IMAGES, 4, 4};
    struct oac_dataset *images = task_images(UNREACHABLE_IMAGES, 77);
    struct oac_network *network = task_network();
    struct oac_err err;
    *u = (struct unreachable){0};
    oac_test_dir_make(u->dir);
    snprintf(u->data, sizeof u->data, "%s/task", u->dir);
    snprintf(u->model, sizeof u->model, "%s/model.h5", u->dir);
    cr_assert_eq(mkdir(u->data, 0700), 0);
    unreachable_put(u->data, "train-images-idx3-ubyte", 0x803, dims, 3, images->pixels,
                    UNREACHABLE_IMAGES * TASK_PIXELS);
    unreachable_put(u->data, "train-labels-idx1-ubyte", 0x801, dims, 1, images->labels,
                    UNREACHABLE_IMAGES);
    cr_assert_eq(oac_native_write(network, u->model, "test", &err), OAC_OK, "%s", err.message);
    oac_network_destroy(network);
    oac_dataset_destroy(images);
}

/* What the issue asks of a target that is not reached: the best, what dominates, what would help. */
static inline bool unreachable_explains(const char *reason, bool network)
{
    const bool why = network
                         ? strstr(reason, "the network itself is right on") &&
                               strstr(reason, "train it longer")
                         : strstr(reason, "noise dominates") && strstr(reason, "more light");
    return why && strncmp(reason, "best ", 5) == 0;
}

static inline void unreachable_bench(struct unreachable *u, uint64_t seed)
{
    char bench_seed[48];
    const bool network = seed % 2 == 0;
    const char *const sets[] = {bench_seed,
                                "channels=2",
                                "weight_modulator.vpi_spread=0.1",
                                "client_modulator.vpi_spread=0.1",
                                "weight_modulator.bias_spread_v=2.5",
                                "client_modulator.bias_spread_v=2.5",
                                network ? "laser.power_dbm=-10" : "laser.power_dbm=-24",
                                network ? "laser.power_max_dbm=-10"
                                        : "laser.power_max_dbm=-24"};
    struct oac_calibrate_request request = {
        .station = {.rig = "netcast-86km",
                    .sets = sets,
                    .set_count = sizeof sets / sizeof *sets,
                    .noise = OAC_NOISE_ALL,
                    .seed = seed,
                    .engine = {.encoding = OAC_RAILS, .repeats = 1}},
        .measure = oac_calibrate_defaults(),
        .model_path = u->model,
        .data_name = "task",
        .data_directory = u->data,
        .target = network ? 0.95 : 0.78,
        .confidence = 0.95,
        .max_s = INFINITY,
        .threads = 1};
    struct oac_calibrate_outcome *outcome = calloc(1, sizeof *outcome);
    struct oac_err err;
    cr_assert_not_null(outcome);
    request.measure.biases = 6;
    request.measure.codes = 32;
    request.measure.vectors = 256;
    request.measure.noise_windows = 64;
    snprintf(bench_seed, sizeof bench_seed, "bench_seed=%d", (int)seed);
    const clock_t start = clock();
    if (oac_calibrate(&request, NULL, outcome, &err)) {
        fprintf(stderr, "bench %d: %s\n", (int)seed, err.message);
        u->faults++;
    } else {
        const bool reached = outcome->target.verdict == OAC_TARGET_CERTIFIED;
        const bool explained = !reached && unreachable_explains(outcome->reason, network);
        u->not_reached += !reached;
        u->explained += explained;
        if (!explained)
            fprintf(stderr, "bench %d: %s, %s\n", (int)seed,
                    oac_target_verdict_names[outcome->target.verdict], outcome->reason);
        oac_calibrate_outcome_fini(outcome);
    }
    u->longest_s = fmax(u->longest_s, (double)(clock() - start) / CLOCKS_PER_SEC);
    free(outcome);
}

static inline struct unreachable unreachable_of(int benches, uint64_t first)
{
    struct unreachable u;
    unreachable_make(&u);
    for (int i = 0; i < benches; i++)
        unreachable_bench(&u, first + (uint64_t)i);
    fprintf(
        stderr,
        "unreachable target: %d of %d not reached, %d explained, %d faults; longest %.2f s\n",
        u.not_reached, benches, u.explained, u.faults, u.longest_s);
    oac_test_dir_remove(u.dir);
    return u;
}

#endif
