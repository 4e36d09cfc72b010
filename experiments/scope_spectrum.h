/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power spectral densities by Welch's method: Hann windows of one length, half overlapping, averaged.
 *
 *     real       S(f) = 2 |X(f)|^2/(f_s sum h^2), one-sided (f = 0 and f_s/2 without the 2); the mean is taken
 *                out first, so that a constant does not hide the lowest frequencies
 *     complex    S(f) = |X(f)|^2/(f_s sum h^2), two-sided around the carrier
 * Units: unit^2/Hz; of a field [sqrt(W)] that is W/Hz. Resolution: 1.5 f_s/length.
 * Source: P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967). */
#ifndef OAC_EXPERIMENTS_SCOPE_SPECTRUM_H
#define OAC_EXPERIMENTS_SCOPE_SPECTRUM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "experiments/scope_trace.h"

struct oac_scope_spectrum {
    char name[32], unit[16]; /* of the density: "A^2/Hz", "W/Hz" */
    bool two_sided;
    size_t count;
    double *frequency_hz; /* (count) ascending; of a field relative to the carrier */
    double *density;      /* (count) noise as asked for */
    double *clean;        /* (count) the same patterns with every noise off */
};

/* Adds up segments of `length` samples of `count` traces; value as in struct oac_scope_trace. The result is
 * density (length/2 + 1) for real traces, (length) for complex ones, in ascending frequency. */
enum oac_status oac_scope_welch(const struct oac_scope_trace *const *trace, size_t count,
                                double from_s, double to_s, size_t length, double *density,
                                struct oac_err *err) OAC_MUST_USE;

/* Spectrum of point `name` in windows 1 .. windows of two recorders (noisy, clean), each over its payload of
 * payload_s. A point that was not recorded leaves count 0. */
enum oac_status oac_scope_spectrum_make(const struct oac_scope_recorder *noisy,
                                        const struct oac_scope_recorder *clean,
                                        const char *name, size_t channel, size_t windows,
                                        double payload_s, struct oac_scope_spectrum *spectrum,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_scope_spectrum_fini(struct oac_scope_spectrum *spectrum);

#endif
