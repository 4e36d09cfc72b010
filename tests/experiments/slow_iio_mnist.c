/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same images on `wave` and on a board over TCP with the same bench behind it, noise and all: the
 * labels are the same but for those that chance decides. Two to three minutes on one core. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/run.h"
#include "tests/driver/iio_process.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

#define IMAGES 200

struct predictions {
    uint8_t label[IMAGES], of[IMAGES], digital[IMAGES];
    double seconds;
};

static void copy_bytes(const struct oac_h5_file *file, const char *path, uint8_t *out)
{
    const struct oac_h5_array *array = oac_h5_find_array(file, path);
    cr_assert(array && array->count == IMAGES, "%s", path);
    memcpy(out, array->data, IMAGES);
}

static void predict(const char *on, const char *uri, uint32_t noise, struct predictions *p)
{
    char model[OAC_TEST_PATH_BYTES], dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
    const char *source = getenv("OAC_SOURCE_DIR");
    struct oac_h5_file *file;
    struct oac_err err;
    snprintf(model, sizeof model, "%s/experiments/mnist/mnist.h5", source ? source : ".");
    oac_test_dir_make(dir);
    const struct oac_run_options options = {
        .model_path = model,
        .data_name = "mnist",
        .rig = "m2k-bench",
        .on = on,
        .uri = uri,
        .images = IMAGES,
        .encoding = OAC_RAILS,
        .noise = noise,
        .photons_per_mac = NAN,
        .repeats = 1,
        .seed = 1,
        .output_path = oac_test_dir_path(dir, "run.h5", path),
    };
    struct oac_run_result *result = malloc(sizeof *result);
    const double from_s = iio_fixture_now_s();
    cr_assert_eq(oac_run(&options, NULL, result, &err), OAC_OK, "%s: %s", on, err.message);
    p->seconds = iio_fixture_now_s() - from_s;
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK, "%s", err.message);
    copy_bytes(file, "/images/label", p->label);
    copy_bytes(file, "/images/prediction", p->of);
    copy_bytes(file, "/images/prediction_digital", p->digital);
    oac_h5_file_destroy(file);
    oac_test_dir_remove(dir);
    free(result);
}

static size_t same(const uint8_t *a, const uint8_t *b)
{
    size_t count = 0;
    for (size_t i = 0; i < IMAGES; i++)
        count += a[i] == b[i];
    return count;
}

Test(iio_mnist, two_hundred_images_over_tcp_are_labelled_as_in_the_simulator, .timeout = 1200)
{
    static struct predictions iio, wave;
    struct iio_process bench = {0};
    char data[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("mnist/t10k-images-idx3-ubyte.gz", data);
    if (!oac_test_need_file(data, "the MNIST images"))
        return;
    cr_assert(iio_process_start(&bench, OAC_NOISE_ALL, NULL));
    predict("iio", bench.uri, OAC_NOISE_ALL, &iio);
    predict("wave", NULL, OAC_NOISE_ALL, &wave);
    iio_process_signal(&bench, SIGKILL);
    cr_log_info("%zu of %d labels the same; right: iio %zu, wave %zu, digital %zu; %.1f s and "
                "%.1f s",
                same(iio.of, wave.of), IMAGES, same(iio.of, iio.label),
                same(wave.of, wave.label), same(wave.digital, wave.label), iio.seconds,
                wave.seconds);
    /* A bench that plays nothing labels a tenth of the images as the other one does by chance. */
    cr_expect_geq(same(iio.of, wave.of), IMAGES * 98 / 100);
    cr_expect_geq(same(iio.of, iio.label), IMAGES * 95 / 100);
}
#else
typedef int oac_no_libiio;
#endif
