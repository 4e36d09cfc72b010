/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac compare`: the closed forms against the sampled bench, and why. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/station_options.h"
#include "experiments/compare.h"
#include "models/dataset_resolve.h"

#define THREADS_MAX 1024
#define REPEATS_MAX 100000

enum {
    KEY_MODEL = 'm',
    KEY_DATA = 'd',
    KEY_OUTPUT = 'o',
    KEY_SPLIT = 0x100,
    KEY_IMAGES,
    KEY_THREADS,
    KEY_JSON,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What to run:", 1},
    {"model", KEY_MODEL, "FILE", 0, "the network (native HDF5)", 1},
    {"data", KEY_DATA, "NAME|DIR", 0, "the data set, as in oac run; default mnist", 1},
    {"split", KEY_SPLIT, "NAME", 0, "test (default), train, reference, held-out, all-train", 1},
    {"images", KEY_IMAGES, "N", 0, "the first N images; default 100", 1},
    {NULL, 0, NULL, 0, "On what:", 2},
    {"rig", OAC_CLI_RIG, "NAME|FILE", 0, "the bench: a shipped rig (oac rig list) or a file",
     2},
    {"set", OAC_CLI_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", 2},
    {"noise", OAC_CLI_NOISE, "LIST", 0, "all (default), none, or a list as in oac run", 2},
    {"seed", OAC_CLI_SEED, "S", 0, "of the noise; default 1", 2},
    {NULL, 0, NULL, 0, "How:", 3},
    {"encoding", OAC_CLI_ENCODING, "E", 0, "of signs: rails (default), offset, balanced", 3},
    {"repeats", OAC_CLI_REPEATS, "R", 0,
     "readouts of each image and layer, for means and variances; default 16, at least 4", 3},
    {NULL, 0, NULL, 0, "Results:", 4},
    {"output", KEY_OUTPUT, "FILE", 0, "write every output of every layer as HDF5", 4},
    {"json", KEY_JSON, NULL, 0, "print the figures as JSON", 4},
    {"threads", KEY_THREADS, "T", 0, "default: all processors; changes no result", 4},
    {0},
};

struct input {
    struct oac_compare_options compare;
    struct oac_cli_station station;
    const char *data;
    bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    struct oac_run_options *run = &input->compare.run;

    switch (key) {
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is not an option; everything is given by name", arg);
        return 0;
    case KEY_MODEL:
        run->model_path = arg;
        return 0;
    case KEY_DATA:
        input->data = arg;
        return 0;
    case KEY_SPLIT:
        run->data_split = arg;
        return 0;
    case KEY_IMAGES:
        run->images = (size_t)oac_cli_count(state, "--images", arg, 1, SIZE_MAX);
        return 0;
    case OAC_CLI_REPEATS:
        run->repeats = (uint32_t)oac_cli_count(state, "--repeats", arg, 4, REPEATS_MAX);
        return 0;
    case KEY_OUTPUT:
        run->output_path = arg;
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    case KEY_THREADS:
        run->threads = (size_t)oac_cli_count(state, "--threads", arg, 1, THREADS_MAX);
        return 0;
    case ARGP_KEY_END:
        if (!run->model_path)
            argp_error(state, "--model FILE is missing");
        return oac_cli_station_parse(key, arg, state, &input->station);
    default:
        return oac_cli_station_parse(key, arg, state, &input->station);
    }
}

static const struct argp compare_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "--model FILE --rig NAME",
    .doc =
        "Run the same frames on the analytic engine (sim) and the sampled one (wave): does the "
        "difference exceed chance, layer by layer, and which effect makes it?\v"
        "  oac compare --model experiments/mnist/mnist.h5 --rig netcast-86km\n"
        "  oac compare --model experiments/mnist/mnist.h5 --rig netcast-86km \\\n"
        "      --set slot_rate_hz=100e6 --set fiber.precompensate=no --noise none\n"
        "\n"
        "Significant is what exceeds 4 standard errors, or p < 0.001. The exit code is 0 "
        "whatever the comparison says.\n",
};

static int compare_and_print(struct oac_cli *cli, const struct input *input)
{
    struct oac_compare_result *result = malloc(sizeof *result);
    struct oac_err err;
    int code = 0;

    if (!result) {
        oac_fail(&err, OAC_ENOMEM, "out of memory for the result");
        return oac_cli_fail(cli, &err);
    }
    if (oac_compare(&input->compare, cli->sink, result, &err) != OAC_OK) {
        free(result);
        return oac_cli_fail(cli, &err);
    }
    oac_cli_done(cli);
    if (!input->json)
        oac_compare_report(result, input->compare.run.output_path, stdout);
    else if (oac_compare_json(result, stdout, &err) != OAC_OK)
        code = oac_cli_fail(cli, &err);
    oac_compare_result_fini(result);
    free(result);
    return code;
}

int oac_cmd_compare(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {
        .compare = {.run = {.photons_per_mac = NAN,
                            .images = 100,
                            .repeats = 16,
                            .command_line = cli->command_line}},
        .data = "mnist",
    };
    struct oac_run_options *run = &input.compare.run;
    const struct oac_station_options *station = &input.station.options;
    char name[OAC_DATASET_NAME_BYTES], *directory = NULL;
    struct oac_err err;
    int code;

    oac_cli_station_init(&input.station);
    oac_cli_parse(cli, &compare_argp, argc, argv, &input);
    if (oac_dataset_resolve(input.data, name, &directory, &err) != OAC_OK)
        return oac_cli_fail(cli, &err);
    run->data_name = name;
    run->data_directory = directory;
    run->rig = station->rig;
    run->sets = station->sets;
    run->set_count = station->set_count;
    run->encoding = station->engine.encoding;
    run->noise = station->noise;
    run->seed = station->seed;
    code = compare_and_print(cli, &input);
    free(directory);
    return code;
}
