/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac run`: a data set through a network whose products are made of light. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/calibration_options.h"
#include "cli/command.h"
#include "cli/drive_options.h"
#include "cli/station_options.h"
#include "experiments/report.h"
#include "experiments/results.h"
#include "experiments/run.h"
#include "models/dataset_resolve.h"

#define THREADS_MAX 1024
#define BATCH_MAX   1000000

enum {
    KEY_MODEL = 'm',
    KEY_DATA = 'd',
    KEY_OUTPUT = 'o',
    KEY_SPLIT = 0x100,
    KEY_IMAGES,
    KEY_PHOTONS,
    KEY_REFERENCE,
    KEY_BUDGET,
    KEY_THREADS,
    KEY_BATCH,
    KEY_JSON,
    KEY_MIN_ACCURACY,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What to run:", 1},
    {"model", KEY_MODEL, "FILE", 0, "the network (native HDF5)", 1},
    {"data", KEY_DATA, "NAME|DIR", 0,
     "the data set: a name (default mnist), or the directory of its files if there is a '/' in "
     "it",
     1},
    {"split", KEY_SPLIT, "NAME", 0, "test (default), train, reference, held-out, all-train", 1},
    {"images", KEY_IMAGES, "N", 0, "the first N images; default all", 1},
    OAC_CLI_STATION_ROWS(2),
    {"photons-per-mac", KEY_PHOTONS, "X", 0,
     "set the laser power for X photons per model product; default: the rig's own power", 3},
    {"photon-reference", KEY_REFERENCE, "R", 0,
     "X counts photons detected (default), or preweight: after the activation, before the "
     "weight",
     3},
    {"photon-budget", KEY_BUDGET, "B", 0,
     "one power per layer, from the reference split (default), or per sample: for comparison "
     "with Wang et al. 2022",
     3},
    OAC_CLI_CALIBRATION_ROWS(4),
    {NULL, 0, NULL, 0, "Results:", 5},
    {"output", KEY_OUTPUT, "FILE", 0, "write everything, image by image, as HDF5", 5},
    {"json", KEY_JSON, NULL, 0, "print the figures as JSON", 5},
    {"min-accuracy", KEY_MIN_ACCURACY, "A", 0, "exit 1 if the accuracy is below A (0 to 1)", 5},
    {NULL, 0, NULL, 0, "Speed (changes no result):", 6},
    {"threads", KEY_THREADS, "T", 0, "default: all processors", 6},
    {"batch", KEY_BATCH, "B", 0, "images at once; default chosen", 6},
    OAC_CLI_DRIVE_ROWS(7),
    {0},
};

struct input {
    struct oac_run_options run;
    struct oac_cli_station station;
    struct oac_cli_drive drive;
    const char *data;
    double min_accuracy;
    bool json;
};

static void check_complete(struct argp_state *state, struct input *input)
{
    (void)oac_cli_drive_parse(ARGP_KEY_END, NULL, state, &input->drive);
    if (input->drive.dry && (input->json || input->run.output_path))
        argp_error(state, "a dry run has voltages, no figures: leave --json and -o away; "
                          "--voltages FILE writes them");
    if (!input->run.model_path)
        argp_error(state, "--model FILE is missing");
    if (input->run.photon_budget == OAC_BUDGET_SAMPLE &&
        (isnan(input->run.photons_per_mac) ||
         input->run.photon_reference != OAC_PHOTONS_PREWEIGHT))
        argp_error(state, "--photon-budget sample needs --photons-per-mac X and "
                          "--photon-reference preweight");
}

static error_t parse_option(int key, char *arg, struct argp_state *state, struct input *input)
{
    struct oac_run_options *run = &input->run;

    switch (key) {
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
    case KEY_PHOTONS:
        run->photons_per_mac = oac_cli_real(state, "--photons-per-mac", arg, 1e-12, 1e15);
        return 0;
    case KEY_REFERENCE:
        run->photon_reference =
            oac_cli_choice(state, "--photon-reference", arg, oac_photon_reference_names);
        return 0;
    case KEY_BUDGET:
        run->photon_budget =
            oac_cli_choice(state, "--photon-budget", arg, oac_photon_budget_names);
        return 0;
    case KEY_OUTPUT:
        run->output_path = arg;
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    case KEY_MIN_ACCURACY:
        input->min_accuracy = oac_cli_real(state, "--min-accuracy", arg, 0.0, 1.0);
        return 0;
    case KEY_THREADS:
        run->threads = (size_t)oac_cli_count(state, "--threads", arg, 1, THREADS_MAX);
        return 0;
    case KEY_BATCH:
        run->batch = (size_t)oac_cli_count(state, "--batch", arg, 1, BATCH_MAX);
        return 0;
    default:
        return oac_cli_drive_parse(key, arg, state, &input->drive);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;

    if (key == ARGP_KEY_ARG)
        argp_error(state, "'%s' is not an option; everything is given by name", arg);
    if (key == ARGP_KEY_END)
        check_complete(state, input);
    error_t calibration = oac_cli_calibration_parse(key, arg, state, &input->run.calibration);
    if (key != ARGP_KEY_END && calibration == 0)
        return 0;
    return oac_cli_station_parse(key, arg, state, &input->station) == 0
               ? 0
               : parse_option(key, arg, state, input);
}

static const struct argp run_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "--model FILE --rig NAME",
    .doc = "Classify a data set with a network whose every product is made of light.\v"
           "  oac run --model experiments/mnist/mnist.h5 --rig netcast-86km -o run.h5\n"
           "  oac run --model experiments/mnist/mnist.h5 --rig netcast-snspd \\\n"
           "      --photons-per-mac 0.5 --images 1000\n"
           "  oac run --model experiments/mnist/mnist.h5 --rig netcast-local \\\n"
           "      --noise shot,adc --set adc.bits=8 --json\n"
           "  oac run --model experiments/mnist/mnist.h5 --rig m2k-bench --images 20 \\\n"
           "      --on iio --uri ip:192.168.2.1 --record bench.h5\n"
           "  oac run --model experiments/mnist/mnist.h5 --rig m2k-bench --images 20 \\\n"
           "      --on replay --uri bench.h5\n",
};

/* Runs, prints; the result is some tens of kilobytes and so on the heap. */
static int run_and_print(struct oac_cli *cli, struct input *input)
{
    struct oac_run_result *result = malloc(sizeof *result);
    struct oac_err err;
    int code = 0;

    if (!result) {
        oac_fail(&err, OAC_ENOMEM, "out of memory for the result");
        return oac_cli_fail(cli, &err);
    }
    if (oac_run(&input->run, cli->sink, result, &err) != OAC_OK) {
        oac_played_fini(&input->drive.played);
        free(result);
        return oac_cli_fail(cli, &err);
    }
    if (input->drive.dry) {
        free(result);
        return oac_cli_drive_report(cli, &input->drive);
    }
    oac_cli_done(cli);
    if (!input->json)
        oac_run_report(result, input->run.output_path, stdout);
    else if (oac_results_json(result, stdout, &err) != OAC_OK)
        code = oac_cli_fail(cli, &err);
    if (code == 0 && result->accuracy < input->min_accuracy) {
        oac_fail(&err, OAC_EMISSED, "accuracy %.4f is below the %.4f of --min-accuracy",
                 result->accuracy, input->min_accuracy);
        code = oac_cli_fail(cli, &err);
    }
    free(result);
    return code;
}

int oac_cmd_run(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {
        .run = {.photons_per_mac = NAN, .command_line = cli->command_line},
        .data = "mnist",
    };
    const struct oac_station_options *station = &input.station.options;
    char name[OAC_DATASET_NAME_BYTES], *directory = NULL;
    struct oac_err err;
    int code;

    oac_cli_station_init(&input.station);
    oac_cli_parse(cli, &run_argp, argc, argv, &input);
    if (oac_dataset_resolve(input.data, name, &directory, &err) != OAC_OK)
        return oac_cli_fail(cli, &err);
    input.run.data_name = name;
    input.run.data_directory = directory;
    input.run.arm = input.drive.arm;
    input.run.played = oac_cli_drive_begin(&input.drive);
    input.run.on = station->on;
    input.run.uri = station->uri;
    input.run.record_path = station->record;
    input.run.rig = station->rig;
    input.run.sets = station->sets;
    input.run.set_count = station->set_count;
    input.run.noise = station->noise;
    input.run.seed = station->seed;
    input.run.encoding = station->engine.encoding;
    input.run.repeats = station->engine.repeats;
    code = run_and_print(cli, &input);
    free(directory);
    return code;
}
