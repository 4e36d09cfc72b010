/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One port of a bench by hand, in volts, with no model and no rig.
 *
 * Volts are those of the board's profile in the range that its setup selects, times the gain that the
 * profile lists for the rate that the device says it runs at; a device whose own scale contradicts the profile is
 * refused. A slow port is read in pieces of half a second, before a server's patience ends.
 * Driving: port_sweep.h. */
#ifndef OAC_DRIVER_IIO_PORT_IO_H
#define OAC_DRIVER_IIO_PORT_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "driver/iio/session.h"

struct oac_port_reading {
    size_t samples, clipped; /* clipped: at either end of the range */
    double mean_v, sigma_v, low_v, high_v;
    double range_low_v, range_high_v; /* what the input converts */
};

/* Listens to one buffer of an input, after those that may be stale. Writes only those settings of
 * the profile that concern inputs, so that outputs held by others stay as they are. */
enum oac_status oac_port_read(struct oac_iio_session *session, const struct oac_board *board,
                              const struct oac_board_port *port, size_t samples,
                              double deadline_s, struct oac_port_reading *reading,
                              struct oac_err *err) OAC_MUST_USE;

/* The profile's settings of inputs, and of the port's own device. */
enum oac_status oac_port_set_up(struct oac_iio_session *session, const struct oac_board *board,
                                const struct oac_board_port *port,
                                struct oac_err *err) OAC_MUST_USE;

/* What may be asked of an output: DC-coupled, inside its limits; *code is what is played. Pure. */
enum oac_status oac_port_check(const struct oac_board_port *port, double volts, uint16_t *code,
                               struct oac_err *err) OAC_MUST_USE;

/* An input that is listened to for longer. is_set_up: the board's whole set-up has been written. */
struct oac_port_ear;
enum oac_status oac_port_ear_open(struct oac_iio_session *session,
                                  const struct oac_board *board,
                                  const struct oac_board_port *port, size_t samples,
                                  bool is_set_up, double deadline_s, struct oac_port_ear **ear,
                                  struct oac_err *err) OAC_MUST_USE;
/* Leaves one capture out; or, with seconds > 0, those that may be stale and as many as last so long. */
enum oac_status oac_port_ear_skip(struct oac_port_ear *ear, double seconds,
                                  struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_port_ear_read(struct oac_port_ear *ear, struct oac_port_reading *reading,
                                  struct oac_err *err) OAC_MUST_USE;
void oac_port_ear_close(struct oac_port_ear *ear); /* NULL is fine */

#endif
