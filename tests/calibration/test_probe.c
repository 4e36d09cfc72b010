/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes on simulated benches: what they cost, what they leave behind, what they cannot tell. */
#include "calibration/probe.h"
#include "tests/calibration/confusion.h"

/* Four channels that nobody broke. */
static void draw_bench(struct random_bench *bench, uint64_t seed)
{
    bench_draw_rig(bench, "netcast-86km", 4, seed);
}

static void open_bench(struct random_bench *bench, uint64_t seed)
{
    bench_open_rig(bench, OAC_NOISE_ALL, seed);
}

Test(probe, a_diagnosis_takes_as_many_windows_whatever_is_broken)
{
    uint64_t windows[INJECTABLE + 1];
    for (size_t i = 0; i <= INJECTABLE; i++) {
        struct random_bench bench;
        struct oac_findings findings;
        struct oac_account account;
        struct injected injected = {.fault = i < INJECTABLE ? injectable[i]
                                                            : (enum oac_diagnosis)HEALTHY};
        draw_bench(&bench, 1);
        inject(&bench.rig, 1, &injected);
        open_bench(&bench, 1);
        bench_diagnose(&bench, &findings);
        oac_link_account(&bench.link, &account);
        windows[i] = account.windows;
        cr_expect_eq(windows[i], windows[0]);
        bench_close(&bench);
    }
}

Test(probe, biases_and_lasers_are_as_before)
{
    struct random_bench bench;
    struct oac_findings findings;
    struct oac_err err;
    double value;
    draw_bench(&bench, 2);
    open_bench(&bench, 2);
    bench_diagnose(&bench, &findings);
    cr_expect_eq(findings.count, 0);
    for (size_t k = 0; k < 4; k++) {
        cr_assert_eq(oac_link_get(&bench.link, OAC_LASER_ON, k, &value, &err), OAC_OK);
        cr_expect_eq(value, 1.0);
        cr_assert_eq(oac_link_get(&bench.link, OAC_BIAS_WEIGHT_V, k, &value, &err), OAC_OK);
        cr_expect_eq(value, 0.0);
    }
    cr_assert_eq(oac_link_get(&bench.link, OAC_BIAS_CLIENT_V, 0, &value, &err), OAC_OK);
    cr_expect_eq(value, 0.0);
    bench_close(&bench);
}

Test(probe, without_crosstalk_a_dead_detector_and_an_extinct_laser_look_alike)
{
    for (int laser = 0; laser < 2; laser++) {
        struct random_bench bench;
        struct oac_findings findings;
        struct injected injected = {.fault = laser ? OAC_DIAGNOSIS_DARK_LASER
                                                   : OAC_DIAGNOSIS_DEAD_DETECTOR};
        draw_bench(&bench, 3);
        bench.rig.demux.adjacent_db = bench.rig.demux.nonadjacent_db = 80.0;
        inject(&bench.rig, 3, &injected);
        open_bench(&bench, 3);
        bench_diagnose(&bench, &findings);
        cr_assert_eq(findings.count, 1);
        cr_expect_eq(findings.finding[0].fault, OAC_DIAGNOSIS_DARK_CHANNEL);
        cr_expect_eq(findings.finding[0].channel, injected.channel);
        bench_close(&bench);
    }
}

Test(probe, a_modulator_stuck_at_null_is_an_extinct_laser_to_the_link)
{
    struct random_bench bench;
    struct oac_findings findings;
    draw_bench(&bench, 4);
    bench.rig.fault.stuck_modulators = (struct oac_config_reals){1, {2.0}};
    bench.rig.fault.stuck_at = 0.0;
    open_bench(&bench, 4);
    bench_diagnose(&bench, &findings);
    cr_assert_eq(findings.count, 1);
    cr_expect_eq(findings.finding[0].fault, OAC_DIAGNOSIS_DARK_LASER);
    cr_expect_eq(findings.finding[0].channel, 2);
    bench_close(&bench);
}

/* Fifteen points of a drive that spans 1.2 V_pi at nominal, 0.8 at half as much again: whatever the peak, 3 dB of
 * extinction leave more than a tenth of the light moving. */
Test(probe, a_working_modulator_must_move_a_good_part_of_its_light)
{
    struct random_bench bench;
    struct oac_measure measure;
    struct oac_prober prober;
    struct oac_err err;
    draw_bench(&bench, 5);
    open_bench(&bench, 5);
    cr_assert_eq(oac_measure_init(&measure, &bench.link, NULL, 0, 1, &err), OAC_OK);
    cr_assert_eq(oac_prober_init(&prober, &measure, 64, &err), OAC_OK);
    const double need = oac_probe_need(&prober, 0);
    cr_expect(need > 0.1 && need < 0.5, "%g", need);
    oac_prober_fini(&prober);
    oac_measure_fini(&measure);
    bench_close(&bench);
}
