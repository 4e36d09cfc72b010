/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line "drift" of the variance table: readouts over bench time follow the Ornstein-Uhlenbeck parameters.
 *     variance    of the readout at the stationary spread of the drifting part
 *     correlation e^{-d/tau} between windows d apart; none between channels, full for the common client */
#include "tests/sim/monte_carlo.h"

#define SLOTS   8
#define ROWS    4
#define WINDOWS 50000
/* Windows are so many tau apart, which is not where the grid of a drift has its first nodes. 4 rows then make
 * 4 standard errors of the pooled variance 1.6 %. */
#define APART 0.73

static const double TAU_S = 1e-3, RHO = 0.4819089901; /* e^-APART */

struct drift_case {
    struct optics o;
    struct pattern p;
    struct sample s;
};

/* Every code near the middle of the slope. */
static struct drift_case *play(const char *const *sets)
{
    struct drift_case *c = calloc(1, sizeof *c);
    optics_open(&c->o, OAC_NOISE_DRIFT, sets);
    pattern_fill(&c->p, &c->o, ROWS, SLOTS, 10);
    for (size_t i = 0; i < ROWS * SLOTS; i++)
        c->p.weight[i] = 2047;
    for (size_t n = 0; n < SLOTS; n++)
        c->p.x[n] = 2047;
    c->s = sample_take(ROWS, WINDOWS);
    struct oac_err err;
    uint64_t apart = (uint64_t)(APART * TAU_S * c->o.rig.slot_rate_hz);
    uint32_t handle = optics_load(&c->o, &c->p);
    for (size_t i = 0; i < WINDOWS; i++) {
        float code[ROWS];
        optics_play(&c->o, handle, &c->p, 1, i * apart, code, NULL, NULL);
        for (size_t k = 0; k < ROWS; k++)
            c->s.value[i * ROWS + k] = electrons_of_code(&c->o.rig, (double)code[k], SLOTS);
    }
    cr_assert_eq(c->o.link.ops->unload(c->o.link.self, handle, &err), OAC_OK);
    return c;
}

static void close_case(struct drift_case *c)
{
    sample_free(&c->s);
    optics_close(&c->o);
    free(c);
}

/* Mean light of row k in a window, without drift [electrons]. */
static double still(const struct drift_case *c, size_t k)
{
    const struct mc_scene scene = {&c->o, &c->p, 0, 1, 0};
    return SLOTS * light_of(&scene, k, k, 0, false);
}

/* Bartlett's variance of the correlation at lag m of n samples with correlation RHO^m. */
static double bartlett(double m, double n)
{
    double r2 = RHO * RHO, r2m = pow(RHO, 2.0 * m);
    return ((1.0 + r2) * (1.0 - r2m) / (1.0 - r2) - 2.0 * m * r2m) / n;
}

/* rows: how many of the rows are independent of each other. */
static void expect_process(const struct drift_case *c, const double *variance, double rows,
                           const char *what)
{
    double pooled = 0.0, lag[3] = {0.0};
    for (size_t k = 0; k < ROWS; k++) {
        double mean = sample_mean(&c->s, k);
        pooled += sample_covariance(&c->s, k, k) / variance[k] / ROWS;
        for (size_t m = 1; m <= 2; m++)
            for (size_t i = 0; i + m < WINDOWS; i++)
                lag[m] += (c->s.value[i * ROWS + k] - mean) *
                          (c->s.value[(i + m) * ROWS + k] - mean) /
                          (variance[k] * WINDOWS * ROWS);
    }
    /* A normal process' variance: 2/n (1 + rho^2)/(1 - rho^2). */
    double error = sqrt(2.0 / (WINDOWS * rows) * (1.0 + RHO * RHO) / (1.0 - RHO * RHO));
    cr_expect(fabs(pooled - 1.0) <= 4.0 * error,
              "%s: variance over its closed form is %g +- %g", what, pooled, error);
    for (int m = 1; m <= 2; m++) {
        double found = lag[m] / pooled, want = pow(RHO, m);
        double e = sqrt(bartlett(m, WINDOWS * rows));
        cr_expect(fabs(found - want) <= 4.0 * e,
                  "%s: correlation %d windows apart is %g, expected %g +- %g", what, m, found,
                  want, e);
    }
}

/* What one channel's drift and another's have in common, as a correlation. */
static void expect_correlation(const struct drift_case *c, double want, const char *what)
{
    double error = sqrt((1.0 + RHO * RHO) / (1.0 - RHO * RHO) / WINDOWS);
    for (size_t k = 0; k + 1 < ROWS; k++) {
        double r =
            sample_covariance(&c->s, k, k + 1) /
            sqrt(sample_covariance(&c->s, k, k) * sample_covariance(&c->s, k + 1, k + 1));
        cr_expect(fabs(r - want) <= 4.0 * error,
                  "%s: rows %zu and %zu correlate by %g, expected %g", what, k, k + 1, r, want);
    }
}

Test(drift, lasers_drift_in_power)
{
    const char *sets[] = {"laser.drift_sigma=0.02", "laser.drift_tau_s=1e-3", NULL};
    struct drift_case *c = play(sets);
    double variance[ROWS];
    for (size_t k = 0; k < ROWS; k++)
        variance[k] = pow(0.02 * still(c, k), 2.0);
    expect_process(c, variance, ROWS, "lasers");
    expect_correlation(c, 0.0, "lasers");
    close_case(c);
}

Test(drift, detectors_drift_in_gain)
{
    const char *sets[] = {"detector.drift_sigma=0.02", "detector.drift_tau_s=1e-3", NULL};
    struct drift_case *c = play(sets);
    double variance[ROWS];
    for (size_t k = 0; k < ROWS; k++)
        variance[k] = pow(0.02 * still(c, k), 2.0);
    expect_process(c, variance, ROWS, "gain");
    expect_correlation(c, 0.0, "gain");
    close_case(c);
}

Test(drift, weight_modulators_drift_in_bias)
{
    const char *sets[] = {"weight_modulator.drift_sigma_v=0.01",
                          "weight_modulator.drift_tau_s=1e-3", "weight_modulator.er_db=20",
                          NULL};
    struct drift_case *c = play(sets);
    const struct oac_rig_modulator *m = &c->o.rig.weight_modulator;
    double variance[ROWS], v = dac_v(&c->o.rig.weight_dac, 2047);
    for (size_t k = 0; k < ROWS; k++) {
        double mean, of_t;
        mzm_moments(m, v, 0.01, &mean, &of_t);
        variance[k] = of_t * pow(still(c, k) / mzm_t(m, v, 1.0), 2.0);
    }
    expect_process(c, variance, ROWS, "weights' bias");
    expect_correlation(c, 0.0, "weights' bias");
    close_case(c);
}

Test(drift, the_clients_bias_drifts_for_all)
{
    const char *sets[] = {"client_modulator.drift_sigma_v=0.01",
                          "client_modulator.drift_tau_s=1e-3", "client_modulator.er_db=20",
                          NULL};
    struct drift_case *c = play(sets);
    const struct oac_rig_modulator *m = &c->o.rig.client_modulator;
    double variance[ROWS], v = dac_v(&c->o.rig.client_dac, 2047);
    for (size_t k = 0; k < ROWS; k++) {
        double mean, of_t;
        mzm_moments(m, v, 0.01, &mean, &of_t);
        variance[k] = of_t * pow(still(c, k) / mzm_t(m, v, 1.0), 2.0);
    }
    expect_process(c, variance, 1.0, "client's bias");
    expect_correlation(c, 1.0, "client's bias");
    close_case(c);
}
