/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An output that is held at a voltage by a thread that feeds it, and moved along ramps.
 *
 *     v(i + 1) = v(i) + min(|target - v(i)|, ramp_v_per_s / rate) towards the target, sample by sample
 * A buffer that repeats by itself could not move without a gap, in which Analog Devices' cores fall to 0 V; so
 * buffers of OAC_PORT_FEED_S follow one another, as many queued as the board has kernel buffers. A computer
 * that stalls for longer than the queue lasts lets the output fall to its idle voltage for that time: a gap, which
 * is noticed and counted.
 * Every code that is played lies inside min_v to max_v. Threads: one caller, and the feed's own. */
#ifndef OAC_DRIVER_IIO_PORT_FEED_H
#define OAC_DRIVER_IIO_PORT_FEED_H

#include <stdint.h>

#include "driver/iio/session.h"

#define OAC_PORT_FEED_S       10e-3 /* of one buffer */
#define OAC_PORT_RATE_MOST_HZ 1e6   /* that USB 2 and a network feed without gaps */

double oac_port_now_s(void); /* monotonic */

struct oac_port_feed;

/* The fastest listed rate up to OAC_PORT_RATE_MOST_HZ is written (want true) or the present one read; *now
 * is the port with v0_v and lsb_v at it, *rate_hz what the device says (0: it has none to say). */
enum oac_status oac_port_at_rate(struct oac_iio_session *session,
                                 const struct oac_board_port *port, bool want,
                                 struct oac_board_port *now, double *rate_hz,
                                 struct oac_err *err) OAC_MUST_USE;

/* At its safe voltage from here on. The board must be set up; it and the session must outlive the feed. */
enum oac_status oac_port_feed_open(struct oac_iio_session *session,
                                   const struct oac_board *board,
                                   const struct oac_board_port *port, double deadline_s,
                                   struct oac_port_feed **feed,
                                   struct oac_err *err) OAC_MUST_USE;
/* Begins to move; OAC_EINVAL outside the limits. *played_v (may be NULL): the nearest code's voltage. */
enum oac_status oac_port_feed_to(struct oac_port_feed *feed, double volts, double *played_v,
                                 struct oac_err *err) OAC_MUST_USE;
/* *out: so many buffers were taken since the target was reached that the first of them is playing. Status:
 * what became of the feed. */
enum oac_status oac_port_feed_state(struct oac_port_feed *feed, bool *out,
                                    struct oac_err *err) OAC_MUST_USE;
/* How often the output has run out of samples since it was opened, one that lasts counted: as the device itself
 * counts (a virtual bench, whose time is not the clock's), else how often a push was taken later after the one
 * before than the whole queue lasts. A shorter stall, with the queue half empty, is not noticed. What a trigger
 * paces has none: its driver writes nothing where no sample is, so that the output keeps its voltage. */
enum oac_status oac_port_feed_gaps(struct oac_port_feed *feed, uint64_t *gaps,
                                   struct oac_err *err) OAC_MUST_USE;
/* How long all that is queued lasts; INFINITY: no gap is noticed. */
double oac_port_feed_queue_s(const struct oac_port_feed *feed);
/* Ramps to the safe voltage, waits until that plays, and ends. NULL is fine. A feed that has failed ends
 * at once. */
void oac_port_feed_close(struct oac_port_feed *feed);

#endif
