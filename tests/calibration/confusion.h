/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benches of random imperfections with one fault each are diagnosed; injected is counted against reported. */
#ifndef OAC_TESTS_CALIBRATION_CONFUSION_H
#define OAC_TESTS_CALIBRATION_CONFUSION_H

#include <stdio.h>
#include <time.h>

#include "calibration/diagnose.h"
#include "calibration/steps.h"
#include "tests/calibration/random_bench.h"

#define HEALTHY OAC_DIAGNOSES       /* row and column after the faults */
#define WRONG   (OAC_DIAGNOSES + 1) /* column: other channels, or several kinds of fault */

struct confusion {
    int count[OAC_DIAGNOSES + 1][OAC_DIAGNOSES + 2];
    double longest_s; /* of one diagnosis, processor time */
};

struct injected {
    enum oac_diagnosis fault; /* or HEALTHY */
    size_t channel, other;
};

/* What a rig can break. A dark channel is what two of these look like without crosstalk: docs/faults.md. */
static const enum oac_diagnosis injectable[] = {
    OAC_DIAGNOSIS_SATURATED,     OAC_DIAGNOSIS_NO_LIGHT,   OAC_DIAGNOSIS_SWAPPED,
    OAC_DIAGNOSIS_DEAD_DETECTOR, OAC_DIAGNOSIS_DARK_LASER, OAC_DIAGNOSIS_STUCK_MODULATOR,
    OAC_DIAGNOSIS_DRIFT};
#define INJECTABLE (sizeof injectable / sizeof *injectable)

/* Peaks wander by 0.2 to 0.4 V_pi rms within a tenth of a second to a half: a sweep takes 0.3 s. */
static inline void inject_drift(struct oac_rig *rig, uint64_t seed)
{
    rig->weight_modulator.drift_sigma_v =
        bench_draw(seed, 13, 0.2, 0.4) * rig->weight_modulator.vpi_v;
    rig->weight_modulator.drift_tau_s = bench_draw(seed, 14, 0.1, 0.5);
}

static inline void inject(struct oac_rig *rig, uint64_t seed, struct injected *injected)
{
    const double n = (double)rig->channels;
    injected->channel = (size_t)bench_draw(seed, 10, 0.0, n);
    injected->other =
        (injected->channel + (size_t)bench_draw(seed, 11, 1.0, n)) % (size_t)rig->channels;
    const struct oac_config_reals one = {1, {(double)injected->channel}};
    const struct oac_config_reals two = {2,
                                         {(double)injected->channel, (double)injected->other}};
    if (injected->fault == OAC_DIAGNOSIS_SATURATED)
        rig->fault.saturated_detectors = one;
    if (injected->fault == OAC_DIAGNOSIS_DEAD_DETECTOR)
        rig->fault.dead_detectors = one;
    if (injected->fault == OAC_DIAGNOSIS_DARK_LASER)
        rig->fault.dark_lasers = one;
    if (injected->fault == OAC_DIAGNOSIS_STUCK_MODULATOR)
        rig->fault.stuck_modulators = one;
    rig->fault.stuck_at = bench_draw(seed, 12, 0.05, 1.0);
    if (injected->fault == OAC_DIAGNOSIS_SWAPPED)
        rig->fault.swapped = two;
    if (injected->fault == OAC_DIAGNOSIS_NO_LIGHT)
        rig->fault.no_light = true;
    if (injected->fault == OAC_DIAGNOSIS_DRIFT)
        inject_drift(rig, seed);
}

/* Every second bench another rig, another shape of spread and other numbers of channels. */
static inline void draw_faulty_bench(struct random_bench *bench, uint64_t seed,
                                     struct injected *injected)
{
    bench_draw_rig(bench, seed % 2 ? "netcast-86km" : "netcast-local", seed % 4 < 2 ? 4 : 8,
                   seed);
    struct oac_rig *rig = &bench->rig;
    rig->spread = seed % 3 ? OAC_SPREAD_NORMAL : OAC_SPREAD_UNIFORM;
    rig->demux.crosstalk_spread_db = 1.0;
    rig->weight_modulator.er_spread_db = rig->client_modulator.er_spread_db = 1.0;
    inject(rig, seed, injected);
    bench_open_rig(bench, OAC_NOISE_ALL, seed);
}

