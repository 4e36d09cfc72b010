/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac probe`: what a bench is. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/iio_options.h"
#include "cli/probe_report.h"
#include "sim/rig.h"

static const char doc[] =
    "Say what is behind a URI, and what it is good for.\v"
    "Lists devices, channels and sample formats; says which board profile fits\n"
    "and why; which of its ports can play which part in a rig (weight, client,\n"
    "readout, gate); and what is missing. Writes nothing to the bench.\n"
    "\n"
    "Exits with 0 when a profile fits, 1 when none does.\n"
    "\n"
    "Examples:\n"
    "  oac probe --uri ip:192.168.2.1\n"
    "  oac probe --uri ip:192.168.2.1 --rig netcast-local --json\n"
    "  iio_info --xml -u usb: > bench.xml; oac probe --uri xml:bench.xml\n";

enum { KEY_JSON = 0x100 };

static const struct argp_option options[] = {
    OAC_CLI_IIO_ROWS(1),
    {"rig", 'r', "NAME|FILE", 0, "what its ports should play in", 1},
    {NULL, 0, NULL, 0, "What is printed:", 2},
    {"json", KEY_JSON, NULL, 0, "JSON, as docs/boards.md describes it", 2},
    {0},
};

struct input {
    struct oac_cli_iio iio;
    const char *rig;
    bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'r':
        input->rig = arg;
        return 0;
    case KEY_JSON:
        input->json = true;
        return 0;
    default:
        return oac_cli_iio_parse(key, arg, state, &input->iio);
    }
}

#ifdef OAC_HAVE_LIBIIO
static enum oac_status probe(const struct oac_cli *cli, const struct input *input, bool *fits,
                             struct oac_err *err)
{
    struct oac_iio_session *session = NULL;
    struct oac_probe *found = NULL;
    struct oac_rig *rig = NULL, read;
    if (input->rig) {
        if (oac_rig_read(input->rig, NULL, 0, &read, NULL, err))
            return err->status;
        rig = &read;
    }
    enum oac_status status =
        oac_probe_open(input->iio.uri, (unsigned)(1e3 * input->iio.timeout_s), &session, err);
    if (status)
        return status;
    status = oac_probe_create(session, input->iio.board, rig, &found, err);
    if (status)
        goto close_session;
    *fits = found->best != NULL;
    oac_cli_done(cli);
    if (input->json)
        status = oac_probe_print_json(found, rig, stdout, err);
    else
        oac_probe_print(found, rig, stdout);
    oac_probe_destroy(found);
close_session:
    oac_iio_close(session);
    return status;
}
#endif

int oac_cmd_probe(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {options, parse, "", doc, NULL, NULL, NULL};
    struct input input = {.rig = NULL};
    oac_cli_parse(cli, &argp, argc, argv, &input);
#ifdef OAC_HAVE_LIBIIO
    struct oac_err err;
    bool fits = false;
    if (probe(cli, &input, &fits, &err))
        return oac_cli_fail(cli, &err);
    return fits ? EXIT_SUCCESS : oac_status_exit_code(OAC_EMISMATCH);
#else
    return oac_cli_iio_missing(cli);
#endif
}
