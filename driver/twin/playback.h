/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a virtual bench plays: queues of DAC samples, a common line of ADC scans, and readers on it.
 *
 * Time is virtual: the line of scans grows only when a reader asks for scans that are not there yet, as fast as
 * they are computed. A playback begins at the first such request at which every DAC of the rig
 * holds samples; when
 * only some do, or none, the request waits up to `patience` for the others first. What happens then, in scans:
 *     lead     11 .. 35, another number every time (seed, playback): every DAC at its safe level
 *     apart    where DACs of several boards play, each board's begin 0 .. 4095 scans later than that, every time
 *              another number of its own; from there on, they run on their board's clock
 *     scan i   of the playback shows slot i / per_slot; DAC sample j is played at j / rate from there on
 *     tail     a one-shot ends with its longest DAC; then the safe level, and after the bench's
 *              memory has passed
 *              the next playback may begin, with a lead of its own
 * What another DAC holds while one streams joins the stream with the next scan not yet computed.
 * A cyclic DAC repeats until it is closed. A second one-shot buffer pushed before the first has been played
 * follows without a gap: from then on the device streams, and a reader waits up to `patience` for
 * each next buffer
 * before the stream is called ended. A DAC that is closed rests at its safe level from the next scan not yet
 * computed. No reader open: time stands still; a reader that opens during a playback finds it 11
 * .. 35 scans on.
 * Readers share the line: each sees every scan, unless it falls OAC_TWIN_HISTORY scans behind;
 * then it goes on at the
 * oldest that is left and its overrun is counted. Exactness of what is computed: bench.h.
 * Threads: every function may be called from any of them. */
#ifndef OAC_DRIVER_TWIN_PLAYBACK_H
#define OAC_DRIVER_TWIN_PLAYBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/twin/bench.h"

#define OAC_TWIN_HISTORY         (1u << 17)
#define OAC_TWIN_LEAD_SCANS_MIN  11u
#define OAC_TWIN_LEAD_SCANS_MAX  35u
#define OAC_TWIN_APART_SCANS     4096u
#define OAC_TWIN_PATIENCE_MS     50u
#define OAC_TWIN_QUEUE_BYTES_MAX (256u << 20) /* of DAC samples waiting, all devices together */

struct oac_twin_playback;

struct oac_twin_reader {
    uint64_t at; /* next scan */
    double fast; /* relative, of its clock; 0: the bench's. Set after opening */
    double part; /* of the next scan that has passed */
    uint64_t overruns;
    bool open;
};

/* The bench must outlive the playback. devices: how many there are that may hold DACs. */
enum oac_status oac_twin_playback_create(struct oac_twin_bench *bench, size_t devices,
                                         uint64_t seed, struct oac_twin_playback **playback,
                                         struct oac_err *err) OAC_MUST_USE;
void oac_twin_playback_destroy(struct oac_twin_playback *playback); /* NULL is fine */

/* Everything that waits returns -EPIPE from now on. */
void oac_twin_playback_stop(struct oac_twin_playback *playback);

struct oac_twin_clock { /* of a board's outputs */
    size_t board;
    double fast; /* relative; 0: the line's */
};

/* One output device: `drives` of the rig's (indices in drive), none of them elsewhere. depth:
 * buffers that may wait. */
void oac_twin_output_open(struct oac_twin_playback *playback, size_t device, size_t drives,
                          const size_t *drive, size_t depth, struct oac_twin_clock clock);
void oac_twin_output_close(struct oac_twin_playback *playback, size_t device);

/* code (drives, samples): codes of the rig; taken over by the playback, freed on failure too. Waits up to
 * timeout_ms for room. Returns 0, -EBUSY (a cyclic buffer is playing), -ETIMEDOUT, -ENOMEM or -EPIPE. */
int oac_twin_output_push(struct oac_twin_playback *playback, size_t device, size_t samples,
                         uint16_t *code, bool cyclic, unsigned timeout_ms);
/* How often a buffer came too late to follow the one before it without a gap, since the device was opened; one
 * that is awaited now is counted. */
uint64_t oac_twin_output_gaps(struct oac_twin_playback *playback, size_t device);
bool oac_twin_output_cyclic(struct oac_twin_playback *playback, size_t device);

void oac_twin_reader_open(struct oac_twin_playback *playback, struct oac_twin_reader *reader);
/* The reader begins so many scans earlier, as far as they are kept. */
void oac_twin_reader_rewind(struct oac_twin_playback *playback, struct oac_twin_reader *reader,
                            uint64_t scans);
void oac_twin_reader_close(struct oac_twin_playback *playback, struct oac_twin_reader *reader);

/* Up to `scans` board codes: code[k * scans + i] of readout k. *first: the request has asked for no scans
 * that were not there yet, so it may wait; false from when it has. Returns how many (at least 1), or
 * -EPIPE (stopped), -EIO (the simulation failed). */
long oac_twin_reader_pull(struct oac_twin_playback *playback, struct oac_twin_reader *reader,
                          bool *first, size_t scans, uint16_t *code);

#endif
