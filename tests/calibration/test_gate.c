/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate of a small network, written as a calibration writes it, and a gate in front of it. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/h5_seal.h"
#include "calibration/gate.h"
#include "models/formats/native.h"
#include "tests/support/tmpdir.h"

#define RIG  "1111111111111111111111111111111111111111111111111111111111111111"
#define THEN 1795305600 /* 2026-11-22T00:00:00Z */

static struct oac_err err;
static char dir[OAC_TEST_DIR_BYTES], cal[OAC_TEST_DIR_BYTES + 16],
    model[OAC_TEST_DIR_BYTES + 16];
static struct oac_certificate good;

static void make_model(float weight)
{
    struct oac_network *network;
    static float w[2], b[1];
    w[0] = weight;
    cr_assert_eq(oac_network_create(1, &network, &err), OAC_OK);
    network->input_rank = 1;
    network->input_shape[0] = 2;
    network->input_scale = 1.0f;
    network->layer[0] = (struct oac_dense){
        .inputs = 2, .outputs = 1, .weight = w, .bias = b, .w_limit = NAN, .x_scale = NAN};
    cr_assert_eq(oac_native_write(network, model, "test", &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_network_digest(network, good.model_sha256, &err), OAC_OK);
    network->layer[0].weight = network->layer[0].bias = NULL;
    oac_network_destroy(network);
}

static void make_file(const struct oac_certificate *certificate)
{
    struct oac_h5_writer *writer;
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK);
    cr_assert_eq(oac_certificate_put(certificate, writer, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_h5_commit_sealed(writer, cal, &err), OAC_OK, "%s", err.message);
    oac_h5_destroy(writer);
}

static void set_up(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", cal);
    oac_test_dir_path(dir, "model.h5", model);
    good = (struct oac_certificate){
        .verdict = "certified",
        .rig_sha256 = RIG,
        .date_utc = "2026-11-22T00:00:00Z",
        .target = 0.982,
        .confidence = 0.95,
        .alpha = 0.04,
        .right = 5922,
        .wrong = 78,
        .calibration_right = 2961,
        .calibration_wrong = 39,
        .digital_accuracy = 0.99,
        .repeats = 1,
        .detected_aj_per_mac = 900,
        .launched_aj_per_mac = 5.8e6,
        .latency_s = 5.5e-3,
        .tolerated = 0.01,
    };
    make_model(0.5f);
    good.bound = oac_certificate_bound(&good);
    cr_assert_gt(good.bound, good.target);
    make_file(&good);
}

static void tear_down(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(gate, .init = set_up, .fini = tear_down);

static struct oac_gate_request request(void)
{
    return (struct oac_gate_request){.calibration_path = cal,
                                     .model_path = model,
                                     .rig_name = "a-rig",
                                     .rig_sha256 = RIG,
                                     .min_accuracy = NAN,
                                     .max_aj_per_mac = INFINITY,
                                     .max_latency_s = INFINITY,
                                     .max_age_s = INFINITY,
                                     .now = THEN + 3600};
}

/* The names of the checks that failed, each followed by a blank. */
static const char *failures(const struct oac_gate_request *r)
{
    static struct oac_gate_result result;
    static char names[200];
    names[0] = '\0';
    cr_assert_eq(oac_gate_run(r, &result, &err), OAC_OK, "%s", err.message);
    for (size_t i = 0; i < result.checks; i++)
        if (!result.check[i].passed) {
            strcat(names, result.check[i].name);
            strcat(names, " ");
        }
    cr_assert_eq(result.passed, names[0] == '\0');
    return names;
}

Test(gate, opens_for_the_network_and_bench_that_were_certified)
{
    struct oac_gate_request r = request();
    cr_assert_str_empty(failures(&r));
    r.min_accuracy = good.bound - 1e-6;
    r.max_aj_per_mac = 5.8e6;
    r.max_latency_s = 5.5e-3;
    r.max_age_s = 3600;
    cr_assert_str_empty(failures(&r));
}

Test(gate, every_limit_that_is_missed_is_named)
{
    struct oac_gate_request r = request();
    r.min_accuracy = good.bound + 1e-6;
    cr_assert_str_eq(failures(&r), "accuracy ");
    r.max_aj_per_mac = 5.7e6;
    r.max_latency_s = 5.4e-3;
    r.max_age_s = 3599;
    cr_assert_str_eq(failures(&r), "accuracy energy latency age ");
}

Test(gate, a_certificate_from_the_future_is_not_young)
{
    struct oac_gate_request r = request();
    r.max_age_s = 3600;
    r.now = THEN - 60;
    cr_assert_str_eq(failures(&r), "age ");
}

Test(gate, another_network_or_bench_does_not_pass)
{
    struct oac_gate_request r = request();
    make_model(0.5000001f);
    cr_assert_str_eq(failures(&r), "model ");
    r.rig_sha256 = "2222";
    cr_assert_str_eq(failures(&r), "model rig ");
}

Test(gate, a_bound_that_its_counts_do_not_give_does_not_pass)
{
    struct oac_gate_request r = request();
    struct oac_certificate c = good;
    c.bound += 1e-4;
    make_file(&c);
    cr_assert_str_eq(failures(&r), "statistics ");
    c = good;
    c.target = good.bound + 1e-4; /* the accuracy asked for by default with it */
    make_file(&c);
    cr_assert_str_eq(failures(&r), "statistics accuracy ");
    c = good;
    c.alpha = 0.06; /* more than the confidence leaves */
    c.bound = oac_certificate_bound(&c);
    make_file(&c);
    cr_assert_str_eq(failures(&r), "statistics ");
}

Test(gate, a_calibration_that_missed_its_target_does_not_pass)
{
    struct oac_gate_request r = request();
    struct oac_certificate c = good;
    strcpy(c.verdict, "refuted");
    make_file(&c);
    cr_assert_str_eq(failures(&r), "verdict ");
}

Test(gate, a_file_that_was_edited_does_not_pass)
{
    struct oac_gate_request r = request();
    struct oac_h5_writer *writer;
    cr_assert_eq(oac_h5_create(&writer, &err), OAC_OK); /* a seal of other contents */
    cr_assert_eq(oac_certificate_put(&good, writer, &err), OAC_OK);
    cr_assert_eq(oac_h5_put_text(writer, "/", "seal_sha256", RIG, &err), OAC_OK);
    cr_assert_eq(oac_h5_commit(writer, cal, &err), OAC_OK);
    oac_h5_destroy(writer);
    cr_assert_str_eq(failures(&r), "seal ");
}

Test(gate, a_file_without_a_certificate_is_an_error_that_says_what_to_run)
{
    struct oac_gate_request r = request();
    struct oac_gate_result result;
    r.calibration_path = model;
    cr_assert_eq(oac_gate_run(&r, &result, &err), OAC_ENOTFOUND);
    cr_assert_not_null(strstr(err.message, "--target-accuracy"));
}

Test(gate, a_certificate_that_makes_no_sense_is_refused)
{
    struct oac_gate_request r = request();
    struct oac_gate_result result;
    const double alphas[] = {0.0, 1.0, NAN, -1.0};
    for (size_t i = 0; i < sizeof alphas / sizeof alphas[0]; i++) {
        struct oac_certificate c = good;
        c.alpha = alphas[i];
        make_file(&c);
        cr_assert_neq(oac_gate_run(&r, &result, &err), OAC_OK, "alpha %g", alphas[i]);
    }
    struct oac_certificate c = good;
    c.right = 10.5;
    make_file(&c);
    cr_assert_eq(oac_gate_run(&r, &result, &err), OAC_EPARSE);
}
