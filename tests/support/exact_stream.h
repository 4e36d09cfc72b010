/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream that obeys the readout equation of hal/calrec.h in continuous time and double
 * precision: instant modulators, staircases from the DACs, rates integrated exactly between any
 * two instants. Everything a bench does to time can be asked for: a fractional delay per
 * channel, skew, delays that jump from burst to burst, lost samples, bursts that come back
 * short; and noise. Channels differ as in tests/support/exact_link.h. It can fail its n-th call
 * and counts what is loaded and how often it was made safe. */
#ifndef OAC_TESTS_SUPPORT_EXACT_STREAM_H
#define OAC_TESTS_SUPPORT_EXACT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/stream.h"

struct oac_exact_stream_options {
    size_t channels, segment_slots_max, segments_max;
    enum oac_receiver receiver;
    uint32_t weight_per_slot, client_per_slot, readout_per_slot; /* samples; 0: 8 */
    uint32_t memory_slots, delay_slots_max, guard_slots;
    double gate_step_slots;                           /* 0 for sampled receivers */
    double gain_code;                                 /* of channel 0, per open slot; 0: 10 */
    double range_code;                                /* of the ADC; 0: 60000 */
    double delay_slots, delay_step_slots, skew_slots; /* delay of channel 0, more per channel */
    double noise_code;                                /* rms of every ADC sample */
    double reset_noise_code;
    bool poisson; /* counting: whole counts with their noise */
    bool reset_noise_in_start, together /* not segments_apart */, delay_jumps, no_skew_setting;
    double skew_setting_step_s;
    bool differential, bare, no_light;
    size_t lose_burst, lose_segment,
        lose_samples;  /* burst (from 1) at whose segment samples vanish */
    bool lose_always;  /* in every burst from that on */
    double slip_slots; /* there the client alone falls back */
    bool drives_apart;
    size_t short_burst, short_by; /* burst (from 1) that brings fewer segments */
    double laser_off;             /* 1: channel 0 is dark */
    uint32_t dead;                /* bit k: no light reaches readout k */
    double clock_drift;           /* sampled: by so much the readouts' clock is fast */
    bool blurred;                 /* sampled: every sample is the mean of three */
    double peaks_off; /* [V_pi] of all modulators, of which the nominal record knows nothing */
};

#define OAC_EXACT_STREAM_SLOT_S           1e-6
#define OAC_EXACT_STREAM_PHOTONS_PER_CODE 1000.0

enum oac_status oac_exact_stream_open(const struct oac_exact_stream_options *options,
                                      struct oac_stream *stream,
                                      struct oac_err *err) OAC_MUST_USE;

/* The n-th call from now (1: the next) that may fail does so with OAC_EDEVICE; 0: none. */
void oac_exact_stream_fail_at(const struct oac_stream *stream, unsigned n);
size_t oac_exact_stream_loaded(const struct oac_stream *stream);
size_t oac_exact_stream_bursts(const struct oac_stream *stream);
size_t oac_exact_stream_segments(const struct oac_stream *stream);

/* Streams alive and calls of safe since the program began, so that a test sees a close that
 * forgot. */
int oac_exact_stream_alive(void);

#endif
