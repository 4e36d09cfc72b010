/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One URL into one open file by HTTP(S), resuming where the file ends. Fenced here: libcurl.
 *
 * Only http and https, at most five redirects (to http and https only), a bound on size, on the
 * time to connect and on how long nothing may arrive. What arrived before a failure stays in the
 * file. */
#ifndef OAC_MODELS_TRANSFER_H
#define OAC_MODELS_TRANSFER_H

#include <stddef.h>

#include "base/log.h"
#include "base/status.h"

struct oac_transfer {
    const char *url, *what; /* what: for progress, "train-images-idx3-ubyte.gz" */
    int fd;                 /* open for reading and writing; the transfer goes on at its end */
    const char *path;       /* of fd, for messages */
    size_t max_bytes;       /* a longer body is an error */
    double connect_timeout_s;
    double stall_timeout_s; /* fails when less than 100 bytes/s arrive for so long */
    const struct oac_sink *sink;
};

enum oac_transfer_failure {
    OAC_TRANSFER_LOCAL, /* the file could not be written, memory, or the user stopped: give up */
    OAC_TRANSFER_BROKEN, /* the connection: the same server may serve the rest */
    OAC_TRANSFER_SERVER, /* refuses, stalls, sends too much: ask another one */
};

/* A server that cannot resume sends the whole file again and the part is dropped.
 * OAC_EINTERRUPTED when the sink asked to stop. *failure tells how to go on when the status is
 * not OAC_OK. */
enum oac_status oac_transfer_run(const struct oac_transfer *transfer,
                                 enum oac_transfer_failure *failure,
                                 struct oac_err *err) OAC_MUST_USE;

#endif
