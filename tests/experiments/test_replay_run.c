/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recorded run replays to the same labels and outputs, however it is cut and whatever it ran on. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/run.h"
#include "sim/noise.h"
#ifdef OAC_HAVE_LIBIIO
#include "tests/driver/iio_fixture.h"
#endif
#include "tests/support/small_world.h"

static struct oac_small_world world;
static char recording[OAC_TEST_DIR_BYTES + 16];

static void make(void)
{
    oac_small_world_make(&world);
    oac_test_dir_path(world.dir, "bench.h5", recording);
}

static void clear(void)
{
    oac_small_world_remove(&world);
}

TestSuite(replay_run, .init = make, .fini = clear, .timeout = 240);

static struct oac_run_options options_of(const char *on, const char *output)
{
    return (struct oac_run_options){.model_path = world.model,
                                    .data_name = "small",
                                    .data_directory = world.data,
                                    .rig = "m2k-bench",
                                    .on = on,
                                    .images = 5,
                                    .encoding = OAC_RAILS,
                                    .noise = OAC_NOISE_ALL,
                                    .photons_per_mac = NAN,
                                    .repeats = 1,
                                    .seed = 1,
                                    .output_path = output};
}

static void run(const struct oac_run_options *options)
{
    struct oac_run_result *result = malloc(sizeof *result);
    struct oac_err err;
    cr_assert_eq(oac_run(options, NULL, result, &err), OAC_OK, "%s: %s", options->on,
                 err.message);
    free(result);
}

/* Everything that was computed for each image: labels, outputs, photons. */
static void same_images(const char *one_path, const char *other_path)
{
    struct oac_h5_file *one, *other;
    struct oac_err err;
    size_t compared = 0;
    cr_assert_eq(oac_h5_read(one_path, 0, &one, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_read(other_path, 0, &other, &err), OAC_OK, "%s", err.message);
    for (size_t i = 0; i < one->array_count; i++) {
        const struct oac_h5_array *a = &one->arrays[i];
        if (strncmp(a->path, "/images/", 8) != 0)
            continue;
        const struct oac_h5_array *b = oac_h5_find_array(other, a->path);
        cr_assert(b && b->count == a->count && b->type == a->type, "%s", a->path);
        const size_t bytes = a->type == OAC_H5_F64 ? 8 : a->type == OAC_H5_F32 ? 4 : 1;
        cr_expect_eq(memcmp(a->data, b->data, a->count * bytes), 0, "%s differs", a->path);
        compared++;
    }
    cr_assert_geq(compared, 4, "%zu", compared);
    oac_h5_file_destroy(one);
    oac_h5_file_destroy(other);
}

Test(replay_run, a_simulated_run_replays_in_other_batches_to_the_same_outputs)
{
    char first[OAC_TEST_DIR_BYTES + 16], again[OAC_TEST_DIR_BYTES + 16];
    struct oac_run_options options =
        options_of("wave", oac_test_dir_path(world.dir, "first.h5", first));
    options.record_path = recording;
    options.threads = 2;
    options.batch = 1;
    run(&options);
    options = options_of("replay", oac_test_dir_path(world.dir, "again.h5", again));
    options.uri = recording;
    options.batch = 3;
    run(&options);
    same_images(first, again);
    options.batch = 2;
    options.images = 3;
    options.output_path = NULL;
    run(&options); /* fewer images are a part of it */
}

#ifdef OAC_HAVE_LIBIIO
/* A board's delays differ from burst to burst, so batches that were cut elsewhere are asked for window by
 * window. */
Test(replay_run, a_run_on_a_virtual_bench_replays_to_the_same_outputs)
{
    char first[OAC_TEST_DIR_BYTES + 16], again[OAC_TEST_DIR_BYTES + 16];
    static struct iio_fixture bench;
    struct oac_err err;
    const char *wrong = iio_fixture_open(&bench, OAC_NOISE_ALL, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
    struct oac_run_options options =
        options_of("iio", oac_test_dir_path(world.dir, "first.h5", first));
    options.uri = bench.uri;
    options.record_path = recording;
    run(&options);
    iio_fixture_kill(&bench);
    options = options_of("replay", oac_test_dir_path(world.dir, "again.h5", again));
    options.uri = recording;
    options.seed = 77; /* a lab bench has the noise it has */
    run(&options);
    same_images(first, again);
    options.batch = 2;
    run(&options);
    same_images(first, again);
}
#endif

/* One line that says what is new about a request. */
static void refused(struct oac_run_options options, enum oac_status status, const char *says)
{
    struct oac_run_result *result = malloc(sizeof *result);
    struct oac_err err = {0};
    options.uri = recording;
    cr_expect_eq(oac_run(&options, NULL, result, &err), status, "%s: %s", says, err.message);
    cr_expect(strstr(err.message, says), "\"%s\" is not in: %s", says, err.message);
    cr_expect_null(strchr(err.message, '\n'));
    free(result);
}

Test(replay_run, what_was_never_recorded_is_named)
{
    static const char *const dimmer[] = {"laser.power_dbm=9"};
    struct oac_run_options options = options_of("wave", NULL);
    options.record_path = recording;
    options.images = 2;
    run(&options);
    options = options_of("replay", NULL);
    options.images = 2;
    struct oac_run_options other = options;
    other.images = 3;
    refused(other, OAC_EMISMATCH, "client samples were never recorded");
    other = options;
    other.seed = 2;
    refused(other, OAC_EMISMATCH, "--seed 1");
    other = options;
    other.noise = OAC_NOISE_NONE;
    refused(other, OAC_EMISMATCH, "--noise all");
    other = options;
    other.sets = dimmer;
    other.set_count = 1;
    refused(other, OAC_EMISMATCH, "power_dbm: 9");
    other = options;
    other.encoding = OAC_OFFSET;
    refused(other, OAC_EMISMATCH, "these weights");
    other = options;
    other.photons_per_mac = 1e6;
    refused(other, OAC_EMISMATCH, "other launch power");
    other = options;
    other.record_path = "elsewhere.h5";
    refused(other, OAC_EUSAGE, "record a bench");
}
