/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One span of a fiber whose index depends on power (Kerr effect), by the symmetric split-step method.
 *
 *     dE/dz = -(alpha/2) E + i [ beta2/2 d^2/dt^2 - i beta3/6 d^3/dt^3 ] E - i gamma |E|^2 E
 * for fields e^{+i w t} (sim/components/fiber.h). A step of length h: half of its dispersion, in frequency,
 * exactly; its loss and its self-phase modulation together, in time, exactly,
 *     E -> E e^{-alpha h/2} e^{-i gamma |E|^2 L_eff(h)},     L_eff(h) = (1 - e^{-alpha h})/alpha
 * and the other half of its dispersion. The error falls as h^2. Without dispersion nothing is split and the
 * span is exact. The waveform is periodic in the transform: it must rest at both ends, as a segment between
 * its guards does. Double precision.
 * Units: SI; fields sqrt(W). Validity: one polarisation; no cross-phase modulation, four-wave mixing, Raman or
 * Brillouin scattering.
 * Source: G. P. Agrawal, Nonlinear Fiber Optics, ch. 2.4 (its fields are the complex conjugate). */
#ifndef OAC_SIM_WAVEFORM_FIBER_H
#define OAC_SIM_WAVEFORM_FIBER_H

#include <stddef.h>

#include "base/status.h"
#include "sim/components/fiber.h"

struct oac_wave_span {
    struct oac_fiber_line line; /* its length is the span's */
    double loss_per_m;          /* alpha, of power */
    double gamma_per_w_m;
    size_t steps;
    double rate_hz; /* of the samples */
};

struct oac_wave_span_work; /* one thread's, for one number of samples */

enum oac_status oac_wave_span_work_create(size_t samples, struct oac_wave_span_work **work,
                                          struct oac_err *err) OAC_MUST_USE;
void oac_wave_span_work_destroy(struct oac_wave_span_work *work); /* NULL is fine */
/* The number of samples it was made for; 0 for NULL. Pure. */
size_t oac_wave_span_work_samples(const struct oac_wave_span_work *work);

/* Propagates field (2 * samples of work), in place. Pure but for the work. */
void oac_wave_span_propagate(const struct oac_wave_span *span, struct oac_wave_span_work *work,
                             double *field);

/* Length of step i < steps: differences of positions L i/steps, so that they add up to L in the last bit.
 * Pure. */
double oac_wave_span_step_m(double length_m, size_t steps, size_t i);

#endif
