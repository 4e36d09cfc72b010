/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line "shot" of the variance table: PIN, APD, pair, dark currents, photon counting, dead time.
 *     M^2 F (sum mu + N mu_bulk) + N mu_surface */
#include "tests/sim/monte_carlo.h"

#define SLOTS 16
#define ROWS  4

static void shot(const char *const *sets, bool differential, const char *what)
{
    struct optics o;
    struct pattern p;
    struct sample engine, oracle;
    double plus[ROWS * SLOTS], minus[ROWS * SLOTS], mean[ROWS], variance[ROWS];
    optics_open(&o, OAC_NOISE_SHOT, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 3);
    p.differential = differential;
    struct mc_scene scene = {&o, &p, OAC_NOISE_SHOT, 1, 0};
    both_play(&o, &scene, &engine, &oracle);
    mc_mean_light(&scene, plus, minus);
    double m = o.rig.detector.gain, f = o.rig.detector.excess_noise;
    double bulk = SLOTS * dark_electrons(&o.rig);
    double surface =
        SLOTS * o.rig.detector.surface_dark_a / (OAC_ELEMENTARY_CHARGE_C * o.rig.slot_rate_hz);
    for (size_t k = 0; k < ROWS; k++) {
        double up = bulk, down = differential ? bulk : 0.0;
        for (size_t n = 0; n < SLOTS; n++) {
            up += plus[k * SLOTS + n];
            down += minus[k * SLOTS + n];
        }
        mean[k] = m * (up - down) + (differential ? 0.0 : surface);
        variance[k] = m * m * f * (up + down) + (differential ? 2.0 : 1.0) * surface;
    }
    expect_agreement(&engine, &oracle, mean, variance, what);
    expect_covariance(&engine, &oracle, 1, 2, 0.0, what);
    sample_free(&engine);
    sample_free(&oracle);
    optics_close(&o);
}

Test(shot, bright_light_on_a_pin_diode)
{
    const char *sets[] = {"detector.quantum_efficiency=0.7", "detector.dark_a=1e-8",
                          "detector.surface_dark_a=2e-8", NULL};
    shot(sets, false, "bright pin");
}

Test(shot, a_few_electrons_on_a_pin_diode)
{
    const char *sets[] = {"laser.power_dbm=-72", "detector.dark_a=1e-11", NULL};
    shot(sets, false, "few electrons");
}

Test(shot, an_avalanche_multiplies_its_bulk_dark_current_but_not_the_surface_one)
{
    const char *sets[] = {"detector.kind=apd",
                          "detector.gain=12",
                          "detector.excess_noise=3.5",
                          "detector.dark_a=3e-8",
                          "detector.surface_dark_a=2e-5",
                          "laser.power_dbm=-35",
                          NULL};
    shot(sets, false, "apd");
}

Test(shot, both_detectors_of_a_pair_add_theirs)
{
    const char *sets[] = {"detector.pair=yes",
                          "weight_modulator.dual_output=yes",
                          "adc.min_v=-0.5",
                          "detector.pair_mismatch=0.2",
                          "weight_modulator.er_db=15",
                          "detector.dark_a=1e-7",
                          NULL};
    shot(sets, true, "pair");
}

Test(shot, both_detectors_of_a_pair_count_few_electrons)
{
    const char *sets[] = {"detector.pair=yes", "weight_modulator.dual_output=yes",
                          "adc.min_v=-0.5", "laser.power_dbm=-72", NULL};
    shot(sets, true, "faint pair");
}

Test(shot, counting_without_dead_time_is_poisson)
{
    const char *sets[] = {
        "detector.kind=counting",      "receiver.kind=counter",           "laser.power_dbm=-71",
        "detector.dark_counts_hz=2e7", "detector.quantum_efficiency=0.8", NULL};
    shot(sets, false, "counting");
}

/* Poisson to the tails: third central moment = mean as well. */
Test(shot, counts_have_the_skewness_of_poisson)
{
    const char *sets[] = {"detector.kind=counting", "receiver.kind=counter",
                          "laser.power_dbm=-78", NULL};
    struct optics o;
    struct pattern p;
    struct sample engine, oracle;
    optics_open(&o, OAC_NOISE_SHOT, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 4);
    struct mc_scene scene = {&o, &p, OAC_NOISE_SHOT, 1, 0};
    both_play(&o, &scene, &engine, &oracle);
    for (size_t k = 0; k < ROWS; k++) {
        double mu = sample_mean(&oracle, k), third = 0.0, sixth = 0.0;
        for (size_t i = 0; i < TRIALS; i++) {
            double d = pow(engine.value[i * ROWS + k] - mu, 3.0);
            third += d / TRIALS;
            sixth += d * d / TRIALS;
        }
        double error = sqrt((sixth - third * third) / TRIALS);
        cr_expect(fabs(third - mu) <= 4.0 * error,
                  "row %zu: third moment %g, Poisson has %g +- %g", k, third, mu, error);
    }
    sample_free(&engine);
    sample_free(&oracle);
    optics_close(&o);
}

/* n tau/T at the brightest slot, and whether renewal theory's moments per slot hold there. */
static void dead(const char *power, const char *dead_time, const char *rate, bool formula,
                 const char *what)
{
    const char *sets[] = {"detector.kind=counting",
                          "receiver.kind=counter",
                          "guard_slots=4",
                          "channels=2",
                          power,
                          dead_time,
                          rate,
                          NULL};
    struct optics o;
    struct pattern p;
    struct sample engine, oracle;
    double plus[2 * SLOTS], mean[2] = {0.0}, variance[2] = {0.0};
    optics_open(&o, OAC_NOISE_SHOT, sets);
    pattern_fill(&p, &o, 2, SLOTS, 5);
    struct mc_scene scene = {&o, &p, OAC_NOISE_SHOT, 1, 0};
    both_play(&o, &scene, &engine, &oracle);
    mc_mean_light(&scene, plus, NULL);
    for (size_t i = 0; i < 2 * SLOTS; i++) {
        double busy = 1.0 + plus[i] * o.rig.detector.dead_time_s * o.rig.slot_rate_hz;
        mean[i / SLOTS] += plus[i] / busy;
        variance[i / SLOTS] += plus[i] / (busy * busy * busy);
    }
    expect_agreement(&engine, &oracle, NULL, formula ? variance : NULL, what);
    sample_free(&engine);
    sample_free(&oracle);
    optics_close(&o);
}

Test(shot, dead_time_short_against_the_slot_follows_renewal_theory)
{
    /* full light: 78 counts in 10 us; tau/T = 1e-3, n tau/T <= 0.08 */
    dead("laser.power_dbm=-90", "detector.dead_time_s=1e-8", "slot_rate_hz=1e5", true,
         "dead time, rare");
}

Test(shot, few_counts_with_dead_time_go_event_by_event)
{
    dead("laser.power_dbm=-110", "detector.dead_time_s=5e-7", "slot_rate_hz=1e5", false,
         "dead time, few counts");
}

Test(shot, a_blinded_detector_is_counted_event_by_event)
{
    /* full light: 31 arrivals in 1 us of 50 ns dead time: 1.6 times over */
    dead("laser.power_dbm=-84", "detector.dead_time_s=5e-8", "slot_rate_hz=1e6", false,
         "dead time, blinded");
}
