/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside a conversation: what it has open and what it waits for. */
#ifndef OAC_DRIVER_TWIN_SESSION_STATE_H
#define OAC_DRIVER_TWIN_SESSION_STATE_H

#include "driver/twin/session.h"

struct opened { /* a device's buffer */
    bool open, cyclic;
    struct oac_twin_mask mask;
    size_t samples;
    struct oac_twin_reader reader; /* of a simulated input device */
    bool reads;                    /* reader is in use */
};

struct oac_twin_session {
    struct oac_twin *twin;
    struct oac_twin_peer peer;
    struct oac_twin_parser parser;
    struct oac_twin_request request; /* whose data are coming */
    uint8_t *data;                   /* (data_bytes) what has come, data_used of them */
    size_t data_bytes, data_used;
    unsigned timeout_ms;
    uint64_t sent;
    size_t depth[OAC_TWIN_DEVICES_MAX]; /* kernel buffers, by device */
    struct opened opened[OAC_TWIN_DEVICES_MAX];
};

bool oac_twin_send(struct oac_twin_session *session, const void *bytes, size_t count);
bool oac_twin_answer(struct oac_twin_session *session, long number); /* "number\n" */

/* session_buffers.c. Each answers; false when the conversation is over. */
bool oac_twin_open(struct oac_twin_session *session, const struct oac_twin_request *request);
bool oac_twin_close(struct oac_twin_session *session, const struct oac_twin_request *request);
bool oac_twin_readbuf(struct oac_twin_session *session, const struct oac_twin_request *request);
/* The answer to the request itself, before its data: 0 is sent and data are expected, or an error. */
bool oac_twin_writebuf(struct oac_twin_session *session,
                       const struct oac_twin_request *request);
bool oac_twin_writebuf_end(struct oac_twin_session *session); /* all data are there */
void oac_twin_close_all(struct oac_twin_session *session);

/* session_register.c: a device's status register, where a fault gives it one. */
/* Replaces `value`, the address that was written last, by what the register holds; false: no such register. */
bool oac_twin_register_read(const struct oac_twin *twin, const struct oac_twin_request *request,
                            char value[OAC_TWIN_VALUE_BYTES]);
void oac_twin_register_written(const struct oac_twin *twin,
                               const struct oac_twin_request *request, const char *value,
                               size_t bytes);
/* The same for an output's debug attribute `gaps`. */
bool oac_twin_gaps_read(const struct oac_twin *twin, const struct oac_twin_request *request,
                        char value[OAC_TWIN_VALUE_BYTES]);

/* session_samples.c */
/* The mask that the n-th READBUF announces: the union, or what a fault makes of it. */
struct oac_twin_mask oac_twin_mask_now(struct oac_twin_session *session, size_t device,
                                       uint64_t n);
/* Sends `bytes` of scans in pieces, the mask before the first; or an error. */
bool oac_twin_send_scans(struct oac_twin_session *session, size_t device,
                         const struct oac_twin_mask *mask, uint64_t bytes, uint64_t n);
/* What the data that came drive: codes of the rig (drives, samples), or NULL: no memory. */
uint16_t *oac_twin_codes_of(const struct oac_twin_session *session, size_t device,
                            size_t samples, const struct oac_twin_layout *layout);

/* Room for `bytes` of data, which follow. */
bool oac_twin_session_expect(struct oac_twin_session *session,
                             const struct oac_twin_request *request, size_t bytes);

#endif
