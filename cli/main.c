/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac COMMAND ...`: global options, the table of commands, one exit code. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernel.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/suggest.h"
#include "cli/terminal.h"
#include "oac_version.h"

#define EXIT_USAGE   2
#define COMMANDS_MAX 32

struct main_input {
    struct oac_cli *cli;
    int first; /* index in argv of the command's name; 0: none */
};

static void print_version(FILE *out, struct argp_state *state)
{
    (void)state;
    fprintf(out, "oac %s, kernel level %s\n", OAC_VERSION, oac_kernel()->level);
}

static size_t command_names(const char **names)
{
    size_t count = 0;
    for (const struct oac_command *c = oac_commands; c->name && count < COMMANDS_MAX; c++) {
        if (c->run)
            names[count++] = c->name;
    }
    return count;
}

static const struct oac_command *find_command(const char *name)
{
    for (const struct oac_command *c = oac_commands; c->name; c++) {
        if (c->run && strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

/* The commands, group by group, after the options of `oac --help`. */
static char *help_commands(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    char *help = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&help, &bytes);
    if (!out)
        return NULL;
    const char *group = NULL;
    for (const struct oac_command *c = oac_commands; c->name; c++) {
        if (!c->run)
            continue;
        if (!group || strcmp(group, c->group) != 0)
            fprintf(out, "%s%s:\n", group ? "\n" : "", c->group);
        group = c->group;
        fprintf(out, "  oac %-9s %s\n", c->name, c->purpose);
    }
    fprintf(out, "\n%s", text ? text : "");
    fclose(out);
    return help;
}

static error_t parse_main(int key, char *arg, struct argp_state *state)
{
    struct main_input *input = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = input->cli;
        return 0;
    case ARGP_KEY_ARG:
        (void)arg;
        input->first = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_state_help(state, stderr, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK);
        exit(EXIT_USAGE);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child main_children[] = {
    {&oac_cli_global_argp, 0, "Every command:", 0},
    {0},
};

static const struct argp main_argp = {
    .parser = parse_main,
    .args_doc = "COMMAND [ARGUMENTS...]",
    .doc = "Optical analog computing: neural networks whose every product is made of light.\v"
           "oac COMMAND --help explains a command, with examples.\n\n"
           "Exit codes: 0 ok, 1 the work failed or missed its target, 2 usage, 3 device, 130 "
           "interrupted.",
    .children = main_children,
    .help_filter = help_commands,
};

static int unknown_command(const struct oac_cli *cli, const char *name)
{
    const char *names[COMMANDS_MAX];
    const char *near = oac_suggest(name, names, command_names(names));
    struct oac_err err;
    oac_fail(&err, OAC_EUSAGE, "there is no command '%.64s'%s%s%s see oac --help", name,
             near ? "; did you mean oac " : ";", near ? near : "", near ? "? Otherwise" : "");
    return oac_cli_fail(cli, &err);
}

/* Gives the command "oac NAME" as its argv[0], for its own --help and messages. `oac help NAME`
 * is `oac NAME --help`. */
static int run_command(struct oac_cli *cli, int argc, char **argv)
{
    static char help_option[] = "--help";
    char *help_arguments[] = {argv[0], help_option, NULL};
    if (strcmp(argv[0], "help") == 0 && argc >= 2) {
        help_arguments[0] = argv[1];
        argv = help_arguments;
        argc = 2;
    }
    const struct oac_command *command = find_command(argv[0]);
    if (!command)
        return unknown_command(cli, argv[0]);
    char name[64];
    snprintf(name, sizeof name, "oac %s", command->name);
    argv[0] = name;
    return command->run(cli, argc, argv);
}

/* Results that could not be written are a failure even if nobody looked at each printf. */
static int flush_results(const struct oac_cli *cli, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    struct oac_err err;
    oac_fail(&err, OAC_EIO, "standard output: cannot write the result: %s",
             errno ? strerror(errno) : "an earlier write failed");
    int failed = oac_cli_fail(cli, &err);
    return code ? code : failed;
}

int main(int argc, char **argv)
{
    struct oac_terminal terminal;
    oac_terminal_init(&terminal, OAC_PROGRESS_AUTO);
    struct oac_sink sink = oac_terminal_sink(&terminal);
    char *command_line = oac_command_line(argc, argv);
    struct oac_cli cli = {
        .sink = &sink,
        .command_line = command_line ? command_line : "oac",
        .terminal = &terminal,
    };
    struct main_input input = {.cli = &cli};
    static char name[] = "oac"; /* however it was called: getopt puts it before its messages */
    argv[0] = name;

    argp_err_exit_status = EXIT_USAGE;
    argp_program_version_hook = print_version;
    int code = EXIT_USAGE;
    if (argp_parse(&main_argp, argc, argv, ARGP_IN_ORDER, NULL, &input) == 0 && input.first > 0)
        code = run_command(&cli, argc - input.first, argv + input.first);
    code = flush_results(&cli, code);
    oac_terminal_fini(&terminal);
    free(command_line);
    return code;
}
