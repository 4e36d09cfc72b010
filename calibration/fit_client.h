/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's modulator, as all channels of a block saw it in one sweep.
 *
 *     y[s,k] = zero_k + lit_s full_k sum_j mix[k,j] T(V_s; V_pi,j)        mix[k,k] = 1
 *     T(V; V_pi) = r + (1-r) cos^2( (pi/2)(V - V_peak)/V_pi )
 *
 * One modulator: V_peak, r and its converter's error are common; V_pi follows the wavelength, so every
 * channel has its own. mix is other lasers' light on detector k per its own at the weights that were open.
 * States are clusters: drive noise, laser power and code errors of one state are common to all channels.
 *
 * Order. Curves of different V_pi agree at V_peak alone, so the peaks of a fan of curves tell which of
 * them, 2 V_pi apart, is the one that wavelength does not move: V_peak is identified beyond modulo 2 V_pi.
 * oac_client_fit_order fits three orders and keeps the best. With the converter's error, which bends a curve more
 * than the order does: fits without it err on one bench in 250.
 *
 * Blocks of at most OAC_CLIENT_BLOCK channels bound the size of a fit; light of channels outside the block
 * follows their seed. */
#ifndef OAC_CALIBRATION_FIT_CLIENT_H
#define OAC_CALIBRATION_FIT_CLIENT_H

#include "calibration/fit.h"
#include "hal/calrec.h"

#define OAC_CLIENT_BLOCK 16

struct oac_client_data {
    size_t states, channels; /* all of the sweep's */
    size_t first, count;     /* the block */
    const double *y, *sigma; /* (states, channels) */
    const double *v_v, *lit; /* (states) */
    const double *place;     /* (states) or NULL: no converter error */
    double lsb_v;
    const double *mix;        /* (channels, channels) */
    const double *vpi_seed_v; /* (channels) */
};

/* Parameters: zero (count), full (count), V_pi (count), V_peak, r, then (OAC_INL_TERMS) [lsb] with place. */
static inline size_t oac_client_zero(size_t i)
{
    return i;
}
static inline size_t oac_client_full(const struct oac_client_data *data, size_t i)
{
    return data->count + i;
}
static inline size_t oac_client_vpi(const struct oac_client_data *data, size_t i)
{
    return 2 * data->count + i;
}
static inline size_t oac_client_vpeak(const struct oac_client_data *data)
{
    return 3 * data->count;
}
static inline size_t oac_client_r(const struct oac_client_data *data)
{
    return 3 * data->count + 1;
}

/* zero_code, full_code (count) and curve are where the fit starts; V_pi starts at vpi_seed_v. */
enum oac_status oac_client_fit(const struct oac_client_data *data,
                               const struct oac_curve *curve, const double *zero_code,
                               const double *full_code, struct oac_fit *fit,
                               struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_client_fit_order(const struct oac_client_data *data,
                                     const struct oac_curve *curve, const double *zero_code,
                                     const double *full_code, struct oac_fit *fit,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
