/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benches with a broken channel: the others are calibrated as if it were not there, and the record says so. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/h5.h"
#include "calibration/results.h"
#include "calibration/steps.h"
#include "tests/calibration/random_bench.h"
#include "tests/support/tmpdir.h"

static struct oac_calibrate_options small(void)
{
    struct oac_calibrate_options options = oac_calibrate_defaults();
    options.biases = 6;
    options.codes = 32;
    options.vectors = 128;
    options.noise_windows = 64;
    return options;
}

enum kind { DEAD, DARK, STUCK, SATURATED, KINDS };

static void open_broken(struct random_bench *bench, enum kind kind, size_t count, size_t first)
{
    struct oac_config_reals which = {count, {(double)first, (double)first + 1.0}};
    bench_draw_rig(bench, "netcast-86km", 4, 5);
    if (kind == DEAD)
        bench->rig.fault.dead_detectors = which;
    if (kind == DARK)
        bench->rig.fault.dark_lasers = which;
    if (kind == STUCK)
        bench->rig.fault.stuck_modulators = which;
    if (kind == SATURATED)
        bench->rig.fault.saturated_detectors = which;
    bench_open_rig(bench, OAC_NOISE_ALL, 5);
}

static const enum oac_diagnosis named[KINDS] = {
    OAC_DIAGNOSIS_DEAD_DETECTOR, OAC_DIAGNOSIS_DARK_LASER, OAC_DIAGNOSIS_STUCK_MODULATOR,
    OAC_DIAGNOSIS_SATURATED};

/* Against the bench's truth, within 10 of the stated errors: estimators have tests of their own. */
static void expect_recovered(const struct random_bench *bench,
                             const struct oac_calibration *found, size_t k)
{
    const struct oac_calibration_channel *channel = &found->channel[k];
    const struct oac_mzm *truth = &bench->truth->channel[k].weight;
    cr_expect_not(channel->excluded);
    cr_expect_float_eq(channel->weight.vpi_v, truth->vpi_v, 0.02, "channel %zu: V_pi %g, is %g",
                       k, channel->weight.vpi_v, truth->vpi_v);
    cr_expect_float_eq(channel->full_code / bench_gain(bench, k, k), 1.0, 0.03,
                       "channel %zu: gain %g", k, channel->full_code);
    cr_expect_lt(channel->verify_rms, 3e-3, "channel %zu: %g", k, channel->verify_rms);
}

Test(exclude, channels_beside_a_broken_one_are_calibrated_and_it_is_named)
{
    const struct oac_calibrate_options options = small();
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t broken = 0; broken < 4; broken += 2) {
            struct random_bench bench;
            struct oac_calibration *found = NULL;
            struct oac_calrec *calrec;
            struct oac_err err;
            double on;
            open_broken(&bench, (enum kind)kind, 1, broken);
            cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err),
                         OAC_OK, "kind %d, channel %zu: %s", kind, broken, err.message);
            cr_expect_eq(found->excluded, 1);
            cr_expect_eq(found->channel[broken].fault, named[kind], "kind %d", kind);
            cr_expect_not_null(strstr(found->faults, "channel "), "%s", found->faults);
            for (size_t k = 0; k < 4; k++)
                if (k != broken)
                    expect_recovered(&bench, found, k);
            cr_assert_eq(oac_calibration_record(found, bench.link.caps, &calrec, &err), OAC_OK);
            for (size_t k = 0; k < 4; k++) {
                cr_expect_eq(calrec->channel[k].excluded, k == broken);
                cr_expect_eq(calrec->crosstalk[k * 4 + broken], k == broken ? 1.0 : 0.0);
                cr_assert_eq(oac_link_get(&bench.link, OAC_LASER_ON, k, &on, &err), OAC_OK);
                cr_expect_eq(on, k == broken ? 0.0 : 1.0);
            }
            cr_expect_eq(calrec->setting[broken].value[OAC_LASER_ON], 0.0);
            oac_calrec_destroy(calrec);
            oac_calibration_destroy(found);
            bench_close(&bench);
        }
}

Test(exclude, more_than_a_quarter_broken_is_a_broken_bench)
{
    const struct oac_calibrate_options options = small();
    struct random_bench bench;
    struct oac_calibration *found = NULL;
    struct oac_err err;
    double on;
    open_broken(&bench, DEAD, 2, 1);
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_EMISSED);
    cr_expect_not_null(strstr(err.message, "channel 1: detector dead"), "%s", err.message);
    cr_expect_not_null(strstr(err.message, "channel 2: detector dead"), "%s", err.message);
    cr_assert_eq(oac_link_get(&bench.link, OAC_LASER_ON, 1, &on, &err), OAC_OK);
    cr_expect_eq(on, 1.0);
    bench_close(&bench);
}

Test(exclude, who_wants_all_channels_gets_the_fault)
{
    struct oac_calibrate_options options = small();
    struct random_bench bench;
    struct oac_calibration *found = NULL;
    struct oac_err err;
    options.keep_all = true;
    open_broken(&bench, STUCK, 1, 3);
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_EMISSED);
    cr_expect_not_null(strstr(err.message, "channel 3: modulator stuck"), "%s", err.message);
    bench_close(&bench);
}

Test(exclude, the_file_holds_the_fits_of_the_others_and_no_number_of_the_broken_one)
{
    const struct oac_calibrate_options options = small();
    const struct oac_calibration_source source = {.rig_name = "netcast-86km", .on = "sim"};
    struct random_bench bench;
    struct oac_calibration *found = NULL;
    struct oac_calrec *calrec;
    struct oac_h5_file *file;
    struct oac_h5_writer *writer;
    struct oac_err err;
    char folder[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32];
    oac_test_dir_make(folder);
    oac_test_dir_path(folder, "cal.h5", path);
    open_broken(&bench, DARK, 1, 0);
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_calibration_record(found, bench.link.caps, &calrec, &err), OAC_OK);
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_calibration_put(found, calrec, &source, writer, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_OK);
    oac_h5_destroy(writer);
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK);
    const struct oac_h5_array *estimate = oac_h5_find_array(file, "/fits/weight/estimate");
    const struct oac_h5_array *rms = oac_h5_find_array(file, "/verification/rms");
    cr_assert(estimate && rms);
    cr_expect_eq(estimate->dims[0], 4);
    cr_expect(isnan(((const double *)estimate->data)[0]) &&
              isnan(((const double *)rms->data)[0]));
    for (size_t k = 1; k < 4; k++) {
        cr_expect(isfinite(((const double *)estimate->data)[k * estimate->dims[1]]));
        cr_expect_eq(((const double *)rms->data)[k], found->channel[k].verify_rms);
    }
    oac_h5_file_destroy(file);
    oac_calrec_destroy(calrec);
    oac_calibration_destroy(found);
    bench_close(&bench);
    oac_test_dir_remove(folder);
}
