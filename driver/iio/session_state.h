/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside driver/iio: what a session holds, and how a call into libiio is made.
 *
 * libiio writes to sockets without MSG_NOSIGNAL: between enter and leave SIGPIPE is blocked in the calling thread,
 * and one that came meanwhile is taken away, so that neither this thread nor a later one dies of it. */
#ifndef OAC_DRIVER_IIO_SESSION_STATE_H
#define OAC_DRIVER_IIO_SESSION_STATE_H

#include <iio.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "driver/iio/session.h"

#define OAC_IIO_ATTEMPTS 3

struct oac_iio_session {
    char *uri;
    unsigned timeout_ms;
    bool dry;       /* xml: nothing behind it */
    bool dead;      /* replies can no longer be trusted: open again before the next one */
    size_t buffers; /* open; they go before the context */
    const struct oac_tap *tap; /* NULL: nobody watches */
    const char *board;         /* with a tap: its name or "" */
    struct iio_context *context;
};

struct oac_iio_call {
    sigset_t before;
    bool pending;
};
void oac_iio_enter(struct oac_iio_call *call);
void oac_iio_leave(const struct oac_iio_call *call);

/* A context that can be trusted, opened again if need be. OAC_EDEVICE while buffers are open on a dead one. */
enum oac_status oac_iio_trust(struct oac_iio_session *session,
                              struct oac_err *err) OAC_MUST_USE;

/* By name, id or label; message lists what there is. Never NULL on OAC_OK. */
enum oac_status oac_iio_find_device(struct oac_iio_session *session, const char *name,
                                    struct iio_device **device,
                                    struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_iio_find_channel(struct oac_iio_session *session, const char *device,
                                     const char *name, bool output,
                                     struct iio_channel **channel,
                                     struct oac_err *err) OAC_MUST_USE;

/* The scan format of a channel; false where codes cannot be read from it (timestamps). */
bool oac_iio_codec_of(const struct iio_channel *channel, struct oac_codec *codec);

/* Puts what happened and what to do next; error is a negative errno. */
enum oac_status oac_iio_fail(const struct oac_iio_session *session, int error, bool buffer,
                             const char *what, struct oac_err *err);

#endif
