/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording in memory: what was played on a stream and what came back. Files: HDF5, format "oac-recording",
 * described in docs/recording.md. Reading trusts nothing: every index and length is checked once, here, so that
 * replay and export need not. */
#ifndef OAC_DRIVER_RECORDING_RECORDING_H
#define OAC_DRIVER_RECORDING_RECORDING_H

#include <stdint.h>

#include "base/h5.h"
#include "base/status.h"
#include "driver/recording/entries.h"
#include "hal/calrec.h"
#include "hal/stream.h"

#define OAC_RECORDING_FORMAT "oac-recording"
#define OAC_RECORDING_SCHEMA 1

struct oac_recording {
    struct oac_h5_file *file; /* owns every array below */
    struct oac_stream_caps caps;
    struct oac_calrec *nominal;
    struct oac_port *port; /* (2 channels + 1) weight, client, readout */
    const char *text[OAC_RECORDING_TEXTS];
    uint64_t seed;
    bool light_known;

    size_t loads, clients, captures, settings, calls, lights, bursts, segments;
    struct oac_stream_load *load;          /* (loads) */
    const uint16_t *client_sample;         /* all */
    const uint64_t *client_begin;          /* (clients + 1) in client_sample */
    struct oac_stream_capture *capture;    /* (captures) */
    size_t *capture_rows;                  /* (captures) that have gates; 0: none */
    const double *settings_value;          /* (settings, OAC_SETTINGS, channels) */
    struct oac_entry_call *call;           /* (calls) */
    struct oac_entry_light *light;         /* (lights) */
    struct oac_recording_segment *segment; /* (segments) in the order they were played */
    const uint32_t *burst_received;        /* (bursts) segments of each that came back */
    const float *rx;
    const uint8_t *flag;
};

enum oac_status oac_recording_read(const char *path, struct oac_recording **recording,
                                   struct oac_err *err) OAC_MUST_USE;
void oac_recording_destroy(struct oac_recording *recording); /* NULL is fine */

/* Figures of the stream as attributes: one table writes and reads them (recording_caps.c). */
enum oac_status oac_recording_put_caps(struct oac_h5_writer *writer,
                                       const struct oac_stream_caps *caps,
                                       const struct oac_port *port,
                                       struct oac_err *err) OAC_MUST_USE;
/* Into recording->caps and ->port, from recording->file. */
enum oac_status oac_recording_get_caps(struct oac_recording *recording,
                                       struct oac_err *err) OAC_MUST_USE;

#endif
