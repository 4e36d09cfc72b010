/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the server: its connections. */
#ifndef OAC_DRIVER_TWIN_SERVER_STATE_H
#define OAC_DRIVER_TWIN_SERVER_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "driver/twin/server.h"

#define OAC_TWIN_ANSWER_BYTES 8192u

struct connection {
    struct oac_twin_server *server;
    pthread_t thread;
    int fd;
    bool used;        /* by the accepting thread alone */
    atomic_bool done; /* the thread is about to end */
    uint8_t answer[OAC_TWIN_ANSWER_BYTES];
    size_t waiting; /* bytes of answers not yet sent */
};

struct oac_twin_server {
    struct oac_twin *twin;
    struct oac_sink sink;
    int fd, wake[2]; /* listening socket; a pipe that is written to once, to stop */
    char address[OAC_TWIN_ADDRESS_BYTES];
    struct connection connection[OAC_TWIN_CONNECTIONS_MAX];
};

/* connection.c: starts the thread of a connection whose fd is set. */
enum oac_status oac_twin_connection_start(struct connection *connection,
                                          struct oac_err *err) OAC_MUST_USE;
/* Joins it and closes its socket. */
void oac_twin_connection_end(struct connection *connection);

#endif
