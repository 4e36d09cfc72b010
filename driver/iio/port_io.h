/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One port of a bench by hand, in volts, with no model and no rig.
 *
 * Volts are those of the board's profile at the rate and range that its setup selects; a device
 * whose own scale contradicts the profile is refused. A held voltage is one constant buffer: it
 * steps from the safe state and back, without a ramp. A slow port is read and held in pieces of
 * half a second, before a server's patience ends. */
#ifndef OAC_DRIVER_IIO_PORT_IO_H
#define OAC_DRIVER_IIO_PORT_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "driver/iio/session.h"

struct oac_port_reading {
    size_t samples, clipped; /* clipped: at either end of the range */
    double mean_v, sigma_v, low_v, high_v;
};

/* Listens to one buffer of an input, after those that may be stale. Writes only those settings of
 * the profile that concern inputs, so that outputs held by others stay as they are. */
enum oac_status oac_port_read(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, size_t samples,
                              double deadline_s, struct oac_port_reading *reading,
                              struct oac_err *err) OAC_MUST_USE;

/* What may be asked of an output: DC-coupled, inside its limits; *code is what is played. Pure. */
enum oac_status oac_port_check(const struct oac_board_port *port, double volts, uint16_t *code,
                               struct oac_err *err) OAC_MUST_USE;

/* Sets the board up, holds an output at `volts` for hold_s [s] or until the sink asks to stop,
 * then makes the board safe, also after a failure. */
enum oac_status oac_port_hold(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, double volts, double hold_s,
                              double deadline_s, const struct oac_sink *sink,
                              struct oac_err *err) OAC_MUST_USE;

#endif
