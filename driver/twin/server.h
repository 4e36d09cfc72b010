/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual board on a TCP port: conversations (session.h), each on a thread of its own.
 *
 * Bounds: OAC_TWIN_CONNECTIONS_MAX at once, one more is closed at once; a request that has begun
 * must be complete
 * within OAC_TWIN_REQUEST_S, the first must come within the same time, and a client that does not
 * take its answer is
 * given up after it too; between requests a client may be silent for ever. Answers leave at once
 * (TCP_NODELAY). The
 * end of a connection closes what it had open. */
#ifndef OAC_DRIVER_TWIN_SERVER_H
#define OAC_DRIVER_TWIN_SERVER_H

#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "driver/twin/session.h"

#define OAC_TWIN_CONNECTIONS_MAX 32u
#define OAC_TWIN_REQUEST_S       10u
#define OAC_TWIN_ADDRESS_BYTES   80u

struct oac_twin_server;

/* address: "HOST:PORT" or "[HOST]:PORT", port 0 for any that is free. A host that others can reach
 * is a warning to
 * the sink. The twin must outlive the server. */
enum oac_status oac_twin_server_open(struct oac_twin *twin, const char *address,
                                     const struct oac_sink *sink,
                                     struct oac_twin_server **server,
                                     struct oac_err *err) OAC_MUST_USE;
/* "127.0.0.1:30431": where it listens. */
const char *oac_twin_server_address(const struct oac_twin_server *server);

/* Serves until the sink asks to stop or oac_twin_server_stop is called; all connections have ended then. */
enum oac_status oac_twin_server_run(struct oac_twin_server *server,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_twin_server_stop(struct oac_twin_server *server);  /* from any thread */
void oac_twin_server_close(struct oac_twin_server *server); /* after run; NULL is fine */

#endif
