/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two-port S-parameters from a Touchstone version 1 file (.s2p): the measured electro-optic response of a
 * modulator, S21 relative to its value at low frequency.
 *
 *     H(f) = |S21(f)|/|S21(f_min)| e^{i (phi(f) - phi_0)},  H(-f) = conj H(f)
 *     phi_0 = phi(f_min) - f_min dphi/df
 * Between points linear in magnitude and unwrapped phase, below f_min of constant magnitude with the first two
 * points' group delay, so H(0) = 1; above f_max 0. A point of magnitude 0 has its predecessor's phase. The delay
 * that the phase contains is kept: remove it at calibration, as on a bench.
 * Option line, needed before the data: # [Hz|kHz|MHz|GHz] [S] [DB|MA|RI] [R n], by default GHz S MA R 50;
 * comments after !. Rows of nine numbers: f, S11, S21, S12, S22. A block of noise parameters after the data (rows
 * of five numbers that start at or below the last frequency) is checked and left out.
 * Refused, each with one line naming file, line, value and what was expected: a file that ends within a row, a
 * unit or a parameter other than these, frequencies that do not increase, numbers that are not finite, fewer than
 * two points, version 2 keywords, and |S21| > 1.05 of its low-frequency value (more than 0.4 dB) unless the caller
 * allows peaking. Files of at most 16 MiB. Units: Hz, field (voltage) ratios.
 * Source: Touchstone File Format Specification, Rev. 1.1 (EIA/IBIS Open Forum, 2002). */
#ifndef OAC_SIM_COMPONENTS_TOUCHSTONE_H
#define OAC_SIM_COMPONENTS_TOUCHSTONE_H

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct oac_touchstone {
    size_t points;
    double *f_hz;      /* (points) ascending */
    double *magnitude; /* (points) of S21, absolute */
    double *phase_rad; /* (points) unwrapped */
};

enum oac_status oac_touchstone_read(const char *path, bool allow_peaking,
                                    struct oac_touchstone **table,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_touchstone_destroy(struct oac_touchstone *table); /* NULL is fine */

/* H(f) as above; context is a struct oac_touchstone (fits oac_response). Pure. */
double complex oac_touchstone_response(const void *table, double f_hz);

/* The highest frequency where |H| is still 1/sqrt 2, interpolated [Hz]; +inf if the last point is not below.
 * Pure. */
double oac_touchstone_bandwidth_hz(const struct oac_touchstone *table);

#endif
