/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sine and cosine without libm, for numbers that decide what a training run computes: libm may round them
 * differently on another processor or in another C library, and then a retrained network would differ.
 *
 *   sin x = x - x^3/3! + ... - x^15/15!,   cos x = sin(pi/2 - x)
 *
 * Validity: sine |x| <= pi, cosine 0 <= x <= pi [rad]; absolute error below 1e-8 at the ends (the first
 * omitted term is x^17/17!), below 1e-11 within +-pi/2. */
#ifndef OAC_MODELS_SINE_H
#define OAC_MODELS_SINE_H

double oac_plain_sine(double x_rad);
double oac_plain_cosine(double x_rad);

#endif
