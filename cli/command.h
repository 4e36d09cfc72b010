/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command of the one binary is, and what it may use.
 *
 * A command is one file, cli/cmd_NAME.c, with one function that parses its arguments with argp
 * (through oac_cli_parse, which adds the global options and the exit codes to --help), calls a
 * library, prints the result on stdout and returns the process's exit code. It computes
 * nothing. Messages go to stderr, only through oac_cli_fail and the sink.
 *
 * Exit codes: 0 ok, 1 the work failed or missed its target, 2 usage, 3 device, 130 interrupted.
 */
#ifndef OAC_CLI_COMMAND_H
#define OAC_CLI_COMMAND_H

#include <argp.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"

struct oac_cli {
    const struct oac_sink *sink; /* log, progress, SIGINT/SIGTERM: hand it to the library */
    const char *command_line;    /* as typed, shell-quoted: provenance */
    struct oac_terminal *terminal;
};

/* argv[0] is "oac NAME", the rest is the command's own. Returns an exit code. */
typedef int oac_command_run(struct oac_cli *cli, int argc, char **argv);

struct oac_command {
    const char *group; /* heading in `oac --help` */
    const char *name;
    const char *purpose; /* one line, no full stop */
    oac_command_run *run;
};

/* The table (cli/table.c), ended by a row without a name. */
extern const struct oac_command oac_commands[];

oac_command_run oac_cmd_run, oac_cmd_matmul, oac_cmd_train, oac_cmd_data, oac_cmd_rig,
    oac_cmd_info, oac_cmd_scope, oac_cmd_compare, oac_cmd_twin, oac_cmd_probe, oac_cmd_port,
    oac_cmd_safe, oac_cmd_record, oac_cmd_calibrate, oac_cmd_gate, oac_cmd_report;

/* argp_parse with the global options (--kernel, --progress, --quiet), the exit codes in --help,
 * and exit 2 on a usage error. `argp` needs options, parser, args_doc and doc ("purpose\vlong
 * text with examples"); its children are not used. Options given here take effect before it
 * returns. */
void oac_cli_parse(struct oac_cli *cli, const struct argp *argp, int argc, char **argv,
                   void *input);

/* Prints "oac: message" on stderr (after wiping a progress bar) and returns the status's exit
 * code. */
int oac_cli_fail(const struct oac_cli *cli, const struct oac_err *err);

/* Ends a progress bar, so that results can be printed. Call before the first line on stdout. */
void oac_cli_done(const struct oac_cli *cli);

/* ---- option values: strict, and exit 2 with one line that names option, value and limits.
 * `option` as the user knows it: "--images" ---- */
double oac_cli_real(const struct argp_state *state, const char *option, const char *text,
                    double min, double max);
unsigned long long oac_cli_count(const struct argp_state *state, const char *option,
                                 const char *text, unsigned long long min,
                                 unsigned long long max);
/* Index into the NULL-terminated names. */
int oac_cli_choice(const struct argp_state *state, const char *option, const char *text,
                   const char *const *names);

#define OAC_CLI_LIST_MAX 64
struct oac_cli_list { /* of a repeatable option such as --set path=value */
    const char *item[OAC_CLI_LIST_MAX];
    size_t count;
};
void oac_cli_append(const struct argp_state *state, struct oac_cli_list *list,
                    const char *text);

#endif
