/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac port`: one port of a bench by hand. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/command.h"
#include "cli/iio_options.h"
#ifdef OAC_HAVE_LIBIIO
#include "driver/iio/port_io.h"
#endif

static const char doc[] =
    "One port of a bench by hand, in volts.\v"
    "  oac port list              the ports of the board that is there\n"
    "  oac port read PORT         what an input hears: mean, noise, extremes; on\n"
    "                             a terminal again and again until Ctrl-C\n"
    "  oac port set PORT VOLTS    holds an output at a voltage until Ctrl-C or\n"
    "                             for --hold-s, then makes the board safe. Asks\n"
    "                             to be armed: something may be connected to it\n"
    "\n"
    "Volts are nominal, those of the board's profile (docs/boards.md); limits\n"
    "are never exceeded. A voltage below 0 is given after a lone --.\n"
    "\n"
    "Examples:\n"
    "  oac port list --uri ip:192.168.2.1\n"
    "  oac port set dac-a 1.2 --dry-run --uri ip:192.168.2.1\n"
    "  oac port set --uri ip:192.168.2.1 --arm --hold-s 10 -- dac-a -0.5\n"
    "  oac port read adc-1 --uri ip:192.168.2.1\n";

enum { KEY_ARM = 0x100, KEY_DRY, KEY_HOLD, KEY_SAMPLES, KEY_ONCE };

static const struct argp_option options[] = {
    OAC_CLI_IIO_ROWS(1),
    {NULL, 0, NULL, 0, "How:", 2},
    {"arm", KEY_ARM, NULL, 0, "set: yes, drive the real output", 2},
    {"dry-run", KEY_DRY, NULL, 0, "set: print every voltage, drive nothing", 2},
    {"hold-s", KEY_HOLD, "S", 0, "set: for so long; default until Ctrl-C", 2},
    {"samples", KEY_SAMPLES, "N", 0, "read: over so many; default 4096", 2},
    {"once", KEY_ONCE, NULL, 0, "read: one line, also on a terminal", 2},
    {0},
};

enum action { LIST, READ, SET, NO_ACTION };

struct input {
    struct oac_cli_iio iio;
    enum action action;
    const char *port;
    double volts, hold_s;
    size_t samples;
    bool has_volts, arm, dry, once;
};

static void check_input(const struct argp_state *state, const struct input *input)
{
    if (input->action == NO_ACTION)
        argp_error(state, "what? list, read PORT or set PORT VOLTS");
    if (input->action != LIST && !input->port)
        argp_error(state, "which port? One of oac port list");
    if (input->action == SET && !input->has_volts)
        argp_error(state, "how many volts? oac port set PORT VOLTS");
    if (input->action == SET && !input->arm && !input->dry)
        argp_error(state,
                   "this drives a real output to %g V: add --arm when whatever is connected to "
                   "%s may take it, or --dry-run to see what would be played",
                   input->volts, input->port);
}

static error_t take_argument(const struct argp_state *state, struct input *input, char *arg)
{
    static const char *const actions[] = {"list", "read", "set", NULL};
    if (state->arg_num == 0) {
        input->action = (enum action)oac_cli_choice(state, "ACTION", arg, actions);
    } else if (state->arg_num == 1 && input->action != LIST) {
        input->port = arg;
    } else if (state->arg_num == 2 && input->action == SET) {
        input->volts = oac_cli_real(state, "VOLTS", arg, -1e3, 1e3);
        input->has_volts = true;
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case KEY_ARM:
        input->arm = true;
        return 0;
    case KEY_DRY:
        input->dry = true;
        return 0;
    case KEY_ONCE:
        input->once = true;
        return 0;
    case KEY_HOLD:
        input->hold_s = oac_cli_real(state, "--hold-s", arg, 0.0, 1e6);
        return 0;
    case KEY_SAMPLES:
        input->samples = (size_t)oac_cli_count(state, "--samples", arg, 16, 1u << 20);
        return 0;
    case ARGP_KEY_ARG:
        return take_argument(state, input, arg);
    case ARGP_KEY_END:
        check_input(state, input);
        return oac_cli_iio_parse(key, arg, state, &input->iio);
    default:
        return oac_cli_iio_parse(key, arg, state, &input->iio);
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

static enum oac_status read_port(const struct oac_cli *cli, const struct input *input,
                                 struct oac_iio_session *session, const struct oac_board *board,
                                 const struct oac_board_port *port, struct oac_err *err)
{
    bool live = !input->once && isatty(STDOUT_FILENO) == 1;
    do {
        struct oac_port_reading r;
        if (oac_port_read(session, board, port, input->samples, input->iio.timeout_s, &r, err))
            return err->status;
        printf("%s%s %+.6f V, sigma %.6f V, %+.6f to %+.6f V, %zu samples%s%s",
               live ? "\r" : "", port->name, r.mean_v, r.sigma_v, r.low_v, r.high_v, r.samples,
               r.clipped ? ", CLIPPED" : "", live ? "\033[K" : "\n");
        fflush(stdout);
    } while (live && !oac_stop_requested(cli->sink));
    if (live)
        putchar('\n');
    return OAC_OK;
}

static enum oac_status set_port(const struct oac_cli *cli, const struct input *input,
                                struct oac_iio_session *session, const struct oac_board *board,
                                const struct oac_board_port *port, struct oac_err *err)
{
    uint16_t code;
    if (oac_port_check(port, input->volts, &code, err))
        return err->status;
    printf("%s: %.6f V, code %u of 0 to %u; safe state %g V\n", port->name,
           oac_board_port_volts(port, code), code, (1u << port->codec.bits) - 1, port->safe_v);
    fflush(stdout);
    if (input->dry)
        return OAC_OK;
    return oac_port_hold(session, board, port, input->volts, input->hold_s,
                         input->iio.timeout_s, cli->sink, err);
}

static enum oac_status act(const struct oac_cli *cli, const struct input *input,
                           struct oac_iio_session *session, const struct oac_board *board,
                           struct oac_err *err)
{
    if (input->action == LIST) {
        list_ports(board);
        return OAC_OK;
    }
    const struct oac_board_port *port = oac_board_port_find(board, input->port);
    if (!port)
        return oac_fail(err, OAC_ENOTFOUND, "board %s has no port '%.60s'; see oac port list",
                        board->name, input->port);
    return input->action == READ ? read_port(cli, input, session, board, port, err)
                                 : set_port(cli, input, session, board, port, err);
}

static enum oac_status run(const struct oac_cli *cli, const struct input *input,
                           struct oac_err *err)
{
    struct oac_iio_session *session = NULL;
    struct oac_board *board = oac_alloc(1, sizeof *board, "board profile", err);
    enum oac_status status =
        board ? oac_cli_iio_open(&input->iio, &session, board, err) : OAC_ENOMEM;
    if (!status)
        status = act(cli, input, session, board, err);
    oac_iio_close(session);
    free(board);
    return status;
}
#endif

int oac_cmd_port(struct oac_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {
        options, parse, "list\nread PORT\nset PORT VOLTS", doc, NULL, NULL, NULL};
    struct input input = {.action = NO_ACTION, .samples = 4096, .hold_s = INFINITY};
    oac_cli_parse(cli, &argp, argc, argv, &input);
#ifdef OAC_HAVE_LIBIIO
    struct oac_err err;
    if (run(cli, &input, &err))
        return oac_cli_fail(cli, &err);
    return EXIT_SUCCESS;
#else
    return oac_cli_iio_missing(cli);
#endif
}
