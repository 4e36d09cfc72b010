/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/consent.h"

#include <stdio.h>

#include "driver/iio/session_state.h"

bool oac_iio_is_virtual(const struct oac_iio_session *session)
{
    return oac_iio_context_attribute(session, "oac,rig") != NULL;
}

enum oac_status oac_iio_consent(const struct oac_iio_session *session,
                                const struct oac_board *board, const struct oac_drive *drive,
                                const char *purpose, size_t ports,
                                const struct oac_arming_port *port, struct oac_err *err)
{
    const char *model = oac_iio_context_attribute(session, "hw_model");
    const char *serial = oac_iio_context_attribute(session, "hw_serial");
    char device[300];
    if (board->harmless || oac_iio_is_virtual(session))
        return OAC_OK;
    if (session->dry && drive && drive->arm)
        return OAC_OK; /* nothing is there to be armed: it is refused later, with the reason */
    snprintf(device, sizeof device, "%.100s, %s %.150s", model ? model : board->name,
             serial ? "serial" : "at", serial ? serial : oac_iio_uri(session));
    const struct oac_arming_plan plan = {.uri = oac_iio_uri(session),
                                         .device = device,
                                         .purpose = purpose,
                                         .ports = ports,
                                         .port = port};
    return oac_arming_check(drive, &plan, err);
}
