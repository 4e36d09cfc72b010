/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration that is interrupted goes on where it was, to the same file. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/cli/resume.h"

#define SMALL                                                                                 \
    "calibrate", "--rig", "netcast-local", "--set", "channels=2", "--biases", "6", "--codes", \
        "64", "--windows", "2", "--vectors", "64", "-o", path

static char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32],
    whole[OAC_TEST_DIR_BYTES + 32], partial[OAC_TEST_DIR_BYTES + 64];

static void make(void)
{
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    oac_test_dir_path(dir, "whole.h5", whole);
    snprintf(partial, sizeof partial, "%s.partial", path);
}

static void clean(void)
{
    oac_test_dir_remove(dir);
}

TestSuite(resume, .init = make, .fini = clean, .timeout = 120);

static void calibrate_whole(void)
{
    struct oac_test_process p = OAC(SMALL, "--json");
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect(strstr(p.out, "\"underflow\": \"none\""), "the bench's, kept or not: %s", p.out);
    oac_test_process_fini(&p);
    cr_assert_eq(oac_test_dir_entries(dir), 1, "nothing is left beside the calibration");
    cr_assert_eq(rename(path, whole), 0);
}

/* During the step of that name, with that signal. */
static void interrupt(const char *step, int signal_number, bool again)
{
    struct oac_test_process p = oac_test_oac_signalled(
        (const char *const[]){SMALL, "--progress", NULL}, step, signal_number);
    cr_assert_eq(p.code, 128 + signal_number, "exit %d: %s", p.code, p.said);
    if (signal_number == SIGINT)
        cr_expect(strstr(p.said, "the same command continues from") && strstr(p.said, partial),
                  "%s", p.said);
    cr_expect_eq(strstr(p.said, "continues from") != NULL, again || signal_number == SIGINT,
                 "%s", p.said);
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 2, "the whole one and the partial one");
}

Test(resume, interrupts_and_a_kill_lead_to_the_same_file)
{
    calibrate_whole();
    interrupt("weights", SIGINT, false);
    interrupt("client", SIGKILL, true);
    interrupt("client", SIGINT, true);
    struct oac_test_process p = OAC(SMALL);
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect(strstr(p.said, "continues from"), "%s", p.said);
    oac_test_process_fini(&p);
    cr_expect_eq(oac_test_dir_entries(dir), 2, "the partial one is gone");
    resume_expect_same(whole, path);
}

Test(resume, other_options_and_damage_are_refused)
{
    calibrate_whole();
    interrupt("client", SIGINT, false);
    struct oac_test_process p = OAC(SMALL, "--set", "bench_seed=5");
    cr_expect_eq(p.code, 1);
    cr_expect(strstr(p.said, partial) && strstr(p.said, "another rig, model, data or options"),
              "%s", p.said);
    oac_test_process_fini(&p);
    FILE *file = fopen(partial, "r+b");
    cr_assert_not_null(file);
    cr_assert_eq(fseek(file, -100, SEEK_END), 0);
    cr_assert_neq(fputc('x', file), EOF);
    fclose(file);
    p = OAC(SMALL);
    cr_expect_eq(p.code, 1);
    cr_expect(strstr(p.said, "is damaged: remove it"), "%s", p.said);
    oac_test_process_fini(&p);
}
