/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outputs held and swept by hand: along ramps, within limits, safe at the end whatever happens. */
#ifndef OAC_DRIVER_IIO_PORT_SWEEP_H
#define OAC_DRIVER_IIO_PORT_SWEEP_H

#include <stddef.h>

#include "base/log.h"
#include "driver/iio/port_io.h"

#define OAC_PORT_HOLDS_MAX  4u
#define OAC_PORT_STEP_TURNS 10u /* of a step whose outputs ran out of samples */

/* Sets the board up, ramps an output to `volts`, holds it for hold_s [s] or until the sink asks to stop, ramps
 * back, then makes the board safe, also after a failure. Warns when the output ran out of samples meanwhile. */
enum oac_status oac_port_hold(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, double volts, double hold_s,
                              double deadline_s, const struct oac_sink *sink,
                              struct oac_err *err) OAC_MUST_USE;

struct oac_port_held { /* another output, held meanwhile */
    const struct oac_board_port *port;
    double volts;
};

struct oac_port_sweep {
    const struct oac_board_port *output, *input;
    double from_v, to_v;
    size_t steps;   /* >= 2, both ends counted */
    double dwell_s; /* from when a step plays to when it is read */
    size_t samples; /* of each reading */
    size_t holds;
    struct oac_port_held hold[OAC_PORT_HOLDS_MAX];
    double deadline_s;
};

struct oac_port_step {
    double volts; /* of the code that is played */
    struct oac_port_reading reading;
};

double oac_port_sweep_volts(const struct oac_port_sweep *sweep, size_t step); /* pure */

/* Directions, coupling, limits, devices of all ports: before anything is written. Pure. */
enum oac_status oac_port_sweep_check(const struct oac_port_sweep *sweep,
                                     struct oac_err *err) OAC_MUST_USE;

/* step (sweep->steps), of which the first *done are filled, also when the status is not OAC_OK: OAC_EINTERRUPTED
 * when the sink asked to stop. A step during which an output ran out of samples is measured again. */
enum oac_status oac_port_sweep_run(struct oac_iio_session *session,
                                   const struct oac_board *board,
                                   const struct oac_port_sweep *sweep,
                                   const struct oac_sink *sink, struct oac_port_step *step,
                                   size_t *done, struct oac_err *err) OAC_MUST_USE;

#endif
