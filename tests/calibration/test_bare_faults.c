/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults of benches whose lasers cannot be switched: all shine at once, and what a readout sees of one of them is
 * what its voltage moves. */
#include "tests/calibration/confusion.h"

#define SEEDS 6

/* Of one fault, or none (OAC_DIAGNOSES); DACs span 2 V_pi, with slow biases or without. */
static void diagnose(uint64_t seed, bool biases, enum oac_diagnosis fault, size_t channel,
                     struct oac_findings *findings)
{
    static const struct oac_range none = {.min = 1.0, .max = 0.0};
    const struct oac_config_reals which = {1, {(double)channel}}, both = {2, {0.0, 1.0}};
    struct random_bench bench;
    bench_draw_rig(&bench, "netcast-local", 2, seed);
    struct oac_rig *r = &bench.rig;
    r->weight_dac.full_scale_v = r->client_dac.full_scale_v = 11.0;
    r->weight_dac.min_v = r->client_dac.min_v = -5.5;
    r->weight_modulator.bias_spread_v = 0.125 * r->weight_modulator.vpi_v;
    r->client_modulator.bias_spread_v = 0.125 * r->client_modulator.vpi_v;
    r->fault.stuck_at = 0.15 * (double)seed;
    if (fault == OAC_DIAGNOSIS_DEAD_DETECTOR)
        r->fault.dead_detectors = which;
    if (fault == OAC_DIAGNOSIS_DARK_LASER)
        r->fault.dark_lasers = which;
    if (fault == OAC_DIAGNOSIS_STUCK_MODULATOR)
        r->fault.stuck_modulators = which;
    if (fault == OAC_DIAGNOSIS_SATURATED)
        r->fault.saturated_detectors = which;
    if (fault == OAC_DIAGNOSIS_SWAPPED)
        r->fault.swapped = both;
    r->fault.no_light = fault == OAC_DIAGNOSIS_NO_LIGHT;
    bench_open_rig(&bench, OAC_NOISE_ALL, seed);
    bench.link.caps->settings[OAC_LASER_ON] = none;
    if (!biases)
        bench.link.caps->settings[OAC_BIAS_WEIGHT_V] =
            bench.link.caps->settings[OAC_BIAS_CLIENT_V] = none;
    bench_diagnose(&bench, findings);
    bench_close(&bench);
}

/* Extinct lasers and stuck modulators look alike: said so, of the right channel. */
Test(bare_faults, each_is_named_or_what_it_cannot_be_told_from)
{
    static const struct {
        enum oac_diagnosis injected, reported;
    } faults[] = {{OAC_DIAGNOSIS_DEAD_DETECTOR, OAC_DIAGNOSIS_DEAD_DETECTOR},
                  {OAC_DIAGNOSIS_DARK_LASER, OAC_DIAGNOSIS_STILL},
                  {OAC_DIAGNOSIS_STUCK_MODULATOR, OAC_DIAGNOSIS_STILL},
                  {OAC_DIAGNOSIS_SATURATED, OAC_DIAGNOSIS_SATURATED},
                  {OAC_DIAGNOSIS_SWAPPED, OAC_DIAGNOSIS_SWAPPED},
                  {OAC_DIAGNOSIS_NO_LIGHT, OAC_DIAGNOSIS_NO_LIGHT}};
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct oac_findings found = {0};
            char line[500];
            const size_t channel = seed % 2;
            diagnose(seed, seed > SEEDS / 2, faults[f].injected, channel, &found);
            oac_findings_line(&found, line, sizeof line);
            cr_assert_eq(found.count, 1, "fault %zu, bench %d: %s", f, (int)seed, line);
            /* light that stands still may leave no room for the windows that show crosstalk */
            if (faults[f].reported != OAC_DIAGNOSIS_STILL ||
                found.finding[0].fault != OAC_DIAGNOSIS_DARK_CHANNEL)
                cr_expect_eq(found.finding[0].fault, faults[f].reported, "bench %d: %s",
                             (int)seed, line);
            if (faults[f].injected != OAC_DIAGNOSIS_SWAPPED &&
                faults[f].injected != OAC_DIAGNOSIS_NO_LIGHT)
                cr_expect_eq(found.finding[0].channel, channel, "bench %d: %s", (int)seed,
                             line);
        }
}

Test(bare_faults, healthy_ones_are_not_accused)
{
    for (uint64_t seed = 1; seed <= 4 * SEEDS; seed++) {
        struct oac_findings found = {0};
        char line[500];
        diagnose(seed, seed % 2, OAC_DIAGNOSES, 0, &found);
        oac_findings_line(&found, line, sizeof line);
        cr_expect_eq(found.count, 0, "bench %d: %s", (int)seed, line);
    }
}
