/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --record as a process: what an interrupt, a kill and a full disk leave behind, and what is made of it. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/support/small_disk.h"
#include "tests/support/small_world.h"

static struct oac_small_world world;
static char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32],
    journal[OAC_TEST_DIR_BYTES + 32];

static void make(void)
{
    oac_small_world_make(&world);
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "bench.h5", path);
    oac_test_dir_path(dir, "bench.h5.journal", journal);
}

static void clear(void)
{
    oac_test_dir_remove(dir);
    oac_small_world_remove(&world);
}

TestSuite(record_command, .init = make, .fini = clear, .timeout = 240);

#define RUN                                                                                    \
    "run", "--model", world.model, "--data", world.data, "--rig", "m2k-bench", "--on", "wave", \
        "--record", path

static void expect_line(const struct oac_test_process *p, int code, const char *says)
{
    cr_expect_eq(p->code, code, "exit %d: %s", p->code, p->said);
    const char *last = strstr(p->said, "oac: ");
    cr_expect(last && strstr(last, says), "\"%s\" is not in: %s", says, p->said);
}

static void old_file_stays(void)
{
    char text[16] = "";
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_assert(fgets(text, sizeof text, file));
    fclose(file);
    cr_expect_str_eq(text, "old");
}

/* What is left becomes a recording that can be described and leaves no journal. */
static void finish(void)
{
    struct oac_test_process p = OAC("record", "finish", path);
    cr_expect_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
    p = OAC("info", path);
    cr_expect_eq(p.code, 0, "%s", p.said);
    cr_expect(strstr(p.out, "wave:m2k-bench"), "%s", p.out);
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 1);
}

Test(record_command, an_interrupt_keeps_the_old_file_and_says_where_the_rest_is)
{
    oac_test_file_put(path, "old", 3);
    struct oac_test_process p = oac_test_oac_signalled(
        (const char *const[]){RUN, "--batch", "1", "--threads", "1", "--progress", NULL},
        "images: 1", SIGINT);
    expect_line(&p, 130, "bench.h5.journal");
    oac_test_process_fini(&p);
    old_file_stays();
    finish();
}

Test(record_command, a_kill_loses_nothing_that_was_played)
{
    struct oac_test_process p = oac_test_oac_signalled(
        (const char *const[]){RUN, "--batch", "1", "--threads", "1", "--progress", NULL},
        "images: 2", SIGKILL);
    cr_expect_eq(p.code, 128 + SIGKILL);
    oac_test_process_fini(&p);
    p = OAC(RUN, "--images", "1", "--quiet");
    expect_line(&p, 1, "oac record finish"); /* it may be all there is: not overwritten */
    oac_test_process_fini(&p);
    finish();
    p = OAC("run", "--model", world.model, "--data", world.data, "--rig", "m2k-bench", "--on",
            "replay", "--uri", path, "--images", "2", "--quiet");
    cr_expect_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
}

Test(record_command, a_full_disk_keeps_the_old_file_and_what_was_recorded)
{
    oac_test_small_disk(dir, "256k");
    oac_test_file_put(path, "old", 3);
    struct oac_test_process p = OAC(RUN, "--images", "50", "--quiet");
    expect_line(&p, 1, "No space left");
    cr_expect(strstr(p.said, "bench.h5.journal"), "%s", p.said);
    cr_expect_eq(oac_test_lines(p.said), 1, "%s", p.said);
    oac_test_process_fini(&p);
    old_file_stays();
    cr_expect_eq(access(journal, F_OK), 0);
    umount(dir);
}

Test(record_command, a_failure_before_anything_is_played_leaves_nothing)
{
    struct oac_test_process p = OAC(RUN, "--set", "laser.power_dbm=-60", "--quiet");
    cr_expect_neq(p.code, 0, "%s", p.out);
    oac_test_process_fini(&p);
    unlink(journal); /* a preamble that was not heard is a burst */
    p = OAC("run", "--model", world.model, "--data", world.data, "--rig", "m2k-bench",
            "--record", path, "--quiet");
    expect_line(&p, 1, "no samples");
    oac_test_process_fini(&p);
    p = OAC("run", "--model", world.model, "--data", world.data, "--rig", "m2k-bench", "--on",
            "replay", "--quiet");
    expect_line(&p, 2, "--uri FILE");
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 0);
}

/* Samples and description of a port agree, and say where segments are. */
static void check_sigmf(const char *port, size_t sample_bytes)
{
    char file[OAC_TEST_DIR_BYTES + 64], name[64];
    struct stat data;
    json_error_t error;
    snprintf(name, sizeof name, "bench.%s.sigmf-data", port);
    cr_assert_eq(stat(oac_test_dir_path(dir, name, file), &data), 0, "%s", file);
    snprintf(name, sizeof name, "bench.%s.sigmf-meta", port);
    json_t *meta = json_load_file(oac_test_dir_path(dir, name, file), 0, &error);
    cr_assert_not_null(meta, "%s: %s", file, error.text);
    const json_t *global = json_object_get(meta, "global");
    cr_expect_str_eq(json_string_value(json_object_get(global, "core:datatype")),
                     sample_bytes == 4 ? "rf32_le" : "ru16_le");
    cr_expect_str_eq(json_string_value(json_object_get(global, "core:version")), "1.0.0");
    cr_expect_gt(json_number_value(json_object_get(global, "core:sample_rate")), 0.0);
    const json_t *captures = json_object_get(meta, "captures"),
                 *annotations = json_object_get(meta, "annotations");
    json_int_t end = 0, before = 0;
    for (size_t i = 0; i < json_array_size(annotations); i++) {
        const json_t *a = json_array_get(annotations, i);
        const json_int_t start = json_integer_value(json_object_get(a, "core:sample_start"));
        const json_int_t last =
            start + json_integer_value(json_object_get(a, "core:sample_count"));
        cr_expect_geq(start, before, "annotations ascend");
        before = start;
        end = last > end ? last : end;
    }
    cr_expect_eq((off_t)end * (off_t)sample_bytes, data.st_size, "%s", port);
    cr_expect_gt(json_array_size(annotations), json_array_size(captures), "bursts too");
    cr_expect_gt(json_array_size(captures), 10);
    json_decref(meta);
}

Test(record_command, a_recording_gives_its_ports_as_sigmf)
{
    struct oac_test_process p = OAC(RUN, "--images", "1", "--quiet");
    cr_assert_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
    p = OAC("record", "sigmf", path);
    cr_assert_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 7);
    check_sigmf("weight-0", 2);
    check_sigmf("client", 2);
    check_sigmf("readout-0", 4);
}
