/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac port`: one port of a bench by hand. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/command.h"
#include "cli/port_command.h"

static const char doc[] =
    "One port of a bench by hand, in volts.\v"
    "  oac port list              the ports of the board that is there\n"
    "  oac port read PORT         what an input hears: mean, noise, extremes; on\n"
    "                             a terminal a meter, until Ctrl-C\n"
    "  oac port set PORT VOLTS    ramps an output to a voltage and holds it until\n"
    "                             Ctrl-C or for --hold-s, then makes the board safe\n"
    "  oac port sweep OUT IN --from V --to V\n"
    "                             steps an output while an input is read; -o writes\n"
    "                             the steps and a picture of them\n"
    "\n"
    "set and sweep ask to be armed (--arm) the first time: something may be connected\n"
    "to the output. A virtual bench (oac twin) needs no arming.\n"
    "Volts are nominal, those of the board's profile (docs/boards.md); limits\n"
    "are never exceeded. A voltage below 0 is given after a lone --.\n"
    "\n"
    "Examples:\n"
    "  oac port list --uri ip:192.168.2.1\n"
    "  oac port set dac-a 1.2 --dry-run --uri ip:192.168.2.1\n"
    "  oac port set --uri ip:192.168.2.1 --arm --hold-s 10 -- dac-a -0.5\n"
    "  oac port read adc-1 --uri ip:192.168.2.1\n"
    "  oac port sweep dac-a adc-1 --from=-5 --to=5 --steps 41 --hold dac-b=4.5 \\\n"
    "      --arm -o sweep.h5 --uri ip:192.168.2.1\n";

enum {
    KEY_OUTPUT = 'o',
    KEY_ARM = 0x100,
    KEY_DRY,
    KEY_HOLD_S,
    KEY_SAMPLES,
    KEY_ONCE,
    KEY_FROM,
    KEY_TO,
    KEY_STEPS,
    KEY_DWELL,
    KEY_HOLD,
    KEY_JSON,
    KEY_PNG,
};

static const struct argp_option options[] = {
    OAC_CLI_IIO_ROWS(1),
    {NULL, 0, NULL, 0, "How:", 2},
    {"arm", KEY_ARM, NULL, 0, "set, sweep: yes, drive the real output; remembered", 2},
    {"dry-run", KEY_DRY, NULL, 0, "set, sweep: print every voltage, drive nothing", 2},
    {"hold-s", KEY_HOLD_S, "S", 0, "set: for so long; default until Ctrl-C", 2},
    {"samples", KEY_SAMPLES, "N", 0, "read, sweep: over so many; default 4096", 2},
    {"once", KEY_ONCE, NULL, 0, "read: one line, also on a terminal", 2},
    {NULL, 0, NULL, 0, "A sweep:", 3},
    {"from", KEY_FROM, "V", 0, "first voltage; below 0: --from=-5", 3},
    {"to", KEY_TO, "V", 0, "last voltage", 3},
    {"steps", KEY_STEPS, "N", 0, "both ends counted; default 41", 3},
    {"dwell-s", KEY_DWELL, "S", 0, "wait at each step before reading; default 0", 3},
    {"hold", KEY_HOLD, "PORT=V", 0, "hold another output meanwhile; repeatable", 3},
    {"output", KEY_OUTPUT, "FILE", 0,
     "FILE.h5: HDF5, and the picture FILE.svg beside it; FILE.csv: text", 3},
    {"png", KEY_PNG, NULL, 0, "the picture as PNG", 3},
    {"json", KEY_JSON, NULL, 0, "print the steps as JSON", 3},
    {0},
};

static void check_sweep(const struct argp_state *state, const struct oac_port_command *command)
{
    if (!command->input)
        argp_error(state, "which input? oac port sweep OUTPUT INPUT --from V --to V");
    if (isnan(command->from_v) || isnan(command->to_v))
        argp_error(state, "from where to where? --from V --to V");
}

static void check_input(const struct argp_state *state, const struct oac_port_command *command)
{
    if (command->action == OAC_PORT_NONE)
        argp_error(state, "what? list, read PORT, set PORT VOLTS or sweep OUTPUT INPUT");
    if (command->action != OAC_PORT_LIST && !command->port)
        argp_error(state, "which port? One of oac port list");
    if (command->action == OAC_PORT_SET && !command->has_volts)
        argp_error(state, "how many volts? oac port set PORT VOLTS");
    if (command->action == OAC_PORT_SWEEP)
        check_sweep(state, command);
}

static error_t take_argument(const struct argp_state *state, struct oac_port_command *command,
                             char *arg)
{
    static const char *const actions[] = {"list", "read", "set", "sweep", NULL};
    if (state->arg_num == 0) {
        command->action = (enum oac_port_action)oac_cli_choice(state, "ACTION", arg, actions);
    } else if (state->arg_num == 1 && command->action != OAC_PORT_LIST) {
        command->port = arg;
    } else if (state->arg_num == 2 && command->action == OAC_PORT_SET) {
        command->volts = oac_cli_real(state, "VOLTS", arg, -1e3, 1e3);
        command->has_volts = true;
    } else if (state->arg_num == 2 && command->action == OAC_PORT_SWEEP) {
        command->input = arg;
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_sweep(int key, char *arg, struct argp_state *state,
                           struct oac_port_command *command)
{
    switch (key) {
    case KEY_FROM:
        command->from_v = oac_cli_real(state, "--from", arg, -1e3, 1e3);
        return 0;
    case KEY_TO:
        command->to_v = oac_cli_real(state, "--to", arg, -1e3, 1e3);
        return 0;
    case KEY_STEPS:
        command->steps = (size_t)oac_cli_count(state, "--steps", arg, 2, 100000);
        return 0;
    case KEY_DWELL:
        command->dwell_s = oac_cli_real(state, "--dwell-s", arg, 0.0, 3600.0);
        return 0;
    case KEY_HOLD:
        oac_cli_append(state, &command->holds, arg);
        return 0;
    case KEY_OUTPUT:
        command->path = arg;
        return 0;
    case KEY_PNG:
        command->png = true;
        return 0;
    case KEY_JSON:
        command->json = true;
        return 0;
    default:
        return oac_cli_iio_parse(key, arg, state, &command->iio);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct oac_port_command *command = state->input;
    switch (key) {
    case KEY_ARM:
        command->arm = true;
        return 0;
    case KEY_DRY:
        command->dry = true;
        return 0;
    case KEY_ONCE:
        command->once = true;
        return 0;
    case KEY_HOLD_S:
        command->hold_s = oac_cli_real(state, "--hold-s", arg, 0.0, 1e6);
        return 0;
    case KEY_SAMPLES:
        command->samples = (size_t)oac_cli_count(state, "--samples", arg, 16, 1u << 20);
        return 0;
    case ARGP_KEY_ARG:
        return take_argument(state, command, arg);
    case ARGP_KEY_END:
        check_input(state, command);
        return oac_cli_iio_parse(key, arg, state, &command->iio);
    default:
        return parse_sweep(key, arg, state, command);
    }
}

#ifdef OAC_HAVE_LIBIIO
static void list_ports(const struct oac_board *board)
{
    printf("%-8s %-7s %-3s %5s  %-20s  %-8s %s\n", "port", "", "", "bits", "limits", "safe",
           "device");
    for (size_t i = 0; i < board->ports; i++) {
        const struct oac_board_port *port = &board->port[i];
        char limits[64], safe[32] = "";
        snprintf(limits, sizeof limits, "%g to %g V", port->min_v, port->max_v);
        if (port->output)
            snprintf(safe, sizeof safe, "%g V", port->safe_v);
        printf("%-8s %-7s %-3s %5u  %-20s  %-8s %s %s%s%s\n", port->name,
               port->output ? "output" : "input", port->ac_coupled ? "AC" : "DC",
               port->codec.bits, limits, safe, port->device, port->channel,
               port->iq ? ", " : "", port->channel_q);
    }
}

static enum oac_status act(const struct oac_cli *cli, const struct oac_port_command *command,
                           struct oac_iio_session *session, const struct oac_board *board,
                           struct oac_err *err)
{
    struct oac_port_context on = {
        .cli = cli, .command = command, .session = session, .board = board};
    if (command->action == OAC_PORT_LIST) {
        list_ports(board);
        return OAC_OK;
    }
    if (oac_port_command_find(board, command->port, &on.port, err))
        return err->status;
    return command->action == OAC_PORT_READ  ? oac_port_command_read(&on, err)
           : command->action == OAC_PORT_SET ? oac_port_command_set(&on, err)
                                             : oac_port_command_sweep(&on, err);
}

static enum oac_status run(const struct oac_cli *cli, const struct oac_port_command *command,
                           struct oac_err *err)
{
    struct oac_iio_session *session = NULL;
    struct oac_board *board = oac_alloc(1, sizeof *board, "board profile", err);
    enum oac_status status =
        board ? oac_cli_iio_open(&command->iio, &session, board, err) : OAC_ENOMEM;
    if (!status)
        status = act(cli, command, session, board, err);
    oac_iio_close(session);
    free(board);
    return status;
}
#endif

int oac_cmd_port(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {
        options, parse, "list\nread PORT\nset PORT VOLTS\nsweep OUTPUT INPUT --from V --to V",
        doc,     NULL,  NULL,
        NULL};
    struct oac_port_command command = {.action = OAC_PORT_NONE,
                                       .samples = 4096,
                                       .steps = 41,
                                       .hold_s = INFINITY,
                                       .from_v = NAN,
                                       .to_v = NAN};
    oac_cli_parse(cli, &argp, argc, argv, &command);
#ifdef OAC_HAVE_LIBIIO
    struct oac_err err;
    if (run(cli, &command, &err))
        return oac_cli_fail(cli, &err);
    return EXIT_SUCCESS;
#else
    return oac_cli_iio_missing(cli);
#endif
}
