/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The procedures on one simulated bench: what they leave behind, what they cost, how they fail. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/h5.h"
#include "calibration/results.h"
#include "tests/calibration/random_bench.h"
#include "tests/support/tmpdir.h"

/* Few states: enough for every step to run, in a sanitizer build. */
static struct oac_calibrate_options small(void)
{
    struct oac_calibrate_options options = oac_calibrate_defaults();
    options.biases = 6;
    options.codes = 32;
    options.vectors = 128;
    options.noise_windows = 64;
    return options;
}

static void open_two_channels(struct random_bench *bench)
{
    bench_open(bench, "netcast-86km", 2, 3);
}

static double setting(struct random_bench *bench, enum oac_setting which, size_t channel)
{
    struct oac_err err;
    double value;
    cr_assert_eq(oac_link_get(&bench->link, which, channel, &value, &err), OAC_OK);
    return value;
}

Test(measure, a_calibration_counts_what_it_spends)
{
    struct random_bench bench;
    struct oac_calibration *found;
    struct oac_account account;
    struct oac_err err;
    const struct oac_calibrate_options options = small();
    open_two_channels(&bench);
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK, "%s",
                 err.message);
    oac_link_account(&bench.link, &account);
    cr_expect_eq(found->spent.windows, account.windows);
    cr_expect_gt(found->spent.detected_photons, 0.0);
    cr_expect_gt(found->spent.launched_j, 0.0);
    /* the clock goes on by every slot and guard that was played, and by nothing else: no setting needs to
     * settle */
    const uint64_t guards = account.windows * bench.link.caps->guard_slots;
    cr_expect_geq(found->last_slot0, account.windows + guards);
    cr_expect_float_eq(account.bench_s * bench.rig.slot_rate_hz, (double)found->last_slot0,
                       0.01 * (double)found->last_slot0);
    oac_calibration_destroy(found);
    bench_close(&bench);
}

Test(measure, settings_stay_where_the_record_says_or_as_they_were)
{
    struct oac_err err;
    for (int spare = 0; spare < 2; spare++) {
        struct random_bench bench;
        struct oac_calibration *found;
        struct oac_calrec *calrec;
        struct oac_calibrate_options options = small();
        options.spare_settings = spare;
        open_two_channels(&bench);
        cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK,
                     "%s", err.message);
        cr_assert_eq(oac_calibration_record(found, bench.link.caps, &calrec, &err), OAC_OK);
        const double bias_v = setting(&bench, OAC_BIAS_WEIGHT_V, 1);
        cr_expect_float_eq(bias_v, spare ? 0.0 : calrec->setting[1].value[OAC_BIAS_WEIGHT_V],
                           1e-12);
        cr_expect_eq(setting(&bench, OAC_LASER_ON, 0), 1.0);
        if (spare)
            cr_expect_eq(setting(&bench, OAC_SKEW_S, 0), 0.0);
        oac_calrec_destroy(calrec);
        oac_calibration_destroy(found);
        bench_close(&bench);
    }
}

static bool stop_after(void *context)
{
    int *left = context;
    return (*left)-- <= 0;
}

Test(measure, an_interrupted_calibration_leaves_the_bench_as_it_was)
{
    for (int after = 0; after < 250; after += 83) {
        struct random_bench bench;
        struct oac_calibration *found = NULL;
        struct oac_err err;
        int left = after;
        const struct oac_sink sink = {.context = &left, .stop_requested = stop_after};
        const struct oac_calibrate_options options = small();
        open_two_channels(&bench);
        cr_assert_eq(oac_calibrate_measure(&bench.link, &options, &sink, &found, &err),
                     OAC_EINTERRUPTED);
        cr_expect_null(found);
        cr_expect_eq(setting(&bench, OAC_BIAS_CLIENT_V, 0), 0.0);
        cr_expect_eq(setting(&bench, OAC_BIAS_WEIGHT_V, 1), 0.0);
        cr_expect_eq(setting(&bench, OAC_LASER_ON, 1), 1.0);
        bench_close(&bench);
    }
}

Test(measure, a_bench_without_light_is_said_to_have_none)
{
    struct random_bench bench;
    struct oac_calibration *found = NULL;
    struct oac_err err;
    const struct oac_calibrate_options options = small();
    double readback;
    open_two_channels(&bench);
    for (size_t k = 0; k < 2; k++)
        cr_assert_eq(oac_link_set(&bench.link, OAC_LASER_DBM, k, -70.0, &readback, &err),
                     OAC_OK);
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_EMISSED);
    cr_expect_not_null(strstr(err.message, "no light"), "%s", err.message);
    bench_close(&bench);
}

Test(measure, the_file_holds_the_record_and_every_fit)
{
    struct random_bench bench;
    struct oac_calibration *found;
    struct oac_calrec *calrec, *read;
    struct oac_h5_file *file;
    struct oac_h5_writer *writer;
    struct oac_err err;
    char path[4096];
    const struct oac_calibrate_options options = small();
    const struct oac_calibration_source source = {.rig_name = "netcast-86km", .on = "sim"};
    char folder[OAC_TEST_DIR_BYTES];
    oac_test_dir_make(folder);
    snprintf(path, sizeof path, "%s/cal.h5", folder);
    open_two_channels(&bench);
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_calibration_record(found, bench.link.caps, &calrec, &err), OAC_OK);
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_calibration_put(found, calrec, &source, writer, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_h5_commit(writer, path, &err), OAC_OK, "%s", err.message);
    oac_h5_destroy(writer);
    cr_assert_eq(oac_calrec_read(path, &read, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(read->channel[1].weight.vpi_v, found->channel[1].weight.vpi_v);
    cr_expect_eq(read->crosstalk[1], found->crosstalk[1]);
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK, "%s", err.message);
    static const char *const fits[] = {"dark", "delay", "weight", "linearity", "gain"};
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        char name[64];
        snprintf(name, sizeof name, "/fits/%s/covariance", fits[i]);
        const struct oac_h5_array *array = oac_h5_find_array(file, name);
        cr_assert_not_null(array, "%s is missing", name);
        cr_expect_eq(array->dims[0], 2);
        cr_expect_eq(array->dims[1], array->dims[2]);
    }
    cr_expect_not_null(oac_h5_find_array(file, "/fits/client/000/estimate"));
    cr_expect_not_null(oac_h5_find_attribute(file, "/spent", "launched_j"));
    oac_h5_file_destroy(file);
    oac_calrec_destroy(read);
    oac_calrec_destroy(calrec);
    oac_calibration_destroy(found);
    bench_close(&bench);
    oac_test_dir_remove(folder);
}

Test(measure, too_few_states_are_refused)
{
    struct random_bench bench;
    struct oac_calibration *found = NULL;
    struct oac_err err;
    struct oac_calibrate_options options = small();
    options.repeats = 1;
    open_two_channels(&bench);
    cr_expect_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_EINVAL);
    bench_close(&bench);
}
