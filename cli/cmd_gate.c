/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac gate`: may this network run on this bench? */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/gate_output.h"
#include "experiments/rig_digest.h"

static const char doc[] =
    "Decide from a calibration file whether a network may run on a bench.\v"
    "Needs neither the bench nor the network's data: checks that the file is as\n"
    "oac calibrate wrote it, that it is certified, that its counts give the bound\n"
    "it states, that network and rig are those it was certified for, and every\n"
    "limit given here. Exits 0 when all hold, 1 when one does not.\n"
    "\n"
    "Examples:\n"
    "  oac gate --cal cal.h5 --model mnist.h5 --rig netcast-86km\n"
    "  oac gate --cal cal.h5 --model mnist.h5 --rig bench.yaml \\\n"
    "      --min-accuracy 0.98 --max-age 24h --junit gate.xml --json\n";

enum {
    KEY_CAL = 'c',
    KEY_MODEL = 'm',
    KEY_RIG = 'r',
    KEY_SET = 0x100,
    KEY_ACCURACY,
    KEY_AJ,
    KEY_LATENCY,
    KEY_AGE,
    KEY_JSON,
    KEY_JUNIT
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What is to run:", 1},
    {"cal", KEY_CAL, "FILE", 0, "calibration, written by oac calibrate", 1},
    {"model", KEY_MODEL, "FILE", 0, "the network (native HDF5)", 1},
    {"rig", KEY_RIG, "NAME|FILE", 0, "the bench it is to run on", 1},
    {"set", KEY_SET, "PATH=VALUE", 0, "change one value of the rig; repeatable", 1},
    {NULL, 0, NULL, 0, "What it must hold:", 2},
    {"min-accuracy", KEY_ACCURACY, "A", 0,
     "lower bound of the accuracy, 0 to 1; default: the certificate's target", 2},
    {"max-aj-per-mac", KEY_AJ, "X", 0, "light leaving the server per product [aJ]", 2},
    {"max-latency", KEY_LATENCY, "S", 0, "bench time of an image [s]", 2},
    {"max-age", KEY_AGE, "T", 0, "of the certificate: seconds, or 90m, 12h, 7d", 2},
    {NULL, 0, NULL, 0, "Results:", 3},
    {"json", KEY_JSON, NULL, 0, "print as JSON (docs/gate.schema.json)", 3},
    {"junit", KEY_JUNIT, "FILE", 0, "write as JUnit XML, for pipelines", 3},
    {0},
};

struct input {
    struct oac_gate_request gate;
    struct oac_cli_list sets;
    char rig_sha256[OAC_DIGEST_HEX_BYTES];
    const char *junit;
    bool json;
};

/* 90, 90s, 90m, 12h, 7d [s] */
static double duration_s(const struct argp_state *state, const char *text)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char number[64];
    size_t length = strlen(text);
    double scale = 1.0;
    if (length == 0 || length >= sizeof number)
        argp_error(state, "--max-age %.60s: expected seconds, or 90m, 12h, 7d", text);
    memcpy(number, text, length + 1);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (text[length - 1] == units[i].unit) {
            scale = units[i].seconds;
            number[length - 1] = '\0';
        }
    return scale * oac_cli_real(state, "--max-age", number, 0.0, 1e9);
}

static error_t parse_limit(int key, char *arg, const struct argp_state *state,
                           struct oac_gate_request *gate)
{
    switch (key) {
    case KEY_ACCURACY:
        gate->min_accuracy = oac_cli_real(state, "--min-accuracy", arg, 0.0, 1.0);
        return 0;
    case KEY_AJ:
        gate->max_aj_per_mac = oac_cli_real(state, "--max-aj-per-mac", arg, 0.0, 1e18);
        return 0;
    case KEY_LATENCY:
        gate->max_latency_s = oac_cli_real(state, "--max-latency", arg, 0.0, 1e9);
        return 0;
    case KEY_AGE:
        gate->max_age_s = duration_s(state, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void check_input(const struct argp_state *state, const struct input *input)
{
    if (!input->gate.calibration_path)
        argp_error(state, "--cal FILE is missing");
    if (!input->gate.model_path)
        argp_error(state, "--model FILE is missing");
    if (!input->gate.rig_name)
        argp_error(state, "--rig NAME or FILE is missing");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case KEY_CAL:
        input->gate.calibration_path = arg;
        return 0;
    case KEY_MODEL:
        input->gate.model_path = arg;
        return 0;
    case KEY_RIG:
        input->gate.rig_name = arg;
        return 0;
    case KEY_SET:
        oac_cli_append(state, &input->sets, arg);
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    case KEY_JUNIT:
        input->junit = arg;
        return 0;
    case ARGP_KEY_END:
        check_input(state, input);
        return 0;
    default:
        return parse_limit(key, arg, state, &input->gate);
    }
}

static enum oac_status decide(struct oac_cli *cli, struct input *input, struct oac_err *err)
{
    struct oac_gate_result result;
    if (oac_rig_digest(input->gate.rig_name, input->sets.item, input->sets.count,
                       input->rig_sha256, err))
        return err->status;
    input->gate.rig_sha256 = input->rig_sha256;
    input->gate.now = time(NULL);
    if (oac_gate_run(&input->gate, &result, err))
        return err->status;
    oac_cli_done(cli);
    if (!input->json)
        oac_gate_print(&input->gate, &result, stdout);
    else if (oac_gate_json(&input->gate, &result, stdout, err))
        return err->status;
    if (input->junit && oac_gate_junit(&input->gate, &result, input->junit, err))
        return err->status;
    if (!result.passed)
        return oac_fail(err, OAC_EMISSED, "%s does not open the gate for %s on %s",
                        input->gate.calibration_path, input->gate.model_path,
                        input->gate.rig_name);
    return OAC_OK;
}

int oac_cmd_gate(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {
        options, parse, "--cal FILE --model FILE --rig NAME", doc, NULL, NULL, NULL};
    struct input input = {.gate = {.min_accuracy = NAN,
                                   .max_aj_per_mac = INFINITY,
                                   .max_latency_s = INFINITY,
                                   .max_age_s = INFINITY}};
    struct oac_err err;
    oac_cli_parse(cli, &argp, argc, argv, &input);
    if (decide(cli, &input, &err))
        return oac_cli_fail(cli, &err);
    return EXIT_SUCCESS;
}
