/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac calibrate`: measure an unknown bench. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "calibration/calibration.h"
#include "calibration/results.h"
#include "cli/command.h"
#include "cli/station_options.h"
#include "experiments/calibrate_report.h"
#include "experiments/results.h"

enum { KEY_OUTPUT = 'o', KEY_JSON = 0x100, KEY_BIASES, KEY_CODES, KEY_WINDOWS, KEY_VECTORS };

static const struct argp_option options[] = {
    OAC_CLI_STATION_ROWS(1),
    {"biases", KEY_BIASES, "N", 0, "slow bias settings of a sweep; default 12", 2},
    {"codes", KEY_CODES, "N", 0, "states at each of them; default 64", 2},
    {"windows", KEY_WINDOWS, "N", 0, "windows of each state; default 4", 2},
    {"vectors", KEY_VECTORS, "N", 0,
     "random vectors to fit gains with; half as many others verify; default 2048", 2},
    {NULL, 0, NULL, 0, "Results:", 3},
    {"output", KEY_OUTPUT, "CAL.h5", 0, "write the calibration and every fit", 3},
    {"json", KEY_JSON, NULL, 0, "print the figures as JSON", 3},
    {0},
};

struct input {
    struct oac_cli_station station;
    struct oac_calibrate_options calibrate;
    const char *path;
    bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;

    switch (key) {
    case KEY_OUTPUT:
        input->path = arg;
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    case KEY_BIASES:
        input->calibrate.biases = (size_t)oac_cli_count(state, "--biases", arg, 2, 1000);
        return 0;
    case KEY_CODES:
        input->calibrate.codes = (size_t)oac_cli_count(state, "--codes", arg, 8, 10000);
        return 0;
    case KEY_WINDOWS:
        input->calibrate.repeats = (size_t)oac_cli_count(state, "--windows", arg, 2, 1000);
        return 0;
    case KEY_VECTORS:
        input->calibrate.vectors = (size_t)oac_cli_count(state, "--vectors", arg, 64, 1000000);
        return 0;
    default:
        return oac_cli_station_parse(key, arg, state, &input->station);
    }
}

static const struct argp calibrate_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "--rig NAME",
    .doc =
        "Measure a bench that nobody knows: curves of all modulators, gains, offsets, "
        "crosstalk, "
        "delays, linearity and noise, each with its error, verified on vectors that entered no "
        "fit.\v"
        "  oac calibrate --rig netcast-86km -o cal.h5\n"
        "  oac calibrate --rig netcast-local --set bench_seed=7 --json\n"
        "\n"
        "Only the link is used, as on a real bench: hidden imperfections of a simulated one "
        "stay hidden. docs/calibration.md says what is fitted and how sure it is.\n",
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static enum oac_status write_result(const struct oac_cli *cli, const struct input *input,
                                    const struct oac_station *station,
                                    const struct oac_calibration *calibration,
                                    struct oac_err *err)
{
    const struct oac_calibration_source source = {
        .command_line = cli->command_line,
        .on = input->station.options.on ? input->station.options.on : "sim",
        .rig_name = station->rig.name,
        .rig_text = station->rig_text,
        .seed = input->station.options.seed,
    };
    struct oac_calrec *calrec = NULL;
    if (oac_calibration_record(calibration, station->link.caps, &calrec, err))
        return err->status;
    enum oac_status status =
        oac_calibration_write(calibration, calrec, &source, input->path, err);
    oac_calrec_destroy(calrec);
    return status;
}

static enum oac_status calibrate(struct oac_cli *cli, const struct input *input,
                                 struct oac_err *err)
{
    struct oac_station station;
    struct oac_calibration *calibration = NULL;
    const double start_s = now_s();
    if (oac_station_open(&input->station.options, cli->sink, &station, err))
        return err->status;
    enum oac_status status =
        oac_calibrate_measure(&station.link, &input->calibrate, cli->sink, &calibration, err);
    if (status == OAC_OK && input->path)
        status = write_result(cli, input, &station, calibration, err);
    if (status == OAC_OK) {
        const double seconds = now_s() - start_s;
        oac_cli_done(cli);
        if (input->json)
            status = oac_calibrate_json(calibration, station.rig.name, seconds, input->path,
                                        stdout, err);
        else
            oac_calibrate_report(calibration, station.rig.name, seconds, input->path, stdout);
    }
    oac_calibration_destroy(calibration);
    oac_station_close(&station);
    return status;
}

int oac_cmd_calibrate(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {.calibrate = oac_calibrate_defaults()};
    struct oac_err err;

    oac_cli_station_init(&input.station);
    oac_cli_parse(cli, &calibrate_argp, argc, argv, &input);
    if ((input.path && oac_results_check_path(input.path, &err) != OAC_OK) ||
        calibrate(cli, &input, &err) != OAC_OK)
        return oac_cli_fail(cli, &err);
    return 0;
}
