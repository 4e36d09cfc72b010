/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MNIST on a virtual ADALM2000 over TCP, recorded, and replayed to the same labels and outputs, bit for bit.
 * Half a minute on one core. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/run.h"
#include "sim/noise.h"
#include "tests/driver/iio_fixture.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

enum { IMAGES = 20 };

static void run(const struct oac_run_options *options, double *accuracy)
{
    struct oac_run_result *result = malloc(sizeof *result);
    struct oac_err err;
    cr_assert_eq(oac_run(options, NULL, result, &err), OAC_OK, "%s", err.message);
    *accuracy = result->accuracy;
    free(result);
}

static void same(const char *one_path, const char *other_path, const char *array, size_t bytes)
{
    struct oac_h5_file *one, *other;
    struct oac_err err;
    cr_assert_eq(oac_h5_read(one_path, 0, &one, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_read(other_path, 0, &other, &err), OAC_OK, "%s", err.message);
    const struct oac_h5_array *a = oac_h5_find_array(one, array),
                              *b = oac_h5_find_array(other, array);
    cr_assert(a && b && a->count == b->count && a->count >= IMAGES, "%s", array);
    cr_expect_eq(memcmp(a->data, b->data, a->count * bytes), 0, "%s differs", array);
    oac_h5_file_destroy(one);
    oac_h5_file_destroy(other);
}

Test(replay_mnist, twenty_images_on_a_virtual_bench_replay_to_the_same_labels_and_outputs,
     .timeout = 900)
{
    static struct iio_fixture bench;
    char model[OAC_TEST_PATH_BYTES], data[OAC_TEST_PATH_BYTES], dir[OAC_TEST_DIR_BYTES];
    char recording[OAC_TEST_DIR_BYTES + 16], first[OAC_TEST_DIR_BYTES + 16],
        again[OAC_TEST_DIR_BYTES + 16];
    const char *source = getenv("OAC_SOURCE_DIR");
    double on_the_bench, replayed;
    struct oac_err err;
    oac_test_shared_path("mnist/t10k-images-idx3-ubyte.gz", data);
    oac_test_need_file(data, "the MNIST images");
    snprintf(model, sizeof model, "%s/experiments/mnist/mnist.h5", source ? source : ".");
    oac_test_need_file(model, "the network shipped for MNIST");
    oac_test_dir_make(dir);
    const char *wrong = iio_fixture_open(&bench, OAC_NOISE_ALL, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
    struct oac_run_options options = {
        .model_path = model,
        .data_name = "mnist",
        .rig = "m2k-bench",
        .on = "iio",
        .uri = bench.uri,
        .images = IMAGES,
        .encoding = OAC_RAILS,
        .noise = OAC_NOISE_ALL,
        .photons_per_mac = NAN,
        .repeats = 1,
        .seed = 1,
        .output_path = oac_test_dir_path(dir, "first.h5", first),
        .record_path = oac_test_dir_path(dir, "bench.h5", recording),
    };
    run(&options, &on_the_bench);
    iio_fixture_kill(&bench);
    options.on = "replay";
    options.uri = recording;
    options.record_path = NULL;
    options.output_path = oac_test_dir_path(dir, "again.h5", again);
    options.batch = 7;
    run(&options, &replayed);
    cr_expect_eq(on_the_bench, replayed);
    cr_expect_geq(on_the_bench, 0.9, "%.2f",
                  on_the_bench); /* 19 of 20 is what chance may take */
    same(first, again, "/images/prediction", 1);
    same(first, again, "/images/logits", sizeof(float));
    oac_test_dir_remove(dir);
}
#else
typedef int oac_no_libiio;
#endif
