/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transfer curve of one modulator from a sweep of its voltage.
 *
 *     y = zero + lit [ full T(V) + sum_j other_j s_j ],   T = r + (1-r) cos^2( (pi/2)(V - V_peak)/V_pi )
 *     V = v + lsb_v sum_m b_m phi_m(p)
 *
 * y [code] readouts of one channel, averaged over the windows of a state of the bench; v [V] what the modulator
 * should see, slow bias included; lit 0 for states without light, which alone tell `zero` from r; s_j
 * other light on the same detector (crosstalk) in units of its own; p in 0..1 the place of the code in its
 * converter's range.
 *
 * Converter error. A DAC's fixed non-linearity bends the curve by more than readout noise does, so it is fitted
 * with it: phi = sin(pi p) {1, cos 2 pi m p, sin 2 pi m p}, m = 1 .. OAC_INL_PERIODS, which vanishes at
 * both ends of the range (INL against the line through its ends). It can be told from V_pi and V_peak only
 * by sweeps in which the slow bias moves the same codes over different parts of the curve; without those,
 * leave it out (`place` NULL). Errors of single codes (DNL) are not fitted: states of different codes are
 * clusters, which puts them into the covariance (fit.h).
 *
 * Identifiable: V_pi, V_peak modulo 2 V_pi, linear r (with drive noise of sigma_V the r of the mean curve,
 * r + (pi sigma_V/V_pi)^2/4 near r = 0), full = gain x T_on. r may come out negative within its error.
 * Wrong branches: oac_transfer_seed searches all of V_pi and is linear in the rest, so there is one minimum. */
#ifndef OAC_CALIBRATION_FIT_TRANSFER_H
#define OAC_CALIBRATION_FIT_TRANSFER_H

#include "calibration/fit.h"
#include "hal/calrec.h"

#define OAC_INL_PERIODS 10
#define OAC_INL_TERMS   (2 * OAC_INL_PERIODS + 1)

enum oac_transfer_parameter {
    OAC_TRANSFER_ZERO,  /* [code] */
    OAC_TRANSFER_FULL,  /* [code] */
    OAC_TRANSFER_VPI,   /* [V] */
    OAC_TRANSFER_VPEAK, /* [V] */
    OAC_TRANSFER_R,     /* [1] */
    OAC_TRANSFER_OTHERS, /* first of (others) [code], then (OAC_INL_TERMS) [lsb] when place is given */
};

struct oac_transfer_data {
    struct oac_fit_data readout;
    const double *v_v, *lit; /* (points) */
    const double *place;     /* (points) or NULL: no converter error */
    double lsb_v;
    size_t others;
    const double *other; /* (points, others) */
};

/* Given where V_pi may lie, finds curve, zero_code and full_code by least squares that are linear for each
 * of a row of V_pi; V_peak is the one of its branches (2 V_pi apart) nearest to near_v. Dark points fix
 * zero; without any, r is taken as 0. Status: OAC_EINVAL with fewer than 4 lit points, OAC_EMISSED when
 * nothing in the data follows a curve (its swing is below 5 standard errors). */
enum oac_status oac_transfer_seed(const char *what, const struct oac_transfer_data *data,
                                  double vpi_min_v, double vpi_max_v, double near_v,
                                  struct oac_curve *curve, double *zero_code, double *full_code,
                                  struct oac_err *err) OAC_MUST_USE;

/* The fit proper, from a seed. */
enum oac_status oac_transfer_fit(const char *what, const struct oac_transfer_data *data,
                                 const struct oac_curve *seed, double zero_code,
                                 double full_code, struct oac_fit *fit,
                                 struct oac_err *err) OAC_MUST_USE;

struct oac_curve
oac_transfer_curve(const struct oac_fit *fit); /* of a fit; r as estimated. Pure. */

/* phi (OAC_INL_TERMS) at place p. Pure. */
void oac_inl_terms(double p, double *phi);

/* V_peak plus the multiple of 2 V_pi that brings it nearest to near_v. Pure. */
double oac_branch_near(double vpeak_v, double vpi_v, double near_v);

/* T and its derivatives by v, V_pi, V_peak, r at v_v. Pure. */
struct oac_curve_slopes {
    double t, by_v, by_vpi, by_vpeak, by_r;
};
struct oac_curve_slopes oac_curve_slopes(double vpi_v, double vpeak_v, double r, double v_v);

#endif
