/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The judging, on made-up tables: what each pattern of light means. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "calibration/diagnose.h"

enum { CHANNELS = 4 };

#define SIGMA     0.001 /* of a cell; full light is 1 */
#define CROSSTALK 0.02

struct table {
    struct oac_probe probe;
    struct oac_probe_cell cell[CHANNELS * CHANNELS];
    double dark_saturated[CHANNELS], need[CHANNELS], drift[CHANNELS];
    struct oac_findings findings;
};

static struct oac_probe_cell shine(double light)
{
    return (struct oac_probe_cell){.light = light,
                                   .sigma = SIGMA,
                                   .most = 2.0 * light,
                                   .swing = 1.8 * light,
                                   .swing_sigma = SIGMA};
}

static void make_healthy(struct table *table)
{
    memset(table, 0, sizeof *table);
    table->probe = (struct oac_probe){
        CHANNELS, true, 63.0, table->cell, table->dark_saturated, table->need, table->drift};
    for (size_t k = 0; k < CHANNELS; k++) {
        table->need[k] = 0.3;
        for (size_t j = 0; j < CHANNELS; j++)
            table->cell[k * CHANNELS + j] = shine(k == j ? 1.0 : CROSSTALK);
    }
}

static void darken_row(struct table *table, size_t k)
{
    for (size_t j = 0; j < CHANNELS; j++)
        table->cell[k * CHANNELS + j] = shine(0.0);
}

static void darken_column(struct table *table, size_t j)
{
    for (size_t k = 0; k < CHANNELS; k++)
        table->cell[k * CHANNELS + j] = shine(0.0);
}

static void expect_one(struct table *table, enum oac_diagnosis fault, size_t channel)
{
    char line[400];
    oac_diagnose(&table->probe, &table->findings);
    oac_findings_line(&table->findings, line, sizeof line);
    cr_assert_eq(table->findings.count, 1, "%zu: %s", table->findings.count, line);
    cr_expect_eq(table->findings.finding[0].fault, fault, "%s", line);
    cr_expect_eq(table->findings.finding[0].channel, channel, "%s", line);
    cr_expect_null(strchr(line, '\n'));
}

Test(diagnose, a_healthy_table_is_not_accused)
{
    struct table table;
    make_healthy(&table);
    oac_diagnose(&table.probe, &table.findings);
    cr_expect_eq(table.findings.count, 0);
}

Test(diagnose, a_dark_row_is_its_detector_and_a_dark_column_its_laser)
{
    struct table table;
    make_healthy(&table);
    darken_row(&table, 2);
    expect_one(&table, OAC_DIAGNOSIS_DEAD_DETECTOR, 2);
    make_healthy(&table);
    darken_column(&table, 1);
    expect_one(&table, OAC_DIAGNOSIS_DARK_LASER, 1);
}

Test(diagnose, without_crosstalk_a_dark_channel_is_not_guessed_at)
{
    struct table table;
    make_healthy(&table);
    for (size_t k = 0; k < CHANNELS; k++)
        for (size_t j = 0; j < CHANNELS; j++)
            if (k != j || k == 3)
                table.cell[k * CHANNELS + j] = shine(0.0);
    expect_one(&table, OAC_DIAGNOSIS_DARK_CHANNEL, 3);
}

Test(diagnose, a_pair_that_answers_for_each_other_is_swapped)
{
    struct table table;
    make_healthy(&table);
    for (size_t j = 0; j < CHANNELS; j++) {
        const struct oac_probe_cell kept = table.cell[j];
        table.cell[j] = table.cell[2 * CHANNELS + j];
        table.cell[2 * CHANNELS + j] = kept;
    }
    expect_one(&table, OAC_DIAGNOSIS_SWAPPED, 0);
    cr_expect_eq(table.findings.finding[0].other, 2);
}

Test(diagnose, light_that_does_not_follow_its_voltage_is_stuck)
{
    struct table table;
    make_healthy(&table);
    for (size_t k = 0; k < CHANNELS; k++)
        table.cell[k * CHANNELS + 1].swing = 0.0;
    expect_one(&table, OAC_DIAGNOSIS_STUCK_MODULATOR, 1);
}

/* Swing 0.25 of 2.0 is less than need 0.3, but not by five standard errors of 0.1. */
Test(diagnose, a_swing_too_noisy_to_refute_is_not_called_stuck)
{
    struct table table;
    make_healthy(&table);
    for (size_t k = 0; k < CHANNELS; k++) {
        table.cell[k * CHANNELS + 1].swing = 0.25 * table.cell[k * CHANNELS + 1].most;
        table.cell[k * CHANNELS + 1].swing_sigma = 0.1;
    }
    oac_diagnose(&table.probe, &table.findings);
    cr_expect_eq(table.findings.count, 0);
}

Test(diagnose, a_readout_at_its_end_without_light_is_saturated)
{
    struct table table;
    make_healthy(&table);
    table.dark_saturated[3] = 1.0;
    expect_one(&table, OAC_DIAGNOSIS_SATURATED, 3);
}

Test(diagnose, no_light_anywhere_is_one_finding)
{
    struct table table;
    make_healthy(&table);
    for (size_t k = 0; k < CHANNELS; k++)
        darken_row(&table, k);
    expect_one(&table, OAC_DIAGNOSIS_NO_LIGHT, 0);
}

