/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one source's weight modulator does over the slots of a frame: codes -> voltage (with its pole) -> mean
 * cosine under drive noise, and when it reaches the client (walk-off, pre-delay, skew). */
#ifndef OAC_SIM_ANALYTIC_WAVEFORM_H
#define OAC_SIM_ANALYTIC_WAVEFORM_H

#include "sim/analytic_bench.h"

/* Mean cosine, its square, mean sine and variance of the cosine, over the slots of a frame at one
 * node. The square is averaged by itself where a slot holds parts of two weights. */
struct oac_waveform {
    double *c, *c2, *s, *variance; /* (slots) */
};

/* Fills the waveform of source j at one node. */
void oac_waveform_fill(const struct oac_analytic *self, const struct oac_frame *frame, size_t j,
                       size_t node, struct oac_waveform *waveform);

/* Moves it to where the client's data meets it. scratch (slots). */
void oac_waveform_delay(const struct oac_analytic *self, const struct oac_frame *frame,
                        size_t j, struct oac_waveform *waveform, double *scratch);

/* By how many slots source j's weights reach the client after its data. Pure. */
double oac_analytic_late_slots(const struct oac_analytic *self, size_t j);

/* Does a noisy weight of any source straddle two of the client's slots? Pure. */
bool oac_analytic_straddles(const struct oac_analytic *self);

#endif
