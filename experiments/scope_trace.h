/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waveforms caught at the named points of the chain (sim/waveform/waveform.h), kept for looking at.
 *
 * A recorder is handed to the engine's tap. It keeps every point of window 0, of all channels, and of the later
 * windows what eyes and spectra need: one channel, first lane. Segments that are not one of its windows
 * (preambles, sync words) are let go. Units: the point's. */
#ifndef OAC_EXPERIMENTS_SCOPE_TRACE_H
#define OAC_EXPERIMENTS_SCOPE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/waveform/waveform.h"

struct oac_scope_trace {
    char name[32], unit[16];
    size_t channel, window;
    unsigned lane;
    double rate_hz, start_s; /* time of the first sample from the first payload slot */
    bool complex_values;
    size_t samples;
    float *value; /* (samples), or (samples, 2) when complex */
};

struct oac_scope_recorder {
    size_t channel;     /* kept of windows after the first */
    uint64_t slot0;     /* of window 0 */
    uint64_t stride;    /* slots from window to window */
    size_t windows;     /* how many */
    size_t count, room; /* traces */
    struct oac_scope_trace *trace;
    bool failed; /* memory ran out: see err */
    struct oac_err err;
};

/* An oac_waveform_tap; context is the recorder. */
void oac_scope_record(void *recorder, const struct oac_waveform_point *point);
void oac_scope_recorder_fini(struct oac_scope_recorder *recorder); /* a zeroed one is fine */

/* The trace, or NULL. Pure. */
const struct oac_scope_trace *oac_scope_find(const struct oac_scope_recorder *recorder,
                                             const char *name, size_t window, size_t channel,
                                             unsigned lane);

/* Sample i as a real number: |E|^2 [W] of a field. Pure. */
double oac_scope_sample(const struct oac_scope_trace *trace, size_t i);

/* Names of the points of window 0 in the order of the light. name (max); returns how many. */
size_t oac_scope_point_names(const struct oac_scope_recorder *recorder, const char **name,
                             size_t max);

/* Index of the sample at or after time_s [s], at most samples. Pure. */
size_t oac_scope_index(const struct oac_scope_trace *trace, double time_s);

#endif
