/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mixers of ports of I and Q: outputs stand at the rig's carrier, inputs at twice it (docs/modem.md). One that is
 * elsewhere turns the product while it is read; a synthesiser that rounds by a few hertz does not by much. */
#include <math.h>
#include <stdlib.h>

#include "base/constants.h"
#include "driver/iio/stream_state.h"

#define TURN_RAD 0.02 /* over the longest window: 2e-4 of a cosine */

static enum oac_status check(const struct oac_iio_stream *self, size_t board,
                             const struct oac_board_port *port, struct oac_err *err)
{
    const double wanted_hz = (port->output ? 1.0 : 2.0) * self->rig.subcarrier.carrier_hz;
    const double window_s = (double)self->caps.link.slots_max * self->caps.link.slot_s;
    char text[80] = "";
    if (oac_iio_read(self->board[board].session, port->mixer_device, port->mixer_channel, true,
                     port->mixer_attribute, text, sizeof text, err))
        return err->status;
    if (fabs(strtod(text, NULL) - wanted_hz) <= TURN_RAD / (2.0 * OAC_PI * window_s))
        return OAC_OK;
    return oac_fail(
        err, OAC_EMISMATCH,
        "rig %s: subcarrier.carrier_hz is %.12g, so port %s of board %s must mix %s "
        "%.12g Hz, but %s/%s.%s is %s: change it in the profile's setup, or the rig",
        self->rig.name, self->rig.subcarrier.carrier_hz, port->name,
        oac_iio_profile(self, board)->name, port->output ? "up by" : "down by twice that,",
        wanted_hz, port->mixer_device, port->mixer_channel, port->mixer_attribute, text);
}

enum oac_status oac_iio_ports_mixers(const struct oac_iio_stream *self, struct oac_err *err)
{
    for (size_t l = 0; l < self->lines; l++) {
        const struct oac_board_port *port = self->line[l].port;
        if (port->mixer_attribute[0] && check(self, self->line[l].board, port, err))
            return err->status;
    }
    return OAC_OK;
}
