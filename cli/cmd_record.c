/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac record`: what can be done with recordings, besides making them (--record) and playing them (--on
 * replay). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "driver/recording/recorder.h"
#include "driver/recording/recording.h"
#include "experiments/sigmf.h"

static const char doc[] =
    "Recordings of benches: finish one, or give its samples to other programs.\v"
    "  oac record finish FILE   make FILE of what an interrupted run left in\n"
    "                           FILE.journal\n"
    "  oac record sigmf FILE    write the samples of each port as SigMF, beside\n"
    "                           FILE: .sigmf-data and .sigmf-meta\n"
    "\n"
    "A recording is made with --record FILE and played with --on replay --uri\n"
    "FILE (oac run, oac matmul). oac info FILE says what is in it.\n"
    "\n"
    "Examples:\n"
    "  oac run --model experiments/mnist/mnist.h5 --rig m2k-bench --on wave \\\n"
    "      --images 2 --record bench.h5\n"
    "  oac record sigmf bench.h5\n";

struct input {
    const char *action, *path;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    static const char *const actions[] = {"finish", "sigmf", NULL};
    struct input *input = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (!input->action)
            input->action = actions[oac_cli_choice(state, "ACTION", arg, actions)];
        else if (!input->path)
            input->path = arg;
        else
            argp_error(state, "'%s' is one argument too many", arg);
        return 0;
    case ARGP_KEY_END:
        if (!input->path)
            argp_error(state, "%s is missing", input->action ? "FILE" : "finish or sigmf");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static enum oac_status write_sigmf(struct oac_cli *cli, const char *path, struct oac_err *err)
{
    struct oac_recording *recording = NULL;
    size_t files = 0;
    enum oac_status status = oac_recording_read(path, &recording, err);
    if (!status)
        status = oac_sigmf_write(recording, path, &files, err);
    if (!status) {
        oac_cli_done(cli);
        printf("%s: %zu files, of %zu segments in %zu bursts\n", path, files,
               recording->segments, recording->bursts);
    }
    oac_recording_destroy(recording);
    return status;
}

static enum oac_status finish(struct oac_cli *cli, const char *path, struct oac_err *err)
{
    if (oac_recording_finish(path, err))
        return err->status;
    oac_cli_done(cli);
    printf("%s: finished; oac info says what is in it\n", path);
    return OAC_OK;
}

int oac_cmd_record(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {.parser = parse, .args_doc = "ACTION FILE", .doc = doc};
    struct input input = {NULL, NULL};
    struct oac_err err;
    oac_cli_parse(cli, &argp, argc, argv, &input);
    const enum oac_status status = strcmp(input.action, "finish") == 0
                                       ? finish(cli, input.path, &err)
                                       : write_sigmf(cli, input.path, &err);
    return status ? oac_cli_fail(cli, &err) : EXIT_SUCCESS;
}
