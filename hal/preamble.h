/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maximum-length sequences: a shift register of n stages with a primitive feedback polynomial
 * runs through all
 * 2^n - 1 states, and its output (as +-1) has the periodic autocorrelation 2^n - 1 at zero and
 * -1 elsewhere; 2^(n-1) of
 * its chips are ones. Polynomials: x^n + x^m + 1 with m = 1 (n = 2, 3, 4, 6, 7), 2 (5), and x^8
 * + x^4 + x^3 + x^2 + 1,
 * x^9 + x^4 + 1, x^10 + x^3 + 1. Units: none. Validity: 2 <= n <= 10.
 * Source: S. Golomb, Shift Register Sequences (1967). */
#ifndef OAC_HAL_PREAMBLE_H
#define OAC_HAL_PREAMBLE_H

#include <stddef.h>
#include <stdint.h>

#define OAC_PREAMBLE_STAGES_MIN 2u
#define OAC_PREAMBLE_STAGES_MAX 10u

/* Chips of the sequence of `stages` stages, 2^stages - 1. Pure. */
size_t oac_preamble_length(unsigned stages);

/* Writes chip (length) [0 or 1]. Pure. stages outside its range are clamped to it. */
void oac_preamble_chips(unsigned stages, uint8_t *chip);

#endif
