/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "driver/twin/server_state.h"

#define HOST_BYTES 64u
#define LOOK_MS    100 /* how often the sink is asked */

/* "HOST:PORT" or "[HOST]:PORT". */
static enum oac_status address_cut(const char *address, char host[HOST_BYTES],
                                   const char **port, struct oac_err *err)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    const char *from = address;
    if (length >= 2 && from[0] == '[' && from[length - 1] == ']') {
        from++;
        length -= 2;
    }
    bool digits =
        colon && colon[1] != '\0' && strspn(colon + 1, "0123456789") == strlen(colon + 1);
    if (!digits || strlen(colon + 1) > 5 || atoi(colon + 1) > 65535 || length < 1 ||
        length >= HOST_BYTES)
        return oac_fail(
            err, OAC_EUSAGE,
            "listen address '%s': HOST:PORT is needed, as in 127.0.0.1:30431, port 0 "
            "for any that is free",
            address);
    memcpy(host, from, length);
    host[length] = '\0';
    *port = colon + 1;
    return OAC_OK;
}

static bool loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

static enum oac_status listen_on(struct oac_twin_server *server, const struct addrinfo *found,
                                 const char *address, struct oac_err *err)
{
    const int yes = 1;
    server->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd < 0 ||
        setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(server->fd, found->ai_addr, found->ai_addrlen) != 0 ||
        listen(server->fd, (int)OAC_TWIN_CONNECTIONS_MAX) != 0)
        return oac_fail(err, OAC_EIO, "cannot listen on %s: %s", address, strerror(errno));
    return OAC_OK;
}

static enum oac_status address_note(struct oac_twin_server *server, struct oac_err *err)
{
    struct sockaddr_storage at = {0};
    socklen_t bytes = sizeof at;
    char host[HOST_BYTES], port[8];
    if (getsockname(server->fd, (struct sockaddr *)&at, &bytes) != 0 ||
        getnameinfo((struct sockaddr *)&at, bytes, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return oac_fail(err, OAC_EIO, "the listening socket has no name: %s", strerror(errno));
    snprintf(server->address, sizeof server->address,
             at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    if (!loopback((const struct sockaddr *)&at))
        oac_log(
            &server->sink, OAC_LOG_WARNING,
            "listening on %s: whoever reaches this machine can play this bench, there is no "
            "password; 127.0.0.1 keeps it to this machine",
            server->address);
    return OAC_OK;
}

enum oac_status oac_twin_server_open(struct oac_twin *twin, const char *address,
                                     const struct oac_sink *sink,
                                     struct oac_twin_server **server, struct oac_err *err)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char host[HOST_BYTES];
    const char *port = NULL;
    if (address_cut(address, host, &port, err))
        return err->status;
    struct oac_twin_server *made = oac_alloc(1, sizeof *made, "a server", err);
    if (!made)
        return err->status;
    made->twin = twin;
    made->fd = made->wake[0] = made->wake[1] = -1;
    if (sink)
        made->sink = *sink;
    int failed = getaddrinfo(host, port, &wanted, &found);
    if (failed) {
        oac_fail(err, OAC_EUSAGE, "listen address '%s': %s", address, gai_strerror(failed));
        goto fail;
    }
    if (pipe2(made->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        oac_fail(err, OAC_EIO, "a pipe for the server: %s", strerror(errno));
        goto fail;
    }
    if (listen_on(made, found, address, err) || address_note(made, err))
        goto fail;
    freeaddrinfo(found);
    atomic_fetch_add(twin->servers, 1);
    *server = made;
    return OAC_OK;
fail:
    if (found)
        freeaddrinfo(found);
    oac_twin_server_close(made);
    return err->status;
}

const char *oac_twin_server_address(const struct oac_twin_server *server)
{
    return server->address;
}

static struct connection *place_free(struct oac_twin_server *server)
{
    struct connection *free_place = NULL;
    for (size_t i = 0; i < OAC_TWIN_CONNECTIONS_MAX; i++) {
        struct connection *connection = &server->connection[i];
        if (connection->used && atomic_load(&connection->done))
            oac_twin_connection_end(connection);
        if (!connection->used)
            free_place = connection;
    }
    return free_place;
}

static void welcome(struct oac_twin_server *server)
{
    const struct timeval patience = {.tv_sec = OAC_TWIN_REQUEST_S};
    const int yes = 1;
    struct oac_err err;
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct connection *connection = place_free(server);
    if (!connection) {
        oac_log(&server->sink, OAC_LOG_WARNING, "a client was turned away: %u are connected",
                OAC_TWIN_CONNECTIONS_MAX);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connection->server = server;
    connection->fd = fd;
    if (oac_twin_connection_start(connection, &err)) {
        oac_log(&server->sink, OAC_LOG_WARNING, "a client was turned away: %s", err.message);
        close(fd);
    }
}

enum oac_status oac_twin_server_run(struct oac_twin_server *server, struct oac_err *err)
{
    enum oac_status status = OAC_OK;
    while (!oac_stop_requested(&server->sink)) {
        struct pollfd from[2] = {{.fd = server->fd, .events = POLLIN},
                                 {.fd = server->wake[0], .events = POLLIN}};
        int n = poll(from, 2, LOOK_MS);
        if (n < 0 && errno != EINTR) {
            status = oac_fail(err, OAC_EIO, "waiting for clients: %s", strerror(errno));
            break;
        }
        if (n > 0 && from[1].revents)
            break;
        if (n > 0 && from[0].revents)
            welcome(server);
        place_free(server);
    }
    oac_twin_server_stop(server);
    if (atomic_fetch_sub(server->twin->servers, 1) == 1) /* else the other boards play on */
        oac_twin_playback_stop(server->twin->playback);
    for (size_t i = 0; i < OAC_TWIN_CONNECTIONS_MAX; i++)
        if (server->connection[i].used)
            oac_twin_connection_end(&server->connection[i]);
    return status;
}

void oac_twin_server_stop(struct oac_twin_server *server)
{
    (void)!write(server->wake[1], "", 1); /* a full pipe has been written to before */
}

void oac_twin_server_close(struct oac_twin_server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < 2; i++)
        if (server->wake[i] >= 0)
            close(server->wake[i]);
    if (server->fd >= 0)
        close(server->fd);
    free(server);
}
