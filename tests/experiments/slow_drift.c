/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench whose lasers wander: right at the start, useless before 10,000 images are through, unless tracked.
 *
 * The rig is `ideal` in the offset encoding, whose single pass forgives no gain error, with lasers that drift
 * by 10 % with a correlation time of 20 ms; 10,000 images take 10 ms. The record is that of the start: the
 * nominal one, with each gain as its laser is at slot 0. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/run.h"
#include "experiments/setup.h"
#include "sim/bench.h"
#include "sim/noise.h"
#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

static const char *const ADRIFT[] = {"laser.drift_sigma=0.1", "laser.drift_tau_s=0.02"};
enum { SLICE = 1000 };

static void write_record(const char *path)
{
    const struct oac_station_options options = {
        .rig = "ideal", .sets = ADRIFT, .set_count = 2, .engine = {.repeats = 1}};
    struct oac_station station;
    struct oac_bench *bench = NULL;
    struct oac_calrec *record = NULL;
    struct oac_err err;
    cr_assert_eq(oac_station_open(&options, NULL, &station, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_bench_create(&station.rig, &bench, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_calrec_copy(station.link.caps->nominal, &record, &err), OAC_OK);
    strcpy(record->origin, "measured");
    strcpy(record->device_id, station.link.caps->device_id);
    strcpy(record->firmware, station.link.caps->firmware);
    for (size_t k = 0; k < record->channels; k++)
        record->channel[k].gain_code *=
            1.0 + oac_drift_at(&bench->channel[k].power_drift, 0.0, NULL);
    cr_assert_eq(oac_calrec_write(record, path, NULL, &err), OAC_OK, "%s", err.message);
    oac_calrec_destroy(record);
    oac_bench_destroy(bench);
    oac_station_close(&station);
}

struct course {
    double all, first, last; /* accuracy of all images, of the first and last SLICE */
};

static double accuracy(const struct oac_h5_file *file, size_t first, size_t count)
{
    const uint8_t *label = oac_h5_find_array(file, "/images/label")->data;
    const uint8_t *said = oac_h5_find_array(file, "/images/prediction")->data;
    size_t right = 0;
    for (size_t i = first; i < first + count; i++)
        right += label[i] == said[i];
    return (double)right / (double)count;
}

static struct course run(const char *model, const char *directory, bool track)
{
    char record[OAC_TEST_DIR_BYTES + 16], out[OAC_TEST_DIR_BYTES + 16];
    const struct oac_run_options options = {
        .model_path = model,
        .data_name = "mnist",
        .rig = "ideal",
        .sets = ADRIFT,
        .set_count = 2,
        .encoding = OAC_OFFSET,
        .noise = OAC_NOISE_ALL,
        .photons_per_mac = NAN,
        .repeats = 1,
        .seed = 1,
        .output_path = oac_test_dir_path(directory, "run.h5", out),
        .calibration = {.path = oac_test_dir_path(directory, "cal.h5", record), .track = track},
    };
    struct oac_run_result *result = malloc(sizeof *result);
    struct oac_h5_file *file = NULL;
    struct oac_err err;
    cr_assert_eq(oac_run(&options, NULL, result, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_read(out, 0, &file, &err), OAC_OK, "%s", err.message);
    const struct course course = {result->accuracy, accuracy(file, 0, SLICE),
                                  accuracy(file, result->images - SLICE, SLICE)};
    oac_h5_file_destroy(file);
    free(result);
    return course;
}

/* Both slices are of other images, which differ by less than a point when nothing drifts: of 1000 images at
 * 98.9 % the standard error of a difference is 0.47 points, so a point more is two of them. */
Test(drift, tracking_holds_a_run_that_loses_its_calibration)
{
    char mnist[OAC_TEST_PATH_BYTES], model[OAC_TEST_PATH_BYTES], cal[OAC_TEST_DIR_BYTES + 16];
    char directory[OAC_TEST_DIR_BYTES];
    const char *source = getenv("OAC_SOURCE_DIR");
    oac_test_shared_path("mnist/t10k-images-idx3-ubyte.gz", mnist);
    oac_test_need_file(mnist, "the MNIST images of the drifting run");
    snprintf(model, sizeof model, "%s/experiments/mnist/mnist.h5", source ? source : ".");
    oac_test_need_file(model, "the network shipped for MNIST");
    oac_test_dir_make(directory);
    write_record(oac_test_dir_path(directory, "cal.h5", cal));
    struct course adrift = run(model, directory, false), held = run(model, directory, true);
    printf("untracked: %.4f, first %.3f, last %.3f; tracked: %.4f, first %.3f, last %.3f\n",
           adrift.all, adrift.first, adrift.last, held.all, held.first, held.last);
    cr_expect_lt(adrift.all, 0.90);
    cr_expect_lt(adrift.last, 0.90);
    cr_expect_gt(held.first, 0.975);
    cr_expect_gt(held.all, held.first - 0.01);
    cr_expect_gt(held.last, held.first - 0.01);
    oac_test_dir_remove(directory);
}
