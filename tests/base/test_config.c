/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/config.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/need.h"
#include "tests/support/tmpdir.h"

struct bench {
    char name[OAC_CONFIG_TEXT_BYTES], note[OAC_CONFIG_TEXT_BYTES];
    int64_t channels, cap;
    double power_dbm, rin_db_per_hz, er_db, spread, deep;
    bool shared;
    int kind;
    int untouched; /* not in the table */
};

static const char *const kinds[] = {"pin", "apd", "counting", NULL};

#define KEY(path, type, field, unit, min, max, text, none, help)                            \
    {                                                                                       \
        path, OAC_CONFIG_##type, offsetof(struct bench, field), unit, min, max, text, none, \
            NULL, help                                                                      \
    }

/* Sections are interleaved on purpose: "laser" comes twice. */
static const struct oac_config_key keys[] = {
    KEY("name", TEXT, name, "", 0, 0, NULL, NAN, "What the bench is called."),
    KEY("note", TEXT, note, "", 0, 0, "", NAN, ""),
    KEY("channels", INTEGER, channels, "", 1, 1024, "16", NAN, "Wavelengths."),
    KEY("laser.power_dbm", REAL, power_dbm, "dBm", -60, 30, "-10", NAN, "Launch | power."),
    KEY("mzm.er_db", REAL, er_db, "dB", 0, 80, "none", INFINITY, "Extinction ratio."),
    KEY("mzm.spread", REAL, spread, "", -1, 1, "0.5", 0, "Zero is none."),
    KEY("laser.rin_db_per_hz", REAL, rin_db_per_hz, "dB/Hz", -200, -80, "-150", -INFINITY,
        "Intensity noise."),
    KEY("laser.shared", BOOL, shared, "", 0, 0, "false", NAN, "One comb."),
    {"detector.kind", OAC_CONFIG_CHOICE, offsetof(struct bench, kind), "", 0, 0, "pin", NAN,
     kinds, "How light is detected."},
    KEY("detector.limits.cap", INTEGER, cap, "", 0, 9e15, "none", -1, "Largest count."),
    KEY("detector.limits.deep.value", REAL, deep, "V", -INFINITY, INFINITY, "0.1", NAN,
        "Without bounds."),
};
static const struct oac_config_table table = {"rig", keys, sizeof keys / sizeof keys[0]};

static struct oac_err err;

static enum oac_status parse(const char *text, struct bench *bench)
{
    return oac_config_parse(&table, "r.yaml", text, strlen(text), bench, sizeof *bench, &err);
}

static void expect_refused(const char *text, const char *message_part)
{
    struct bench bench, before;
    memset(&bench, 0x5a, sizeof bench);
    before = bench;
    cr_assert_neq(parse(text, &bench), OAC_OK, "accepted: %s", text);
    cr_assert(strstr(err.message, message_part), "\"%s\" does not say \"%s\"", err.message,
              message_part);
    cr_assert(strncmp(err.message, "r.yaml:", 7) == 0, "%s", err.message);
    cr_assert_eq(memcmp(&bench, &before, sizeof bench), 0, "changed by: %s", text);
}

Test(config, a_document_fills_the_struct_over_the_defaults)
{
    struct bench bench = {.untouched = 7};
    cr_assert_eq(parse("# a comment\n"
                       "name: my bench\n"
                       "laser: {power_dbm: 3.5e-1, shared: yes}\n"
                       "detector:\n"
                       "  kind: apd\n"
                       "  limits:\n"
                       "    cap: 123456789012345\n",
                       &bench),
                 OAC_OK, "%s", err.message);
    cr_assert_str_eq(bench.name, "my bench");
    cr_assert_str_eq(bench.note, "");
    cr_assert_eq(bench.power_dbm, 0.35);
    cr_assert_eq(bench.rin_db_per_hz, -150.0);
    cr_assert_eq(bench.er_db, INFINITY);
    cr_assert(bench.shared);
    cr_assert_eq(bench.kind, 1);
    cr_assert_eq(bench.cap, 123456789012345);
    cr_assert_eq(bench.channels, 16);
    cr_assert_eq(bench.untouched, 7);
}

Test(config, a_bad_number_names_file_line_key_value_and_range)
{
    expect_refused("name: x\n\nlaser:\n  power_dbm: 0.9x\n",
                   "r.yaml:4: laser.power_dbm = 0.9x: expected a number in dBm from -60 to 30");
    cr_assert_eq(err.status, OAC_EINVAL);
}

