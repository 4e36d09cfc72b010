/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is behind a URI: devices and channels, which board profile fits and why, which of its ports
 * can play which part in a rig, and what is missing.
 *
 * A profile fits when every channel of its ports is there with a format that holds the profile's,
 * and the context's hw_model, where it states one, contains the profile's match. Of several, one
 * recognised by hw_model comes before one without match, and among those the one with more ports.
 * Nothing is written to the bench. */
#ifndef OAC_DRIVER_IIO_PROBE_H
#define OAC_DRIVER_IIO_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "driver/board.h"
#include "driver/iio/session.h"
#include "driver/roles.h"
#include "sim/rig.h"

#define OAC_PROBE_FITS_MAX  32u
#define OAC_PROBE_WHY_BYTES 256u

struct oac_probe_fit {
    char name[OAC_BOARD_NAME_BYTES];
    bool fits, by_model;           /* by_model: hw_model contains its match */
    size_t ports;                  /* of the profile */
    char why[OAC_PROBE_WHY_BYTES]; /* in words, whether it fits or not */
};

struct oac_probe {
    const char *uri, *description, *hw_model; /* "" where the context says nothing */
    size_t channels;
    struct oac_iio_channel_info *channel; /* in the context's order, devices together */
    size_t fits;
    struct oac_probe_fit fit[OAC_PROBE_FITS_MAX]; /* every profile that was tried */
    const struct oac_probe_fit *best;             /* NULL: none fits */
    struct oac_board board;                       /* of the best, else empty */
    struct oac_roles roles;
    char range_note[OAC_BOARD_PORTS_MAX]
                   [OAC_PROBE_WHY_BYTES]; /* a scale that contradicts the profile, "" none */
};

/* oac_iio_open; of xml:FILE the file's form is checked first, so that a broken one is one line
 * with its position. */
enum oac_status oac_probe_open(const char *uri, unsigned timeout_ms,
                               struct oac_iio_session **session,
                               struct oac_err *err) OAC_MUST_USE;

/* board NULL: all shipped profiles are tried, else only this one (a name or a file). rig may be
 * NULL. *probe refers to the session's texts: destroy it before the session closes. A probe
 * without a fit is OAC_OK. */
enum oac_status oac_probe_create(struct oac_iio_session *session, const char *board,
                                 const struct oac_rig *rig, struct oac_probe **probe,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_probe_destroy(struct oac_probe *probe); /* NULL is fine */

/* The board behind a session, for commands that need one: OAC_EMISMATCH says why none fits. */
enum oac_status oac_probe_board(struct oac_iio_session *session, const char *name,
                                struct oac_board *board, struct oac_err *err) OAC_MUST_USE;

/* Whether the port's IIO scale and offset, where the device states them, are the profile's volts;
 * else OAC_EMISMATCH: volts would be wrong. Attributes that cannot be read are not held against
 * it. */
enum oac_status oac_probe_range(struct oac_iio_session *session,
                                const struct oac_board_port *port,
                                struct oac_err *err) OAC_MUST_USE;

#endif