/* A dark that came out low by 3 of its own standard errors is in every cell of its row: one error, not four. */
Test(diagnose, a_dark_reading_in_error_is_not_light_in_its_whole_row)
{
    struct table table;
    make_healthy(&table);
    for (size_t k = 0; k < CHANNELS; k++)
        darken_row(&table, k);
    for (size_t j = 0; j < CHANNELS; j++)
        table.cell[j] = (struct oac_probe_cell){
            .light = 3.0 * SIGMA, .sigma = SIGMA, .dark_sigma = SIGMA, .most = 3.0 * SIGMA};
    expect_one(&table, OAC_DIAGNOSIS_NO_LIGHT, 0);
}

Test(diagnose, drift_counts_from_its_limit_on)
{
    struct table table;
    make_healthy(&table);
    table.drift[2] = 1.01 * OAC_DRIFT_LIMIT;
    expect_one(&table, OAC_DIAGNOSIS_DRIFT, 2);
    make_healthy(&table);
    table.drift[2] = 0.99 * OAC_DRIFT_LIMIT;
    oac_diagnose(&table.probe, &table.findings);
    cr_expect_eq(table.findings.count, 0);
}

Test(diagnose, crosstalk_counts_in_sum_where_no_cell_alone_is_lit)
{
    struct table table;
    make_healthy(&table);
    darken_row(&table, 2);
    /* 4 sigma each are below the 4.7 that one of 24 looks needs; three of them make 6.9 */
    for (size_t k = 0; k < CHANNELS; k++)
        table.cell[k * CHANNELS + 2] = shine(k == 2 ? 0.0 : 4.0 * SIGMA);
    expect_one(&table, OAC_DIAGNOSIS_DEAD_DETECTOR, 2);
}

/* All lasers shine at once: every cell of a row has its own laser's light, too, which stands still. */
Test(diagnose, without_a_laser_switch_light_that_stands_still_is_no_evidence)
{
    struct table table;
    make_healthy(&table);
    table.probe.switched = false;
    for (size_t k = 0; k < CHANNELS; k++)
        for (size_t j = 0; j < CHANNELS; j++) {
            struct oac_probe_cell *cell = &table.cell[k * CHANNELS + j];
            cell->light += k == j ? 0.0 : 0.7;
            cell->most += k == j ? 0.0 : 0.7;
        }
    oac_diagnose(&table.probe, &table.findings);
    cr_expect_eq(table.findings.count, 0);
}

Test(diagnose, without_a_laser_switch_an_extinct_laser_is_left_undecided)
{
    struct table table;
    make_healthy(&table);
    table.probe.switched = false;
    darken_column(&table, 1);
    expect_one(&table, OAC_DIAGNOSIS_STILL, 1);
}

Test(diagnose, a_blind_readout_is_a_finding_where_no_other_explains_it)
{
    static const bool blind[CHANNELS] = {false, true, true, false};
    struct table table;
    make_healthy(&table);
    darken_row(&table, 1);
    expect_one(&table, OAC_DIAGNOSIS_DEAD_DETECTOR, 1);
    oac_diagnose_blind(blind, CHANNELS, &table.findings);
    cr_assert_eq(table.findings.count, 2);
    cr_expect_eq(table.findings.finding[1].fault, OAC_DIAGNOSIS_BLIND);
    cr_expect_eq(table.findings.finding[1].channel, 2);
    for (size_t k = 0; k < CHANNELS; k++)
        darken_row(&table, k);
    expect_one(&table, OAC_DIAGNOSIS_NO_LIGHT, 0);
    oac_diagnose_blind(blind, CHANNELS, &table.findings);
    cr_expect_eq(table.findings.count, 1);
}

Test(diagnose, every_finding_is_a_line_that_names_channel_and_remedy)
{
    for (int fault = 0; fault < OAC_DIAGNOSES; fault++) {
        const struct oac_findings findings = {.count = 1,
                                              .finding = {{.fault = (enum oac_diagnosis)fault,
                                                           .channel = 7,
                                                           .other = 9,
                                                           .evidence = 0.5}}};
        char line[500];
        oac_findings_line(&findings, line, sizeof line);
        cr_expect_null(strchr(line, '\n'));
        cr_expect_not_null(strstr(line, fault == OAC_DIAGNOSIS_SWAPPED ? "exchange" : "check"),
                           "%s", line);
        if (fault != OAC_DIAGNOSIS_NO_LIGHT)
            cr_expect_not_null(strstr(line, "7"), "%s", line);
    }
}

Test(diagnose, a_line_that_is_too_long_is_cut_not_overrun)
{
    struct oac_findings findings = {.count = 40};
    for (size_t i = 0; i < OAC_FINDINGS_MAX; i++)
        findings.finding[i] = (struct oac_finding){.fault = OAC_DIAGNOSIS_DRIFT, .channel = i};
    char line[100 + 1];
    line[100] = '#';
    oac_findings_line(&findings, line, 100);
    cr_expect_lt(strlen(line), 100);
    cr_expect_eq(line[100], '#');
}
