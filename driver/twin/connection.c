/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection: a socket's bytes to a conversation and its answers back. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "driver/twin/server_state.h"

#define RECEIVE_BYTES 65536u

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool send_all(int fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) /* gone, or it has not taken anything for SO_SNDTIMEO */
            return false;
        bytes += sent;
        count -= (size_t)sent;
    }
    return true;
}

static bool flush(struct connection *connection)
{
    size_t count = connection->waiting;
    connection->waiting = 0;
    return send_all(connection->fd, connection->answer, count);
}

/* Short answers are collected: they leave when the client's bytes have been dealt with. */
static bool answer(void *context, const void *bytes, size_t count)
{
    struct connection *connection = context;
    if (connection->waiting + count > OAC_TWIN_ANSWER_BYTES && !flush(connection))
        return false;
    if (count > OAC_TWIN_ANSWER_BYTES)
        return send_all(connection->fd, bytes, count);
    memcpy(connection->answer + connection->waiting, bytes, count);
    connection->waiting += count;
    return true;
}

static bool pause_ms(void *context, unsigned ms)
{
    struct connection *connection = context;
    struct pollfd stop = {.fd = connection->server->wake[0], .events = POLLIN};
    return flush(connection) && poll(&stop, 1, (int)ms) == 0;
}

/* Waits until `deadline_ms` (negative: for ever) for bytes; false when there are none or the server stops. */
static bool wait_bytes(const struct connection *connection, int64_t deadline_ms)
{
    struct pollfd from[2] = {{.fd = connection->fd, .events = POLLIN},
                             {.fd = connection->server->wake[0], .events = POLLIN}};
    for (;;) {
        int64_t left = deadline_ms < 0 ? -1 : deadline_ms - now_ms();
        if (deadline_ms >= 0 && left <= 0)
            return false;
        int n = poll(from, 2, (int)left);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            return from[1].revents == 0;
    }
}

static void converse(struct connection *connection, struct oac_twin_session *session)
{
    uint8_t bytes[RECEIVE_BYTES];
    const int64_t patience_ms = 1000 * (int64_t)OAC_TWIN_REQUEST_S;
    int64_t deadline_ms = now_ms() + patience_ms;
    bool pending = true; /* the first request is owed */
    while (wait_bytes(connection, deadline_ms)) {
        ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        bool goes_on = oac_twin_session_take(session, (size_t)got, bytes);
        if (!flush(connection) || !goes_on)
            return;
        bool still = oac_twin_session_pending(session);
        if (!still)
            deadline_ms = -1;
        else if (!pending || deadline_ms < 0)
            deadline_ms = now_ms() + patience_ms;
        pending = still;
    }
}

static void *run(void *context)
{
    struct connection *connection = context;
    const struct oac_twin_peer peer = {
        .context = connection, .send = answer, .pause = pause_ms};
    struct oac_twin_session *session;
    struct oac_err err;
    if (oac_twin_session_open(connection->server->twin, &peer, &session, &err) == OAC_OK) {
        converse(connection, session);
        oac_twin_session_close(session);
    } else {
        oac_log(&connection->server->sink, OAC_LOG_WARNING, "a client was turned away: %s",
                err.message);
    }
    shutdown(connection->fd, SHUT_RDWR);
    atomic_store(&connection->done, true);
    return NULL;
}

enum oac_status oac_twin_connection_start(struct connection *connection, struct oac_err *err)
{
    atomic_store(&connection->done, false);
    connection->waiting = 0;
    int failed = pthread_create(&connection->thread, NULL, run, connection);
    if (failed)
        return oac_fail(err, OAC_EIO, "a thread for a client: %s", strerror(failed));
    connection->used = true;
    return OAC_OK;
}

void oac_twin_connection_end(struct connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
    pthread_join(connection->thread, NULL);
    close(connection->fd);
    connection->used = false;
}