Test(config, what_is_not_a_finite_number_in_range_is_refused)
{
    static const char *const bad[] = {"nan",
                                      ".nan",
                                      "inf",
                                      "-.inf",
                                      "1e999",
                                      "0x10",
                                      "1e",
                                      "--1",
                                      "1 2",
                                      "1,5",
                                      "30.01",
                                      "-61",
                                      "\"3\"",
                                      "''",
                                      "~",
                                      "null",
                                      "none",
                                      "true",
                                      "1e-999",
                                      "3 dBm",
                                      "1.5.2",
                                      "",
                                      "|\n 3",
                                      "1_000",
                                      "+-3",
                                      "\xc2\xa0"
                                      "1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "name: x\nlaser:\n  power_dbm: %s\n", bad[i]);
        expect_refused(text, "laser.power_dbm = ");
        cr_assert(strstr(err.message, "r.yaml:3: ") || bad[i][0] == '|', "%s", err.message);
    }
}

Test(config, what_is_not_a_whole_number_in_range_is_refused)
{
    static const char *const bad[] = {"1.5", "0",  "1025", "1e2", "99999999999999999999",
                                      "0x1", "-1", "",     "on"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "name: x\nchannels: %s\n", bad[i]);
        expect_refused(text, "channels = ");
        cr_assert(strstr(err.message, "a whole number from 1 to 1024"), "%s", err.message);
    }
}

