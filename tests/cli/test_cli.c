/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The binary as its user meets it: help, exit codes, one line per error, stdout and stderr apart. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/command.h"
#include "tests/support/process.h"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* One line on stderr that names the program and the thing, nothing on stdout. */
static void expect_one_line(struct oac_test_process *p, int code, const char *part)
{
    cr_expect_eq(p->code, code, "exit %d, expected %d; said: %s", p->code, code, p->said);
    cr_expect_str_empty(p->out, "stdout: %s", p->out);
    cr_expect_eq(oac_test_lines(p->said), 1, "not one line: %s", p->said);
    cr_expect(strncmp(p->said, "oac: ", 5) == 0, "said: %s", p->said);
    cr_expect(has(p->said, part), "\"%s\" is not in: %s", part, p->said);
    oac_test_process_fini(p);
}

/* A wrong command line: the error, and where to read more. */
static void expect_usage(struct oac_test_process *p, const char *part)
{
    cr_expect_eq(p->code, 2, "exit %d; said: %s", p->code, p->said);
    cr_expect_str_empty(p->out);
    cr_expect(has(p->said, part), "\"%s\" is not in: %s", part, p->said);
    cr_expect(has(p->said, "--help"), "no way out: %s", p->said);
    oac_test_process_fini(p);
}

Test(cli, help_lists_every_command_of_the_table_with_its_purpose)
{
    struct oac_test_process p = OAC("--help");
    cr_expect_eq(p.code, 0);
    cr_expect_str_empty(p.said, "help belongs to stdout");
    for (const struct oac_command *c = oac_commands; c->name; c++) {
        cr_expect_not_null(c->run, "oac %s is in the table and not in the build", c->name);
        cr_expect(has(p.out, c->purpose), "no purpose of %s in: %s", c->name, p.out);
        cr_expect(has(p.out, c->group), "no group %s in: %s", c->group, p.out);
    }
    cr_expect(has(p.out, "Exit codes: 0 ok"));
    oac_test_process_fini(&p);
}

Test(cli, help_of_every_command_has_examples_and_exit_codes_and_fits_80_columns)
{
    for (const struct oac_command *c = oac_commands; c->name; c++) {
        struct oac_test_process p = OAC(c->name, "--help");
        cr_expect_eq(p.code, 0, "oac %s --help: exit %d", c->name, p.code);
        cr_expect_str_empty(p.said);
        char example[64];
        snprintf(example, sizeof example, "\n  oac %s ", c->name);
        cr_expect(has(p.out, example), "oac %s --help has no example", c->name);
        cr_expect(has(p.out, "Exit codes: 0 ok"), "oac %s --help has no exit codes", c->name);
        cr_expect(has(p.out, "--kernel"), "oac %s --help lacks the global options", c->name);
        for (const char *line = p.out; line; line = strchr(line, '\n')) {
            line += *line == '\n';
            cr_expect_leq(strcspn(line, "\n"), 80, "oac %s --help: %.100s", c->name, line);
        }
        struct oac_test_process asked = OAC("help", c->name);
        cr_expect_str_eq(asked.out, p.out, "oac help %s", c->name);
        oac_test_process_fini(&asked);
        oac_test_process_fini(&p);
    }
}

Test(cli, no_command_is_a_usage_error_that_shows_the_help)
{
    struct oac_test_process p = OAC(NULL);
    cr_expect_eq(p.code, 2);
    cr_expect_str_empty(p.out);
    cr_expect(has(p.said, "oac rig"));
    oac_test_process_fini(&p);
}

Test(cli, an_unknown_command_is_exit_2_and_suggests_the_nearest)
{
    struct oac_test_process p = OAC("rum");
    expect_one_line(&p, 2, "did you mean oac run?");
    p = OAC("frobnicate");
    expect_one_line(&p, 2, "no command 'frobnicate'; see oac --help");
    p = OAC("help", "frobnicate");
    expect_one_line(&p, 2, "no command 'frobnicate'");
}

Test(cli, version_names_program_and_kernel_level)
{
    struct oac_test_process p = OAC("--version");
    cr_expect_eq(p.code, 0);
    cr_expect(strncmp(p.out, "oac ", 4) == 0 && has(p.out, "kernel level "), "%s", p.out);
    cr_expect_eq(oac_test_lines(p.out), 1);
    oac_test_process_fini(&p);
}

Test(cli, a_wrong_option_or_value_is_exit_2_before_any_work)
{
    struct oac_test_process p = OAC("--bogus");
    expect_usage(&p, "unrecognized option '--bogus'");
    p = OAC("rig", "list", "--bogus");
    expect_usage(&p, "oac rig: unrecognized option '--bogus'");
    p = OAC("rig");
    expect_usage(&p, "list, check FILE, show NAME or reference");
    p = OAC("rig", "chek", "ideal");
    expect_usage(&p, "did you mean check?");
    p = OAC("rig", "check");
    expect_usage(&p, "which rig?");
    p = OAC("rig", "list", "ideal");
    expect_usage(&p, "take neither a rig nor --set");
    p = OAC("info");
    expect_usage(&p, "which FILE?");
    p = OAC("info", "one", "two");
    expect_usage(&p, "Too many arguments");
}

Test(cli, the_kernel_level_can_be_fixed_before_and_after_the_command)
{
    struct oac_test_process p = OAC("--kernel", "v9", "rig", "list");
    expect_usage(&p, "v9");
    p = OAC("rig", "list", "--kernel", "v9");
    expect_usage(&p, "v9");
    p = OAC("--kernel", "auto", "rig", "list");
    cr_expect_eq(p.code, 0, "%s", p.said);
    oac_test_process_fini(&p);
}

Test(cli, a_result_that_cannot_be_written_is_exit_1)
{
    char command[4200];
    snprintf(command, sizeof command, "'%s/cli/oac' rig list >/dev/full 2>/dev/null",
             getenv("OAC_BINARY_DIR"));
    int status = system(command);
    cr_assert(WIFEXITED(status));
    cr_expect_eq(WEXITSTATUS(status), 1);
}

Test(cli, the_list_of_data_sets_is_valid_json)
{
    struct oac_test_process p = OAC("data", "list", "--json");
    cr_expect_eq(p.code, 0, "%s", p.said);
    json_error_t error;
    json_t *json = json_loads(p.out, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(json, "line %d: %s", error.line, error.text);
    cr_expect(json_array_size(json) >= 2, "MNIST and Fashion-MNIST at least");
    json_decref(json);
    oac_test_process_fini(&p);
}
