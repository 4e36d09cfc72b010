/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A single pole on a sampled current, exact for an input that is constant within each sample.
 *
 *     dy/dt = (x - y)/tau;   over a sample of step h, with E = exp(-h/tau) and y at its start:
 *     y' = x + (y - x) E,    mean of y over the sample = x + (y - x) (tau/h)(1 - E)
 * A sample is the mean over its interval, before and after, so charge is conserved: the sum of the outputs
 * is the sum of the inputs once the pole has settled. Units: s; x and y alike. Validity: any h/tau; two
 * poles in a row are exact in charge, and in shape to (h/tau)^2. Source: elementary. */
#ifndef OAC_SIM_COMPONENTS_RECEIVER_POLE_H
#define OAC_SIM_COMPONENTS_RECEIVER_POLE_H

#include <stddef.h>

struct oac_receiver_pole {
    double end;  /* E; 0: no pole */
    double mean; /* (tau/h)(1 - E) */
};

/* tau_s 0: none. Pure. */
struct oac_receiver_pole oac_receiver_pole_make(double tau_s, double step_s);

/* x (n) in place; before the first sample the input was `before` for ever. Pure. */
void oac_receiver_pole_apply(const struct oac_receiver_pole *pole, double before, size_t n,
                             float *x);

/* The adjoint: given the weights of the outputs in a sum, replaces them by the weights of the inputs (of the
 * first input, too, as the steady one before it). Pure. */
void oac_receiver_pole_adjoint(const struct oac_receiver_pole *pole, size_t n, float *weight);

#endif
