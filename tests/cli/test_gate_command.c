/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a bench nobody knows to the gate, as a pipeline would: calibrate with a target, gate, report. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/support/need.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

#define RIG "--rig", "netcast-86km", "--set", "channels=4"

static struct oac_err err;
static char dir[OAC_TEST_DIR_BYTES], cal[OAC_TEST_DIR_BYTES + 32], model[OAC_TEST_PATH_BYTES],
    junit[OAC_TEST_DIR_BYTES + 32], page[OAC_TEST_DIR_BYTES + 32];

static void remove_dir(void)
{
    if (*dir)
        oac_test_dir_remove(dir);
}

/* The smallest bench and the easiest target that still certify something. */
static void calibrate(void)
{
    char images[OAC_TEST_PATH_BYTES];
    oac_test_shared_path("mnist/train-images-idx3-ubyte.gz", images);
    if (!oac_test_need_file(images, "the MNIST training images are certified on"))
        return;
    snprintf(model, sizeof model, "%s/experiments/mnist/mnist.h5", getenv("OAC_SOURCE_DIR"));
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", cal);
    oac_test_dir_path(dir, "gate.xml", junit);
    oac_test_dir_path(dir, "page.html", page);
    struct oac_test_process p =
        OAC("calibrate", RIG, "--model", model, "--held-out-images", "1000",
            "--calibration-images", "300", "--target-accuracy", "0.9", "-o", cal);
    cr_assert_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
}

TestSuite(gate_command, .fini = remove_dir, .timeout = 300);

/* Whether `object` has every key that the schema's node requires. */
static void expect_required(const json_t *object, const json_t *node)
{
    size_t i;
    json_t *key;
    const json_t *required = json_object_get(node, "required");
    cr_assert(json_is_array(required) && json_array_size(required) > 3);
    json_array_foreach(required, i, key)
    {
        cr_expect(json_object_get(object, json_string_value(key)) != NULL, "%s is missing",
                  json_string_value(key));
    }
}

static void expect_schema(const char *printed)
{
    char path[OAC_TEST_PATH_BYTES];
    json_error_t at;
    snprintf(path, sizeof path, "%s/docs/gate.schema.json", getenv("OAC_SOURCE_DIR"));
    json_t *schema = json_load_file(path, 0, &at), *root = json_loads(printed, 0, &at);
    cr_assert(schema != NULL && root != NULL, "%s", at.text);
    const json_t *nodes = json_object_get(schema, "properties");
    expect_required(root, schema);
    expect_required(json_object_get(root, "limits"), json_object_get(nodes, "limits"));
    expect_required(json_object_get(root, "certificate"),
                    json_object_get(nodes, "certificate"));
    const json_t *checks = json_object_get(root, "checks");
    cr_assert_gt(json_array_size(checks), 5);
    for (size_t i = 0; i < json_array_size(checks); i++)
        expect_required(json_array_get(checks, i),
                        json_object_get(json_object_get(nodes, "checks"), "items"));
    json_decref(schema);
    json_decref(root);
}

/* Each limit closes the gate alone: exit 1, and the check is named. */
static void expect_closed(const char *option, const char *value, const char *check)
{
    char *text, failed[64];
    size_t bytes;
    struct oac_test_process p =
        OAC("gate", "--cal", cal, "--model", model, RIG, option, value, "--junit", junit);
    cr_expect_eq(p.code, 1, "%s %s: exit %d, %s", option, value, p.code, p.out);
    snprintf(failed, sizeof failed, "FAILED %s", check);
    cr_expect(strstr(p.out, failed), "%s", p.out);
    oac_test_process_fini(&p);
    cr_assert_eq(oac_file_read(junit, 1 << 20, &text, &bytes, &err), OAC_OK, "%s", err.message);
    cr_expect(strstr(text, "failures=\"1\"") && strstr(text, "<failure"), "%s", text);
    free(text);
}

Test(gate_command, a_certified_bench_opens_the_gate_and_each_limit_closes_it, .init = calibrate)
{
    char *text;
    size_t bytes;
    struct oac_test_process p = OAC("gate", "--cal", cal, "--model", model, RIG, "--max-age",
                                    "1d", "--json", "--junit", junit);
    cr_assert_eq(p.code, 0, "%s%s", p.out, p.said);
    expect_schema(p.out);
    oac_test_process_fini(&p);
    cr_assert_eq(oac_file_read(junit, 1 << 20, &text, &bytes, &err), OAC_OK, "%s", err.message);
    cr_expect(strstr(text, "failures=\"0\"") && strstr(text, "<testcase"), "%s", text);
    free(text);
    expect_closed("--min-accuracy", "0.999", "accuracy");
    expect_closed("--max-aj-per-mac", "1", "energy");
    expect_closed("--max-latency", "1e-9", "latency");
    expect_closed("--set", "bench_seed=77", "rig");
}

Test(gate_command, a_real_certificate_is_reported_with_its_pictures, .init = calibrate)
{
    char *text;
    size_t bytes;
    struct oac_test_process p = OAC("report", cal, "-o", page);
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect_str_empty(p.said);
    oac_test_process_fini(&p);
    cr_assert_eq(oac_file_read(page, 1 << 24, &text, &bytes, &err), OAC_OK, "%s", err.message);
    static const char *const parts[] = {
        "verdict good\">Certified: ", "Accuracy against bench time",
        "Confusion matrix</title>",   "Crosstalk</title>",
        "Allan deviation</title>",    "Curve of weight 3",
        "weight curves</title>",      "images, judging and certifying",
        "client&#39;s curve</title>", "wall time"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_expect(strstr(text, parts[i]), "%s is missing", parts[i]);
    static const char *const no_numbers[] = {"nan<", "nan ", "nan\"", "inf<", "inf\""};
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++)
        cr_expect(!strstr(text, no_numbers[i]), "a figure is %s", no_numbers[i]);
    free(text);
}

Test(gate_command, a_file_that_is_missing_is_an_error_and_no_option_a_usage_error)
{
    struct oac_test_process p = OAC("gate", "--cal", "/nowhere/cal.h5", "--model",
                                    "/nowhere/m.h5", "--rig", "netcast-86km");
    cr_expect_eq(p.code, 1);
    cr_expect_eq(oac_test_lines(p.said), 1, "%s", p.said);
    oac_test_process_fini(&p);
    struct oac_test_process usage = OAC("gate", "--cal", "x.h5");
    cr_expect_eq(usage.code, 2);
    oac_test_process_fini(&usage);
}
