/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `oac port` was asked, and the file that does each of its actions. */
#ifndef OAC_CLI_PORT_COMMAND_H
#define OAC_CLI_PORT_COMMAND_H

#include <stdbool.h>

#include "cli/command.h"
#include "cli/iio_options.h"
#include "driver/arming.h"

enum oac_port_action {
    OAC_PORT_LIST,
    OAC_PORT_READ,
    OAC_PORT_SET,
    OAC_PORT_SWEEP,
    OAC_PORT_NONE
};

struct oac_port_command {
    struct oac_cli_iio iio;
    enum oac_port_action action;
    const char *port, *input; /* input: of a sweep */
    double volts, hold_s;
    double from_v, to_v, dwell_s; /* NAN until given */
    size_t samples, steps;
    struct oac_cli_list holds; /* "PORT=VOLTS" */
    const char *path;
    bool has_volts, arm, dry, once, json, png;
};

#ifdef OAC_HAVE_LIBIIO
struct oac_port_context { /* what an action works on */
    const struct oac_cli *cli;
    const struct oac_port_command *command;
    struct oac_iio_session *session;
    const struct oac_board *board;
    const struct oac_board_port *port;
};

enum oac_status oac_port_command_set(const struct oac_port_context *on,
                                     struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_port_command_read(const struct oac_port_context *on,
                                      struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_port_command_sweep(const struct oac_port_context *on,
                                       struct oac_err *err) OAC_MUST_USE;
/* By name; OAC_ENOTFOUND says how to see which there are. */
enum oac_status oac_port_command_find(const struct oac_board *board, const char *name,
                                      const struct oac_board_port **port,
                                      struct oac_err *err) OAC_MUST_USE;
/* Whether these ports may be driven over these ranges. */
enum oac_status oac_port_command_consent(const struct oac_port_context *on, size_t ports,
                                         const struct oac_arming_port *port,
                                         struct oac_err *err) OAC_MUST_USE;
#endif

#endif
