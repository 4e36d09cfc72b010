/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What paces a device that has no clock of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "driver/iio/session_state.h"

/* What is attached, NULL when nothing is: a real iiod says -EIO then. */
static int attached(const struct iio_device *device, const struct iio_device **trigger)
{
    struct oac_iio_call call;
    *trigger = NULL;
    oac_iio_enter(&call);
    const int answer = iio_device_get_trigger(device, trigger);
    oac_iio_leave(&call);
    return answer == -EIO ? 0 : answer;
}

static enum oac_status refuse(struct oac_iio_session *session, int answer, const char *device,
                              const char *trigger, struct oac_err *err)
{
    char what[200];
    if (oac_iio_answer_of(answer, false) == OAC_IIO_REOPEN_CONTEXT)
        session->dead = true;
    snprintf(what, sizeof what, "attaching trigger %.60s to %.60s", trigger, device);
    return oac_iio_fail(session, answer, false, what, err);
}

enum oac_status oac_iio_attach(struct oac_iio_session *session, const char *device,
                               const char *trigger, struct oac_err *err)
{
    struct iio_device *paced = NULL, *pacing = NULL;
    const struct iio_device *now;
    struct oac_iio_call call;
    if (oac_iio_find_device(session, device, &paced, err) ||
        oac_iio_find_device(session, trigger, &pacing, err))
        return err->status;
    if (!iio_device_is_trigger(pacing))
        return oac_fail(err, OAC_EMISMATCH,
                        "%s: '%s', which the profile attaches to %s, is no trigger",
                        session->uri, trigger, device);
    int answer = attached(paced, &now);
    if (!answer && now == pacing)
        return OAC_OK;
    if (!answer) {
        oac_iio_enter(&call);
        answer = iio_device_set_trigger(paced, pacing);
        oac_iio_leave(&call);
    }
    if (answer >= 0)
        answer = attached(paced, &now);
    if (answer < 0)
        return refuse(session, answer, device, trigger, err);
    if (now != pacing)
        return oac_fail(err, OAC_EDEVICE,
                        "%s: trigger %s was attached to %s, which now says it has %s: another "
                        "program uses the device too; close it",
                        session->uri, trigger, device, now ? iio_device_get_name(now) : "none");
    return OAC_OK;
}

double oac_iio_rate_hz(struct oac_iio_session *session, const struct oac_board_port *port)
{
    char text[64] = "";
    struct oac_err ignored;
    if (!port->rate_attribute[0] ||
        oac_iio_read(session, port->rate_device, port->rate_channel, port->output,
                     port->rate_attribute, text, sizeof text, &ignored))
        return 0.0;
    const double rate_hz = strtod(text, NULL);
    return rate_hz > 0.0 ? rate_hz : 0.0;
}
