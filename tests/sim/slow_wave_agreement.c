/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the analytic assumptions hold, the waveform engine has the analytic engine's mean and variance: each
 * noise alone and all together, on both of its paths, against the exact moments and against the analytic
 * engine itself. 8 samples per slot, 16 slots, 4 channels. Noises are switched on one by one; a noise that a
 * bench does not have must leave every window the same.
 * What is compared: 4 standard errors, of the variance kurtosis-corrected (monte_carlo.h). */
#include "tests/sim/wave_benches.h"

#define SLOTS 16
#define ROWS  4

/* Drift is the same path in both engines and compared window by window. */
static const uint32_t EVERYTHING = OAC_NOISE_ALL & ~(uint32_t)OAC_NOISE_DRIFT;

static void expect_still(const struct sample *s, const double *mean, double rounding,
                         const char *what)
{
    for (size_t k = 0; k < s->rows; k++)
        for (size_t i = 0; i < s->trials; i++)
            if (s->value[i * s->rows + k] != s->value[k]) {
                cr_expect_fail("%s: row %zu of window %zu moved without noise", what, k, i);
                return;
            }
    /* single precision over some thousand samples; half a count */
    for (size_t k = 0; k < s->rows; k++)
        cr_expect_float_eq(s->value[k], mean[k], 2e-6 * fabs(mean[k]) + rounding,
                           "%s, row %zu: %.9g, expected %.9g", what, k, s->value[k], mean[k]);
}

static const uint32_t EACH[] = {OAC_NOISE_NONE, OAC_NOISE_SHOT, OAC_NOISE_THERMAL,
                                OAC_NOISE_READ, OAC_NOISE_RIN,  OAC_NOISE_DRIVE,
                                OAC_NOISE_ASE,  OAC_NOISE_ADC,  EVERYTHING};

static void compare(struct optics *o, bool differential, uint32_t noise, const char *engine)
{
    struct pattern p;
    double mean[ROWS], variance[ROWS];
    char list[64], what[96];
    oac_noise_format(noise == EVERYTHING ? OAC_NOISE_ALL : noise, list);
    snprintf(what, sizeof what, "%s, %s", engine, list);
    pattern_fill(&p, o, ROWS, SLOTS, 11);
    p.differential = differential;
    wave_moments(o, &p, noise, mean, variance);
    bool still = !(variance[0] > 1e-12 * mean[0] * mean[0]); /* rounding of the formulas */
    struct sample s = wave_sample(o, &p, still ? 20 : WAVE_WINDOWS);
    if (still)
        expect_still(&s, mean, noise & OAC_NOISE_ADC ? 0.5 : 1e-3, what);
    else
        wave_expect(&s, mean, variance, what);
    sample_free(&s);
    optics_close(o);
}

static void agrees(const char *const *sets, bool differential, bool propagate)
{
    for (size_t i = 0; i < sizeof EACH / sizeof EACH[0]; i++) {
        struct optics o;
        wave_open(&o, EACH[i], sets, propagate);
        compare(&o, differential, EACH[i], propagate ? "propagated" : "contracted");
    }
}

static void is_the_analytic_engines(const char *const *sets, bool differential)
{
    for (size_t i = 0; i < sizeof EACH / sizeof EACH[0]; i++) {
        struct optics o;
        optics_open(&o, EACH[i], sets);
        compare(&o, differential, EACH[i], "analytic");
    }
}

Test(wave_agreement, the_exact_moments_are_the_analytic_engines)
{
    is_the_analytic_engines(CROSSTALK, false);
    is_the_analytic_engines(PAIR_BEFORE, true);
    is_the_analytic_engines(AFTER, false);
    is_the_analytic_engines(COMB_TIA, false);
    is_the_analytic_engines(COUNTING, false);
}

Test(wave_agreement, integrators_with_crosstalk)
{
    agrees(CROSSTALK, false, false);
}

Test(wave_agreement, integrators_with_crosstalk_propagated)
{
    agrees(CROSSTALK, false, true);
}

Test(wave_agreement, a_pair_behind_an_amplifier_before_the_client)
{
    agrees(PAIR_BEFORE, true, false);
}

Test(wave_agreement, a_pair_behind_an_amplifier_before_the_client_propagated)
{
    agrees(PAIR_BEFORE, true, true);
}

Test(wave_agreement, an_amplifier_after_the_client)
{
    agrees(AFTER, false, false);
}

Test(wave_agreement, an_amplifier_after_the_client_propagated)
{
    agrees(AFTER, false, true);
}

Test(wave_agreement, an_avalanche_diode_with_a_tia_and_a_comb)
{
    agrees(COMB_TIA, false, false);
}

Test(wave_agreement, an_avalanche_diode_with_a_tia_and_a_comb_propagated)
{
    agrees(COMB_TIA, false, true);
}

Test(wave_agreement, counters)
{
    agrees(COUNTING, false, false);
}

Test(wave_agreement, counters_propagated)
{
    agrees(COUNTING, false, true);
}

/* The same path of the same bench, window by window. Epochs of 2^-16 tau, in which the analytic engine takes
 * drift, move it by 0.6 % of its sigma; 2 % is thrice that. */
Test(wave_agreement, drift_is_the_same_path)
{
    const char *sets[] = {"laser.drift_sigma=0.02",
                          "laser.drift_tau_s=1e-3",
                          "weight_modulator.drift_sigma_v=0.02",
                          "weight_modulator.drift_tau_s=1e-3",
                          "client_modulator.drift_sigma_v=0.02",
                          "client_modulator.drift_tau_s=1e-3",
                          "detector.drift_sigma=0.02",
                          "detector.drift_tau_s=1e-3",
                          "demux.adjacent_db=15",
                          "demux.il_db=2",
                          NULL};
    for (int propagate = 0; propagate < 2; propagate++) {
        struct optics wave, sim;
        struct pattern p;
        double apart[ROWS] = {0.0}, moved[ROWS] = {0.0}, mean[ROWS], variance[ROWS];
        wave_open(&wave, OAC_NOISE_DRIFT, sets, propagate);
        optics_open(&sim, OAC_NOISE_DRIFT, sets);
        pattern_fill(&p, &wave, ROWS, SLOTS, 5);
        wave_moments(&wave, &p, 0, mean, variance);
        for (uint64_t i = 0; i < 400; i++) {
            double w[ROWS], s[ROWS];
            optics_electrons(&wave, &p, i * 100000, w);
            optics_electrons(&sim, &p, i * 100000, s);
            for (size_t k = 0; k < ROWS; k++) {
                apart[k] += pow(w[k] - s[k], 2.0);
                moved[k] += pow(s[k] - mean[k], 2.0);
            }
        }
        for (size_t k = 0; k < ROWS; k++) {
            cr_expect_gt(sqrt(moved[k] / 400.0), 0.005 * mean[k], "row %zu does not drift", k);
            cr_expect_leq(sqrt(apart[k] / moved[k]), 0.02, "row %zu: %g of the drift apart", k,
                          sqrt(apart[k] / moved[k]));
        }
        optics_close(&wave);
        optics_close(&sim);
    }
}
