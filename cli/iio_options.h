/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands that talk to a bench share: its URI, its board, and how it is opened. */
#ifndef OAC_CLI_IIO_OPTIONS_H
#define OAC_CLI_IIO_OPTIONS_H

#include <argp.h>

#include "cli/command.h"

enum { OAC_CLI_IIO_URI = 'u', OAC_CLI_IIO_BOARD = 'b', OAC_CLI_IIO_TIMEOUT = 0x280 };

#define OAC_CLI_IIO_ROWS(group)                                                                \
    {NULL, 0, NULL, 0, "Which bench:", group},                                                 \
        {"uri", OAC_CLI_IIO_URI, "URI", 0, "ip:HOST[:PORT], usb:, local: or xml:FILE", group}, \
        {"board",                                                                              \
         OAC_CLI_IIO_BOARD,                                                                    \
         "NAME|FILE",                                                                          \
         0,                                                                                    \
         "its board profile; default: the one that fits",                                      \
         group},                                                                               \
    {                                                                                          \
        "timeout-s", OAC_CLI_IIO_TIMEOUT, "S", 0, "for one answer; default 5", group           \
    }

struct oac_cli_iio {
    const char *uri, *board; /* board NULL: find it */
    double timeout_s;
};

/* Takes one option of the rows above; ARGP_ERR_UNKNOWN for any other key. ARGP_KEY_INIT sets the defaults,
 * ARGP_KEY_END checks that there is a URI. */
error_t oac_cli_iio_parse(int key, char *arg, struct argp_state *state,
                          struct oac_cli_iio *iio);

#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/probe.h"

/* Opens the bench and finds its board. Close with oac_iio_close. */
enum oac_status oac_cli_iio_open(const struct oac_cli_iio *iio,
                                 struct oac_iio_session **session, struct oac_board *board,
                                 struct oac_err *err) OAC_MUST_USE;
#endif

/* Says on stderr what to install for this build to talk to hardware; returns the exit code. */
int oac_cli_iio_missing(const struct oac_cli *cli);

#endif
