/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "driver/iio/session_state.h"

void oac_iio_enter(struct oac_iio_call *call)
{
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    call->pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe, &call->before);
}

void oac_iio_leave(const struct oac_iio_call *call)
{
    const struct timespec at_once = {0, 0};
    sigset_t pipe;
    const int saved = errno;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (!call->pending && sigismember(&call->before, SIGPIPE) == 0)
        while (sigtimedwait(&pipe, NULL, &at_once) == -1 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &call->before, NULL);
    errno = saved;
}

enum oac_iio_answer oac_iio_answer_of(int error, bool buffer)
{
    switch (-error) {
    case EBUSY:
    case EAGAIN:
    case EINTR:
        return OAC_IIO_RETRY;
    case EINVAL: /* the server understood and says no: its replies are in step */
    case ENOENT:
    case ENXIO:
    case ENODEV:
    case ENOSYS:
    case EPERM:
    case EACCES:
    case ERANGE:
    case ENOMEM:
        return OAC_IIO_FATAL;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTUNREACH:
        return OAC_IIO_REOPEN_CONTEXT;
    default: /* -EPIPE after a timeout, -EBADF when cancelled, -ETIMEDOUT, -EIO ... */
        return buffer ? OAC_IIO_REOPEN_BUFFER : OAC_IIO_REOPEN_CONTEXT;
    }
}

static const char *advice(const struct oac_iio_session *session, enum oac_iio_answer answer)
{
    if (session->dry)
        return "an xml: context has no hardware behind it; give ip:, usb: or local:";
    switch (answer) {
    case OAC_IIO_RETRY:
        return "it is busy: close other programs that use this device, then try again";
    case OAC_IIO_REOPEN_BUFFER:
        return "the buffer was given up; outputs may still play: run oac safe, check cable and "
               "rates, try again";
    case OAC_IIO_REOPEN_CONTEXT:
        return "the connection was given up; its outputs could not be made safe: check power, "
               "cable and server, then run oac safe";
    case OAC_IIO_FATAL:
        break;
    }
    return "the device refuses this: check it against oac probe";
}

enum oac_status oac_iio_fail(const struct oac_iio_session *session, int error, bool buffer,
                             const char *what, struct oac_err *err)
{
    char text[100];
    iio_strerror(-error, text, sizeof text);
    return oac_fail(err, error == -ENOMEM ? OAC_ENOMEM : OAC_EDEVICE, "%s: %s: %s (%d); %s",
                    session->uri, what, text, error,
                    advice(session, oac_iio_answer_of(error, buffer)));
}

static enum oac_status create_context(struct oac_iio_session *session, struct oac_err *err)
{
    struct oac_iio_call call;
    /* libiio 0.24 puts a NUL where the colon before the port was */
    char *uri = oac_strdup(session->uri, err);
    if (!uri)
        return err->status;
    oac_iio_enter(&call);
    errno = 0;
    session->context = iio_create_context_from_uri(uri);
    const int error = errno ? errno : EIO;
    free(uri);
    if (session->context && !session->dry && session->timeout_ms)
        (void)!iio_context_set_timeout(session->context, session->timeout_ms);
    oac_iio_leave(&call);
    if (session->context)
        return OAC_OK;
    char text[100];
    iio_strerror(error, text, sizeof text);
    return oac_fail(
        err, OAC_EDEVICE, "cannot open an IIO context at %s: %s (%d); %s", session->uri, text,
        -error,
        session->dry
            ? "the file must be a context as iio_info --xml prints it: well-formed, "
              "one <context> with its devices"
            : "check power, cable and address, that iiod (or oac twin serve) runs "
              "there, and the form of the URI: ip:HOST[:PORT], usb:, local:, xml:FILE");
}

enum oac_status oac_iio_open(const char *uri, unsigned timeout_ms,
                             struct oac_iio_session **session, struct oac_err *err)
{
    static const char *const SCHEMES[] = {"ip:", "usb:", "local:", "xml:", "serial:"};
    bool known = false;
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++)
        known = known || strncmp(uri, SCHEMES[i], strlen(SCHEMES[i])) == 0;
    if (!known)
        return oac_fail(
            err, OAC_EUSAGE,
            "'%.200s' is no URI of an IIO context: give ip:HOST[:PORT], usb:, local: "
            "or xml:FILE",
            uri);
    struct oac_iio_session *made = oac_alloc(1, sizeof *made, "an IIO session", err);
    if (!made)
        return err->status;
    made->dry = strncmp(uri, "xml:", 4) == 0;
    made->timeout_ms = timeout_ms;
    made->uri = oac_strdup(uri, err);
    if (!made->uri || create_context(made, err)) {
        oac_iio_close(made);
        return err->status;
    }
    *session = made;
    return OAC_OK;
}

static void destroy_context(struct oac_iio_session *session)
{
    struct oac_iio_call call;
    if (!session->context)
        return;
    oac_iio_enter(&call);
    iio_context_destroy(session->context);
    oac_iio_leave(&call);
    session->context = NULL;
}

void oac_iio_close(struct oac_iio_session *session)
{
    if (!session)
        return;
    if (session->buffers == 0) /* one that a hanging call still uses keeps its context */
        destroy_context(session);
    free(session->uri);
    free(session);
}

enum oac_status oac_iio_trust(struct oac_iio_session *session, struct oac_err *err)
{
    if (session->context && !session->dead)
        return OAC_OK;
    if (session->buffers)
        return oac_fail(
            err, OAC_EDEVICE,
            "%s: the connection is out of step and %zu buffers are open on it: close "
            "them first",
            session->uri, session->buffers);
    destroy_context(session);
    if (create_context(session, err))
        return err->status;
    session->dead = false;
    return OAC_OK;
}

void oac_iio_watch(struct oac_iio_session *session, const struct oac_tap *tap,
                   const char *board)
{
    session->tap = tap;
    session->board = board;
}

void oac_iio_watched_name(const struct oac_iio_session *session, const char *name, char *text,
                          size_t bytes)
{
    snprintf(text, bytes, "%s%s%s", session->board, session->board[0] ? "/" : "", name);
}

const char *oac_iio_uri(const struct oac_iio_session *session)
{
    return session->uri;
}

const char *oac_iio_context_attribute(const struct oac_iio_session *session, const char *name)
{
    return session->context ? iio_context_get_attr_value(session->context, name) : NULL;
}

const char *oac_iio_description(const struct oac_iio_session *session)
{
    const char *text = session->context ? iio_context_get_description(session->context) : NULL;
    return text ? text : "";
}
