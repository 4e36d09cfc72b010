/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How calibration plays a bench: through hal/link.h only, one window after the other on the bench's clock,
 * with every window counted. All procedures share one of these. */
#ifndef OAC_CALIBRATION_MEASURE_H
#define OAC_CALIBRATION_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "hal/link.h"

struct oac_measure {
    struct oac_link *link;
    struct oac_workspace *workspace;
    const struct oac_sink *sink;
    size_t channels;
    uint64_t slot;      /* the next free bench slot */
    uint64_t saturated; /* readouts so far */
    uint64_t seed;      /* of the codes that procedures draw */
    bool differential;  /* what is played now reads detector pairs */
    /* (channels) those that the link flagged as blind; the caller's. NULL: it is an error */
    bool *blind;
    /* scratch of plays, grown as needed */
    uint16_t *weight, *client;
    float *code;
    uint64_t *slot0;
    uint8_t *flag;
    size_t weight_room, client_room, window_room;
};

/* Starts at bench slot `slot`. On failure nothing is left behind. */
enum oac_status oac_measure_init(struct oac_measure *measure, struct oac_link *link,
                                 const struct oac_sink *sink, uint64_t slot, uint64_t seed,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_measure_fini(struct oac_measure *measure); /* a zeroed one is fine */

/* Plays `windows` windows of `slots` slots against one weight frame (channels, slots): window b has client
 * codes client (windows, slots). Returned: code (windows, channels); saturated (channels) is raised per
 * readout, NULL: not wanted. Status: OAC_EINTERRUPTED when the sink asks to stop, else the link's. */
enum oac_status oac_measure_play(struct oac_measure *measure, size_t slots,
                                 const uint16_t *weight, size_t windows, const uint16_t *client,
                                 double *code, uint32_t *saturated,
                                 struct oac_err *err) OAC_MUST_USE;

/* Codes that do not change within a window: weight (channels), client (windows). */
enum oac_status oac_measure_hold(struct oac_measure *measure, size_t slots,
                                 const uint16_t *weight, size_t windows, const uint16_t *client,
                                 double *code, uint32_t *saturated,
                                 struct oac_err *err) OAC_MUST_USE;

/* Weights that do not change within a window, weight (channels); client (windows, slots). */
enum oac_status oac_measure_hold_weights(struct oac_measure *measure, size_t slots,
                                         const uint16_t *weight, size_t windows,
                                         const uint16_t *client, double *code,
                                         uint32_t *saturated, struct oac_err *err) OAC_MUST_USE;

/* Sets and lets settle: the bench's clock moves on by the setting's settle_s. *readback NULL: not wanted. */
enum oac_status oac_measure_set(struct oac_measure *measure, enum oac_setting setting,
                                size_t channel, double value, double *readback,
                                struct oac_err *err) OAC_MUST_USE;
/* All channels alike. */
enum oac_status oac_measure_set_all(struct oac_measure *measure, enum oac_setting setting,
                                    double value, struct oac_err *err) OAC_MUST_USE;

/* What the setting is now, and whether the link has it at all. Pure. */
bool oac_measure_has(const struct oac_measure *measure, enum oac_setting setting);

/* A code of a port drawn uniformly, keyed by (seed, index, sub); of a voltage: nearest, cut to the port.
 * Pure. */
uint16_t oac_measure_random_code(const struct oac_measure *measure, const struct oac_port *port,
                                 uint64_t index, uint32_t sub);
uint16_t oac_port_code(const struct oac_port *port, double v_v);
double oac_port_voltage(const struct oac_port *port, uint16_t code);
/* The lowest and highest voltage a port's codes reach. Pure. */
void oac_port_span(const struct oac_port *port, double *low_v, double *high_v);

#endif
