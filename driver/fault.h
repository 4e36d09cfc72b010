/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A decorator that fails or delays the n-th call of a stream or a link: to see what the layers above, and whoever
 * runs them, make of it.
 *
 * A failing call fails before it reaches the bench, with the status asked for and a message that says it was asked
 * for; calls after it go through. safe() that fails is not carried out: a test can see who tries again. close()
 * always goes through. Calls are counted from 1 over all threads. */
#ifndef OAC_DRIVER_FAULT_H
#define OAC_DRIVER_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/link.h"
#include "hal/stream.h"

enum oac_fault_call {
    OAC_FAULT_ANY,
    OAC_FAULT_LOAD,
    OAC_FAULT_UNLOAD,
    OAC_FAULT_PLAY,
    OAC_FAULT_LIGHT,
    OAC_FAULT_SET,
    OAC_FAULT_GET,
    OAC_FAULT_SAFE,
    OAC_FAULT_WORKSPACE,
    OAC_FAULT_CALLS
};

struct oac_fault { /* the caller's; lives longer than what it wraps */
    enum oac_fault_call call;
    uint64_t nth;           /* 0: never */
    enum oac_status status; /* OAC_OK: only delayed */
    uint32_t delay_ms;
    atomic_uint_fast64_t calls; /* so far, of this kind */
    atomic_bool fired;
};

/* From now on calls of *stream go through the fault. On failure *stream is closed. */
enum oac_status oac_fault_stream(struct oac_fault *fault, struct oac_stream *stream,
                                 struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_fault_link(struct oac_fault *fault, struct oac_link *link,
                               struct oac_err *err) OAC_MUST_USE;

/* "play:3=device", "set:1=mismatch", "any:17=nomem", "play:2=delay:500" (milliseconds): CALL:N=STATUS, the
 * status as in base/status.h without OAC_E. Status: OAC_EUSAGE naming what is wrong and what there is. */
enum oac_status oac_fault_parse(const char *text, struct oac_fault *fault,
                                struct oac_err *err) OAC_MUST_USE;

const char *oac_fault_call_name(enum oac_fault_call call); /* "play" */

#endif
