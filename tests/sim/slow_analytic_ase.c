/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line "ase" of the variance table, s = R S/q T^-1... in electrons per mode of T at the detector, m = m_pol B T
 * modes per slot:
 *     after the client    2 s sum mu + N m s^2,         mean + N m s
 *     before it           2 s sum mu Tx + m s^2 sum Tx^2,   mean + m s sum Tx
 * times M^2; shot noise of signal and ASE apart. */
#include "tests/sim/monte_carlo.h"

#define SLOTS 16
#define ROWS  4

static double client_t(const struct mc_scene *scene, size_t n)
{
    const struct oac_rig *rig = &scene->optics->rig;
    return mzm_t(&rig->client_modulator, dac_v(&rig->client_dac, scene->pattern->x[n]), 1.0);
}

/* One detector of responsivity `part` whose light is mu (SLOTS): adds to mean and variances. */
static void detector(const struct mc_scene *scene, size_t k, const double *mu, double part,
                     double sign, double *mean, double *variance)
{
    const struct oac_rig *rig = &scene->optics->rig;
    const double m = rig->detector.gain, f = rig->detector.excess_noise;
    bool before = rig->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT;
    double s = part * ase_electrons(rig, k), modes = ase_modes(rig), electrons = 0.0,
           beats = 0.0;
    for (size_t n = 0; n < SLOTS; n++) {
        double x = before ? client_t(scene, n) : 1.0;
        electrons += mu[n] + modes * s * x;
        beats += 2.0 * s * x * mu[n] + modes * s * s * x * x;
    }
    *mean += sign * m * electrons;
    if (scene->noise & OAC_NOISE_SHOT)
        *variance += m * m * f * electrons;
    if (scene->noise & OAC_NOISE_ASE)
        *variance += m * m * beats;
}

static void ase(const char *const *sets, uint32_t noise, bool differential, const char *what)
{
    struct optics o;
    struct pattern p;
    struct sample engine, oracle;
    double plus[ROWS * SLOTS], minus[ROWS * SLOTS], mean[ROWS] = {0.0}, variance[ROWS] = {0.0};
    optics_open(&o, noise, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 9);
    p.differential = differential;
    for (size_t i = 0; i < ROWS * SLOTS; i++) /* uneven, so that a pair's detectors differ */
        p.weight[i] |= 0xc00;
    struct mc_scene scene = {&o, &p, noise, 1, 0};
    both_play(&o, &scene, &engine, &oracle);
    mc_mean_light(&scene, plus, minus);
    double half = o.rig.detector.pair_mismatch / 2.0;
    for (size_t k = 0; k < ROWS; k++) {
        detector(&scene, k, plus + k * SLOTS, 1.0 + half, 1.0, &mean[k], &variance[k]);
        if (differential)
            detector(&scene, k, minus + k * SLOTS, 1.0 - half, -1.0, &mean[k], &variance[k]);
    }
    expect_agreement(&engine, &oracle, mean, variance, what);
    expect_covariance(&engine, &oracle, 0, 1, 0.0, what);
    sample_free(&engine);
    sample_free(&oracle);
    optics_close(&o);
}

#define EDFA "amplifier.gain_db=20", "amplifier.nf_db=5", "amplifier.bandwidth_hz=12e9"

/* Signal-ASE rules: 1e5 electrons per slot against 158 per mode and 24 modes. */
Test(ase, after_the_client_it_beats_with_the_signal)
{
    const char *sets[] = {EDFA, "amplifier.position=after_client", "laser.power_dbm=-39",
                          "demux.il_db=3", NULL};
    ase(sets, OAC_NOISE_ASE, false, "after, bright");
}

/* ASE-ASE rules: a millionth of the light. */
Test(ase, after_the_client_it_beats_with_itself)
{
    const char *sets[] = {EDFA, "amplifier.position=after_client", "laser.power_dbm=-89",
                          "amplifier.polarisations=1", NULL};
    ase(sets, OAC_NOISE_ASE, false, "after, dark");
}

Test(ase, before_the_client_it_is_gated_with_the_signal)
{
    const char *sets[] = {EDFA,
                          "amplifier.position=before_client",
                          "laser.power_dbm=-39",
                          "client_modulator.er_db=12",
                          "client_modulator.il_db=3",
                          NULL};
    ase(sets, OAC_NOISE_ASE, false, "before, bright");
}

Test(ase, before_the_client_it_is_gated_alone)
{
    const char *sets[] = {EDFA, "amplifier.position=before_client", "laser.power_dbm=-89",
                          "detector.quantum_efficiency=0.5", NULL};
    ase(sets, OAC_NOISE_ASE, false, "before, dark");
}

Test(ase, both_detectors_of_a_pair_beat_apart)
{
    const char *sets[] = {EDFA,
                          "amplifier.position=before_client",
                          "laser.power_dbm=-59",
                          "weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "adc.min_v=-0.5",
                          "detector.pair_mismatch=0.2",
                          "weight_modulator.er_db=15",
                          NULL};
    ase(sets, OAC_NOISE_ASE, true, "pair before");
}

Test(ase, both_detectors_of_a_pair_beat_apart_after_the_client)
{
    const char *sets[] = {EDFA,
                          "amplifier.position=after_client",
                          "laser.power_dbm=-44",
                          "weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "adc.min_v=-0.5",
                          "detector.pair_mismatch=-0.4",
                          NULL};
    ase(sets, OAC_NOISE_ASE, true, "pair after");
}

Test(ase, an_avalanche_multiplies_it)
{
    const char *sets[] = {EDFA,
                          "amplifier.position=after_client",
                          "laser.power_dbm=-59",
                          "detector.kind=apd",
                          "detector.gain=6",
                          "detector.excess_noise=2.5",
                          NULL};
    ase(sets, OAC_NOISE_ASE | OAC_NOISE_SHOT, false, "apd");
}

Test(ase, its_light_has_shot_noise)
{
    const char *sets[] = {"amplifier.gain_db=3.1",       "amplifier.nf_db=5",
                          "amplifier.bandwidth_hz=50e9", "amplifier.position=before_client",
                          "laser.power_dbm=-55",         NULL};
    ase(sets, OAC_NOISE_SHOT, false, "shot before");
}

Test(ase, its_light_has_shot_noise_after_the_client)
{
    const char *sets[] = {"amplifier.gain_db=3.1",       "amplifier.nf_db=5",
                          "amplifier.bandwidth_hz=50e9", "amplifier.position=after_client",
                          "laser.power_dbm=-55",         NULL};
    ase(sets, OAC_NOISE_SHOT | OAC_NOISE_ASE, false, "shot after");
}
