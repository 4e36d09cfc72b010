/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Truth recovery on few benches, for every CI run; full_recovery.c does the same on 500. */
#include "tests/calibration/recovery.h"

Test(recovery, forty_random_benches_are_recovered_within_stated_errors)
{
    struct recovery recovery;
    recover_benches(&recovery, 1, 40);
    cr_expect_eq(recovery.failed, 0);
    cr_expect_eq(recovery.wrong_branch, 0);
    cr_expect_eq(pulls_judge(recovery.pulls, PULLS, stderr), 0);
    /* Shifted by up to 24 slots and late by up to 6, no pattern may leave its window: readouts of noise alone lie
     * beyond five sigma once in a hundred fits. */
    cr_expect_lt(recovery.delay_outliers, 10u);
}

/* Of these benches a fit without the converter's error takes the client's peak for another one, 2 V_pi away,
 * and V_pi(k) comes out 5 to 8 standard errors wrong. */
Test(recovery, the_order_of_the_client_s_peak_is_found_beside_its_converter_s_error)
{
    static const uint64_t seeds[] = {1031, 1470};
    struct recovery recovery;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    recovery_init(&recovery);
    for (size_t i = 0; i < 2; i++) {
        struct random_bench bench;
        bench_open(&bench, "netcast-86km", 4, seeds[i]);
        recover_bench(&recovery, &bench, seeds[i], &options);
    }
    cr_expect_eq(recovery.failed, 0);
    cr_expect_leq(recovery.pulls[PULL_CLIENT_VPI].worst, 4.0, "a pull of %g",
                  recovery.pulls[PULL_CLIENT_VPI].worst);
}

#define NO_DRIFT (OAC_NOISE_ALL & ~(uint32_t)OAC_NOISE_DRIFT)

/* Weights that stay late by some slots show the codes between windows at one end of each: no part of r. What a
 * closed client lets through of them still is, so it closes well here. */
Test(recovery, weight_curves_are_right_where_late_weights_stay_late)
{
    struct recovery recovery;
    struct oac_calibrate_options options = oac_calibrate_defaults();
    options.spare_settings = true;
    recovery_init(&recovery);
    for (uint64_t seed = 41; seed <= 44; seed++) {
        struct random_bench bench;
        bench_draw_rig(&bench, "netcast-86km", 4, seed);
        bench.rig.client_modulator.er_db = 40.0;
        bench_open_rig(&bench, NO_DRIFT, seed);
        recover_bench(&recovery, &bench, seed, &options);
    }
    cr_expect_eq(recovery.failed, 0);
    cr_expect_eq(recovery.wrong_branch, 0);
    for (int i = PULL_WEIGHT_VPI; i <= PULL_WEIGHT_R; i++)
        cr_expect_leq(recovery.pulls[i].worst, 4.0, "%s: a pull of %g", recovery.pulls[i].name,
                      recovery.pulls[i].worst);
}

/* 4 dB more light than nominal on one channel, weights six slots early, V_pi of the client 30 % off: first light
 * has to shorten its windows, and most of a short one would be the codes between windows. */
Test(recovery, a_bright_bench_with_early_weights_is_calibrated)
{
    struct recovery recovery;
    struct random_bench bench;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    recovery_init(&recovery);
    bench_draw_rig(&bench, "netcast-86km", 4, 1412);
    bench_open_rig(&bench, NO_DRIFT, 1412);
    recover_bench(&recovery, &bench, 1412, &options);
    cr_expect_eq(recovery.failed, 0);
    cr_expect_eq(recovery.wrong_branch, 0);
}

/* Responsivities of a pair up to 12 % apart, on every channel by another amount; the rig says 2 %. */
Test(recovery, second_detectors_of_pairs_are_found)
{
    struct pulls pulls = {.name = "second detector"};
    struct oac_calibrate_options options = oac_calibrate_defaults();
    options.vectors = 256; /* these are of other steps */
    for (uint64_t seed = 61; seed <= 80; seed++) {
        struct random_bench bench;
        struct oac_calibration *found;
        struct oac_err err;
        bench_draw_rig(&bench, "netcast-86km", 4, seed);
        bench.rig.weight_modulator.dual_output = bench.rig.detector.pair = true;
        bench.rig.detector.pair_mismatch = 0.02;
        bench.rig.detector.pair_mismatch_spread = 0.1;
        bench.rig.spread = OAC_SPREAD_UNIFORM;
        bench_open_rig(&bench, NO_DRIFT, seed);
        cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK,
                     "%s", err.message);
        for (size_t k = 0; k < 4; k++) {
            const struct oac_calibration_channel *channel = &found->channel[k];
            const struct oac_bench_channel *truth = &bench.truth->channel[k];
            pulls_add(
                &pulls, channel->minus_gain, truth->gain_minus / truth->gain_plus,
                hypot(channel->minus_gain_sigma,
                      channel->minus_gain * channel->full_sigma_code / channel->full_code));
        }
        oac_calibration_destroy(found);
        bench_close(&bench);
    }
    cr_expect_eq(pulls_judge(&pulls, 1, stderr), 0);
}
