/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac calibrate`: measure an unknown bench. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/calibration_options.h"
#include "cli/command.h"
#include "cli/drive_options.h"
#include "cli/station_options.h"
#include "experiments/calibrate.h"
#include "experiments/calibrate_check.h"
#include "experiments/calibrate_report.h"
#include "models/dataset_resolve.h"

enum {
    KEY_MODEL = 'm',
    KEY_DATA = 'd',
    KEY_OUTPUT = 'o',
    KEY_JSON = 0x100,
    KEY_BIASES,
    KEY_CODES,
    KEY_WINDOWS,
    KEY_VECTORS,
    KEY_NO_EXCLUDE,
    KEY_TARGET,
    KEY_CONFIDENCE,
    KEY_MAX_TIME,
    KEY_CALIBRATION_IMAGES,
    KEY_HELD_OUT_IMAGES,
    KEY_THREADS,
    KEY_CHECK,
    KEY_WATCH,
};

static const struct argp_option options[] = {
    OAC_CLI_STATION_ROWS(1),
    {"biases", KEY_BIASES, "N", 0, "slow bias settings of a sweep; default 12", 2},
    {"codes", KEY_CODES, "N", 0, "states at each of them; default 64", 2},
    {"windows", KEY_WINDOWS, "N", 0, "windows of each state; default 4", 2},
    {"vectors", KEY_VECTORS, "N", 0,
     "random vectors to fit gains with; half as many others verify; default 2048", 2},
    {"no-exclude", KEY_NO_EXCLUDE, NULL, 0,
     "end at a broken channel; default: up to a quarter of them are left out", 2},
    {NULL, 0, NULL, 0, "What it must reach:", 4},
    {"model", KEY_MODEL, "FILE", 0, "the network that is to run on this bench (native HDF5)",
     4},
    {"data", KEY_DATA, "NAME|DIR", 0, "its data set; default mnist", 4},
    {"target-accuracy", KEY_TARGET, "A", 0, "certify an accuracy of at least A (0 to 1)", 4},
    {"confidence", KEY_CONFIDENCE, "C", 0, "of the certificate; default 0.95", 4},
    {"max-time", KEY_MAX_TIME, "S", 0, "give up after so many seconds; default never", 4},
    {"calibration-images", KEY_CALIBRATION_IMAGES, "N", 0,
     "of the reference split, to judge each attempt by; default all 3,000", 4},
    {"held-out-images", KEY_HELD_OUT_IMAGES, "N", 0,
     "that certificates may use; default all 12,000", 4},
    {"threads", KEY_THREADS, "T", 0, "default: all processors (changes no result)", 4},
    {"arm", OAC_CLI_ARM, NULL, 0,
     "--on iio: yes, real outputs may be driven; asked for the first time only", 4},
    {NULL, 0, NULL, 0, "Instead of measuring:", 3},
    {"check", KEY_CHECK, "CAL.h5", 0, "say whether this calibration still holds on the bench",
     3},
    {"watch", KEY_WATCH, "S", 0, "and again every S seconds, until Ctrl-C or --max-time", 3},
    {"idle-s", OAC_CLI_IDLE_S, "S", 0,
     "check so long after the end of the calibration, in bench time; default 0", 3},
    {"force-cal", OAC_CLI_FORCE_CAL, NULL, 0,
     "check a calibration of another rig, device or firmware", 3},
    {NULL, 0, NULL, 0, "Results:", 5},
    {"output", KEY_OUTPUT, "CAL.h5", 0, "write the calibration, every fit and the certificate",
     5},
    {"json", KEY_JSON, NULL, 0, "print the figures as JSON", 5},
    {0},
};

struct input {
    struct oac_cli_station station;
    struct oac_calibrate_request request;
    const char *data;
    double watch_s; /* NAN: check once */
    bool json, arm;
};

static error_t parse_measure(int key, char *arg, struct argp_state *state,
                             struct oac_calibrate_options *measure)
{
    switch (key) {
    case KEY_BIASES:
        measure->biases = (size_t)oac_cli_count(state, "--biases", arg, 2, 1000);
        return 0;
    case KEY_CODES:
        measure->codes = (size_t)oac_cli_count(state, "--codes", arg, 8, 10000);
        return 0;
    case KEY_WINDOWS:
        measure->repeats = (size_t)oac_cli_count(state, "--windows", arg, 2, 1000);
        return 0;
    case KEY_NO_EXCLUDE:
        measure->keep_all = true;
        return 0;
    case KEY_VECTORS:
        measure->vectors = (size_t)oac_cli_count(state, "--vectors", arg, 64, 1000000);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_target(int key, char *arg, struct argp_state *state, struct input *input)
{
    struct oac_calibrate_request *request = &input->request;
    switch (key) {
    case KEY_MODEL:
        request->model_path = arg;
        return 0;
    case KEY_DATA:
        input->data = arg;
        return 0;
    case KEY_TARGET:
        request->target = oac_cli_real(state, "--target-accuracy", arg, 1e-6, 1.0 - 1e-6);
        return 0;
    case KEY_CONFIDENCE:
        request->confidence = oac_cli_real(state, "--confidence", arg, 1e-6, 1.0 - 1e-6);
        return 0;
    case KEY_MAX_TIME:
        request->max_s = oac_cli_real(state, "--max-time", arg, 0.0, 1e9);
        return 0;
    case KEY_CALIBRATION_IMAGES:
        request->calibration_images =
            (size_t)oac_cli_count(state, "--calibration-images", arg, 1, SIZE_MAX);
        return 0;
    case KEY_HELD_OUT_IMAGES:
        request->held_out_images =
            (size_t)oac_cli_count(state, "--held-out-images", arg, 1, SIZE_MAX);
        return 0;
    case KEY_THREADS:
        request->threads = (size_t)oac_cli_count(state, "--threads", arg, 1, 1024);
        return 0;
    default:
        return parse_measure(key, arg, state, &request->measure);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    struct oac_calibration_use *checked = &input->station.options.calibration;
    switch (key) {
    case KEY_OUTPUT:
        input->request.output_path = arg;
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    case OAC_CLI_ARM:
        input->arm = true;
        return 0;
    case KEY_CHECK:
        return oac_cli_calibration_parse(OAC_CLI_CAL, arg, state, checked);
    case OAC_CLI_IDLE_S:
    case OAC_CLI_FORCE_CAL:
        return oac_cli_calibration_parse(key, arg, state, checked);
    case KEY_WATCH:
        input->watch_s = oac_cli_real(state, "--watch", arg, 0.01, 1e9);
        return 0;
    case ARGP_KEY_END:
        if (checked->path && (input->request.model_path || input->request.output_path))
            argp_error(state, "--check measures nothing: leave --model and --output away");
        if (!checked->path &&
            (!isnan(input->watch_s) || checked->idle_s > 0.0 || checked->force))
            argp_error(state, "--watch, --idle-s and --force-cal need --check CAL.h5");
        if (!isnan(input->request.target) && !input->request.model_path)
            argp_error(state, "--target-accuracy needs --model FILE");
        if (isnan(input->request.target) && input->request.model_path)
            argp_error(state, "--model needs --target-accuracy A");
        break;
    default:
        break;
    }
    return oac_cli_station_parse(key, arg, state, &input->station) == 0
               ? 0
               : parse_target(key, arg, state, input);
}

static const struct argp calibrate_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "--rig NAME",
    .doc = "Measure a bench that nobody knows, and certify a network on it or say why not.\v"
           "Measures curves of all modulators, gains, offsets, crosstalk, delays,\n"
           "linearity and noise, each with its error, verified on vectors that entered no\n"
           "fit. With a target, judges the network on the calibration split and certifies\n"
           "it on fresh held-out images by a test that may be looked at after every image.\n"
           "A few broken channels are left out, with a warning. After an interrupt\n"
           "the same command continues from CAL.h5.partial.\n"
           "What does not reach the target is tried again with, in this order: drifted\n"
           "channels measured again, more averaging, more light, bad channels left out.\n"
           "\n"
           "Examples:\n"
           "  oac calibrate --rig netcast-86km -o cal.h5\n"
           "  oac calibrate --rig netcast-86km --model experiments/mnist/mnist.h5 \\\n"
           "      --target-accuracy 0.98 -o cal.h5\n"
           "  oac run --rig netcast-86km --model experiments/mnist/mnist.h5 --cal cal.h5\n"
           "  oac calibrate --rig netcast-86km --check cal.h5 --idle-s 3600\n"
           "\n"
           "Only the link is used, as on a real bench: hidden imperfections of a\n"
           "simulated one stay hidden. docs/calibration.md says what is fitted and how\n"
           "sure it is, docs/certification.md what a certificate means.\n"
           "Exits 0 when certified (or measured, or it holds), 1 when not reached (or it does "
           "not).\n",
};

static enum oac_status print_outcome(const struct input *input,
                                     const struct oac_calibrate_outcome *outcome,
                                     struct oac_err *err)
{
    enum oac_status status = OAC_OK;
    if (input->json)
        status = oac_calibrate_json(outcome, input->request.output_path, stdout, err);
    else
        oac_calibrate_report(outcome, input->request.output_path, stdout);
    if (!status && outcome->has_target && outcome->target.verdict != OAC_TARGET_CERTIFIED)
        status = oac_fail(err, OAC_EMISSED, "target accuracy %.4g not certified (%s): %s",
                          input->request.target,
                          oac_target_verdict_names[outcome->target.verdict], outcome->reason);
    return status;
}

/* The outcome is some hundred kilobytes and so on the heap. */
static enum oac_status calibrate(struct oac_cli *cli, const struct input *input,
                                 struct oac_err *err)
{
    struct oac_calibrate_outcome *outcome = oac_alloc(1, sizeof *outcome, "outcome", err);
    if (!outcome)
        return err->status;
    enum oac_status status = oac_calibrate(&input->request, cli->sink, outcome, err);
    if (!status) {
        oac_cli_done(cli);
        status = print_outcome(input, outcome, err);
        oac_calibrate_outcome_fini(outcome);
    }
    free(outcome);
    return status;
}

static enum oac_status check(struct oac_cli *cli, const struct input *input,
                             struct oac_err *err)
{
    const struct oac_calibrate_check_request request = {.station = input->request.station,
                                                        .watch_s = input->watch_s,
                                                        .max_s = input->request.max_s,
                                                        .json = input->json};
    bool holds = false;
    if (oac_calibrate_check(&request, cli->sink, stdout, &holds, err))
        return err->status;
    oac_cli_done(cli);
    return holds ? OAC_OK
                 : oac_fail(err, OAC_EMISSED, "%s does not hold on this bench: calibrate again",
                            request.station.calibration.path);
}

int oac_cmd_calibrate(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {.request = {.measure = oac_calibrate_defaults(),
                                      .target = NAN,
                                      .confidence = 0.95,
                                      .max_s = INFINITY,
                                      .command_line = cli->command_line},
                          .data = "mnist",
                          .watch_s = NAN};
    char name[OAC_DATASET_NAME_BYTES], *directory = NULL;
    struct oac_err err;
    int code = 0;

    oac_cli_station_init(&input.station);
    oac_cli_parse(cli, &calibrate_argp, argc, argv, &input);
    if (oac_dataset_resolve(input.data, name, &directory, &err))
        code = oac_cli_fail(cli, &err);
    input.request.station = input.station.options;
    input.request.station.drive =
        (struct oac_drive){.arm = input.arm, .command = cli->command_line};
    input.request.data_name = name;
    input.request.data_directory = directory;
    const bool checks = input.station.options.calibration.path != NULL;
    if (code == 0 && (checks ? check(cli, &input, &err) : calibrate(cli, &input, &err)))
        code = oac_cli_fail(cli, &err);
    free(directory);
    return code;
}