Test(config, none_is_what_the_table_says)
{
    struct bench bench = {0};
    cr_assert_eq(parse("name: x\nlaser: {rin_db_per_hz: none}\nmzm: {er_db: none}\n", &bench),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(bench.rin_db_per_hz, -INFINITY);
    cr_assert_eq(bench.er_db, INFINITY);
    cr_assert_eq(bench.cap, -1);
}

Test(config, booleans_and_choices_are_words_of_the_list)
{
    static const char *const words[] = {"true", "on", "yes", "false", "off", "no"};
    for (int i = 0; i < 6; i++) {
        struct bench bench = {0};
        char text[100];
        snprintf(text, sizeof text, "name: x\nlaser: {shared: %s}\n", words[i]);
        cr_assert_eq(parse(text, &bench), OAC_OK, "%s", err.message);
        cr_assert_eq(bench.shared, i < 3);
    }
    expect_refused("name: x\nlaser: {shared: 1}\n", "expected true or false");
    expect_refused("name: x\ndetector: {kind: ccd}\n",
                   "detector.kind = ccd: expected pin, apd or counting");
}

Test(config, an_unknown_key_suggests_the_nearest)
{
    expect_refused("name: x\nlaser:\n  pwer_dbm: 3\n",
                   "r.yaml:3: unknown key laser.pwer_dbm; did you mean laser.power_dbm?");
    cr_assert_eq(err.status, OAC_ENOTFOUND);
    expect_refused("name: x\npower_dbm: 3\n", "did you mean laser.power_dbm?");
    expect_refused("name: x\nlazer:\n  shared: on\n", "r.yaml:2: unknown key lazer");
    expect_refused("name: x\nzzzzzzzzzzzzzzzz: 3\n",
                   "unknown key zzzzzzzzzzzzzzzz; see the rig");
}

Test(config, a_key_or_section_given_twice_is_refused_with_both_lines)
{
    expect_refused("name: x\nlaser:\n  shared: on\n  shared: off\n",
                   "r.yaml:4: laser.shared is given twice, first in line 3");
    expect_refused("name: x\nlaser: {shared: on}\nmzm: {}\nlaser: {power_dbm: 1}\n",
                   "r.yaml:4: laser is given twice, first in line 2");
    expect_refused("name: x\nname: y\n", "name is given twice");
}

Test(config, a_missing_required_key_is_named)
{
    expect_refused("channels: 4\n", "r.yaml: name is missing; expected UTF-8 text");
    expect_refused("{}\n", "name is missing");
}

Test(config, a_document_of_the_wrong_shape_is_refused)
{
    expect_refused("", "is empty");
    expect_refused("# only a comment\n", "is empty");
    expect_refused("just text\n", "r.yaml:1: expected keys with values");
    expect_refused("- a\n- b\n", "expected keys with values");
    expect_refused("name: x\nlaser: 3\n",
                   "r.yaml:2: laser is a section: expected keys below it");
    expect_refused("name: x\nlaser:\n", "laser is a section");
    expect_refused("name: x\nlaser: [1, 2]\n", "laser: is a list");
    expect_refused("name: x\nlaser: {power_dbm: [1]}\n", "laser.power_dbm: is a list");
    expect_refused("name: x\nlaser: {power_dbm: {a: 1}}\n",
                   "laser.power_dbm: has keys below it");
    expect_refused("name: x\nlaser.power_dbm: 3\n", "contains a dot");
    expect_refused("name: x\n? [a, b]\n: 3\n", "a key must be a plain word");
    expect_refused("name: x\n\"\": 3\n", "cannot be a key");
    expect_refused("name: x\n---\nname: y\n", "r.yaml:2: a second document");
    expect_refused("name:\n", "has no value");
}

Test(config, anchors_aliases_and_tags_are_refused)
{
    expect_refused("name: &a x\n", "anchors");
    expect_refused("name: x\nnote: *a\n", "aliases");
    expect_refused("name: !!str x\n", "tags");
    expect_refused("name: x\nlaser: !section {shared: on}\n", "tags");
    expect_refused("name: x\nlaser: &l {shared: on}\n", "r.yaml:2: laser: YAML anchors");
}

Test(config, broken_yaml_is_refused_with_its_line)
{
    expect_refused("name: x\nlaser: {power_dbm: 3\n", "not valid YAML");
    expect_refused("name: x\n\tlaser: 3\n", "r.yaml:2: not valid YAML");
    expect_refused("name: x\nnote: \xff\xfe\n", "r.yaml:2: not valid YAML");
    expect_refused("name: \"x\\0y\"\n", "NUL");
    expect_refused("name: \"x\\ny\"\n", "without control characters");
    expect_refused("name: |\n  two\n  lines\n", "without control characters");
    const char utf16[] = "\xff\xfen\0a\0m\0e\0:\0 \0x\0";
    struct bench bench;
    cr_assert_eq(
        oac_config_parse(&table, "r.yaml", utf16, sizeof utf16 - 1, &bench, sizeof bench, &err),
        OAC_EPARSE);
}

Test(config, deep_nesting_is_refused_and_does_not_exhaust_the_stack)
{
    size_t bytes = 1000000;
    char *text = malloc(bytes + 1);
    for (int open = 0; open < 2; open++) {
        memset(text, open ? '[' : '{', bytes);
        text[bytes] = '\0';
        expect_refused(text, "r.yaml:1: ");
        memcpy(text, "name: ", 6);
        expect_refused(text, "r.yaml:1: ");
    }
    free(text);
}

Test(config, an_over_long_document_or_text_is_refused)
{
    size_t bytes = 2000000;
    char *text = malloc(bytes + 1);
    memset(text, ' ', bytes);
    text[bytes] = '\0';
    expect_refused(text, "2000000 bytes, at most 1048576");
    memcpy(text, "name: ", 6);
    memset(text + 6, 'x', OAC_CONFIG_TEXT_BYTES);
    text[6 + OAC_CONFIG_TEXT_BYTES] = '\0';
    expect_refused(text, "at most 255 bytes");
    text[6 + OAC_CONFIG_TEXT_BYTES - 1] = '\0';
    struct bench bench;
    cr_assert_eq(parse(text, &bench), OAC_OK, "%s", err.message);
    free(text);
}

Test(config, random_bytes_are_never_accepted_silently_or_crash)
{
    const char seed_text[] = "name: x\nlaser:\n  power_dbm: 3\n  shared: on\ndetector:\n"
                             "  kind: apd\n  limits: {cap: 5, deep: {value: \"q\"}}\n";
    uint32_t state = 1;
    for (int round = 0; round < 20000; round++) {
        char text[sizeof seed_text];
        memcpy(text, seed_text, sizeof text);
        for (int change = 0; change < 3; change++) {
            state = state * 1664525u + 1013904223u;
            text[(state >> 8) % (sizeof text - 1)] = (char)(state >> 24);
        }
        struct bench bench = {0};
        if (oac_config_parse(&table, "r.yaml", text, sizeof text - 1, &bench, sizeof bench,
                             &err))
            cr_assert(strncmp(err.message, "r.yaml", 6) == 0, "%s", err.message);
        else
            cr_assert(bench.power_dbm >= -60 && bench.power_dbm <= 30 && bench.kind >= 0 &&
                      bench.kind < 3);
    }
}

Test(config, set_changes_one_key_and_refuses_like_a_file)
{
    struct bench bench = {0};
    cr_assert_eq(oac_config_defaults(&table, &bench, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_config_set(&table, "laser.power_dbm=3", &bench, &err), OAC_OK);
    cr_assert_eq(bench.power_dbm, 3.0);
    cr_assert_eq(oac_config_set(&table, "note=a=b, \"c\"", &bench, &err), OAC_OK);
    cr_assert_str_eq(bench.note, "a=b, \"c\"");

    struct bench before = bench;
    static const char *const bad[][2] = {
        {"laser.power_dbm=3dBm", "laser.power_dbm = 3dBm: expected a number in dBm"},
        {"laser.power_dbm=", "laser.power_dbm = (nothing): expected"},
        {"laser.power_dbm", "expected path=value"},
        {"=3", "expected path=value"},
        {"laser.powr_dbm=3", "did you mean laser.power_dbm?"},
        {"laser=3", "laser is a section; name a key in it, such as laser.power_dbm"},
        {"note=two\nlines", "without control characters"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_neq(oac_config_set(&table, bad[i][0], &bench, &err), OAC_OK, "%s", bad[i][0]);
        cr_assert(strstr(err.message, bad[i][1]), "%s", err.message);
    }
    cr_assert_eq(memcmp(&bench, &before, sizeof bench), 0);
}

static char *written(const struct bench *bench, int comments)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    cr_assert_eq(oac_config_write(&table, bench, comments, out, &err), OAC_OK, "%s",
                 err.message);
    fclose(out);
    return text;
}

Test(config, what_is_written_parses_back_to_the_identical_object)
{
    static const double values[] = {0.1,        1.0 / 3.0, -0.0, 5e-324, 1.7976931348623157e308,
                                    123456789.0};
    static const char *const texts[] = {"plain",
                                        "quote \" back \\ slash",
                                        " padded ",
                                        "# no comment",
                                        "~",
                                        "\xc2\xb5m and \xe2\x82\xac",
                                        "a: b, [c] {d} 'e' | > % @ ` &f *g !h"};
    for (int comments = 0; comments < 2; comments++) {
        for (size_t i = 0; i < 42; i++) {
            struct bench bench, back;
            memset(&bench, 0,
                   sizeof bench); /* padding too: the objects are compared as bytes */
            memset(&back, 0, sizeof back);
            cr_assert_eq(oac_config_defaults(&table, &bench, &err), OAC_OK);
            strcpy(bench.name, texts[i % 7]);
            strcpy(bench.note, texts[(i + 3) % 7]);
            bench.deep = values[i % 6];
            bench.spread = i % 3 ? -0.0 : 0.0;
            bench.kind = (int)i % 3;
            bench.cap = i % 2 ? -1 : 9007199254740993 / 2;
            bench.rin_db_per_hz = i % 4 ? -149.99999999999997 : -INFINITY;
            char *text = written(&bench, comments);
            cr_assert_eq(parse(text, &back), OAC_OK, "%s in\n%s", err.message, text);
            cr_assert_eq(memcmp(&bench, &back, sizeof bench), 0, "%s", text);
            free(text);
        }
    }
}

Test(config, writing_uses_shortest_numbers_none_and_comments)
{
    struct bench bench = {.name = "x", .channels = 1, .deep = 0.1, .rin_db_per_hz = -INFINITY};
    char *text = written(&bench, 1);
    cr_assert(strstr(text, "  rin_db_per_hz: none # dB/Hz. Intensity noise.\n"), "%s", text);
    cr_assert(strstr(text, "      value: 0.1 # V. Without bounds.\n"), "%s", text);
    cr_assert_null(strstr(strstr(text, "laser:") + 1, "laser:"), "a section is written once");
    free(text);
}

Test(config, an_object_that_could_not_be_read_back_is_not_written)
{
    FILE *out = fopen("/dev/null", "w");
    struct bench good = {.name = "x", .channels = 1, .rin_db_per_hz = -150.0}, bad;
    cr_assert_eq(oac_config_write(&table, &good, 0, out, &err), OAC_OK, "%s", err.message);
    bad = good, bad.power_dbm = NAN;
    cr_assert_eq(oac_config_write(&table, &bad, 0, out, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "laser.power_dbm cannot be written"), "%s", err.message);
    bad = good, bad.power_dbm = 31.0;
    cr_assert_eq(oac_config_write(&table, &bad, 0, out, &err), OAC_EINVAL);
    bad = good, bad.kind = 3;
    cr_assert_eq(oac_config_write(&table, &bad, 0, out, &err), OAC_EINVAL);
    bad = good, strcpy(bad.name, "two\nlines");
    cr_assert_eq(oac_config_write(&table, &bad, 0, out, &err), OAC_EINVAL);
    bad = good, memset(bad.name, 'x', sizeof bad.name);
    cr_assert_eq(oac_config_write(&table, &bad, 0, out, &err), OAC_EINVAL);
    fclose(out);
    out = fopen("/dev/full", "w");
    cr_assert_eq(oac_config_write(&table, &good, 0, out, &err), OAC_EIO);
    fclose(out);
}

Test(config, a_locale_with_a_decimal_comma_changes_nothing)
{
    char dir[OAC_TEST_DIR_BYTES], command[OAC_TEST_DIR_BYTES + 100];
    oac_test_dir_make(dir);
    snprintf(command, sizeof command,
             "localedef --no-archive -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>/dev/null", dir);
    int compiled = system(command);
    setenv("LOCPATH", dir, 1);
    bool comma = compiled == 0 && setlocale(LC_ALL, "de_DE.UTF-8") &&
                 strcmp(localeconv()->decimal_point, ",") == 0;
    oac_test_dir_remove(dir);
    oac_test_need(comma, "compiling the locale de_DE needs Debian's package `locales`");
    struct bench bench = {.name = "x", .channels = 1, .deep = 0.5, .rin_db_per_hz = -150.5},
                 back;
    char *text = written(&bench, 0);
    cr_assert(strstr(text, "-150.5"), "%s", text);
    cr_assert_eq(parse(text, &back), OAC_OK, "%s", err.message);
    cr_assert_eq(back.rin_db_per_hz, -150.5);
    free(text);
    expect_refused("name: x\nlaser: {power_dbm: \"1,5\"}\n", "expected a number");
}

Test(config, a_file_is_read_with_its_text)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 16], *text = NULL;
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "rig.yaml", path);
    struct bench bench = {0};
    cr_assert_eq(oac_config_read(&table, path, &bench, sizeof bench, &text, &err),
                 OAC_ENOTFOUND);
    cr_assert_null(text);
    oac_test_file_put(path, "name: x\nchannels: 3\n", 20);
    cr_assert_eq(oac_config_read(&table, path, &bench, sizeof bench, &text, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_str_eq(text, "name: x\nchannels: 3\n");
    cr_assert_eq(bench.channels, 3);
    free(text);
    cr_assert_eq(oac_config_read(&table, path, &bench, sizeof bench, NULL, &err), OAC_OK);
    oac_test_file_put(path, "name: x\nchannels: 0\n", 20);
    cr_assert_eq(oac_config_read(&table, path, &bench, sizeof bench, NULL, &err), OAC_EINVAL);
    cr_assert(strncmp(err.message, path, strlen(path)) == 0 && strstr(err.message, ":2: "),
              "%s", err.message);
    oac_test_dir_remove(dir);
}

Test(config, the_reference_has_one_table_per_section_with_every_key)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    cr_assert_eq(oac_config_reference(&table, out, &err), OAC_OK);
    fclose(out);
    for (size_t i = 0; i < table.count; i++) {
        char cell[100];
        snprintf(cell, sizeof cell, "| `%s` |", keys[i].path);
        cr_assert(strstr(text, cell), "%s is missing in\n%s", cell, text);
    }
    const char *laser = strstr(text, "## laser\n");
    cr_assert(laser && !strstr(laser + 1, "## laser\n"));
    cr_assert(strstr(text, "## The rig itself\n"));
    cr_assert(
        strstr(text, "| `laser.power_dbm` | dBm | `-10` | -60 to 30 | Launch \\| power. |"),
        "%s", text);
    cr_assert(strstr(text, "| `name` |  | required | text, at most 255 bytes |"), "%s", text);
    cr_assert(strstr(text, "or `none`"));
    free(text);
}

Test(config, a_table_that_does_not_fit_its_object_is_an_internal_error)
{
    char small[16];
    cr_assert_eq(oac_config_parse(&table, "r.yaml", "name: x\n", 8, small, sizeof small, &err),
                 OAC_EINTERNAL);
}
