/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac report`: a calibration as a page. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "experiments/calibration_report.h"

static const char doc[] =
    "Show what a calibration found, as one HTML page.\v"
    "Verdict, cost, curves and fits, gains, crosstalk, noise, accuracy against\n"
    "time and provenance of a file that oac calibrate wrote. The page needs\n"
    "nothing else: no network, no scripts. A missing or broken seal is said on\n"
    "stderr and on the page.\n"
    "\n"
    "Examples:\n"
    "  oac report cal.h5\n"
    "  oac report cal.h5 -o bench-7.html\n";

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the page (default: report.html)", 0},
    {0},
};

struct input {
    const char *calibration, *page;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'o':
        input->page = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (input->calibration)
            return ARGP_ERR_UNKNOWN;
        input->calibration = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which calibration FILE?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int oac_cmd_report(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options, .parser = parse, .args_doc = "FILE", .doc = doc};
    struct input input = {.page = "report.html"};
    char warning[OAC_CALIBRATION_REPORT_WARNING_BYTES];
    struct oac_err err;
    oac_cli_parse(cli, &argp, argc, argv, &input);
    if (oac_calibration_report(input.calibration, input.page, warning, &err))
        return oac_cli_fail(cli, &err);
    oac_cli_done(cli);
    if (*warning)
        oac_log(cli->sink, OAC_LOG_WARNING, "%s", warning);
    printf("%s\n", input.page);
    return EXIT_SUCCESS;
}
