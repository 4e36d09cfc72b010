/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mach-Zehnder modulator: optical power and field transmission against drive voltage.
 *
 *     T(V) = T_on [ r + (1-r) cos^2( (pi/2)(V - V_peak)/V_pi ) ],    r = 10^(-ER/10), T_on = 10^(-IL/10)
 *     complementary output   T_on (1+r) - T(V)          (lossless coupler, same extinction)
 * Between V_peak and V_peak + V_pi T falls from T_on to r T_on.
 *
 * Field, from arms of unequal amplitude driven in opposite sense: with ph = (pi/2)(V - V_peak)/V_pi
 *     first output    sqrt(T_on) (cos ph + i sqrt(r) sin ph) e^{i chirp ph}
 *     second output   sqrt(T_on) (sin ph - i sqrt(r) cos ph) e^{i chirp ph}
 * whose squares are the transmissions above. A finite extinction brings its own residual chirp; `chirp` is the
 * arms' common phase per half of their difference: 0 push-pull, +-1 one arm driven alone.
 *
 * Gaussian noise of sigma_V on the drive, not linearised: th = pi (V - V_peak)/V_pi, s = pi sigma_V/V_pi,
 *     E T   = T_on [ r + (1-r)/2 (1 + cos th e^{-s^2/2}) ]
 *     Var T = T_on^2 (1-r)^2/4 [ (1 + cos 2th e^{-2 s^2})/2 - cos^2 th e^{-s^2} ]
 * The mean shifts at the extrema, where the slope vanishes. The complementary output has the same variance
 * and, being an exact mirror, correlation -1.
 * Units: V, power and field ratios. Validity: static; bandwidth is one_pole.h's. Not modelled: absorption that
 * depends on voltage, wavelength dependence of T_on.
 * Source: characteristic function of the normal distribution applied to cos; docs/physics.md, variance table,
 * "drive". */
#ifndef OAC_SIM_COMPONENTS_MZM_H
#define OAC_SIM_COMPONENTS_MZM_H

#include <complex.h>

#include "sim/components/one_pole.h"

struct oac_rig_modulator;

struct oac_mzm {
    double vpi_v;   /* > 0 */
    double vpeak_v; /* voltage of maximum transmission */
    double r;       /* 0 .. 1, transmission at the null relative to T_on */
    double t_on;    /* 0 .. 1, transmission at the peak */
    double chirp;   /* common phase per half phase difference of the arms */
};

/* Given the rig's nominal modulator, V_pi times vpi_scale and V_peak plus bias_error_v. Pure.
 */
struct oac_mzm oac_mzm_from_rig(const struct oac_rig_modulator *modulator, double vpi_scale,
                                double bias_error_v);

/* Power transmission at v_v [V]: absolute, T_on included. Pure. */
double oac_mzm_transmission(const struct oac_mzm *mzm, double v_v);

/* Of the second output. Pure. */
double oac_mzm_complement(const struct oac_mzm *mzm, double v_v);

/* Field transmissions of both outputs at v_v [V]; second may be NULL. Pure. */
void oac_mzm_field(const struct oac_mzm *mzm, double v_v, double complex *first,
                   double complex *second);

/* Exact mean and variance of the transmission when V ~ N(v_v, sigma_v^2). Pure. */
void oac_mzm_drive_moments(const struct oac_mzm *mzm, double v_v, double sigma_v, double *mean,
                           double *variance);

#endif
