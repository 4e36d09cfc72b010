/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One client's conversation with a virtual board: bytes in, answers out through a function. No
 * sockets: what the
 * server does with a connection, and what the fuzzer plays.
 *
 * Bounds: a buffer of at most OAC_TWIN_BUFFER_BYTES, a value of at most OAC_TWIN_WRITE_BYTES (longer: the
 * conversation ends, because nobody can say where the next line begins), one buffer per device and
 * conversation.
 * An output device belongs to one conversation (-EBUSY to others); input devices are shared, and
 * everybody gets the
 * union of all masks, announced before each READBUF's first piece, as iiod does.
 * Answers: iio text protocol 0.x; see docs/virtual-bench.md. */
#ifndef OAC_DRIVER_TWIN_SESSION_H
#define OAC_DRIVER_TWIN_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "driver/twin/devices.h"
#include "driver/twin/fault.h"
#include "driver/twin/playback.h"
#include "driver/twin/protocol.h"

#define OAC_TWIN_BUFFER_BYTES (32u << 20)
#define OAC_TWIN_WRITE_BYTES  (1u << 20)
#define OAC_TWIN_TIMEOUT_MS   2500u /* of pushes that find no room; below clients' usual 5000 */

struct oac_twin_sharing { /* of one device among conversations */
    size_t users;
    struct oac_twin_mask mask; /* union */
};

struct oac_twin { /* a board, and what all conversations with it share */
    struct oac_twin_devices *devices;
    struct oac_twin_bench *bench; /* of all boards of the bench, as are: */
    struct oac_twin_playback
        *playback; /* whose devices are those of all boards, one after another: */
    size_t first_device;
    atomic_size_t *servers; /* opened, and not yet ended */
    size_t board;           /* which of the bench's */
    const struct oac_twin_ports *ports;
    struct oac_twin_faults *faults;
    void (*heard)(void *context, size_t port, size_t samples, const int32_t *code);
    void *heard_context;
    char *xml;
    size_t xml_bytes;
    pthread_mutex_t lock;                                  /* guards sharing */
    struct oac_twin_sharing sharing[OAC_TWIN_DEVICES_MAX]; /* by device */
};

struct oac_twin_options {
    struct oac_twin_bench_options bench;
    struct oac_twin_faults
        *faults; /* NULL: none. Of all boards together. Must outlive the twin */
    /* Is told the board codes of every buffer that comes, per board port; NULL: nobody. Called from the
     * connections' threads. */
    void (*heard)(void *context, size_t port, size_t samples, const int32_t *code);
    void *heard_context;
};

/* *twin: one for each board of the bench, in a row; boards, rig and hash must outlive it. */
enum oac_status oac_twin_create(const struct oac_twin_options *options, struct oac_twin **twin,
                                struct oac_err *err) OAC_MUST_USE;
/* All of them, after all conversations; NULL is fine. */
void oac_twin_destroy(struct oac_twin *twin);

struct oac_twin_session;

struct oac_twin_peer { /* of a conversation */
    void *context;
    /* Sends all of it; false when the peer is gone. */
    bool (*send)(void *context, const void *bytes, size_t count);
    /* Waits, for a delayed answer; false when the bench stops meanwhile. NULL: no waiting. */
    bool (*pause)(void *context, unsigned ms);
};

enum oac_status oac_twin_session_open(struct oac_twin *twin, const struct oac_twin_peer *peer,
                                      struct oac_twin_session **session,
                                      struct oac_err *err) OAC_MUST_USE;
/* Ends what the client left open, cyclic output too. NULL is fine. */
void oac_twin_session_close(struct oac_twin_session *session);

/* Takes the next bytes and answers what is complete; false when the conversation is over. */
bool oac_twin_session_take(struct oac_twin_session *session, size_t count,
                           const uint8_t *bytes);
/* A request has begun and its rest has not come. */
bool oac_twin_session_pending(const struct oac_twin_session *session);

#endif
