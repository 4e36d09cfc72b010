/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oac scope and oac compare as their user meets them. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/h5.h"
#include "tests/support/process.h"
#include "tests/support/small_world.h"

#define SLOTS 16u

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void expect_usage(struct oac_test_process p, const char *part)
{
    cr_expect_eq(p.code, 2, "exit %d; said: %s", p.code, p.said);
    cr_expect_str_empty(p.out);
    cr_expect(has(p.said, part), "\"%s\" is not in: %s", part, p.said);
    cr_expect(has(p.said, "--help"), "no way out: %s", p.said);
    oac_test_process_fini(&p);
}

Test(scope_command, a_wrong_line_is_exit_2_before_any_work)
{
    expect_usage(OAC("scope"), "--rig NAME is missing");
    expect_usage(OAC("scope", "ideal"), "'ideal' is not an option");
    expect_usage(OAC("scope", "--rig", "ideal", "--slots", "1"), "--slots");
    expect_usage(OAC("scope", "--rig", "ideal", "--windows", "-3"), "--windows");
    expect_usage(OAC("scope", "--rig", "ideal", "--noise", "hum"), "hum");
    expect_usage(OAC("scope", "--rig", "ideal", "-o", "there/"), "a prefix of file names");
    expect_usage(OAC("scope", "--rig", "ideal", "--on", "sim"), "--on");
}

Test(compare_command, a_wrong_line_is_exit_2_before_any_work)
{
    expect_usage(OAC("compare", "--rig", "ideal"), "--model FILE is missing");
    expect_usage(OAC("compare", "--model", "m.h5"), "--rig NAME is missing");
    expect_usage(OAC("compare", "--model", "m.h5", "--rig", "ideal", "--repeats", "3"),
                 "--repeats");
    expect_usage(OAC("compare", "--model", "m.h5", "--rig", "ideal", "--images", "0"),
                 "--images");
}

/* prefix.h5 of a quick look; the caller frees. */
static struct oac_h5_file *look(const char *prefix, const char *more)
{
    struct oac_test_process p =
        OAC("scope", "--rig", "ideal", "--set", "channels=2", "--windows", "8", "--budget",
            "20", "--noise", "shot", "-o", prefix, more);
    struct oac_h5_file *file;
    char path[OAC_TEST_DIR_BYTES + 32];
    struct oac_err err;

    cr_assert_eq(p.code, 0, "said: %s", p.said);
    cr_expect(has(p.out, "detector.current"), "%s", p.out);
    cr_expect(has(p.out, "samples a slot"), "%s", p.out);
    for (const char *line = p.out; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!has(prefix, "/"))
            cr_expect_leq(strcspn(line, "\n"), 82, "%.100s", line);
    }
    oac_test_process_fini(&p);
    snprintf(path, sizeof path, "%s.h5", prefix);
    cr_assert_eq(oac_h5_read(path, 0, &file, &err), OAC_OK, "%s", err.message);
    return file;
}

Test(scope_command, the_file_holds_every_point_with_unit_rate_and_length)
{
    static const struct {
        const char *name, *unit;
        bool complex_values, adc;
    } points[] = {
        {"weight.drive", "V", false, false},      {"weight.field", "sqrt(W)", true, false},
        {"fiber.field", "sqrt(W)", true, false},  {"client.drive", "V", false, false},
        {"client.field", "sqrt(W)", true, false}, {"demux.power", "W", false, false},
        {"detector.current", "A", false, false},  {"receiver.output", "V", false, false},
        {"adc.code", "code", false, true},
    };
    char dir[OAC_TEST_DIR_BYTES], prefix[OAC_TEST_DIR_BYTES + 32], where[96], path[128];
    struct oac_h5_file *file;

    oac_test_dir_make(dir);
    file = look(oac_test_dir_path(dir, "look", prefix), "--no-pictures");
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        snprintf(where, sizeof where, "/points/%s", points[i].name);
        snprintf(path, sizeof path, "%s/value", where);
        const struct oac_h5_array *a = oac_h5_find_array(file, path);
        const struct oac_h5_attribute *rate = oac_h5_find_attribute(file, where, "rate_hz");
        const struct oac_h5_attribute *start = oac_h5_find_attribute(file, where, "start_s");
        cr_assert_not_null(a, "no %s", path);
        cr_assert(rate && start, "no rate or start of %s", points[i].name);
        cr_expect_eq(a->rank, points[i].complex_values ? 4 : 3, "%s", path);
        cr_expect_str_eq(oac_h5_find_text(file, path, "unit"), points[i].unit, "%s", path);
        cr_expect(has(oac_h5_find_text(file, path, "dimensions")
                          ? oac_h5_find_text(file, path, "dimensions")
                          : "channel,lane,sample",
                      "channel,lane,sample"));
        double slot_s = oac_h5_find_attribute(file, "/options", "slot_s")->values[0];
        double end_s = start->values[0] + (double)a->dims[2] / rate->values[0];
        cr_expect(start->values[0] <= 0.0 || points[i].adc, "%s starts at %g s", points[i].name,
                  start->values[0]);
        cr_expect(end_s >= SLOTS * slot_s * (1.0 - 1e-9), "%s ends at %g s", points[i].name,
                  end_s);
        cr_expect_eq(a->dims[0], strcmp(points[i].name, "client.drive") == 0 ? 1 : 2, "%s",
                     path);
        for (size_t s = 0; s < a->count; s++)
            cr_assert(isfinite(((const float *)a->data)[s]), "%s [%zu]", path, s);
    }
    cr_expect_str_eq(oac_h5_find_text(file, "/", "format"), "oac-scope");
    cr_expect_not_null(oac_h5_find_text(file, "/rig", "text"));
    cr_expect_str_eq(oac_h5_find_text(file, "/budget", "sources"), "shot,all");
    oac_h5_file_destroy(file);
    cr_expect_eq(oac_test_dir_entries(dir), 1, "no pictures were asked for");
    oac_test_dir_remove(dir);
}

