/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The waveform engine: a bench whose light and currents are sampled through every component. Implements
 * hal/stream.h; hal/modem.h turns it into a link (`--on wave`).
 *
 * Per wavelength a complex envelope, wave.samples_per_slot samples a slot, through
 *     DAC (hold, jitter, fixed error, bandwidth) -> weight modulator (field of both arms, both outputs)
 *     -> laser (RIN, phase noise) -> fiber (loss, dispersion, walk-off, SPM, PMD) -> amplifier (ASE)
 *     -> client modulator -> demultiplexer (passband, crosstalk) -> detectors (shot noise, bandwidth,
 *     saturation, gain, dead time) -> integrator, TIA or counter -> ADC (jitter, rounding)
 * The server's half, everything before the client, is computed once per loaded segment and reused, unless one of
 * its own noises (rin, drive, linewidth, drift, ase) or a power-dependent fiber makes every window another.
 *
 * Two paths give the same readouts: `propagate` takes every sample of every window through every component;
 * where all that follows the client is linear in its power transmission, the readout is an inner product of
 * that transmission with the server's light, which is what runs unless options forbid it (contraction.h).
 *
 * Units: SI; fields sqrt(W). Validity and what is not modelled: docs/waveform.md. Determinism: the same bits
 * for any number of threads, batch split or selection of windows on one machine type. */
#ifndef OAC_SIM_WAVEFORM_WAVEFORM_H
#define OAC_SIM_WAVEFORM_WAVEFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/stream.h"
#include "sim/rig.h"

struct oac_waveform_options {
    bool propagate; /* never the contraction: oracle, benchmarks */
};

/* Opens a simulated bench as a stream. noise, seed, rig_hash as in sim/analytic.h. options NULL: defaults. */
enum oac_status oac_waveform_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                                  uint32_t noise, uint64_t seed,
                                  const struct oac_waveform_options *options,
                                  struct oac_stream *stream, struct oac_err *err) OAC_MUST_USE;

/* A named point of the chain, as `oac scope` shows it. Points, in order:
 *   weight.drive [V]  weight.field [sqrt(W)]  fiber.field [sqrt(W)]  amplifier.field [sqrt(W)] (if before)
 *   client.drive [V]  client.field [sqrt(W)]  amplifier.field (if after)  demux.power [W]
 *   detector.current [A]  receiver.output [V, or counts]  adc.code [code] */
struct oac_waveform_point {
    const char *name, *unit;
    size_t channel; /* of the detector behind the demux */
    unsigned lane;  /* output of the weight modulator (and polarisation): 0 .. */
    uint64_t slot0;
    double rate_hz,
        start_s;         /* of the samples; time of the first, from the first payload slot */
    bool complex_values; /* pairs of (re, im) */
    size_t samples;
    const float *value; /* valid during the call only */
};
typedef void (*oac_waveform_tap)(void *context, const struct oac_waveform_point *point);

/* From now on every played segment is propagated and shown point by point; NULL: no more. One thread only. */
void oac_waveform_set_tap(struct oac_stream *stream, oac_waveform_tap tap, void *context);

#endif
