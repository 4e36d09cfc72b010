/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When did a known sequence of light arrive? A delay to a fraction of a sample.
 *
 * Light of known level l[n] in slot n, zero outside, reaches the converter at t + d. Of C(t),
 * its integral, the converter shows (R samples a slot, times in samples)
 *     boxcar    y_j = a R [C((j+1-d)/R) - C((j-d)/R)] + b        (mean over the sample)
 *     running   y_j = a C((j-d)/R) + b + c j                     (integrator, sampled at j)
 * with a, and per piece b and c, unknown. The delay is the d that leaves the least squares:
 * coarse by the FFT correlation of the samples (of the differences of a running value) with the
 * levels, then on the exact expression. Both sides are smoothed by a few samples and a term takes
 * up the width of edges, so that what blurs them evenly (a symmetric pulse) moves nothing; a
 * one-sided response (a pole) adds its mean delay, which is where its light is. Noise is taken
 * as white on y; sigma is from the residual.
 * Units: samples for delays, y's own for a (per slot of level 1, or a sample's mean). Validity:
 * at least one edge of l in all pieces, d within the range given. Accuracy:
 * tests/hal/test_align.c. Source: least squares; docs/modem.md. */
#ifndef OAC_HAL_ALIGN_H
#define OAC_HAL_ALIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct oac_align_piece {
    size_t slots, samples;
    const double *level; /* (slots) relative light */
    const double *value; /* (samples) */
};

struct oac_align {
    size_t pieces;
    const struct oac_align_piece *piece;
    unsigned per_slot; /* R */
    bool running;
    double min_delay, max_delay; /* [samples] where to look, min <= max */
};

struct oac_align_fit {
    double delay, sigma; /* [samples], sigma: standard error */
    double amplitude;    /* a, of either sign */
    double contrast;     /* correlation at the peak over the rms of the rest (the residual's) */
};

/* OAC_EINVAL when there is nothing to fit (no samples, levels without an edge, values not
 * finite). */
enum oac_status oac_align_find(const struct oac_align *align, struct oac_align_fit *fit,
                               struct oac_err *err) OAC_MUST_USE;

/* The first step alone: the whole sample between the bounds where the correlation, of either
 * sign, is largest. */
enum oac_status oac_align_coarse(const struct oac_align *align, double *lag,
                                 struct oac_err *err) OAC_MUST_USE;

#endif