static inline void bench_diagnose(struct random_bench *bench, struct oac_findings *findings)
{
    struct oac_measure measure;
    struct oac_calibration *calibration;
    struct oac_err err;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    cr_assert_eq(oac_calibration_create(bench->truth->channels, &calibration, &err), OAC_OK);
    cr_assert_eq(oac_measure_init(&measure, &bench->link, NULL, 0, 1, &err), OAC_OK);
    cr_assert_eq(oac_diagnose_bench(&measure, &options, calibration, findings, &err), OAC_OK,
                 "%s", err.message);
    oac_measure_fini(&measure);
    oac_calibration_destroy(calibration);
}

/* The column: the fault that all findings name, when they name the injected channels and no others. */
static inline int reported(const struct oac_findings *findings, const struct injected *injected)
{
    const struct oac_finding *first = &findings->finding[0];
    if (findings->count == 0)
        return HEALTHY;
    for (size_t i = 1; i < findings->count; i++)
        if (first->fault != OAC_DIAGNOSIS_DRIFT || findings->finding[i].fault != first->fault)
            return WRONG;
    if (first->fault != injected->fault || first->fault == OAC_DIAGNOSIS_DRIFT ||
        first->fault == OAC_DIAGNOSIS_NO_LIGHT)
        return (int)first->fault;
    const size_t a = injected->channel, b = injected->other;
    if (first->fault == OAC_DIAGNOSIS_SWAPPED)
        return (first->channel == a && first->other == b) ||
                       (first->channel == b && first->other == a)
                   ? (int)first->fault
                   : WRONG;
    return first->channel == a ? (int)first->fault : WRONG;
}

static inline void confuse(struct confusion *confusion, enum oac_diagnosis fault,
                           uint64_t first_seed, int benches)
{
    for (int i = 0; i < benches; i++) {
        struct random_bench bench;
        struct oac_findings findings;
        struct injected injected = {.fault = fault};
        char line[500];
        draw_faulty_bench(&bench, first_seed + (uint64_t)i, &injected);
        const clock_t start = clock();
        bench_diagnose(&bench, &findings);
        confusion->longest_s =
            fmax(confusion->longest_s, (double)(clock() - start) / CLOCKS_PER_SEC);
        const int column = reported(&findings, &injected);
        confusion->count[fault][column]++;
        oac_findings_line(&findings, line, sizeof line);
        if (column != (int)fault)
            fprintf(stderr, "seed %d, injected %s, channel %zu: %s\n", (int)first_seed + i,
                    fault == HEALTHY ? "nothing" : oac_diagnosis_names[fault], injected.channel,
                    line);
        bench_close(&bench);
    }
}

static inline void confusion_print(const struct confusion *confusion, FILE *out)
{
    fprintf(out, "| injected \\ reported |");
    for (int c = 0; c < OAC_DIAGNOSES; c++)
        fprintf(out, " %s |", oac_diagnosis_names[c]);
    fprintf(out, " nothing | wrong or several |\n");
    for (int r = 0; r <= OAC_DIAGNOSES; r++) {
        if (r == OAC_DIAGNOSIS_DARK_CHANNEL)
            continue;
        fprintf(out, "| %s |", r == HEALTHY ? "nothing" : oac_diagnosis_names[r]);
        for (int c = 0; c <= WRONG; c++)
            fprintf(out, " %d |", confusion->count[r][c]);
        fprintf(out, "\n");
    }
    fprintf(out, "longest diagnosis: %.2f s of processor time\n", confusion->longest_s);
}

/* Benches of fault r that were reported as what they are. */
static inline int confusion_right(const struct confusion *confusion, size_t i)
{
    return confusion->count[injectable[i]][injectable[i]];
}

#endif
