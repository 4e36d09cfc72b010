/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real outputs ask to be armed, once per device, use, ports and volts. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "driver/arming.h"
#include "tests/support/tmpdir.h"

static char directory[OAC_TEST_DIR_BYTES];
static struct oac_err err;

static void set_up(void)
{
    oac_test_dir_make(directory);
}

static void tear_down(void)
{
    oac_test_dir_remove(directory);
}

TestSuite(arming, .init = set_up, .fini = tear_down);

static const struct oac_arming_port two[] = {{"dac-a", -4.5, 4.5}, {"dac-b", 0.0, 3.0}};

static struct oac_arming_plan plan(void)
{
    return (struct oac_arming_plan){.uri = "ip:192.168.2.1",
                                    .device = "M2k, serial 1044",
                                    .purpose = "rig m2k-bench",
                                    .ports = 2,
                                    .port = two};
}

static enum oac_status ask(const struct oac_arming_plan *asked, bool arm)
{
    const struct oac_drive drive = {
        .arm = arm, .directory = directory, .command = "oac run --rig m2k-bench"};
    return oac_arming_check(&drive, asked, &err);
}

Test(arming, the_first_time_is_refused_with_ports_volts_and_what_to_type)
{
    const struct oac_arming_plan asked = plan();
    const char *const parts[] = {"ip:192.168.2.1", "serial 1044",         "dac-a -4.5 to 4.5 V",
                                 "dac-b 0 to 3 V", "rig m2k-bench --arm", "rig m2k-bench"};
    cr_assert_eq(ask(&asked, false), OAC_EUSAGE);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        cr_expect(strstr(err.message, parts[i]), "%s: %s", parts[i], err.message);
    cr_expect_eq(oac_status_exit_code(err.status), 2);
    cr_expect_eq(oac_arming_check(NULL, &asked, &err), OAC_EUSAGE, "nobody said anything");
}

Test(arming, what_was_armed_once_is_not_asked_for_again)
{
    const struct oac_arming_plan asked = plan();
    cr_assert_eq(ask(&asked, true), OAC_OK, "%s", err.message);
    cr_expect_eq(ask(&asked, false), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_test_dir_entries(directory), 1);
}

Test(arming, another_board_use_port_or_range_is_asked_for)
{
    static const struct oac_arming_port wider[] = {{"dac-a", -4.5, 4.6}, {"dac-b", 0.0, 3.0}};
    static const struct oac_arming_port other[] = {{"dac-a", -4.5, 4.5}, {"dac-c", 0.0, 3.0}};
    const struct oac_arming_plan armed = plan();
    struct oac_arming_plan asked[5];
    for (size_t i = 0; i < 5; i++)
        asked[i] = armed;
    asked[0].device = "M2k, serial 1045";
    asked[1].purpose = "use by hand";
    asked[2].port = wider;
    asked[3].port = other;
    asked[4].ports = 1;
    cr_assert_eq(ask(&armed, true), OAC_OK, "%s", err.message);
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(ask(&asked[i], false), OAC_EUSAGE, "plan %zu", i);
}

static void keep_line(void *context, enum oac_log_level level, const char *line)
{
    (void)level;
    snprintf(context, 300, "%s", line);
}

Test(arming, without_a_place_to_remember_it_holds_for_this_time_and_says_so)
{
    char said[300] = "", file[OAC_TEST_DIR_BYTES + 20];
    const struct oac_sink sink = {.context = said, .log = keep_line};
    const struct oac_arming_plan asked = plan();
    oac_test_dir_path(directory, "file", file);
    oac_test_file_put(file, "", 0);
    struct oac_drive drive = {.arm = true, .directory = file, .sink = &sink};
    cr_expect_eq(oac_arming_check(&drive, &asked, &err), OAC_OK);
    cr_expect(strstr(said, "this time only"), "%s", said);
    drive.arm = false;
    cr_expect_eq(oac_arming_check(&drive, &asked, &err), OAC_EUSAGE);
}
