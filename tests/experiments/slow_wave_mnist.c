/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same images through both engines over 86 km: predictions that differ by chance alone where the analytic
 * assumptions hold, and the collapse where wavelengths walk off by whole slots.
 * Half a minute each on one core. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/run.h"
#include "sim/noise.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

#define IMAGES     1000 /* of the comparison */
#define IMAGES_FEW 200  /* of the collapse, which is no matter of a point */

struct predictions {
    size_t images, right;
    uint8_t label[IMAGES], of[IMAGES];
    double accuracy, accuracy_digital;
};

static void copy_bytes(const struct oac_h5_file *file, const char *path, size_t count,
                       uint8_t *out)
{
    const struct oac_h5_array *array = oac_h5_find_array(file, path);

    cr_assert(array && array->count == count, "%s", path);
    memcpy(out, array->data, count);
}

static void predict(const char *on, uint32_t noise, const char *const *sets, size_t set_count,
                    size_t images, struct predictions *p)
{
    char model[OAC_TEST_PATH_BYTES], data[OAC_TEST_PATH_BYTES], dir[OAC_TEST_DIR_BYTES],
        path[OAC_TEST_DIR_BYTES + 16];
    const char *source = getenv("OAC_SOURCE_DIR");
    struct oac_err err;

    oac_test_shared_path("mnist/t10k-images-idx3-ubyte.gz", data);
    oac_test_need_file(data, "the MNIST images");
    snprintf(model, sizeof model, "%s/experiments/mnist/mnist.h5", source ? source : ".");
    oac_test_need_file(model, "the network shipped for MNIST");
    oac_test_dir_make(dir);
    struct oac_run_options options = {
        .model_path = model,
        .data_name = "mnist",
        .rig = "netcast-86km",
        .sets = sets,
        .set_count = set_count,
        .on = on,
        .images = images,
        .encoding = OAC_RAILS,
        .noise = noise,
        .photons_per_mac = NAN,
        .repeats = 1,
        .seed = 1,
        .output_path = oac_test_dir_path(dir, "run.h5", path),
    };
    struct oac_run_result *result = malloc(sizeof *result);
    cr_assert_eq(oac_run(&options, NULL, result, &err), OAC_OK, "%s: %s", on, err.message);
    struct oac_h5_file *file;
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK, "%s", err.message);
    p->images = options.images;
    p->accuracy = result->accuracy;
    p->accuracy_digital = result->accuracy_digital;
    copy_bytes(file, "/images/label", p->images, p->label);
    copy_bytes(file, "/images/prediction", p->images, p->of);
    oac_h5_file_destroy(file);
    oac_test_dir_remove(dir);
    free(result);
}

/* Exact two-sided McNemar test: of the images that one engine alone gets right, is it a fair coin which?
 *     p = min(1, 2 sum_{i <= min(b,c)} binomial(b+c, i) 2^-(b+c)) */
static double mcnemar(size_t b, size_t c)
{
    size_t n = b + c, least = b < c ? b : c;
    double sum = 0.0;
    for (size_t i = 0; i <= least; i++)
        sum += exp(lgamma((double)n + 1.0) - lgamma((double)i + 1.0) -
                   lgamma((double)(n - i) + 1.0) - (double)n * log(2.0));
    return fmin(1.0, 2.0 * sum);
}

/* Known values: 0 of 11 is 2/2^11; 5 and 5 are no evidence. */
Test(wave_mnist, mcnemar_is_a_binomial_tail)
{
    cr_expect_float_eq(mcnemar(0, 11), 2.0 / 2048.0, 1e-12);
    cr_expect_float_eq(mcnemar(11, 0), 2.0 / 2048.0, 1e-12);
    cr_expect_float_eq(mcnemar(5, 5), 1.0, 1e-12);
    cr_expect_float_eq(mcnemar(1, 9), 22.0 / 1024.0, 1e-12);
}

Test(wave_mnist, eighty_six_kilometres_with_everything_on_classify_as_the_analytic_engine_does,
     .timeout = 600)
{
    static struct predictions sim, wave;
    size_t b = 0, c = 0;

    predict("sim", OAC_NOISE_ALL, NULL, 0, IMAGES, &sim);
    predict("wave", OAC_NOISE_ALL, NULL, 0, IMAGES, &wave);
    for (size_t i = 0; i < sim.images; i++) {
        bool s = sim.of[i] == sim.label[i], w = wave.of[i] == wave.label[i];
        b += s && !w;
        c += w && !s;
    }
    double p = mcnemar(b, c), points = 100.0 * (wave.accuracy - sim.accuracy);
    cr_log_info("sim %.4f, wave %.4f, digital %.4f, %zu and %zu apart, p = %g", sim.accuracy,
                wave.accuracy, sim.accuracy_digital, b, c, p);
    cr_expect_gt(p, 1e-3, "%zu images right on sim alone, %zu on wave alone: p = %g", b, c, p);
    cr_expect_leq(fabs(points), 1.0, "%.2f points apart", points);
    cr_expect_geq(wave.accuracy, 0.95, "%.4f", wave.accuracy); /* and not both by chance */
}

/* At 100 MBd the outer lines are 35.16 ns = 3.5 slots apart, each up to 1.8 slots from the client's data. Without
 * noise, or the light of so short a slot would decide (experiments/rigs/netcast-86km.yaml). */
Test(wave_mnist, slots_shorter_than_the_walk_off_need_precompensation, .timeout = 600)
{
    static struct predictions with, without;
    const char *on[] = {"slot_rate_hz=100e6", "fiber.precompensate=yes"},
               *off[] = {"slot_rate_hz=100e6", "fiber.precompensate=no"};

    predict("wave", OAC_NOISE_NONE, on, 2, IMAGES_FEW, &with);
    predict("wave", OAC_NOISE_NONE, off, 2, IMAGES_FEW, &without);
    double points = 100.0 * (with.accuracy - with.accuracy_digital);
    cr_log_info("with %.4f, without %.4f, digital %.4f", with.accuracy, without.accuracy,
                with.accuracy_digital);
    /* one point of 1000 images is sqrt(5) of 200 */
    cr_expect_leq(fabs(points), sqrt(5.0), "%.2f points from digital", points);
    cr_expect_leq(without.accuracy, 0.5, "%.4f without precompensation", without.accuracy);
}
