/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "hal/calrec.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

/* A small bench and few states: what the command says, not how well it measures. */
#define SMALL                                                                          \
    "--rig", "netcast-local", "--set", "channels=2", "--biases", "4", "--codes", "16", \
        "--windows", "2", "--vectors", "64"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

Test(calibrate, a_calibration_is_reported_and_written)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32];
    struct oac_calrec *calrec;
    struct oac_err err;
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    struct oac_test_process p = OAC("calibrate", SMALL, "-o", path);
    cr_assert_eq(p.code, 0, "%s", p.said);
    static const char *const parts[] = {"full scale (rms)", "V_pi",    "measured 1x",
                                        "crosstalk",        "windows", "launched",
                                        "photons detected", "cal.h5"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_expect(has(p.out, parts[i]), "\"%s\" is not in: %s", parts[i], p.out);
    oac_test_process_fini(&p);
    cr_assert_eq(oac_calrec_read(path, &calrec, &err), OAC_OK, "%s", err.message);
    cr_expect_str_eq(calrec->origin, "measured");
    cr_expect_eq(calrec->channels, 2);
    oac_calrec_destroy(calrec);
    cr_expect_eq(oac_test_dir_entries(dir), 1);
    oac_test_dir_remove(dir);
}

Test(calibrate, json_holds_every_channel)
{
    struct oac_test_process p = OAC("calibrate", SMALL, "--json");
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect(has(p.out, "\"verify_rms\"") && has(p.out, "\"vpi_sigma_v\"") &&
                  has(p.out, "\"launched_j\""),
              "%s", p.out);
    oac_test_process_fini(&p);
}

Test(calibrate, no_light_is_one_line_and_exit_1)
{
    struct oac_test_process p = OAC("calibrate", SMALL, "--set", "laser.power_dbm=-70", "--set",
                                    "laser.power_max_dbm=-60");
    cr_expect_eq(p.code, 1);
    cr_expect(has(p.said, "no light"), "%s", p.said);
    oac_test_process_fini(&p);
}

Test(calibrate, an_output_that_cannot_be_written_is_said_before_anything_is_measured)
{
    struct oac_test_process p = OAC("calibrate", SMALL, "-o", "/nowhere/cal.h5");
    cr_expect_eq(p.code, 1);
    cr_expect(has(p.said, "/nowhere"), "%s", p.said);
    oac_test_process_fini(&p);
}

Test(calibrate, a_check_tells_by_its_exit_code_whether_a_calibration_holds)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    struct oac_test_process p =
        OAC("calibrate", "--rig", "netcast-local", "--set", "channels=2", "-o", path);
    cr_assert_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
    p = OAC("calibrate", "--rig", "netcast-local", "--set", "channels=2", "--check", path);
    cr_expect_eq(p.code, 0, "%s", p.said);
    cr_expect(has(p.out, "holds after 0 s"), "%s", p.out);
    oac_test_process_fini(&p);
    /* Another bench: refused, and when forced found out. */
    p = OAC("calibrate", "--rig", "netcast-local", "--set", "channels=2", "--set",
            "detector.gain_spread_db=1", "--check", path);
    cr_expect_eq(p.code, 1);
    cr_expect(has(p.said, "another rig"), "%s", p.said);
    oac_test_process_fini(&p);
    p = OAC("calibrate", "--rig", "netcast-local", "--set", "channels=2", "--set",
            "detector.gain_spread_db=1", "--check", path, "--force-cal");
    cr_expect_eq(p.code, 1);
    cr_expect(has(p.out, "does not hold") && has(p.out, "FORCED"), "%s", p.out);
    oac_test_process_fini(&p);
    oac_test_dir_remove(dir);
}

Test(calibrate, watching_prints_a_line_each_time_until_it_has_had_its_time)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    struct oac_test_process p =
        OAC("calibrate", "--rig", "netcast-local", "--set", "channels=2", "-o", path);
    oac_test_process_fini(&p);
    p = OAC("calibrate", "--rig", "netcast-local", "--set", "channels=2", "--check", path,
            "--watch", "0.1", "--max-time", "0.25", "--json");
    cr_expect_eq(p.code, 0, "%s", p.said);
    size_t lines = 0;
    for (const char *at = p.out; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    cr_expect_eq(lines, 3); /* at 0, 0.1 and 0.2 s */
    cr_expect(has(p.out, "\"age_s\": 0.2"), "%s", p.out);
    oac_test_process_fini(&p);
    oac_test_dir_remove(dir);
}

