/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delay between two patterns from frames alone, to a fraction of a slot: one slides against the other.
 *
 *     y(d) = floor + swing R(tau - d),   R(t) = sum_n b(n - t) b(n)
 *
 * b (0 or 1) is the pattern both modulators play, the client's shifted by d whole slots; tau [slots] is by
 * how much the weights come late. Transmissions of the two levels, finite extinction and what the guards
 * let through only enter floor and swing. Square slots make R piecewise linear between whole slots: with
 * tau = i + f
 *     y(d) = floor + swing ((1-f) R(i-d) + f R(i+1-d))
 * which is linear in (floor, swing (1-f), swing f): every i is tried, and the best has 0 <= f <= 1. No
 * start, no wrong branch. Not modelled: modulators slower than a slot, whose pulse centre is what is found
 * then. */
#ifndef OAC_CALIBRATION_FIT_DELAY_H
#define OAC_CALIBRATION_FIT_DELAY_H

#include "calibration/fit.h"

enum oac_delay_parameter {
    OAC_DELAY_FLOOR,
    OAC_DELAY_NEAR,
    OAC_DELAY_FAR,
    OAC_DELAY_PARAMETERS
};

struct oac_delay {
    double late_slots, sigma_slots;
};

/* A pattern of `length` slots whose correlation has one peak: maximal-length shift register sequences of
 * 7, 15, 31 or 63, the longest not above `most` ones ((length + 1)/2). Returns the length; pattern (63).
 * Pure. */
size_t oac_delay_pattern(size_t most, unsigned char *pattern);

/* Given data against `shift` (points) [slots], of which none is beyond +-reach. Status: OAC_EMISSED when
 * nothing stands out (swing below 5 sigma). The fit's parameters are those above, for the best i. */
enum oac_status oac_delay_fit(const char *what, const struct oac_fit_data *data,
                              const int *shift, const unsigned char *pattern, size_t length,
                              int reach, struct oac_delay *delay, struct oac_fit *fit,
                              struct oac_err *err) OAC_MUST_USE;

#endif
