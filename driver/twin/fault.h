/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults that a virtual bench shows on request, so that drivers can be tested against them:
 *
 *     delay:N[:MS]  the N-th answer comes MS late (default 8000: later than any usual timeout)
 *     drop:N        the N-th request is never answered
 *     short:N       the N-th READBUF ends after half of its bytes
 *     mask:N        the N-th READBUF carries the mask of channels that nobody opened
 *     wider:N       the N-th READBUF brings every channel of its device, as when another client opened them
 *     ebusy:N       the N-th OPEN is answered -EBUSY
 *     nocyclic      every cyclic OPEN is answered -EPERM, as by mainline kernels
 *     close:BYTES   the first connection that has sent so many bytes is closed there
 *     stale:N       the first N READBUFs of every input that is opened bring what the bench showed before, as
 *                   kernels do that have captured already
 *     clock:PPM     every board but the first runs so many millionths fast: each of its inputs' scans is the one
 *                   of the bench that its instant falls in, so that now and then one comes twice, and its outputs
 *                   leave out a sample as often
 *     stall:N[:MS]  the N-th WRITEBUF is played MS late (default 200), as when a connection stalls
 *     lost:N        devices have a status register (0x88), which says from the N-th READBUF on that samples were
 *                   lost, until it is cleared; without this fault it cannot be read
 * N counts from 1 over all connections, from the start of the bench; answers and requests count
 * READ, WRITE, OPEN,
 * CLOSE, READBUF, WRITEBUF, SET and TIMEOUT (not those of connecting: VERSION, PRINT, GETTRIG, ...). */
#ifndef OAC_DRIVER_TWIN_FAULT_H
#define OAC_DRIVER_TWIN_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define OAC_TWIN_DELAY_MS 8000u
#define OAC_TWIN_STALL_MS 200u

struct oac_twin_faults { /* zeroed: none. 0: never */
    uint64_t delay, drop, short_piece, wrong_mask, wider, ebusy, close_bytes, stale, lost,
        clock_ppm, stall;
    unsigned delay_ms, stall_ms;
    bool nocyclic;
    atomic_uint_fast64_t requests, readbufs, writebufs, opens; /* so far */
    atomic_bool closed;
    atomic_uint_fast32_t lost_cleared; /* bit d: of device d */
};

/* Adds one: "drop:3". OAC_EUSAGE naming what is allowed. */
enum oac_status oac_twin_fault_parse(const char *text, struct oac_twin_faults *faults,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