Test(calibrate, watching_without_a_check_is_a_usage_error)
{
    struct oac_test_process p = OAC("calibrate", "--rig", "netcast-local", "--watch", "1");
    cr_expect_eq(p.code, 2);
    cr_expect(has(p.said, "need --check"), "%s", p.said);
    oac_test_process_fini(&p);
}

Test(calibrate, too_few_windows_are_a_usage_error)
{
    struct oac_test_process p = OAC("calibrate", "--rig", "netcast-local", "--windows", "1");
    cr_expect_eq(p.code, 2);
    oac_test_process_fini(&p);
}

static size_t lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

Test(calibrate, every_fault_is_one_line_that_names_it_and_exit_1)
{
    static const struct {
        const char *set, *said;
    } faults[] = {
        {"fault.dead_detectors=1", "channel 1: detector dead"},
        {"fault.saturated_detectors=1", "channel 1: readout saturated"},
        {"fault.stuck_modulators=1", "channel 1: modulator stuck"},
        {"fault.dark_lasers=1", "channel 1: laser extinct"},
        {"fault.swapped=0,1", "channels 0 and 1: swapped"},
        {"fault.no_light=yes", "no light reaches any readout"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct oac_test_process p = OAC("calibrate", SMALL, "--set", faults[i].set);
        cr_expect_eq(p.code, 1, "%s: exit %d", faults[i].set, p.code);
        cr_expect(has(p.said, faults[i].said), "%s: %s", faults[i].set, p.said);
        cr_expect_eq(lines(p.said), 1, "%s: %s", faults[i].set, p.said);
        cr_expect_eq(strlen(p.out), 0, "%s: %s", faults[i].set, p.out);
        oac_test_process_fini(&p);
    }
}

/* One of four: said, marked, remapped, and checked without it. */
Test(calibrate, a_dead_channel_is_left_out_and_said)
{
#define FOUR "--rig", "netcast-local", "--set", "channels=4", "--set", "fault.dead_detectors=2"
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32], page[OAC_TEST_DIR_BYTES + 32];
    char *text;
    size_t bytes;
    struct oac_calrec *calrec;
    struct oac_err err;
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "cal.h5", path);
    struct oac_test_process p = OAC("calibrate", FOUR, "-o", path);
    cr_assert_eq(p.code, 0, "%s", p.said);
    cr_expect(has(p.said, "1 of 4 channels left out: channel 2: detector dead"), "%s", p.said);
    cr_expect(has(p.out, "2    left out: dead detector") &&
                  has(p.out, "take 1.33 times the windows"),
              "%s", p.out);
    oac_test_process_fini(&p);
    cr_assert_eq(oac_calrec_read(path, &calrec, &err), OAC_OK, "%s", err.message);
    for (size_t k = 0; k < 4; k++)
        cr_expect_eq(calrec->channel[k].excluded, k == 2);
    oac_calrec_destroy(calrec);
    p = OAC("calibrate", FOUR, "--check", path);
    cr_expect_eq(p.code, 0, "%s", p.said);
    cr_expect(has(p.out, "0 of 3 channels moved"), "%s", p.out);
    oac_test_process_fini(&p);
    oac_test_dir_path(dir, "page.html", page);
    p = OAC("report", path, "-o", page);
    cr_expect(!has(p.said, "damaged"), "%s", p.said);
    cr_assert_eq(oac_file_read(page, 1 << 24, &text, &bytes, &err), OAC_OK, "%s", err.message);
    cr_expect(has(text, "Left out, 1 of 4 channels: channel 2: detector dead"));
    cr_expect(has(text, "<tr><td>2</td><td>-</td><td>-</td><td>-</td></tr>"));
    cr_expect(!has(text, "nan %") && !has(text, "weight 2"));
    free(text);
    oac_test_process_fini(&p);
    p = OAC("calibrate", FOUR, "--no-exclude");
    cr_expect_eq(p.code, 1);
    cr_expect(has(p.said, "channel 2: detector dead"), "%s", p.said);
    oac_test_process_fini(&p);
    oac_test_dir_remove(dir);
}

#ifdef OAC_HAVE_LIBIIO
/* Nothing listens on port 1. */
Test(calibrate, a_device_that_does_not_answer_is_one_line_and_exit_3)
{
    struct oac_test_process p =
        OAC("calibrate", "--rig", "m2k-bench", "--on", "iio", "--uri", "ip:127.0.0.1:1");
    cr_expect_eq(p.code, 3, "%d: %s", p.code, p.said);
    cr_expect_eq(lines(p.said), 1, "%s", p.said);
    oac_test_process_fini(&p);
}
#endif
