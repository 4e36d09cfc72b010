/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all commands' options have in common: the global ones, strict values, errors. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernel.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/suggest.h"
#include "cli/terminal.h"

#define EXIT_USAGE 2

enum { KEY_KERNEL = 0x1000, KEY_PROGRESS, KEY_QUIET };

static const struct argp_option global_options[] = {
    {"kernel", KEY_KERNEL, "LEVEL", 0,
     "arithmetic of this processor level: auto (default: the best there is), v1, v3 or v4 on "
     "x86-64. Bits "
     "are promised per level",
     0},
    {"progress", KEY_PROGRESS, NULL, 0,
     "show progress even if stderr is not a terminal (then as plain lines)", 0},
    {"quiet", KEY_QUIET, NULL, 0, "neither progress nor information; warnings stay", 0},
    {0},
};

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
    struct oac_cli *cli = state->input;
    struct oac_err err;
    switch (key) {
    case KEY_KERNEL:
        if (oac_kernel_select(arg, &err) != OAC_OK)
            argp_error(state, "--kernel: %s", err.message);
        return 0;
    case KEY_PROGRESS:
        cli->terminal->mode = OAC_PROGRESS_ON;
        return 0;
    case KEY_QUIET:
        cli->terminal->mode = OAC_PROGRESS_QUIET;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp oac_cli_global_argp = {.options = global_options, .parser = parse_global};

static const char exit_codes[] = "Exit codes: 0 ok, 1 the work failed or missed its target, 2 "
                                 "usage, 3 device, 130 interrupted.";

struct parse_inputs {
    struct oac_cli *cli;
    void *command;
};

static error_t parse_outer(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    struct parse_inputs *inputs = state->input;
    state->child_inputs[0] = inputs->command;
    state->child_inputs[1] = inputs->cli;
    return 0;
}

static char *filter_outer(int key, const char *text, void *input)
{
    (void)input;
    return key == ARGP_KEY_HELP_EXTRA ? strdup(exit_codes)
                                      : (char *)text; /* argp frees the copy */
}

void oac_cli_parse(struct oac_cli *cli, const struct argp *argp, int argc, char **argv,
                   void *input)
{
    struct argp inner = {.options = argp->options, .parser = argp->parser};
    const struct argp_child children[] = {
        {&inner, 0, NULL, 0},
        {&oac_cli_global_argp, 0, "Every command:", -1},
        {0},
    };
    const struct argp outer = {
        .parser = parse_outer,
        .args_doc = argp->args_doc,
        .doc = argp->doc,
        .children = children,
        .help_filter = filter_outer,
    };
    struct parse_inputs inputs = {cli, input};
    argp_err_exit_status = EXIT_USAGE;
    if (argp_parse(&outer, argc, argv, 0, NULL, &inputs) != 0)
        exit(EXIT_USAGE);
}

int oac_cli_fail(const struct oac_cli *cli, const struct oac_err *err)
{
    oac_terminal_say(cli->terminal, "oac", err->message);
    return oac_status_exit_code(err->status);
}

void oac_cli_done(const struct oac_cli *cli)
{
    oac_terminal_clear(cli->terminal);
}

double oac_cli_real(const struct argp_state *state, const char *option, const char *text,
                    double min, double max)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    bool number =
        end != text && *end == '\0' && !isspace((unsigned char)text[0]) && isfinite(value);
    if (!number || !(value >= min && value <= max))
        argp_error(state, "%s %s: must be a number from %g to %g", option, text, min, max);
    return value;
}

unsigned long long oac_cli_count(const struct argp_state *state, const char *option,
                                 const char *text, unsigned long long min,
                                 unsigned long long max)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    bool number = isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
    if (!number || value < min || value > max)
        argp_error(state, "%s %s: must be a whole number from %llu to %llu", option, text, min,
                   max);
    return value;
}

int oac_cli_choice(const struct argp_state *state, const char *option, const char *text,
                   const char *const *names)
{
    char known[256] = "";
    size_t count = 0, used = 0;
    for (; names[count]; count++) {
        if (strcmp(names[count], text) == 0)
            return (int)count;
        int more = snprintf(known + used, sizeof known - used, "%s%s", count ? ", " : "",
                            names[count]);
        used += more > 0 && (size_t)more < sizeof known - used ? (size_t)more : 0;
    }
    const char *near = oac_suggest(text, names, count);
    argp_error(state, "%s %s: must be one of %s%s%s%s", option, text, known,
               near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return 0;
}

void oac_cli_append(const struct argp_state *state, struct oac_cli_list *list, const char *text)
{
    if (list->count >= OAC_CLI_LIST_MAX)
        argp_error(state, "more than %d options of one kind: %s", OAC_CLI_LIST_MAX, text);
    else
        list->item[list->count++] = text;
}
