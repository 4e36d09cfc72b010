/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac scope`: what a window looks like on its way through the bench. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/command.h"
#include "cli/station_options.h"
#include "experiments/results.h"
#include "experiments/scope.h"

#define SLOTS_MAX   4096
#define WINDOWS_MAX 10000
#define BUDGET_MAX  10000000

enum {
    KEY_OUTPUT = 'o',
    KEY_SLOTS = 0x100,
    KEY_WINDOWS,
    KEY_BUDGET,
    KEY_CHANNEL,
    KEY_PNG,
    KEY_NO_PICTURES,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "On what:", 1},
    {"rig", OAC_CLI_RIG, "NAME|FILE", 0, "the bench: a shipped rig (oac rig list) or a file",
     1},
    {"set", OAC_CLI_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", 1},
    {"noise", OAC_CLI_NOISE, "LIST", 0, "all (default), none, or a list as in oac run", 1},
    {"seed", OAC_CLI_SEED, "S", 0, "of the noise and the operands; default 1", 1},
    {NULL, 0, NULL, 0, "What to look at:", 2},
    {"slots", KEY_SLOTS, "N", 0, "slots of a window; default 16", 2},
    {"windows", KEY_WINDOWS, "W", 0, "windows of the eyes and spectra; default 64, 0: none", 2},
    {"budget", KEY_BUDGET, "W", 0, "windows of the noise budget; default 4000, 0: none", 2},
    {"channel", KEY_CHANNEL, "K", 0, "of the pictures; default 0", 2},
    {NULL, 0, NULL, 0, "Results:", 3},
    {"output", KEY_OUTPUT, "PREFIX", 0,
     "writes PREFIX.h5 and PREFIX-chain.svg, -eye, -spectrum, -budget; default scope", 3},
    {"png", KEY_PNG, NULL, 0, "pictures as PNG instead of SVG", 3},
    {"no-pictures", KEY_NO_PICTURES, NULL, 0, "only the HDF5 file", 3},
    {0},
};

struct input {
    struct oac_cli_station station;
    struct oac_scope_options scope;
    const char *prefix;
    bool png, no_pictures;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is not an option; everything is given by name", arg);
        return 0;
    case KEY_SLOTS:
        input->scope.slots = (size_t)oac_cli_count(state, "--slots", arg, 2, SLOTS_MAX);
        return 0;
    case KEY_WINDOWS:
        input->scope.windows = (size_t)oac_cli_count(state, "--windows", arg, 0, WINDOWS_MAX);
        return 0;
    case KEY_BUDGET:
        input->scope.budget_windows =
            (size_t)oac_cli_count(state, "--budget", arg, 0, BUDGET_MAX);
        return 0;
    case KEY_CHANNEL:
        input->scope.channel = (size_t)oac_cli_count(state, "--channel", arg, 0, 4095);
        return 0;
    case KEY_OUTPUT:
        if (arg[0] == '\0' || arg[strlen(arg) - 1] == '/')
            argp_error(state,
                       "--output '%s': a prefix of file names is needed, as in out/scope", arg);
        input->prefix = arg;
        return 0;
    case KEY_PNG:
        input->png = true;
        return 0;
    case KEY_NO_PICTURES:
        input->no_pictures = true;
        return 0;
    default:
        return oac_cli_station_parse(key, arg, state, &input->station);
    }
}

static const struct argp scope_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "--rig NAME",
    .doc = "Show what a window looks like after every component of the sampled bench: "
           "waveforms as "
           "HDF5, pictures of the chain, eyes, spectra and the noise budget.\v"
           "  oac scope --rig netcast-86km -o scope\n"
           "  oac scope --rig netcast-86km --set slot_rate_hz=10e9 --slots 32 --channel 8\n"
           "  oac scope --rig ideal --noise none --budget 0 --no-pictures\n"
           "\n"
           "The waveforms of the chain are of random operands; those of eyes and spectra of "
           "slots that are dark or open. Pictures are drawn by gnuplot.\n",
};

static void list_files(const struct input *input, const struct oac_scope_view *view,
                       const char *file)
{
    const char *extension = input->png ? "png" : "svg";

    printf("\nWaveforms: %s\n", file);
    if (input->no_pictures)
        return;
    printf("Pictures:  %s-chain.%s\n", input->prefix, extension);
    if (view->windows)
        printf("           %s-eye.%s\n", input->prefix, extension);
    if (view->spectrum[0].count)
        printf("           %s-spectrum.%s\n", input->prefix, extension);
    if (view->budget.rows)
        printf("           %s-budget.%s\n", input->prefix, extension);
}

static int look(struct oac_cli *cli, const struct input *input, const char *file)
{
    struct oac_scope_view view;
    struct oac_err err;
    int code = 0;

    if (oac_results_check_path(file, &err) != OAC_OK ||
        oac_scope_look(&input->scope, cli->sink, &view, &err) != OAC_OK)
        return oac_cli_fail(cli, &err);
    oac_cli_done(cli);
    if (oac_scope_write(&view, file, cli->command_line, &err) != OAC_OK) {
        code = oac_cli_fail(cli, &err);
        goto done;
    }
    oac_scope_report(&view, stdout);
    if (!input->no_pictures && oac_scope_draw(&view, input->prefix, input->png ? "png" : "svg",
                                              cli->sink, &err) != OAC_OK) {
        printf("\nWaveforms: %s\n", file);
        fflush(stdout);
        code = oac_cli_fail(cli, &err);
        goto done;
    }
    list_files(input, &view, file);
done:
    oac_scope_view_fini(&view);
    return code;
}

int oac_cmd_scope(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {
        .scope = {.slots = 16, .windows = 64, .budget_windows = 4000},
        .prefix = "scope",
    };
    struct oac_err err;
    size_t bytes;
    char *file;
    int code;

    oac_cli_station_init(&input.station);
    oac_cli_parse(cli, &scope_argp, argc, argv, &input);
    input.scope.station = input.station.options;
    bytes = strlen(input.prefix) + sizeof ".h5";
    file = oac_alloc(bytes, 1, "a file name", &err);
    if (!file)
        return oac_cli_fail(cli, &err);
    snprintf(file, bytes, "%s.h5", input.prefix);
    code = look(cli, &input, file);
    free(file);
    return code;
}
