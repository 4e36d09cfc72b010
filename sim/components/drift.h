/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slow drift: an Ornstein-Uhlenbeck process that can be asked for its value at any time, in any order.
 *
 *     dX = -(X/tau) dt + sigma sqrt(2/tau) dW,   <X> = 0,   <X(t) X(t+d)> = sigma^2 e^{-|d|/tau}
 * Time is cut at knots 32 tau apart, where the values are independent (e^-32 = 1e-14). Between two values
 * a, b at distance 2h the process is Markov, so its midpoint is exactly normal with
 *     mean rho/(1+rho^2) (a+b),   variance sigma^2 (1-rho^2)/(1+rho^2),   rho = e^{-h/tau}
 * Halving OAC_DRIFT_DEPTH times reaches tau/8192, below which it is interpolated linearly (this loses less
 * than 0.8 % of sigma rms). Every draw is keyed (bench seed, OAC_RNG_DRIFT, process and knot interval, node),
 * so image 731 can be re-run alone. A cursor only remembers the last path: the bits are the same with or
 * without.
 * Units: those of sigma; s. Source: Uhlenbeck, Ornstein, Phys. Rev. 36, 823 (1930); midpoint by conditioning
 * the stationary trivariate normal. */
#ifndef OAC_SIM_COMPONENTS_DRIFT_H
#define OAC_SIM_COMPONENTS_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#define OAC_DRIFT_DEPTH 18

struct oac_drift {
    double sigma; /* 0: no drift */
    double tau_s;
    uint64_t seed;    /* the rig's bench_seed */
    uint32_t process; /* < 2^24: tells the processes of a bench apart */
    double pull[OAC_DRIFT_DEPTH], sd[OAC_DRIFT_DEPTH]; /* bridge coefficients per level */
};

struct oac_drift_cursor { /* zero it before first use */
    bool valid;
    int64_t interval;
    uint32_t leaf;
    double low[OAC_DRIFT_DEPTH + 1], high[OAC_DRIFT_DEPTH + 1];
};

/* sigma >= 0, tau_s > 0 (unused when sigma is 0). Pure. */
struct oac_drift oac_drift_make(double sigma, double tau_s, uint64_t seed, uint32_t process);

/* Value at time_s [s] of the bench clock (any finite value); cursor may be NULL, one per thread
 * and process. */
double oac_drift_at(const struct oac_drift *drift, double time_s,
                    struct oac_drift_cursor *cursor);

#endif
