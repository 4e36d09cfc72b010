/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link contract: frames of DAC codes in, ADC codes out.
 *
 *     y[b,k] = sum_n  Tw[k,n] * Tx[b,n]          k wavelength (channel), n time slot, b window
 *
 * A weight frame (server half) is loaded once and played often against activation frames (client half).
 * Whether an analytic simulator, a waveform simulator or a board answers is invisible above this header.
 * An implementation fills a `const struct oac_link_ops` and publishes what it can do as data in
 * `struct oac_link_caps`; the functions below check every call against those capabilities, once, so that
 * implementations only move codes.
 *
 * One clock: `slot0` is the absolute bench slot of a window's first slot. It is the key of the window's
 * noise and the time of its drift, so the order in which windows are played changes nothing.
 * Threads: load, unload, set and close from one thread at a time; play may be called from any number of
 * threads when `caps->concurrent_play`, with one workspace each.
 * tests/support/link_contract.h is the suite every implementation must pass. */
#ifndef OAC_HAL_LINK_H
#define OAC_HAL_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_calrec;

enum oac_role { OAC_WEIGHT, OAC_CLIENT, OAC_READOUT, OAC_GATE };

/* Slow settings, set and read back through the link. */
enum oac_setting {
    OAC_LASER_DBM,     /* [dBm] per channel */
    OAC_LASER_ON,      /* 0 or 1, per channel */
    OAC_BIAS_WEIGHT_V, /* [V] added to the weight DAC, per channel */
    OAC_BIAS_CLIENT_V, /* [V] added to the client DAC; channel 0 */
    OAC_PREDELAY_S,    /* [s] server-side delay per channel, against fiber walk-off */
    OAC_SKEW_S,        /* [s] client data against weights; channel 0 */
    OAC_RX_GAIN,       /* receiver gain factor, per channel */
    OAC_SETTINGS       /* how many there are */
};

enum oac_receiver { OAC_INTEGRATOR, OAC_SAMPLED, OAC_COUNTING };

struct oac_range {
    double min, max, step, settle_s; /* max < min: this link does not have the setting */
};

struct oac_port { /* volts = v0_v + lsb_v * code; lsb_v may be negative */
    enum oac_role role;
    size_t channel;
    int32_t code_min, code_max; /* already cut to the voltage limits of the modulator */
    int32_t code_safe;
    double v0_v, lsb_v;
    double rate_hz;
    bool ac_coupled; /* a constant voltage does not pass */
    bool
        iq; /* two values a sample, I then Q, on a radio frequency: hal/stream.h. Streams only */
};

enum oac_flag {
    OAC_FLAG_SATURATED = 1,
    OAC_FLAG_LOST = 2,
    OAC_FLAG_REALIGNED = 4,
    OAC_FLAG_BLIND =
        8 /* the link saw nothing of its own on it: when its light comes is a guess */
};

struct oac_link_caps {
    const char *device_id, *firmware;
    uint8_t rig_hash[32]; /* SHA-256 of the rig text: a calibration is bound to it */
    size_t channels, slots_max;
    double slot_s;
    uint32_t guard_slots;    /* dark slots before each window, in the schedule */
    uint32_t preamble_slots; /* once per play */
    enum oac_receiver receiver;
    size_t conversions_per_readout; /* 1 for a held integrator */
    bool adc_rounds;                /* readout codes are integral */
    bool differential;              /* detector pairs are present: balanced encoding possible */
    bool launch_per_window;
    double launch_max; /* largest relative launch power */
    bool honours_slot0, knows_photons, concurrent_play;
    double frequency_hz;            /* optical, band centre: turns photons into joules */
    double quantum_efficiency;      /* detected per incident photon */
    const struct oac_port *weight;  /* (channels) */
    const struct oac_port *client;  /* (1) */
    const struct oac_port *readout; /* (channels); volts per readout code */
    struct oac_range settings[OAC_SETTINGS];
    const struct oac_calrec *nominal; /* from the rig's nominal parameters, made at open */
};

struct oac_weight_frame { /* server half */
    size_t rows; /* channels 0..rows-1 carry weights, the others are parked at code_safe */
    size_t slots;
    const uint16_t *code; /* (rows, slots) */
    uint16_t null_x_code; /* the client code that x = 0 will use */
    bool differential;    /* read the detector pairs; needs caps->differential */
};

/* Client half: windows that meet one loaded frame. Either dense (`code`) or sparse (the other three): the
 * two are the same operation and give the same bits. */
struct oac_activation_frame {
    size_t windows;
    const uint16_t *code; /* (windows, slots), or NULL */
    const uint32_t
        *nz_begin; /* (windows + 1): window b has entries nz_begin[b] .. nz_begin[b+1]-1 */
    const uint16_t *nz_slot; /* slot of each entry, ascending within a window */
    const uint16_t *nz_code; /* its code; every slot not listed plays null_x_code */
    const uint64_t *slot0;   /* (windows) absolute bench slot */
    const float *launch;     /* (windows) power relative to the laser setting; NULL: 1 */
    const bool *unused; /* (rows) whose readouts nobody wants and may be blind; NULL: none */
};

