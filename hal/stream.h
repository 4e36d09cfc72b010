/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream contract: DAC samples in, ADC samples out, on named ports. The layer below the frames of
 * hal/link.h: the waveform simulator and boards implement it, hal/modem turns one into a link.
 *
 * The server's half of a stretch of samples (every weight port) is loaded once and named by a handle; a burst
 * plays segments, each a handle with the client's samples against it, in order and back to back. A segment
 * begins and ends in the steady guard code of all ports and is at least `memory_slots` longer than its payload
 * on both sides, so what happened before it cannot be seen in it. A board plays the concatenation of all
 * segments; a simulator may keep each apart (`segments_apart`).
 *
 * Ports have rates, ranges and lengths of their own: in one slot port p takes samples_per_slot(p) samples. DAC
 * samples are native codes (uint16_t); ADC samples are native codes too, held in a float, exact up to 24 bits,
 * because a simulator with the `adc` noise switched off neither rounds nor clips. A port with `iq` takes two
 * values a sample, I then Q; so does a readout: lengths and indices below count values, so that its
 * samples_per_slot is twice its samples', and rate_hz is that of samples.
 *
 * Integrating and counting receivers have a gate: reset while closed, integrating while open, holding from
 * closing to the end of the segment. Their ADC samples show the running value. Gate times are on the clock of
 * the readout port: 0 is its first ADC sample of the segment. On that clock sample i stands at i/rate: a gated
 * receiver's value at that instant, a sampled receiver's mean from there to the next sample, so that sample i
 * covers the same part of a slot as a DAC's sample i at the same rate.
 * Delay: what a DAC plays at time t of a segment reaches ADC k at t + delay_k, which the modem must find out.
 * Threads: load, unload, set, close from one at a time; play from many when caps->link.concurrent_play, each
 * with its own workspace. tests/support/stream_contract.h is the suite every implementation must pass. */
#ifndef OAC_HAL_STREAM_H
#define OAC_HAL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/link.h"

struct oac_stream_caps {
    struct oac_link_caps
        link; /* what a link needs and a modem passes on: identity, channels, ports (their
                                  rate_hz is the sample rate), slot_s, settings, ranges, nominal record.
                                  conversions_per_readout is the modem's to fill */
    uint32_t weight_samples_per_slot, client_samples_per_slot,
        readout_samples_per_slot; /* >= 1 */
    uint32_t
        subcarrier_periods; /* of the chopping in a slot (docs/modem.md); 0: intensity as it is */
    uint32_t memory_slots;    /* guard before and after a payload that outlasts every memory */
    uint32_t delay_slots_max; /* bound of delay_k and of skew; captures last this much longer */
    size_t segment_slots_max, segments_max; /* per segment, per burst */
    double gate_step_s; /* resolution of gate times; 0: no gate (sampled receivers) */
    bool
        reset_noise_in_start; /* the value at gate opening carries reset noise that the modem should subtract:
                                  readout = end - start, two conversions */
    bool segments_apart; /* idle time between segments need not be played; each stands alone */
    bool delay_stable;   /* delays and skew stay as they are from burst to burst */
    bool
        drives_apart; /* weights and client are fed on their own, and either may fall back while a burst plays:
                            not with delay_stable */
    double
        clock_drift; /* relative: so much may the readouts' clock be off the drives', both steady; 0: it is one
                           clock. Not with delay_stable, nor with I and Q, whose phases would turn */
};

struct oac_stream_load {    /* the server's half of one segment */
    size_t slots;           /* guards included */
    size_t rows;            /* ports 0..rows-1 are given, the others stay at code_safe */
    const uint16_t *weight; /* (rows, slots * weight_samples_per_slot) */
    size_t first, count;    /* payload: slots first .. first+count-1 */
    bool differential;
};

struct
    oac_stream_capture { /* what a segment's readouts are to look like; times relative to its first sample */
    const double *gate_open_s,
        *gate_close_s;    /* (rows) per readout port; NULL on links without a gate */
    size_t picks;         /* ADC samples wanted of each port */
    const uint32_t *pick; /* (picks) their indices, ascending, below
                              (slots + delay_slots_max) * readout_samples_per_slot */
};

struct oac_stream_segment {
    uint32_t handle;
    const uint16_t *client; /* (slots * client_samples_per_slot) */
    uint64_t
        slot0;    /* absolute bench slot of its first payload slot: noise key and time of drift;
                                 boards ignore it */
    float launch; /* power relative to the laser setting */
    const struct oac_stream_capture *capture;
    float *rx;     /* (rows of the handle, picks) */
    uint8_t *flag; /* (rows) oac_flag bits raised by the receivers; NULL: not wanted */
    double *
        photons; /* (1) detected signal photons between the payload's ends; NAN unknown; NULL: not wanted */
};

struct oac_stream_burst {
    size_t segments;
    const struct oac_stream_segment *segment;
    size_t
        received; /* out: segments whose captures are complete; fewer than segments is a loss */
};

struct oac_stream_ops { /* each returns a status; all REQUIRED unless said */
    enum oac_status (*load)(void *self, const struct oac_stream_load *load, uint32_t *handle,
                            struct oac_err *err);
    enum oac_status (*unload)(void *self, uint32_t handle, struct oac_err *err);
    enum oac_status (*play)(void *self, struct oac_workspace *workspace,
                            struct oac_stream_burst *burst, struct oac_err *err);
    /* OPTIONAL: as in hal/link.h, of the payload; without it light is unknown (NAN). */
    enum oac_status (*light)(void *self, uint32_t handle, struct oac_frame_light *light,
                             struct oac_err *err);
    enum oac_status (*set)(void *self, enum oac_setting setting, size_t channel, double value,
                           double *readback, struct oac_err *err);
    enum oac_status (*get)(void *self, enum oac_setting setting, size_t channel, double *value,
                           struct oac_err *err);
    enum oac_status (*safe)(void *self, struct oac_err *err); /* idempotent, never allocates */
    void (*account)(const void *self, struct oac_account *account);
    void (*close)(void *self); /* calls safe first; frees self */
    struct oac_workspace *(*workspace_create)(void *self, struct oac_err *err);
    void (*workspace_destroy)(void *self, struct oac_workspace *workspace);
};

struct oac_stream { /* made by an implementation's open function */
    const struct oac_stream_ops *ops;
    struct oac_stream_caps *caps; /* owned by the implementation */
    void *self;
    struct oac_stream_loaded
        *loaded; /* what the core remembers of each handle, for its checks */
    size_t loaded_count;
};

/* Everything below checks its arguments against the capabilities (code bounds of every sample, lengths,
 * picks, gates) and then calls the implementation. */
enum oac_status oac_stream_load(struct oac_stream *stream, const struct oac_stream_load *load,
                                uint32_t *handle, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_stream_unload(struct oac_stream *stream, uint32_t handle,
                                  struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_stream_play(struct oac_stream *stream, struct oac_workspace *workspace,
                                struct oac_stream_burst *burst,
                                struct oac_err *err) OAC_MUST_USE;
void oac_stream_close(
    struct oac_stream *stream); /* safe state first; a zeroed stream is fine */

#endif
