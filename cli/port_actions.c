/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac port read` and `oac port set`, and what both and the sweep ask first. */
#ifdef OAC_HAVE_LIBIIO
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/port_command.h"
#include "cli/port_meter.h"
#include "driver/iio/consent.h"
#include "driver/iio/port_sweep.h"

#define TAIL_CHARS 52 /* figures beside the meter */

enum oac_status oac_port_command_find(const struct oac_board *board, const char *name,
                                      const struct oac_board_port **port, struct oac_err *err)
{
    *port = oac_board_port_find(board, name);
    return *port
               ? OAC_OK
               : oac_fail(err, OAC_ENOTFOUND, "board %s has no port '%.60s'; see oac port list",
                          board->name, name);
}

enum oac_status oac_port_command_consent(const struct oac_port_context *on, size_t ports,
                                         const struct oac_arming_port *port,
                                         struct oac_err *err)
{
    const struct oac_drive drive = {
        .arm = on->command->arm, .command = on->cli->command_line, .sink = on->cli->sink};
    return oac_iio_consent(on->session, on->board, &drive, "use by hand", ports, port, err);
}

static void print_line(const struct oac_board_port *port, const struct oac_port_reading *r)
{
    printf("%s %+.6f V, sigma %.6f V, %+.6f to %+.6f V, %zu samples%s\n", port->name, r->mean_v,
           r->sigma_v, r->low_v, r->high_v, r->samples, r->clipped ? ", CLIPPED" : "");
}

/* adc-1 -3.11 [      ---|--      ] +3.11 V  +0.0012 V, sigma 0.0004 */
static void print_meter(const struct oac_board_port *port, const struct oac_port_reading *r)
{
    struct winsize size;
    char bar[OAC_METER_CELLS_MAX + 1];
    const int columns =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    const int room = columns - 1 - TAIL_CHARS - (int)strlen(port->name);
    const size_t cells = room < 8                     ? 8
                         : room > OAC_METER_CELLS_MAX ? OAC_METER_CELLS_MAX
                                                      : (size_t)room;
    oac_meter_bar(r->range_low_v, r->range_high_v, r->low_v, r->mean_v, r->high_v, cells, bar);
    printf("\r%s %+.2f [%s] %+.2f V  %+.4f V, sigma %.4f%s\033[K", port->name, r->range_low_v,
           bar, r->range_high_v, r->mean_v, r->sigma_v, r->clipped ? " CLIP" : "");
    fflush(stdout);
}

enum oac_status oac_port_command_read(const struct oac_port_context *on, struct oac_err *err)
{
    const bool live = !on->command->once && isatty(STDOUT_FILENO) == 1;
    do {
        struct oac_port_reading r;
        if (oac_port_read(on->session, on->board, on->port, on->command->samples,
                          on->command->iio.timeout_s, &r, err)) {
            if (live)
                putchar('\n');
            return err->status;
        }
        if (live)
            print_meter(on->port, &r);
        else
            print_line(on->port, &r);
    } while (live && !oac_stop_requested(on->cli->sink));
    if (live)
        putchar('\n');
    return OAC_OK;
}

enum oac_status oac_port_command_set(const struct oac_port_context *on, struct oac_err *err)
{
    const struct oac_port_command *command = on->command;
    const struct oac_board_port *port = on->port;
    uint16_t code;
    if (oac_port_check(port, command->volts, &code, err))
        return err->status;
    const struct oac_arming_port driven = {port->name, fmin(port->safe_v, command->volts),
                                           fmax(port->safe_v, command->volts)};
    if (!command->dry && oac_port_command_consent(on, 1, &driven, err))
        return err->status;
    if (command->dry) {
        printf("%s: %.6f V, code %u of 0 to %u at the profile's own rate; from and to the safe "
               "%g V at %g V/s\n",
               port->name, oac_board_port_volts(port, code), code, (1u << port->codec.bits) - 1,
               port->safe_v, port->ramp_v_per_s);
        return OAC_OK;
    }
    oac_log(on->cli->sink, OAC_LOG_INFO, "%s goes to %g V; Ctrl-C brings it back to %g V",
            port->name, command->volts, port->safe_v);
    return oac_port_hold(on->session, on->board, port, command->volts, command->hold_s,
                         command->iio.timeout_s, on->cli->sink, err);
}
#else
typedef int oac_port_actions_need_libiio; /* a file of C holds something */
#endif
