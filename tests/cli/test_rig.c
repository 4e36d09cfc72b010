/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static const char *const shipped[] = {"bench-100",    "fmcomms-bench", "ideal",
                                      "netcast-86km", "netcast-local", "netcast-snspd"};
enum { SHIPPED = sizeof shipped / sizeof shipped[0] };

Test(rig, list_names_every_shipped_rig_with_a_description)
{
    struct oac_test_process p = OAC("rig", "list");
    cr_expect_eq(p.code, 0, "%s", p.said);
    cr_expect_geq(oac_test_lines(p.out), SHIPPED);
    for (size_t i = 0; i < SHIPPED; i++)
        cr_expect(has(p.out, shipped[i]), "%s is not in: %s", shipped[i], p.out);
    cr_expect_not(has(p.out, "  ("), "a rig that cannot be read: %s", p.out);
    oac_test_process_fini(&p);
}

Test(rig, check_of_every_shipped_rig_gives_its_budget_and_no_error)
{
    for (size_t i = 0; i < SHIPPED; i++) {
        struct oac_test_process p = OAC("rig", "check", shipped[i]);
        cr_expect_eq(p.code, 0, "%s: %s", shipped[i], p.said);
        cr_expect(has(p.out, "at the detector") && has(p.out, "thermal noise"), "%s", p.out);
        oac_test_process_fini(&p);
    }
}

Test(rig, what_show_prints_reads_back_as_the_same_rig)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "copy.yaml", path);
    for (size_t i = 0; i < SHIPPED; i++) {
        struct oac_test_process shown = OAC("rig", "show", shipped[i]);
        cr_expect_eq(shown.code, 0, "%s", shown.said);
        oac_test_file_put(path, shown.out, strlen(shown.out));
        struct oac_test_process again = OAC("rig", "show", path);
        cr_expect_eq(again.code, 0, "%s", again.said);
        cr_expect_str_eq(again.out, shown.out, "%s changes when read back", shipped[i]);
        oac_test_process_fini(&again);
        oac_test_process_fini(&shown);
    }
    oac_test_dir_remove(dir);
}

Test(rig, a_change_by_set_is_seen_and_a_wrong_one_is_one_line)
{
    struct oac_test_process p = OAC("rig", "show", "ideal", "--set", "channels=7");
    cr_expect(has(p.out, "\nchannels: 7 "), "%s", p.out);
    oac_test_process_fini(&p);
    const struct {
        const char *set, *part;
    } wrong[] = {
        {"laser.powr_dbm=3", "laser.power_dbm"}, {"channels=0", "channels"},
        {"channels=many", "channels"},           {"channels", "channels"},
        {"laser.power_dbm=nan", "power_dbm"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        p = OAC("rig", "check", "ideal", "--set", wrong[i].set);
        cr_expect_eq(p.code, 1, "--set %s: exit %d", wrong[i].set, p.code);
        cr_expect_str_empty(p.out);
        cr_expect_eq(oac_test_lines(p.said), 1, "%s", p.said);
        cr_expect(has(p.said, wrong[i].part), "--set %s: %s", wrong[i].set, p.said);
        oac_test_process_fini(&p);
    }
}

Test(rig, warnings_go_to_stderr_and_do_not_fail)
{
    struct oac_test_process p =
        OAC("rig", "check", "netcast-86km", "--set", "laser.grid_hz=50e9");
    cr_expect_eq(p.code, 0);
    cr_expect(has(p.said, "oac: warning: laser.grid_hz"), "%s", p.said);
    cr_expect_not(has(p.out, "warning"));
    oac_test_process_fini(&p);
}

Test(rig, an_unknown_key_is_named_with_file_and_line)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16], where[OAC_TEST_DIR_BYTES + 32];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "bad.yaml", path);
    static const char text[] = "name: bad\nchannels: 4\nslot_rate: 1e6\n";
    oac_test_file_put(path, text, strlen(text));
    snprintf(where, sizeof where, "%s:3: ", path);
    struct oac_test_process p = OAC("rig", "check", path);
    cr_expect_eq(p.code, 1);
    cr_expect(has(p.said, where) && has(p.said, "slot_rate_hz"), "%s", p.said);
    oac_test_process_fini(&p);
    oac_test_dir_remove(dir);
}

Test(rig, the_reference_in_docs_is_the_one_of_this_program)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/docs/rig-reference.md", getenv("OAC_SOURCE_DIR"));
    struct oac_err err;
    char *text;
    size_t bytes;
    cr_assert_eq(oac_file_read(path, 1u << 20, &text, &bytes, &err), OAC_OK, "%s", err.message);
    struct oac_test_process p = OAC("rig", "reference");
    cr_expect_eq(p.code, 0);
    cr_expect(strcmp(text, p.out) == 0, "stale: run oac rig reference > docs/rig-reference.md");
    oac_test_process_fini(&p);
    free(text);
}
