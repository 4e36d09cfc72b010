/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise of one readout in a row of equal windows: how much averages away, and how much drifts.
 *
 *     Allan variance of means of m windows   A(m) = <(mean_(i+1) - mean_i)^2>/2,  overlapping
 *     model                                  A(m) = white/m + drift m
 *
 * white [code^2] is the variance of a window that averaging removes, drift [code^2 per window] a random
 * walk: A grows with m where it takes over, at m = sqrt(white/drift), the longest average that pays.
 * Effective bits, of a readout whose range is `range` codes, by the convention of converters:
 * log2(range/(sigma sqrt 12)). A(1) of n windows of white noise has a relative variance of 3/n:
 * neighbouring differences correlate by -1/2, their squares by 1/4, so 2 (1 + 2/4)/n.
 * Source: D. W. Allan, Proc. IEEE 54, 221 (1966); W. J. Riley, NIST SP 1065 (2008), overlapping estimator. */
#ifndef OAC_CALIBRATION_FIT_NOISE_H
#define OAC_CALIBRATION_FIT_NOISE_H

#include <stddef.h>

#include "base/status.h"

struct oac_noise_figures {
    double sigma_code, white_code, drift_code_per_sqrt_window; /* standard deviations */
    double white_sigma_code; /* standard error of white_code */
    double effective_bits;
};

/* How many averages 1, 2, 4, .. of a row of n windows the Allan deviation is taken for: up to n/8. Pure. */
size_t oac_allan_count(size_t windows);
/* deviation (oac_allan_count(windows)) [code] of code (windows). Status: OAC_EINVAL below 16 windows. */
enum oac_status oac_allan_deviation(const double *code, size_t windows, double *deviation,
                                    struct oac_err *err) OAC_MUST_USE;
/* Splits a row of windows into white noise and drift. */
enum oac_status oac_noise_split(const double *code, size_t windows, double range_code,
                                struct oac_noise_figures *figures,
                                struct oac_err *err) OAC_MUST_USE;

#endif
