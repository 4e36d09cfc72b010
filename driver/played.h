/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a driver played, or would play: a tap (driver/tap.h) that counts.
 *
 * Settings in the order in which they were written; for each output how often each of its codes was
 * played, the first buffer sample by sample, and every sample when asked for (two bytes each: give a few
 * windows, not a data set). Volts are v0_v + lsb_v * code as the driver stated them for the rate in use. */
#ifndef OAC_DRIVER_PLAYED_H
#define OAC_DRIVER_PLAYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "driver/tap.h"

#define OAC_PLAYED_WHOLE_BYTES_MAX ((size_t)1 << 30) /* of one port */

struct oac_played_port {
    struct oac_board_port port;
    char role[16];
    double v0_v, lsb_v;
    uint64_t samples, buffers;
    uint64_t *count; /* (codes) by code */
    size_t codes;
    uint16_t low, high, first_code, last; /* first_code: of everything */
    double slope_v;  /* largest step from one sample to the next [V], 0 before the second */
    uint16_t *first; /* (first_samples) the first buffer */
    size_t first_samples;
    uint16_t *whole; /* (samples), when asked for */
    size_t whole_room;
};

struct oac_played_write {
    char place[200], value[OAC_BOARD_NAME_BYTES];
    bool after; /* after the first sample */
};

struct oac_played {
    struct oac_tap tap; /* hand this to the driver */
    bool keep;          /* every sample */
    size_t ports;
    struct oac_played_port port[OAC_BOARD_PORTS_MAX];
    size_t writes, writes_room;
    struct oac_played_write *write;
    struct oac_err failed; /* OAC_OK, or why something is missing */
};

/* *played is filled; it must stay where it is. */
void oac_played_init(struct oac_played *played, bool keep);
void oac_played_fini(struct oac_played *played);

/* OAC_OK when nothing is missing. */
enum oac_status oac_played_check(const struct oac_played *played,
                                 struct oac_err *err) OAC_MUST_USE;

double oac_played_volts(const struct oac_played_port *port, double code); /* pure */
size_t oac_played_levels(const struct oac_played_port *port); /* distinct codes; pure */

#endif
