/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac safe`: a bench into its safe state. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/command.h"
#include "cli/iio_options.h"

static const char doc[] =
    "Put a bench into its safe state.\v"
    "Writes the `safe` sequence of the board's profile: tones off, outputs at\n"
    "their safe voltage or switched off. Every write is tried, whatever fails\n"
    "before it; the first failure is reported. Works alone, while nothing else\n"
    "runs: after a crash, a lost connection, or before touching cables.\n"
    "\n"
    "Examples:\n"
    "  oac safe --uri ip:192.168.2.1\n"
    "  oac safe --uri usb: --board ./my-board.yaml\n";

static const struct argp_option options[] = {OAC_CLI_IIO_ROWS(1), {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    return oac_cli_iio_parse(key, arg, state, state->input);
}

#ifdef OAC_HAVE_LIBIIO
static enum oac_status make_safe(const struct oac_cli *cli, const struct oac_cli_iio *iio,
                                 struct oac_err *err)
{
    struct oac_iio_session *session = NULL;
    struct oac_board *board = oac_alloc(1, sizeof *board, "board profile", err);
    enum oac_status status = board ? oac_cli_iio_open(iio, &session, board, err) : OAC_ENOMEM;
    if (!status)
        status = oac_iio_safe(session, board, err);
    if (!status) {
        oac_cli_done(cli);
        printf("%s (%s) is safe: %zu settings written\n", oac_iio_uri(session), board->name,
               board->safes);
    }
    oac_iio_close(session);
    free(board);
    return status;
}
#endif

int oac_cmd_safe(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {options, parse, "", doc, NULL, NULL, NULL};
    struct oac_cli_iio iio = {.uri = NULL};
    oac_cli_parse(cli, &argp, argc, argv, &iio);
#ifdef OAC_HAVE_LIBIIO
    struct oac_err err;
    if (make_safe(cli, &iio, &err))
        return oac_cli_fail(cli, &err);
    return EXIT_SUCCESS;
#else
    return oac_cli_iio_missing(cli);
#endif
}
