/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Light is counted: what a window detects, and what a frame launches. */
#include "tests/sim/analytic_fixture.h"

#define SLOTS 48
#define ROWS  4

/* Mean detected photons of a window: both detectors, launch, no dark counts, before avalanche gain. */
static void expect_photons(const char *const *sets, bool differential)
{
    struct optics o;
    struct pattern p;
    float code[ROWS];
    double photons, want = 0.0;
    optics_open(&o, OAC_NOISE_ALL, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 5);
    p.differential = differential;
    p.launch = 1.5f;
    optics_play(&o, optics_load(&o, &p), &p, 1, 0, code, NULL, &photons);
    double half = o.rig.detector.pair_mismatch / 2.0;
    for (size_t i = 0; i < ROWS * ROWS * SLOTS; i++) {
        size_t k = i / (ROWS * SLOTS), j = i / SLOTS % ROWS, n = i % SLOTS;
        double t = mzm_t(&o.rig.weight_modulator,
                         dac_v(&o.rig.weight_dac, p.weight[j * SLOTS + n]), 1.0);
        double x = mzm_t(&o.rig.client_modulator, dac_v(&o.rig.client_dac, p.x[n]), 1.0);
        double both = (1.0 + half) * t;
        if (differential)
            both += (1.0 - half) * mzm_complement_t(&o.rig.weight_modulator, t);
        want += 1.5 * full_electrons(&o.rig, k, j) * x * both;
    }
    cr_expect_float_eq(photons, want, 2e-6 * want, "%.9g photons, expected %.9g", photons,
                       want);
    struct oac_account account;
    o.link.ops->account(o.link.self, &account);
    cr_expect_float_eq(account.detected_photons, photons, 1e-9 * photons);
    optics_close(&o);
}

Test(analytic_light, photons_are_the_detected_signal)
{
    const char *pin[] = {"detector.dark_a=1e-6", "detector.quantum_efficiency=0.6",
                         "demux.adjacent_db=10", "demux.il_db=1", NULL};
    expect_photons(pin, false);
    const char *apd[] = {"detector.kind=apd", "detector.gain=8", "detector.excess_noise=3",
                         NULL};
    expect_photons(apd, false);
    const char *counting[] = {"detector.kind=counting", "receiver.kind=counter",
                              "laser.power_dbm=-60", "detector.dark_counts_hz=1e7", NULL};
    expect_photons(counting, false);
    const char *pair[] = {
        "weight_modulator.dual_output=yes", "detector.pair=yes",         "adc.min_v=-0.5",
        "detector.pair_mismatch=0.1",       "weight_modulator.er_db=14", NULL};
    expect_photons(pair, true);
    expect_photons(pair, false);
}

static void expect_light(const char *const *sets, bool differential, size_t rows)
{
    struct optics o;
    struct pattern p;
    struct oac_frame_light light;
    struct oac_err err;
    optics_open(&o, OAC_NOISE_NONE, sets);
    const struct oac_rig *rig = &o.rig;
    pattern_fill(&p, &o, rows, SLOTS, 5);
    p.differential = differential;
    cr_assert_eq(o.link.ops->light(o.link.self, optics_load(&o, &p), &light, &err), OAC_OK);
    double launched_j = 0.0, preweight = 0.0, slot_s = 1.0 / rig->slot_rate_hz;
    double power_w = 1e-3 * ratio_db(rig->laser.power_dbm);
    for (size_t j = 0; j < (size_t)rig->channels; j++)
        for (size_t n = 0; n < SLOTS;
             n++) { /* channels without a row are lit, and parked dark */
            uint16_t code = j < rows ? p.weight[j * SLOTS + n] : 0;
            double t = mzm_t(&rig->weight_modulator, dac_v(&rig->weight_dac, code), 1.0);
            launched_j += power_w * slot_s *
                          (differential ? t + mzm_complement_t(&rig->weight_modulator, t) : t);
        }
    double fiber = ratio_db(-rig->fiber.attenuator_db -
                            1e-3 * rig->fiber.length_m * rig->fiber.loss_db_per_km);
    /* a weight of 1 counts once, on a pair too */
    double one = mzm_t(&rig->weight_modulator, rig->weight_modulator.bias_v, 1.0);
    for (size_t k = 0; k < rows; k++)
        preweight += full_electrons(rig, k, k) * one * ratio_db(-rig->client_modulator.il_db);
    cr_expect_float_eq(light.launched_j, launched_j, 1e-9 * launched_j,
                       "launched %g J, expected %g", light.launched_j, launched_j);
    cr_expect_float_eq(light.client_in_j, fiber * launched_j, 1e-9 * launched_j,
                       "%g J enter the client, expected %g", light.client_in_j,
                       fiber * launched_j);
    cr_expect_float_eq(light.photons_preweight, preweight, 1e-9 * preweight,
                       "%.9g photons before weights, expected %.9g", light.photons_preweight,
                       preweight);
    optics_close(&o);
}

Test(analytic_light, light_of_a_frame)
{
    const char *lossy[] = {"weight_modulator.il_db=3",
                           "weight_modulator.er_db=12",
                           "client_modulator.il_db=2",
                           "fiber.attenuator_db=4",
                           "fiber.length_m=10e3",
                           "fiber.loss_db_per_km=0.2",
                           "detector.quantum_efficiency=0.5",
                           "laser.grid_hz=100e9",
                           NULL};
    expect_light(lossy, false, 4);
    expect_light(lossy, false, 2);
    const char *pair[] = {"weight_modulator.il_db=3",
                          "weight_modulator.er_db=12",
                          "weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "adc.min_v=-0.5",
                          NULL};
    expect_light(pair, true, 4);
    expect_light(pair, false, 4);
}
