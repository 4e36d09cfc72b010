/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small HTTP/1.1 server on a loopback port of its own, for tests of fetching: GET with Range,
 * one connection at a time, and the faults that real servers and networks have. */
#ifndef OAC_TESTS_SUPPORT_HTTP_SERVER_H
#define OAC_TESTS_SUPPORT_HTTP_SERVER_H

#include <stddef.h>

enum oac_http_fault {
    OAC_HTTP_NO_FAULT,
    OAC_HTTP_ERROR_503,
    OAC_HTTP_CUT,           /* promises the whole body, closes after `after_bytes` of it */
    OAC_HTTP_STALL,         /* sends `after_bytes` of the body, then nothing, without closing */
    OAC_HTTP_IGNORE_RANGE,  /* always 200 and the whole body */
    OAC_HTTP_REDIRECT_LOOP, /* 302 to itself */
    OAC_HTTP_REDIRECT_FILE, /* 302 to file:///etc/hostname */
    OAC_HTTP_ENDLESS,       /* no length, the body over and over until the client closes */
};

struct oac_http_server;

/* Both fail the test when the system refuses. Stop ends the thread and frees everything. */
struct oac_http_server *oac_http_server_start(void);
void oac_http_server_stop(struct oac_http_server *server);

/* "http://127.0.0.1:PORT/" */
const char *oac_http_server_url(const struct oac_http_server *server);

/* Serves a copy of body at "/path" (given without the slash), replacing an earlier one. Other
 * paths: 404. */
void oac_http_server_put(struct oac_http_server *server, const char *path, const void *body,
                         size_t bytes);

/* The next `times` requests of a path that has been put meet the fault. */
void oac_http_server_fault(struct oac_http_server *server, const char *path,
                           enum oac_http_fault fault, size_t after_bytes, size_t times);

/* Requests so far for a path, and the first byte its last request asked for (0: no Range). */
size_t oac_http_server_requests(struct oac_http_server *server, const char *path);
size_t oac_http_server_last_first_byte(struct oac_http_server *server, const char *path);

#endif
