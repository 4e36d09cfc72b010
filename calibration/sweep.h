/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep: states of the bench, each held for some windows, averaged. */
#ifndef OAC_CALIBRATION_SWEEP_H
#define OAC_CALIBRATION_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_sweep {
    size_t states, channels,
        modulators; /* modulators: channels of a weight sweep, 1 of a client's */
    size_t repeats, dark_states;
    double *mean; /* (states + dark_states, channels) [code]; dark states come last */
    double *
        scatter; /* the same shape: variance of one window [code^2], repeats - 1 degrees of freedom */
    double *v_v;       /* (states + dark_states, modulators) DAC line plus bias */
    double *place;     /* the same shape: of the code in its port's range, 0 .. 1 */
    double *lit;       /* (states + dark_states) 1 or 0 */
    uint32_t *cluster; /* (states + dark_states) */
};

enum oac_status oac_sweep_init(struct oac_sweep *sweep, size_t states, size_t dark_states,
                               size_t channels, size_t modulators, size_t repeats,
                               struct oac_err *err) OAC_MUST_USE;
void oac_sweep_fini(struct oac_sweep *sweep); /* a zeroed sweep is fine */

/* Averages repeats windows, code (repeats, channels), into state s. */
void oac_sweep_put(struct oac_sweep *sweep, size_t s, const double *code);

/* Variance of a window's readout against its signal, by weighted least squares on all states of channel k:
 *     v(s) = v[0] + v[1] s + v[2] s^2,   s = mean - zero
 * Scatters of n degrees of freedom have variance 2 v^2/n, so weights come from the fit before. */
enum oac_status oac_sweep_variance(const struct oac_sweep *sweep, size_t k, double zero_code,
                                   double v[3], struct oac_err *err) OAC_MUST_USE;

/* v at signal s, at least the variance of rounding to codes. Pure. */
double oac_variance_at(const double v[3], double s);

/* Standard error of the mean of every state of channel k, sigma (states + dark_states). Pure. */
void oac_sweep_sigma(const struct oac_sweep *sweep, size_t k, double zero_code,
                     const double v[3], double *sigma);

#endif
