/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac run` on a calibration: whose it is, when it starts, and tracking. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "experiments/run.h"
#include "experiments/setup.h"
#include "sim/noise.h"
#include "tests/support/small_world.h"

#define RIG "netcast-local"

struct bench {
    struct oac_small_world world;
    struct oac_calrec *record; /* nominal, as if measured */
    char cal[OAC_TEST_DIR_BYTES + 16], out[OAC_TEST_DIR_BYTES + 16];
};

static void bench_make(struct bench *b, const char *const *sets, size_t set_count)
{
    const struct oac_station_options options = {
        .rig = RIG, .sets = sets, .set_count = set_count, .engine = {.repeats = 1}};
    struct oac_station station;
    struct oac_err err;
    oac_small_world_make(&b->world);
    oac_test_dir_path(b->world.dir, "cal.h5", b->cal);
    oac_test_dir_path(b->world.dir, "run.h5", b->out);
    cr_assert_eq(oac_station_open(&options, NULL, &station, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_calrec_copy(station.link.caps->nominal, &b->record, &err), OAC_OK);
    strcpy(b->record->origin, "measured");
    strcpy(b->record->device_id, station.link.caps->device_id);
    strcpy(b->record->firmware, station.link.caps->firmware);
    strcpy(b->record->date_utc, "2026-11-28T12:00:00Z");
    oac_station_close(&station);
}

static void bench_write(struct bench *b)
{
    struct oac_err err;
    cr_assert_eq(oac_calrec_write(b->record, b->cal, NULL, &err), OAC_OK, "%s", err.message);
}

static void bench_remove(struct bench *b)
{
    oac_calrec_destroy(b->record);
    oac_small_world_remove(&b->world);
}

static struct oac_run_options options_of(const struct bench *b)
{
    return (struct oac_run_options){
        .model_path = b->world.model,
        .data_name = "small",
        .data_directory = b->world.data,
        .rig = RIG,
        .encoding = OAC_RAILS,
        .noise = OAC_NOISE_ALL,
        .photons_per_mac = NAN,
        .repeats = 1,
        .seed = 1,
        .threads = 1,
        .output_path = b->out,
    };
}

struct outcome {
    struct oac_run_result *result;
    struct oac_h5_file *file;
    const struct oac_h5_array *logits;
};

static struct outcome run(const struct oac_run_options *options)
{
    struct outcome outcome = {.result = malloc(sizeof *outcome.result)};
    struct oac_err err;
    cr_assert_eq(oac_run(options, NULL, outcome.result, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_read(options->output_path, 0, &outcome.file, &err), OAC_OK);
    outcome.logits = oac_h5_find_array(outcome.file, "/images/logits");
    return outcome;
}

static void outcome_free(struct outcome *outcome)
{
    free(outcome->result);
    oac_h5_file_destroy(outcome->file);
}

static bool same_logits(const struct outcome *a, const struct outcome *b, size_t images)
{
    return memcmp(a->logits->data, b->logits->data,
                  images * OAC_SMALL_CLASSES * sizeof(float)) == 0;
}

Test(run_calibration, a_record_that_says_what_the_rig_says_changes_no_bit)
{
    struct bench b;
    bench_make(&b, NULL, 0);
    bench_write(&b);
    struct oac_run_options options = options_of(&b);
    struct outcome nominal = run(&options);
    options.calibration.path = b.cal;
    struct outcome measured = run(&options);
    cr_assert(same_logits(&nominal, &measured, OAC_SMALL_IMAGES));
    cr_assert_str_empty(nominal.result->calibration.id);
    cr_assert(isnan(nominal.result->calibration.age_s));
    cr_assert_eq(strlen(measured.result->calibration.id), 64);
    cr_assert_str_eq(measured.result->calibration.origin, "measured");
    cr_assert_eq(measured.result->calibration.age_s, 0.0);
    cr_assert_eq(measured.result->calibration.forced, 0);
    const char *id = oac_h5_find_text(measured.file, "/figures", "calibration");
    cr_assert_str_eq(id, measured.result->calibration.id);
    outcome_free(&nominal);
    outcome_free(&measured);
    bench_remove(&b);
}

Test(run_calibration, idle_time_is_counted_from_the_end_of_the_calibration)
{
    struct bench b;
    bench_make(&b, NULL, 0);
    struct oac_run_options options = options_of(&b);
    options.calibration.path = b.cal;
    b.record->last_slot0 = 1600000; /* a second of netcast-local */
    bench_write(&b);
    struct outcome later = run(&options);
    b.record->last_slot0 = 0;
    bench_write(&b);
    struct outcome now = run(&options);
    options.calibration.idle_s = 1.0;
    struct outcome idle = run(&options);
    cr_assert(same_logits(&later, &idle, OAC_SMALL_IMAGES));
    cr_assert_not(same_logits(&now, &idle, OAC_SMALL_IMAGES), "noise is that of its time");
    cr_assert_eq(idle.result->calibration.age_s, 1.0);
    outcome_free(&later);
    outcome_free(&now);
    outcome_free(&idle);
    options.calibration.idle_s = 1e14;
    struct oac_run_result *none = calloc(1, sizeof *none);
    struct oac_err err;
    cr_assert_eq(oac_run(&options, NULL, none, &err), OAC_EINVAL);
    cr_assert_neq(strstr(err.message, "clock has ended"), NULL, "%s", err.message);
    free(none);
    bench_remove(&b);
}

Test(run_calibration, another_device_s_is_refused_unless_forced_and_then_marked)
{
    struct bench b;
    struct oac_err err;
    bench_make(&b, NULL, 0);
    strcpy(b.record->device_id, "wave:" RIG);
    bench_write(&b);
    struct oac_run_options options = options_of(&b);
    options.calibration.path = b.cal;
    struct oac_run_result *none = calloc(1, sizeof *none);
    cr_assert_eq(oac_run(&options, NULL, none, &err), OAC_EMISMATCH);
    cr_assert_neq(strstr(err.message, "--force-cal"), NULL, "%s", err.message);
    free(none);
    options.calibration.force = true;
    struct outcome forced = run(&options);
    cr_assert_eq(forced.result->calibration.forced, 1);
    const struct oac_h5_attribute *mark =
        oac_h5_find_attribute(forced.file, "/figures", "calibration_forced");
    cr_assert(mark && mark->values[0] == 1.0);
    outcome_free(&forced);
    bench_remove(&b);
}

Test(run_calibration, tracked_runs_have_the_same_bits_for_any_threads_batch_and_prefix)
{
    static const struct {
        size_t threads, batch, images;
    } splits[] = {{2, 0, 0}, {1, 1, 0}, {2, 7, 0}, {1, 10000, 0}, {2, 7, 50}};
    const char *drifting[] = {"laser.drift_sigma=0.1", "laser.drift_tau_s=0.05"};
    struct bench b;
    bench_make(&b, drifting, 2);
    bench_write(&b);
    struct oac_run_options options = options_of(&b);
    options.calibration = (struct oac_calibration_use){.path = b.cal, .track = true};
    options.sets = drifting;
    options.set_count = 2;
    struct outcome whole = run(&options);
    cr_assert_eq(whole.result->calibration.tracked, 1);
    cr_assert_gt(whole.result->calibration.reference_slots, 0.0);
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        options.threads = splits[i].threads;
        options.batch = splits[i].batch;
        options.images = splits[i].images;
        struct outcome split = run(&options);
        size_t images = options.images ? options.images : OAC_SMALL_IMAGES;
        cr_expect(same_logits(&whole, &split, images), "split %zu", i);
        cr_expect_eq(split.result->photons_per_mac_launched,
                     whole.result->photons_per_mac_launched);
        outcome_free(&split);
    }
    outcome_free(&whole);
    bench_remove(&b);
}

/* Lasers that wander by 30 %, over a second while 200 images take half of one: what is left is the lag of 128
 * images, the noise of the references, and what the bench errs without drift. */
Test(run_calibration, tracking_takes_most_of_a_drift_off_the_outputs)
{
    const char *drifting[] = {"laser.drift_sigma=0.3", "laser.drift_tau_s=100"};
    struct bench b;
    bench_make(&b, drifting, 2);
    struct oac_run_options options = options_of(&b);
    struct outcome still = run(&options);
    options.sets = drifting;
    options.set_count = 2;
    struct outcome adrift = run(&options);
    options.calibration.track = true;
    struct outcome tracked = run(&options);
    double untracked = adrift.result->logit_error_rms;
    cr_expect_gt(untracked, 3.0 * still.result->logit_error_rms);
    cr_expect_lt(tracked.result->logit_error_rms, 1.5 * still.result->logit_error_rms);
    outcome_free(&still);
    outcome_free(&adrift);
    outcome_free(&tracked);
    bench_remove(&b);
}

Test(run_calibration, references_are_paid_for)
{
    struct bench b;
    bench_make(&b, NULL, 0);
    struct oac_run_options options = options_of(&b);
    struct outcome plain = run(&options);
    options.calibration.track = true;
    struct outcome tracked = run(&options);
    const struct oac_run_result *p = plain.result, *t = tracked.result;
    cr_expect_float_eq(t->latency_s_per_image,
                       p->latency_s_per_image + t->calibration.reference_slots / 1.6e6, 1e-12);
    cr_expect_gt(t->photons_per_mac_launched, p->photons_per_mac_launched);
    cr_expect_gt(t->server_j_per_mac, p->server_j_per_mac);
    cr_expect_eq(t->slots_per_image, p->slots_per_image);
    outcome_free(&plain);
    outcome_free(&tracked);
    bench_remove(&b);
}

Test(run_calibration, a_sample_budget_cannot_be_tracked)
{
    struct bench b;
    struct oac_err err;
    bench_make(&b, NULL, 0);
    struct oac_run_options options = options_of(&b);
    options.calibration.track = true;
    options.photon_budget = OAC_BUDGET_SAMPLE;
    options.photons_per_mac = 100.0;
    options.photon_reference = OAC_PHOTONS_PREWEIGHT;
    struct oac_run_result *none = calloc(1, sizeof *none);
    cr_assert_eq(oac_run(&options, NULL, none, &err), OAC_EUSAGE);
    cr_assert_neq(strstr(err.message, "--track"), NULL, "%s", err.message);
    free(none);
    bench_remove(&b);
}
