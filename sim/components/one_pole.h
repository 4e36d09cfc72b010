/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A single-pole low-pass on a staircase drive: how much of one slot leaks into the following ones.
 *
 *     dV/dt = (V_code(t) - V)/tau,   tau = 1/(2 pi f_3dB)
 * Inside a slot of length T that starts at V_a and is driven to V_b: V(t) = V_b + (V_a - V_b) u with
 * u = exp(-t/tau), u falling from 1 to E = exp(-T/tau).
 *
 * Small signals (any response linear in V): slot average of a unit slot
 *     own 1 - (tau/T)(1-E),   next (tau/T)(1-E)^2,   each later one times E        (they sum to 1)
 * A non-linear response f is averaged over the slot exactly by substituting u:
 *     (1/T) int_0^T f(u(t)) dt = f(0) + (tau/T) int_E^1 (f(u) - f(0))/u du
 * whose integrand is smooth, so few Gauss-Legendre points suffice.
 * Units: s, Hz. Validity: one real pole; ringing and longer tails are not modelled.
 * Source: elementary; docs/physics.md, reference row 8. */
#ifndef OAC_SIM_COMPONENTS_ONE_POLE_H
#define OAC_SIM_COMPONENTS_ONE_POLE_H

#include <stddef.h>

#define OAC_ONE_POLE_NODES_MAX 32u

/* Given the 3 dB bandwidth [Hz] (+inf: none), returns tau [s] (0 for none). Pure. */
double oac_one_pole_tau_s(double bandwidth_hz);

/* E = exp(-T/tau): what is left of a step after one slot; 0 for tau 0. Pure. */
double oac_one_pole_memory(double tau_s, double slot_s);

/* The slot average, slots_later slots after it, of a unit drive that lasted one slot (0: its
 * own). Pure. */
double oac_one_pole_leak(double tau_s, double slot_s, size_t slots_later);

/* Quadrature of the slot average: sum_i weight[i] f(u[i]) with u (count), weight (count). Node
 * 0 is the settled value u = 0 and takes what the others leave of 1; the other count-1 are
 * Gauss-Legendre on [E, 1]. The weights sum to 1; node 0's is negative when the slot is short.
 * 6 nodes average a full-swing MZM to 1e-6. count is 1 .. OAC_ONE_POLE_NODES_MAX. Pure. */
void oac_one_pole_nodes(double tau_s, double slot_s, size_t count, double *u, double *weight);

#endif
