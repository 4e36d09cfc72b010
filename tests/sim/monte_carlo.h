/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The independent oracle of the analytic engine: a plain Monte Carlo that plays one window slot by slot,
 * line by line, photon by photon, in double precision, from docs/physics.md. It shares no code with sim and
 * assumes none of the engine's closed forms:
 *     laser       power times 1 + N(0, rin/(2 dt)) on a grid of `steps` per slot, one gain per window for 1/f
 *     modulators  the drive voltage is disturbed and goes through cos^2
 *     amplifier   |sqrt(mu) + sqrt(s) z|^2 + s Gamma(modes - 1): ASE as complex Gaussian fields
 *     detector    Poisson electrons, multiplied one by one in an APD; dead time event by event
 *     receiver    two samples under CDS, one otherwise; a conversion per slot behind a TIA
 *     converter   noise, rounding, clipping
 * Delays must be whole numbers of steps. No bandwidth, no drift, no V_pi(lambda) noise coupling beyond what
 * each channel's own V_pi makes of the common voltage. */
#ifndef OAC_TESTS_SIM_MONTE_CARLO_H
#define OAC_TESTS_SIM_MONTE_CARLO_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/analytic_fixture.h"

/* Variates of xoshiro256++ (Blackman, Vigna 2021), which the engine does not use. */
struct dice {
    uint64_t s[4];
    double spare; /* a second normal */
    bool has_spare;
};
void dice_seed(struct dice *d, uint64_t seed);
double dice_uniform(struct dice *d); /* (0, 1) */
double dice_normal(struct dice *d);
double dice_gamma(struct dice *d, double shape); /* unit scale; shape 0 gives 0 */
double dice_poisson(struct dice *d, double mean);

struct mc_scene {
    const struct optics *optics; /* its rig; the engine itself is not asked */
    const struct pattern *pattern;
    uint32_t noise;
    size_t steps;          /* per slot, >= 1 */
    uint16_t weight_guard; /* code before and after the window */
};

/* code (trials, rows): what the converter says. */
void mc_play(const struct mc_scene *scene, uint64_t seed, size_t trials, double *code);

/* Mean electrons of slot n that line j brings onto row k, before gain, by the static formulas: the first
 * output, and (minus) the complementary one. No delays, no pair mismatch. */
double light_of(const struct mc_scene *scene, size_t k, size_t j, size_t n, bool minus);

/* mu[k * slots + n]: mean electrons before gain of row k in slot n, no noise: both detectors of a pair. */
void mc_mean_light(const struct mc_scene *scene, double *plus, double *minus);

struct sample { /* (trials, rows) */
    size_t rows, trials;
    double *value;
};
struct sample sample_take(size_t rows, size_t trials);
void sample_free(struct sample *s);
double sample_mean(const struct sample *s, size_t k);
double sample_covariance(const struct sample *s, size_t k, size_t l);
double sample_covariance_error(const struct sample *s, size_t k,
                               size_t l); /* one standard error */

#define TRIALS 100000 /* 4 standard errors of a normal variate's variance: 1.8 % */

/* Plays engine and oracle TRIALS times, in output electrons. */
void both_play(struct optics *o, const struct mc_scene *scene, struct sample *engine,
               struct sample *oracle);

/* Engine against oracle and each against the closed forms mean (rows) and variance (rows) [electrons], within
 * 4 standard errors. NULL: no closed form. */
void expect_agreement(const struct sample *engine, const struct sample *oracle,
                      const double *mean, const double *variance, const char *what);
/* The same for the covariance of rows k and l; closed NAN: no closed form. */
void expect_covariance(const struct sample *engine, const struct sample *oracle, size_t k,
                       size_t l, double closed, const char *what);

#endif