struct oac_readouts { /* caller's arrays; contents undefined on failure */
    float *code;      /* (windows, rows) ADC code units */
    uint8_t *
        flag; /* (windows, rows) oac_flag bits; NULL: not wanted, lost and blind are OAC_EDEVICE */
    double *photons; /* (windows) mean detected signal photons of the window, all rows and both
                                 detectors of a pair; NAN unknown; NULL: not wanted */
    uint32_t
        *saturated; /* (1) incremented by the number of saturated readouts; NULL: not wanted */
};

/* Whether samples were lost on the way to or from converters. A core that does not say leaves it unknown. */
enum oac_loss { OAC_LOSS_UNKNOWN, OAC_LOSS_NONE, OAC_LOSS_SEEN };

struct oac_account { /* since open; NAN where the link cannot know */
    uint64_t windows, slots, preambles;
    double bench_s;
    double launched_j;  /* leaving the server */
    double client_in_j; /* entering the client */
    double detected_photons;
    enum oac_loss underflow, overflow; /* of outputs; of inputs */
};

/* Optical figures of a loaded frame per unit of relative launch power, for budgets and energy. */
struct oac_frame_light {
    double launched_j;  /* per window, at the server output */
    double client_in_j; /* per window, at the client input */
    double
        photons_preweight; /* detected photons per unit of sum_n Tx if every Tw were 1, all rows (of a
                                 pair: the first detector alone); NAN: light does not follow it */
};

struct oac_workspace; /* one thread's scratch memory for play */

struct oac_link_ops { /* each returns a status; all REQUIRED */
    /* Takes the frame in; *handle is >= 1. The frame's arrays may be freed afterwards. */
    enum oac_status (*load)(void *self, const struct oac_weight_frame *frame, uint32_t *handle,
                            struct oac_err *err);
    enum oac_status (*unload)(void *self, uint32_t handle, struct oac_err *err);
    enum oac_status (*play)(void *self, uint32_t handle, struct oac_workspace *workspace,
                            const struct oac_activation_frame *frame,
                            struct oac_readouts *readouts, struct oac_err *err);
    enum oac_status (*light)(void *self, uint32_t handle, struct oac_frame_light *light,
                             struct oac_err *err);
    enum oac_status (*set)(void *self, enum oac_setting setting, size_t channel, double value,
                           double *readback, struct oac_err *err);
    enum oac_status (*get)(void *self, enum oac_setting setting, size_t channel, double *value,
                           struct oac_err *err);
    /* Every output to its safe state; idempotent, never allocates. */
    enum oac_status (*safe)(void *self, struct oac_err *err);
    void (*account)(const void *self, struct oac_account *account);
    void (*close)(void *self); /* calls safe first; frees self */
    /* Per-thread scratch; opaque above the implementation. */
    struct oac_workspace *(*workspace_create)(void *self, struct oac_err *err);
    void (*workspace_destroy)(void *self, struct oac_workspace *workspace);
};

struct oac_link { /* made by an implementation's open function; closed by oac_link_close */
    const struct oac_link_ops *ops;
    struct oac_link_caps *caps; /* owned by the implementation */
    void *self;
    struct oac_loaded *loaded; /* what the core remembers of each handle, for its checks */
    size_t loaded_count;
};

/* Everything below checks its arguments against the capabilities and then calls the implementation. */
enum oac_status oac_link_load(struct oac_link *link, const struct oac_weight_frame *frame,
                              uint32_t *handle, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_link_unload(struct oac_link *link, uint32_t handle,
                                struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_link_play(struct oac_link *link, uint32_t handle,
                              struct oac_workspace *workspace,
                              const struct oac_activation_frame *frame,
                              struct oac_readouts *readouts, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_link_light(struct oac_link *link, uint32_t handle,
                               struct oac_frame_light *light, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_link_set(struct oac_link *link, enum oac_setting setting, size_t channel,
                             double value, double *readback, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_link_get(struct oac_link *link, enum oac_setting setting, size_t channel,
                             double *value, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_link_safe(struct oac_link *link, struct oac_err *err) OAC_MUST_USE;
void oac_link_account(const struct oac_link *link, struct oac_account *account);
struct oac_workspace *oac_link_workspace_create(struct oac_link *link,
                                                struct oac_err *err) OAC_MUST_USE;
void oac_link_workspace_destroy(struct oac_link *link, struct oac_workspace *workspace);
void oac_link_close(struct oac_link *link); /* safe state first; a zeroed link is fine */

const char *oac_setting_name(enum oac_setting setting);
const char *oac_loss_name(enum oac_loss loss); /* unknown, none, seen */

#endif
