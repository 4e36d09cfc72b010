/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the records of a recording's journal hold: a struct, then the arrays that its comment lists, each beginning
 * at a multiple of 8 bytes. Written by recorder.c, read by build*.c, by the same program. */
#ifndef OAC_DRIVER_RECORDING_ENTRIES_H
#define OAC_DRIVER_RECORDING_ENTRIES_H

#include <stddef.h>
#include <stdint.h>

#include "hal/calrec.h"
#include "hal/stream.h"

enum oac_entry {
    OAC_ENTRY_HEAD = 1, /* first, once */
    OAC_ENTRY_LOAD,     /* a weight segment not seen before; so the next three */
    OAC_ENTRY_CLIENT,
    OAC_ENTRY_CAPTURE,
    OAC_ENTRY_SETTINGS, /* all values after a change */
    OAC_ENTRY_CALL,     /* set and get as they were called */
    OAC_ENTRY_LIGHT,
    OAC_ENTRY_BURST
};

enum oac_recording_text {
    OAC_RECORDING_DEVICE,
    OAC_RECORDING_FIRMWARE,
    OAC_RECORDING_RIG, /* the whole rig, YAML */
    OAC_RECORDING_ON,  /* "wave", "iio" */
    OAC_RECORDING_NOISE,
    OAC_RECORDING_COMMAND,
    OAC_RECORDING_KERNEL,
    OAC_RECORDING_TEXTS
};

struct
    oac_entry_head { /* ports (2 channels + 1): weight, client, readout; channels of `nominal`; texts */
    uint64_t bytes; /* of this struct: another version of oac has another */
    uint64_t seed, light_known;
    uint64_t text_bytes[OAC_RECORDING_TEXTS]; /* with the NUL */
    struct oac_stream_caps caps;              /* pointers mean nothing */
    struct oac_calrec nominal;
};

struct oac_entry_load { /* weight samples (rows, slots * weight_samples_per_slot) */
    uint64_t rows, slots, first, count, differential;
};

struct oac_entry_capture { /* gate_open_s (rows), gate_close_s (rows), pick (picks) */
    uint64_t rows, picks;  /* rows 0: no gates */
};

struct oac_entry_call {
    uint32_t set, setting, channel,
        settings; /* set 0: get; settings: number of the values after it */
    double value, readback;
};

struct oac_entry_light {
    uint32_t load, settings;
    struct oac_frame_light light;
};

/* One played segment; the struct of files and replay too. */
struct oac_recording_segment {
    uint32_t burst, load, client, capture, settings;
    float launch;
    uint64_t slot0;
    double photons;    /* NAN unknown */
    uint64_t rx, flag; /* where in the recording's samples and flags its own begin */
};

struct oac_entry_burst { /* segments (asked); samples (samples) float; flags (flags) */
    uint64_t asked, received, samples, flags;
};

static inline size_t oac_entry_aligned(size_t bytes)
{
    return (bytes + 7) & ~(size_t)7;
}

#endif
