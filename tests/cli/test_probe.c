/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oac probe, port and safe as a user runs them, on stored contexts of real boards. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/need.h"
#include "tests/support/process.h"
#include "tests/support/tmpdir.h"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

enum { URI_BYTES = OAC_TEST_PATH_BYTES + 8 };

/* "xml:..." of a stored context; ends the test where there are none or there is no libiio. */
static void stored(const char *name, char uri[URI_BYTES])
{
    char relative[96];
#ifdef OAC_HAVE_LIBIIO
    oac_test_need(true, "");
#else
    oac_test_need(false, "built without libiio");
#endif
    snprintf(relative, sizeof relative, "iio-contexts/%s.xml", name);
    memcpy(uri, "xml:", 5);
    oac_test_shared_path(relative, uri + 4);
    oac_test_need_file(uri + 4, "stored contexts of real boards");
}

static const struct {
    const char *context, *board; /* NULL: none fits */
} real[] = {
    {"ad3552r", "ad3552r"}, {"ad5592r", NULL}, {"ad9081", "ad9081"},
    {"ad9172", NULL},       {"daq2", "daq2"},  {"daq3", "daq3"},
    {"fmcomms11", NULL},    {"m2k", "m2k"},    {"fmcomms2-3", "fmcomms2-3"},
    {"pluto", "pluto"},
};

Test(probe, every_real_board_is_recognised_or_said_to_be_unknown)
{
    char uri[URI_BYTES], ports[64];
    stored("m2k", uri);
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        stored(real[i].context, uri);
        struct oac_test_process p = OAC("probe", "--uri", uri);
        cr_expect_eq(p.code, real[i].board ? 0 : 1, "%s: exit %d, %s", real[i].context, p.code,
                     p.said);
        cr_expect_str_empty(p.said, "%s", p.said);
        snprintf(ports, sizeof ports, "\nports of %s", real[i].board ? real[i].board : "");
        cr_expect_eq(has(p.out, ports), real[i].board != NULL, "%s: %s", real[i].context,
                     p.out);
        oac_test_process_fini(&p);
    }
}

Test(probe, a_context_that_is_broken_is_one_line_naming_file_and_position)
{
    char uri[URI_BYTES];
    stored("adrv9002_singledma", uri);
    struct oac_test_process p = OAC("probe", "--uri", uri);
    cr_expect_eq(p.code, 1);
    cr_expect_str_empty(p.out);
    cr_expect_eq(oac_test_lines(p.said), 1, "%s", p.said);
    cr_expect(has(p.said, "adrv9002_singledma.xml:1:1: "), "%s", p.said);
    oac_test_process_fini(&p);
}

Test(probe, json_has_the_published_shape)
{
    char uri[URI_BYTES];
    json_error_t error;
    stored("m2k", uri);
    struct oac_test_process p = OAC("probe", "--uri", uri, "--rig", "netcast-local", "--json");
    cr_assert_eq(p.code, 0, "%s", p.said);
    json_t *root = json_loads(p.out, 0, &error), *devices, *profiles, *ports, *missing;
    const char *format, *board, *rig, *model;
    int version;
    cr_assert(root, "%s", error.text);
    cr_assert_eq(json_unpack(root, "{s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "format",
                             &format, "version", &version, "board", &board, "rig", &rig,
                             "hw_model", &model, "devices", &devices, "profiles", &profiles,
                             "ports", &ports, "missing", &missing),
                 0);
    cr_expect_str_eq(format, "oac probe");
    cr_expect_eq(version, 1);
    cr_expect_str_eq(board, "m2k");
    cr_expect_eq(json_array_size(ports), 4);
    cr_expect_eq(json_array_size(profiles), 8);
    cr_expect(json_array_size(missing) > 0, "16 wavelengths on two outputs");
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(ports, 0), "name")),
                     "dac-a");
    json_decref(root);
    oac_test_process_fini(&p);
}

