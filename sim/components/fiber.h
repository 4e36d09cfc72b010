/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fiber: loss, walk-off between wavelengths, dispersion of a channel's own band.
 *
 *     transmission = 10^(-(loss L + attenuator)/10)
 *     D(lambda)    = D_0 + S_0 (lambda - lambda_c)
 *     delay of channel k relative to the centre wavelength
 *         tau_k = L int_{lambda_c}^{lambda_k} D dlambda = L ( D_0 dl + S_0 dl^2/2 ),   dl = c/nu_k - c/nu_c
 *     chirp-free intensity modulation at f fades as |cos( pi lambda_c^2 D_0 L f^2/c )|,
 *         first null f_0 = sqrt( c/(2 |D_0| L lambda_c^2) )
 *     response of channel k's envelope, at offset f from its carrier, w = 2 pi f, its delay tau_k taken out
 *         H(f) = e^{-i (beta2/2 w^2 + beta3/6 w^3) L}
 *         beta2 = -D(lambda_k) lambda_k^2/(2 pi c),   beta3 = lambda_k^3/(2 pi c)^2 (lambda_k S_0 + 2 D(lambda_k))
 * Sign: fields go as e^{+i 2 pi nu t}, so f > 0 is a higher optical frequency, a delay is e^{-i w tau}, and
 * beta2 < 0 (D > 0) lets f > 0 arrive earlier. (Agrawal's fields go as e^{-i 2 pi nu t}: conjugate.)
 * Longer wavelengths arrive later where D > 0. 1 ps/(nm km) = 1e-6 s/m^2; 1 ps/(nm^2 km) = 1e3 s/m^3.
 * Units: m, s, power ratio. Validity: linear fiber, loss flat over the band. Not modelled here: PMD and the
 * Kerr effect (sim/waveform/fiber.h), PDL, multipath.
 * Source: G. P. Agrawal, Fiber-Optic Communication Systems, ch. 2; docs/physics.md, reference row 7. */
#ifndef OAC_SIM_COMPONENTS_FIBER_H
#define OAC_SIM_COMPONENTS_FIBER_H

#include <complex.h>

struct oac_rig;

struct oac_fiber {
    double length_m;
    double transmission; /* power, attenuator included */
    double center_hz;
    double dispersion_s_per_m2;
    double slope_s_per_m3;
    double group_index;
};

struct oac_fiber_line { /* one channel's */
    double beta2_s2_per_m, beta3_s3_per_m;
    double length_m;
};

struct oac_fiber oac_fiber_from_rig(const struct oac_rig *rig);

/* Delay [s] at frequency_hz relative to center_hz. Pure. */
double oac_fiber_delay_s(const struct oac_fiber *fiber, double frequency_hz);

/* Dispersion at frequency_hz. Pure. */
struct oac_fiber_line oac_fiber_line(const struct oac_fiber *fiber, double frequency_hz);

/* H(f) as above, f_hz relative to the carrier; line is a struct oac_fiber_line. Fits oac_response. Pure. */
double complex oac_fiber_response(const void *line, double f_hz);

/* Propagation time [s] at the centre: L n_g/c. Pure. */
double oac_fiber_latency_s(const struct oac_fiber *fiber);

/* Amplitude of intensity modulation at modulation_hz after the fiber, relative to none: 0 .. 1.
 * Pure. */
double oac_fiber_fading(const struct oac_fiber *fiber, double modulation_hz);

/* Its first null [Hz]; +inf without dispersion. Pure. */
double oac_fiber_fading_null_hz(const struct oac_fiber *fiber);

#endif
