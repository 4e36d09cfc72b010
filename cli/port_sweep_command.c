/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac port sweep`. */
#ifdef OAC_HAVE_LIBIIO
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/number.h"
#include "cli/port_command.h"
#include "cli/port_meter.h"
#include "driver/iio/port_sweep.h"
#include "experiments/sweep.h"

#define PLOT_COLUMNS 72u
#define PLOT_ROWS    14u

static enum oac_status take_hold(const struct oac_port_context *on, const char *text,
                                 struct oac_port_sweep *sweep, struct oac_err *err)
{
    char name[OAC_BOARD_NAME_BYTES];
    const char *equals = strchr(text, '=');
    struct oac_port_held *held = &sweep->hold[sweep->holds];
    if (sweep->holds == OAC_PORT_HOLDS_MAX)
        return oac_fail(err, OAC_EUSAGE, "--hold: at most %u other outputs",
                        OAC_PORT_HOLDS_MAX);
    if (!equals || (size_t)(equals - text) >= sizeof name ||
        !oac_number_parse(equals + 1, &held->volts))
        return oac_fail(err, OAC_EUSAGE, "--hold %.60s: give PORT=VOLTS, such as dac-b=4.5",
                        text);
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = '\0';
    if (oac_port_command_find(on->board, name, &held->port, err))
        return err->status;
    sweep->holds++;
    return OAC_OK;
}

static enum oac_status make(const struct oac_port_context *on, struct oac_port_sweep *sweep,
                            struct oac_err *err)
{
    const struct oac_port_command *command = on->command;
    *sweep = (struct oac_port_sweep){.output = on->port,
                                     .from_v = command->from_v,
                                     .to_v = command->to_v,
                                     .steps = command->steps,
                                     .dwell_s = command->dwell_s,
                                     .samples = command->samples,
                                     .deadline_s = command->iio.timeout_s};
    if (oac_port_command_find(on->board, command->input, &sweep->input, err))
        return err->status;
    for (size_t i = 0; i < command->holds.count; i++)
        if (take_hold(on, command->holds.item[i], sweep, err))
            return err->status;
    return oac_port_sweep_check(sweep, err);
}

static struct oac_arming_port range_of(const struct oac_board_port *port, double a_v,
                                       double b_v)
{
    return (struct oac_arming_port){port->name, fmin(port->safe_v, fmin(a_v, b_v)),
                                    fmax(port->safe_v, fmax(a_v, b_v))};
}

static enum oac_status consent(const struct oac_port_context *on,
                               const struct oac_port_sweep *sweep, struct oac_err *err)
{
    struct oac_arming_port driven[1 + OAC_PORT_HOLDS_MAX];
    driven[0] = range_of(sweep->output, sweep->from_v, sweep->to_v);
    for (size_t h = 0; h < sweep->holds; h++)
        driven[1 + h] =
            range_of(sweep->hold[h].port, sweep->hold[h].volts, sweep->hold[h].volts);
    return oac_port_command_consent(on, 1 + sweep->holds, driven, err);
}

static void print_dry(const struct oac_port_sweep *sweep)
{
    const struct oac_board_port *port = sweep->output;
    printf("A dry run: nothing is driven. Ramps from and to %g V at %g V/s.\n", port->safe_v,
           port->ramp_v_per_s);
    for (size_t h = 0; h < sweep->holds; h++)
        printf("%s is held at %g V\n", sweep->hold[h].port->name, sweep->hold[h].volts);
    for (size_t i = 0; i < sweep->steps; i++)
        printf("%s %+.6f V\n", port->name, oac_port_sweep_volts(sweep, i));
}

/* The plot, and where the input was least and most. */
static enum oac_status print_steps(const struct oac_port_sweep *sweep,
                                   const struct oac_port_step *step, size_t done,
                                   struct oac_err *err)
{
    size_t least = 0, most = 0;
    char *text = oac_alloc(PLOT_ROWS, PLOT_COLUMNS + 1, "a plot", err);
    double *mean_v = oac_alloc(done, sizeof *mean_v, "a plot", err);
    if (!text || !mean_v) {
        free(text);
        free(mean_v);
        return err->status;
    }
    for (size_t i = 0; i < done; i++) {
        mean_v[i] = step[i].reading.mean_v;
        least = mean_v[i] < mean_v[least] ? i : least;
        most = mean_v[i] > mean_v[most] ? i : most;
    }
    if (isatty(STDOUT_FILENO) == 1) {
        oac_meter_plot(done, mean_v, PLOT_COLUMNS, PLOT_ROWS - 1, text);
        printf("%s, %+.4f to %+.4f V\n%s%s from %+.3f to %+.3f V\n", sweep->input->name,
               mean_v[least], mean_v[most], text, sweep->output->name, step[0].volts,
               step[done - 1].volts);
    } else {
        oac_sweep_csv(sweep, step, done, stdout);
    }
    printf("%sleast %+.4f V at %s %+.4f V, most %+.4f V at %+.4f V, %.4f V apart\n",
           isatty(STDOUT_FILENO) == 1 ? "" : "# ", mean_v[least], sweep->output->name,
           step[least].volts, mean_v[most], step[most].volts,
           fabs(step[most].volts - step[least].volts));
    free(text);
    free(mean_v);
    return OAC_OK;
}

static enum oac_status hand_out(const struct oac_port_context *on,
                                const struct oac_port_sweep *sweep,
                                const struct oac_port_step *step, size_t done,
                                struct oac_err *err)
{
    const struct oac_port_command *command = on->command;
    char picture[1024] = "";
    struct oac_err missing;
    if (done == 0)
        return OAC_OK;
    oac_cli_done(on->cli);
    if (command->json ? oac_sweep_json(sweep, step, done, stdout, err)
                      : print_steps(sweep, step, done, err))
        return err->status;
    if (!command->path)
        return OAC_OK;
    if (oac_sweep_write(sweep, step, done, on->cli->command_line, command->path, err))
        return err->status;
    if (oac_sweep_picture_path(command->path, command->png, picture, sizeof picture) &&
        oac_sweep_draw(sweep, step, done, picture, &missing)) {
        oac_log(on->cli->sink, OAC_LOG_WARNING, "%s", missing.message);
        picture[0] = '\0';
    }
    oac_log(on->cli->sink, OAC_LOG_INFO, "wrote %s%s%s", command->path, picture[0] ? ", " : "",
            picture);
    return OAC_OK;
}

enum oac_status oac_port_command_sweep(const struct oac_port_context *on, struct oac_err *err)
{
    struct oac_port_sweep sweep;
    size_t done = 0;
    struct oac_err lost;
    if (make(on, &sweep, err))
        return err->status;
    if (on->command->dry) {
        print_dry(&sweep);
        return OAC_OK;
    }
    if (consent(on, &sweep, err) ||
        (on->command->path && oac_sweep_path_check(on->command->path, err)))
        return err->status;
    struct oac_port_step *step = oac_alloc(sweep.steps, sizeof *step, "steps", err);
    if (!step)
        return err->status;
    enum oac_status status =
        oac_port_sweep_run(on->session, on->board, &sweep, on->cli->sink, step, &done, err);
    /* What was measured is kept, whatever ended the sweep. */
    if (hand_out(on, &sweep, step, done, &lost) && !status) {
        *err = lost;
        status = lost.status;
    } else if (status && done > 0) {
        oac_fail_within(err, "%zu of %zu steps were measured", done, sweep.steps);
    }
    free(step);
    return status;
}
#else
typedef int oac_port_sweep_needs_libiio; /* a file of C holds something */
#endif
