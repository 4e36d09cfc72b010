/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before an output of a context is driven: may it be (driver/arming.h)? */
#ifndef OAC_DRIVER_IIO_CONSENT_H
#define OAC_DRIVER_IIO_CONSENT_H

#include <stdbool.h>

#include "driver/arming.h"
#include "driver/iio/session.h"

/* The virtual bench states itself in its context: the attribute "oac,rig" names the rig behind it. */
bool oac_iio_is_virtual(const struct oac_iio_session *session);

/* OAC_OK at once for a virtual bench and a harmless board. The device is told from others by its model
 * and serial number; one that states no serial number by its URI. */
enum oac_status oac_iio_consent(const struct oac_iio_session *session,
                                const struct oac_board *board, const struct oac_drive *drive,
                                const char *purpose, size_t ports,
                                const struct oac_arming_port *port,
                                struct oac_err *err) OAC_MUST_USE;

#endif