Test(probe, what_cannot_be_opened_is_one_line_with_the_right_exit_code)
{
    char uri[URI_BYTES];
    stored("m2k", uri);
    const struct {
        const char *uri;
        int code;
    } wrong[] = {{"xml:/not/there.xml", 1}, {"nonsense", 2}, {"ip:127.0.0.1:1", 3}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct oac_test_process p = OAC("probe", "--uri", wrong[i].uri);
        cr_expect_eq(p.code, wrong[i].code, "%s: exit %d, %s", wrong[i].uri, p.code, p.said);
        cr_expect_str_empty(p.out);
        cr_expect(has(p.said, "oac: "), "%s", p.said);
        oac_test_process_fini(&p);
    }
    struct oac_test_process p = OAC("probe");
    cr_expect_eq(p.code, 2);
    oac_test_process_fini(&p);
    p = OAC("probe", "--uri", uri, "--board", "pluto");
    cr_expect_eq(p.code, 1);
    cr_expect(has(p.out, "without \"PlutoSDR\""), "%s", p.out);
    oac_test_process_fini(&p);
}

Test(port, list_and_a_dry_run_need_no_hardware_and_drive_nothing)
{
    char uri[URI_BYTES];
    stored("m2k", uri);
    struct oac_test_process p = OAC("port", "list", "--uri", uri);
    cr_expect_eq(p.code, 0, "%s", p.said);
    cr_expect_eq(oac_test_lines(p.out), 5, "%s", p.out);
    oac_test_process_fini(&p);
    p = OAC("port", "set", "dac-a", "1.2", "--dry-run", "--uri", uri);
    cr_expect_eq(p.code, 0, "%s", p.said);
    /* (5 - 1.2) V * 4095/10 = 1556.1: code 1556 is 1.200244 V. */
    cr_expect(has(p.out, "dac-a: 1.200244 V, code 1556 of 0 to 4095"), "%s", p.out);
    oac_test_process_fini(&p);
}

Test(port, an_output_is_not_driven_unarmed_nor_beyond_its_limits)
{
    char uri[URI_BYTES];
    stored("m2k", uri);
    struct oac_test_process p = OAC("port", "set", "dac-a", "1.2", "--uri", uri);
    cr_expect_eq(p.code, 2);
    cr_expect(has(p.said, "--arm"), "%s", p.said);
    oac_test_process_fini(&p);
    const struct {
        const char *port, *volts, *part;
    } wrong[] = {{"dac-a", "5.1", "outside its limits, -5 to 5 V"},
                 {"adc-1", "1", "is an input"},
                 {"dac-c", "1", "no port 'dac-c'"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        p = OAC("port", "set", wrong[i].port, wrong[i].volts, "--dry-run", "--uri", uri);
        cr_expect_eq(p.code, 1, "exit %d", p.code);
        cr_expect(has(p.said, wrong[i].part), "%s", p.said);
        oac_test_process_fini(&p);
    }
    stored("pluto", uri);
    p = OAC("port", "set", "tx1", "0.1", "--dry-run", "--uri", uri);
    cr_expect(p.code == 1 && has(p.said, "AC-coupled"), "%s", p.said);
    oac_test_process_fini(&p);
}

Test(port, what_needs_hardware_says_so_on_a_stored_context)
{
    char uri[URI_BYTES];
    stored("m2k", uri);
    struct oac_test_process p = OAC("safe", "--uri", uri);
    cr_expect(p.code != 0 && has(p.said, "xml:"), "exit %d: %s", p.code, p.said);
    oac_test_process_fini(&p);
    p = OAC("port", "read", "adc-1", "--uri", uri);
    cr_expect(p.code != 0 && has(p.said, "xml:"), "exit %d: %s", p.code, p.said);
    oac_test_process_fini(&p);
    p = OAC("port", "set", "dac-a", "0", "--arm", "--uri", uri);
    cr_expect(p.code != 0 && has(p.said, "xml:"), "exit %d: %s", p.code, p.said);
    oac_test_process_fini(&p);
}
