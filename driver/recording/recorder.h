/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A decorator over any stream that keeps everything that goes through it: loads, client samples, captures,
 * readouts, settings. docs/recording.md describes the file.
 *
 * While it records, a journal FILE.journal grows on the disk (driver/recording/journal.h): memory holds a digest
 * for every different waveform and one burst, nothing else. oac_recorder_finish makes the HDF5 of it. A run that
 * was killed, or stopped, leaves the journal; oac_recording_finish makes a recording of what is in it.
 * Equal waveforms are kept once. A play that fails is not kept; one that cannot be kept fails.
 * Threads: as the stream below. */
#ifndef OAC_DRIVER_RECORDING_RECORDER_H
#define OAC_DRIVER_RECORDING_RECORDER_H

#include <stdint.h>

#include "base/status.h"
#include "hal/stream.h"

/* Samples of one recording, because readers hold them all. */
#define OAC_RECORDING_BYTES_MAX ((uint64_t)2 << 30)

struct oac_recorder;

struct oac_recorder_options {
    const char *path;         /* of the HDF5 */
    const char *on;           /* row of driver/registry.h */
    const char *rig_text;     /* YAML, every key resolved */
    const char *noise;        /* list of sim/noise.h; "" on lab benches */
    uint64_t seed;            /* of the noise */
    const char *command_line; /* NULL: unknown */
};

/* Makes the journal, so that a place that cannot be written to is known before anything is played. */
enum oac_status oac_recorder_open(const struct oac_recorder_options *options,
                                  struct oac_recorder **recorder,
                                  struct oac_err *err) OAC_MUST_USE;

/* From now on *stream records; what it was is closed with it. On failure *stream is closed. Once a recorder. */
enum oac_status oac_recorder_wrap(struct oac_recorder *recorder, struct oac_stream *stream,
                                  struct oac_err *err) OAC_MUST_USE;

/* After the stream is closed: writes the recording, removes the journal, frees. When that fails the journal
 * stays, and the message says so; the recorder is freed all the same. */
enum oac_status oac_recorder_finish(struct oac_recorder *recorder,
                                    struct oac_err *err) OAC_MUST_USE;

/* Frees without writing; what was there before stays. A journal that holds a burst stays too. NULL is fine. */
void oac_recorder_abandon(struct oac_recorder *recorder);

/* The journal that abandoning would leave; NULL: none. */
const char *oac_recorder_kept(const struct oac_recorder *recorder);

/* From the journal of `path` (or that journal's own name): the same for a run that is gone. */
enum oac_status oac_recording_finish(const char *path, struct oac_err *err) OAC_MUST_USE;

/* path + ".journal", on the heap. */
char *oac_recording_journal_path(const char *path, struct oac_err *err) OAC_MUST_USE;

#endif
