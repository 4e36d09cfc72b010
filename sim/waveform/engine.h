/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the waveform engine: the bench it simulates, a loaded segment, one thread's scratch, and the parts
 * that work on them. Parts are opaque to each other: server (drive.h, server.h, fiber.h), optics (client.h,
 * optics.h), receiver (receive.h); play.c strings them together in the order of the light. */
#ifndef OAC_SIM_WAVEFORM_ENGINE_H
#define OAC_SIM_WAVEFORM_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "hal/stream.h"
#include "sim/bench.h"
#include "sim/noise.h"
#include "sim/panel.h"
#include "sim/rig.h"
#include "sim/waveform/waveform.h"

#define OAC_WAVE_LANES_MAX 4u /* 2 outputs x 2 polarisations */

struct oac_wave_grid {
    size_t per_slot; /* samples */
    double rate_hz, dt_s;
};

struct oac_wave_frame {          /* the server's half of a segment */
    size_t rows, slots, samples; /* samples = slots * per_slot */
    size_t first, count;         /* payload slots */
    bool differential;
    unsigned outputs, lanes; /* lane = output * polarisations + polarisation */
    uint16_t *code; /* (channels, slots * weight_samples_per_slot); parked ones at code_safe */
    float *volts; /* (channels, samples) drive at the modulators, no noise; NULL until built */
    float *
        field; /* (channels, lanes, 2 * samples) [sqrt(W)] at the client's input, launch 1, no noise */
    float *power; /* (channels, outputs, samples) [W] of that field, polarisations summed */
    _Atomic uint64_t built;       /* version of the settings it was built for; 0: not yet */
    struct oac_frame_light light; /* of the payload, launch 1 */
};

struct oac_waveform {
    struct oac_rig rig;
    struct oac_bench *bench;
    uint32_t noise;
    uint64_t seed;
    struct oac_waveform_options options;
    struct oac_panel panel;
    struct oac_stream_caps caps;
    struct oac_wave_grid grid;
    double slot_s;
    unsigned polarisations;         /* 2 with PMD, else 1 */
    struct oac_wave_server *server; /* server.c */
    struct oac_wave_optics *optics; /* optics.c: client modulator, amplifier, demultiplexer */
    struct oac_wave_receiver *receiver; /* receive.c: detectors, receivers, ADC */
    oac_waveform_tap tap;               /* NULL: none */
    void *tap_context;
    uint64_t version;              /* of the settings, from 1 */
    pthread_mutex_t lock;          /* guards account and lazy rebuilding of frames */
    struct oac_wave_frame **frame; /* by handle - 1 */
    size_t frame_capacity;
    struct oac_account account;
};

/* Where drift stands in one window: computed once per window, the same for all parts. */
struct oac_wave_motion {
    double client_bias_v;
    struct oac_wave_motion_channel {
        double power, gain; /* relative, 1 without drift */
        double bias_v;      /* of the weight modulator's V_peak */
    } * channel;            /* (channels) */
};

struct oac_wave_window { /* one segment being played */
    const struct oac_wave_frame *frame;
    const struct oac_stream_segment *segment;
    struct oac_wave_motion motion;
};

/* Random streams of this engine: one per use and channel (or laser line, or 0). Draws are keyed (seed,
 * stream, slot0 of the window, block of four). */
enum oac_wave_use {
    OAC_WAVE_WEIGHT_DRIVE,
    OAC_WAVE_WEIGHT_JITTER,
    OAC_WAVE_RIN,
    OAC_WAVE_RIN_LOW,
    OAC_WAVE_PHASE,
    OAC_WAVE_CLIENT_DRIVE,
    OAC_WAVE_CLIENT_JITTER,
    OAC_WAVE_ASE,
    OAC_WAVE_ASE_OUTSIDE,
    OAC_WAVE_SHOT,
    OAC_WAVE_RECEIVER,
    OAC_WAVE_ADC,
    OAC_WAVE_ADC_JITTER,
    OAC_WAVE_PMD,
    OAC_WAVE_READ,
    OAC_WAVE_USES
};
static inline uint32_t oac_wave_stream(enum oac_wave_use use, size_t channel)
{
    return (uint32_t)OAC_RNG_WAVE + (uint32_t)use * 0x1000u + (uint32_t)channel;
}

/* z (blocks * 4) standard normals of a window. */
void oac_wave_normals(const struct oac_waveform *self, enum oac_wave_use use, size_t channel,
                      uint64_t slot0, size_t blocks, float *z);

/* Shows a point to the tap, if there is one. */
void oac_wave_show(const struct oac_waveform *self, const struct oac_waveform_point *point);

#endif