Test(scope_command, pictures_are_drawn_beside_the_file)
{
    char dir[OAC_TEST_DIR_BYTES], prefix[OAC_TEST_DIR_BYTES + 32],
        path[OAC_TEST_DIR_BYTES + 64];
    static const char *const names[] = {"chain", "eye", "spectrum", "budget"};

    oac_test_dir_make(dir);
    oac_h5_file_destroy(look(oac_test_dir_path(dir, "look", prefix), NULL));
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s-%s.svg", prefix, names[i]);
        cr_expect_eq(access(path, R_OK), 0, "no %s", path);
    }
    cr_expect_eq(oac_test_dir_entries(dir), 5);
    oac_test_dir_remove(dir);
}

Test(scope_command, without_gnuplot_the_waveforms_are_written_and_one_line_says_what_is_missing)
{
    char dir[OAC_TEST_DIR_BYTES], prefix[OAC_TEST_DIR_BYTES + 32];

    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "look", prefix);
    cr_assert_eq(setenv("PATH", dir, 1), 0);
    struct oac_test_process p = OAC("scope", "--rig", "ideal", "--set", "channels=1",
                                    "--windows", "2", "--budget", "0", "-o", prefix);
    cr_expect_eq(p.code, 1);
    cr_expect_eq(oac_test_lines(p.said), 1, "%s", p.said);
    cr_expect(has(p.said, "gnuplot-nox"), "%s", p.said);
    cr_expect(has(p.out, "look.h5"), "%s", p.out);
    cr_expect_eq(oac_test_dir_entries(dir), 1, "the waveforms and nothing else");
    oac_test_process_fini(&p);
    oac_test_dir_remove(dir);
}

Test(compare_command, a_comparison_is_printed_as_json_and_written_output_by_output)
{
    struct oac_small_world world;
    char file[OAC_TEST_DIR_BYTES + 32];
    struct oac_h5_file *h5;
    struct oac_err err;

    oac_small_world_make(&world);
    oac_test_dir_path(world.dir, "compare.h5", file);
    struct oac_test_process p =
        OAC("compare", "--model", world.model, "--data", world.data, "--rig", "ideal", "--set",
            "channels=8", "--images", "6", "--repeats", "4", "--json", "-o", file);
    cr_assert_eq(p.code, 0, "said: %s", p.said);
    json_error_t error;
    json_t *json = json_loads(p.out, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(json, "line %d: %s", error.line, error.text);
    cr_expect_eq(json_array_size(json_object_get(json, "layers")), 2);
    cr_expect(json_is_real(json_object_get(json, "mcnemar_p_sim")));
    json_decref(json);
    oac_test_process_fini(&p);
    cr_assert_eq(oac_h5_read(file, 0, &h5, &err), OAC_OK, "%s", err.message);
    const struct oac_h5_array *a = oac_h5_find_array(h5, "/layers/000/wave_variance");
    cr_assert_not_null(a);
    cr_expect(a->rank == 2 && a->dims[0] == 6 && a->dims[1] == 16);
    oac_h5_file_destroy(h5);
    oac_small_world_remove(&world);
}

Test(compare_command, the_report_fits_the_screen_and_states_its_thresholds)
{
    struct oac_small_world world;

    oac_small_world_make(&world);
    struct oac_test_process p =
        OAC("compare", "--model", world.model, "--data", world.data, "--rig", "ideal", "--set",
            "channels=8", "--images", "6", "--repeats", "4");
    cr_assert_eq(p.code, 0, "said: %s", p.said);
    cr_expect(has(p.out, "Nothing significant"), "%s", p.out);
    cr_expect(has(p.out, "4 standard errors"), "%s", p.out);
    for (const char *line = p.out; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        cr_expect_leq(strcspn(line, "\n"), 80, "%.100s", line);
    }
    oac_test_process_fini(&p);
    oac_small_world_remove(&world);
}
