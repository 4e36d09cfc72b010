/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fixed non-linearity of a converter: the same error for the same code, for ever.
 *
 *     error(c)  = inl [ a bow(p) + b ripple(p) ] + (dnl/sqrt 2) z_c        [lsb],   p = c/(codes-1)
 *     bow(p)    = 4 p (1-p),   ripple(p) = sin(2 pi (m p + phase)) sin(pi p),   |a| + |b| = 1
 * so that |INL| <= inl at every code from the smooth part, both ends are exact, and the step between
 * neighbouring codes is off by dnl rms. Sign of the bow, its share a, the ripple's period m (3 .. 9) and phase,
 * and z_c are hidden, drawn from bench_seed. It is an error, not noise: ENOB does not count it.
 * Units: lsb. Validity: shapes are plausible, not measured; fit a measured table instead when there is one. */
#ifndef OAC_SIM_COMPONENTS_CONVERTER_ERROR_H
#define OAC_SIM_COMPONENTS_CONVERTER_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The largest converter with a table: 2^16 codes. */
#define OAC_CONVERTER_ERROR_BITS_MAX 16

/* Given amplitudes [lsb], the bench seed and a number that tells converters of one bench apart,
 * fills error_lsb (2^bits) [lsb]. Pure. */
void oac_converter_error(int bits, double inl_lsb, double dnl_lsb, uint64_t bench_seed,
                         uint32_t converter, double *error_lsb);

/* Variance [lsb^2] of the noise that ENOB states beyond rounding: (4^(bits-enob) - 1)/12, 0 for
 * enob >= bits or +inf. ENOB is that of a full-scale sine, noise only. Pure. */
double oac_converter_noise_lsb2(int64_t bits, double enob_bits);

#endif
