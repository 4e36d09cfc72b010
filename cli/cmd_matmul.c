/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac matmul`: any matrix through the optics. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/npy.h"
#include "cli/calibration_options.h"
#include "cli/command.h"
#include "cli/drive_options.h"
#include "cli/station_options.h"
#include "experiments/matmul.h"
#include "experiments/matmul_report.h"
#include "experiments/results.h"

#define THREADS_MAX 1024

enum { KEY_OUTPUT = 'o', KEY_PHOTONS = 0x100, KEY_THREADS, KEY_JSON };

static const struct argp_option options[] = {
    OAC_CLI_STATION_ROWS(1),
    {"photons-per-mac", KEY_PHOTONS, "X", 0,
     "set the laser power for X detected photons per model product; default: the rig's own "
     "power",
     2},
    OAC_CLI_CALIBRATION_ROWS(3),
    {NULL, 0, NULL, 0, "Results:", 4},
    {"output", KEY_OUTPUT, "Y.npy", 0, "write y: (B, K), or (K) when X is one vector", 4},
    {"json", KEY_JSON, NULL, 0, "print the figures as JSON", 4},
    {"threads", KEY_THREADS, "T", 0, "default: all processors; changes no result", 4},
    OAC_CLI_DRIVE_ROWS(5),
    {0},
};

struct input {
    struct oac_cli_station station;
    struct oac_cli_drive drive;
    const char *w_path, *x_path, *y_path;
    double photons_per_mac;
    size_t threads;
    bool json;
};

static void take_file(struct argp_state *state, char *arg, struct input *input)
{
    if (!input->w_path)
        input->w_path = arg;
    else if (!input->x_path)
        input->x_path = arg;
    else
        argp_error(state, "'%s' is one file too many; W.npy and X.npy are all it takes", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        take_file(state, arg, input);
        return 0;
    case KEY_OUTPUT:
        input->y_path = arg;
        return 0;
    case KEY_PHOTONS:
        input->photons_per_mac = oac_cli_real(state, "--photons-per-mac", arg, 1e-12, 1e15);
        return 0;
    case KEY_THREADS:
        input->threads = (size_t)oac_cli_count(state, "--threads", arg, 1, THREADS_MAX);
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    case ARGP_KEY_END:
        if (!input->x_path)
            argp_error(state, "%s is missing", input->w_path ? "X.npy" : "W.npy");
        (void)oac_cli_drive_parse(key, arg, state, &input->drive);
        (void)oac_cli_calibration_parse(key, arg, state, &input->station.options.calibration);
        if (input->drive.dry && (input->json || input->y_path))
            argp_error(state, "a dry run has voltages, no product: leave --json and -o away; "
                              "--voltages FILE writes them");
        return oac_cli_station_parse(key, arg, state, &input->station);
    default:
        if (oac_cli_drive_parse(key, arg, state, &input->drive) == 0 ||
            oac_cli_calibration_parse(key, arg, state, &input->station.options.calibration) ==
                0)
            return 0;
        return oac_cli_station_parse(key, arg, state, &input->station);
    }
}

static const struct argp matmul_argp = {
    .options = options,
    .parser = parse,
    .args_doc = "W.npy X.npy --rig NAME",
    .doc = "Multiply a matrix by vectors through the optics: y = x W^T for W (K, N) and X (B, "
           "N) or "
           "(N), with the error against the exact product.\v"
           "  oac matmul W.npy X.npy --rig netcast-local -o Y.npy\n"
           "  oac matmul W.npy X.npy --rig ideal --noise shot --photons-per-mac 10 --json\n"
           "\n"
           "Scales come from the two files as a whole.\n",
};

static enum oac_status check_shapes(const struct input *input, const struct oac_npy *w,
                                    const struct oac_npy *x, struct oac_err *err)
{
    size_t x_cols = x->rank == 1 ? x->dims[0] : x->dims[1];

    if (w->rank != 2)
        return oac_fail(err, OAC_EMISMATCH,
                        "%s: W is a vector of %zu; it must be a matrix (K, N)", input->w_path,
                        w->dims[0]);
    if (x_cols != w->dims[1])
        return oac_fail(
            err, OAC_EMISMATCH,
            "W of %s is (%zu, %zu), so the vectors of %s must have %zu elements, not "
            "%zu",
            input->w_path, w->dims[0], w->dims[1], input->x_path, w->dims[1], x_cols);
    return OAC_OK;
}

static enum oac_status print_result(struct oac_cli *cli, const struct input *input,
                                    const struct oac_matmul *product,
                                    const struct oac_matmul_result *result, struct oac_err *err)
{
    oac_cli_done(cli);
    if (input->json)
        return oac_matmul_json(product, result, stdout, err);
    oac_matmul_report(product, result, input->y_path, stdout);
    return OAC_OK;
}

static enum oac_status multiply(struct oac_cli *cli, const struct input *input,
                                const struct oac_npy *w, const struct oac_npy *x,
                                struct oac_err *err)
{
    const struct oac_matmul product = {
        .rows = w->dims[0],
        .cols = w->dims[1],
        .vectors = x->rank == 1 ? 1 : x->dims[0],
        .w = w->data,
        .x = x->data,
        .photons_per_mac = input->photons_per_mac,
        .threads = input->threads,
    };
    const size_t dims[] = {x->rank == 1 ? product.rows : product.vectors, product.rows};
    struct oac_matmul_result result;
    float *y = calloc(product.vectors, product.rows * sizeof *y);
    enum oac_status status;

    if (!y)
        return oac_fail(err, OAC_ENOMEM, "out of memory for a product of %zu x %zu",
                        product.vectors, product.rows);
    status = oac_matmul_run(&input->station.options, &product, cli->sink, y, &result, err);
    if (status == OAC_OK && input->y_path)
        status = oac_npy_write_f32(input->y_path, x->rank, dims, y, err);
    if (status == OAC_OK && !input->drive.dry)
        status = print_result(cli, input, &product, &result, err);
    free(y);
    return status;
}

int oac_cmd_matmul(struct oac_cli *cli, int argc, char **argv)
{
    struct input input = {.photons_per_mac = NAN};
    struct oac_npy w = {0}, x = {0};
    struct oac_err err;
    int code = 0;

    oac_cli_station_init(&input.station);
    oac_cli_parse(cli, &matmul_argp, argc, argv, &input);
    input.station.options.drive =
        (struct oac_drive){.arm = input.drive.arm, .command = cli->command_line};
    input.station.options.played = oac_cli_drive_begin(&input.drive);
    input.station.options.command_line = cli->command_line;
    if ((input.y_path && oac_results_check_path(input.y_path, &err) != OAC_OK) ||
        (input.station.options.record &&
         oac_results_check_path(input.station.options.record, &err) != OAC_OK) ||
        oac_npy_read(input.w_path, 0, &w, &err) != OAC_OK ||
        oac_npy_read(input.x_path, 0, &x, &err) != OAC_OK ||
        check_shapes(&input, &w, &x, &err) != OAC_OK ||
        multiply(cli, &input, &w, &x, &err) != OAC_OK)
        code = oac_cli_fail(cli, &err);
    else if (input.drive.dry)
        code = oac_cli_drive_report(cli, &input.drive);
    oac_played_fini(&input.drive.played);
    oac_npy_fini(&w);
    oac_npy_fini(&x);
    return code;
}
