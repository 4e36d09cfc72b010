/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/diagnose.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "calibration/probe.h"

static const struct oac_probe_cell *cell_of(const struct oac_probe *probe, size_t k, size_t j)
{
    return &probe->cell[k * probe->channels + j];
}

static bool saturated(const struct oac_probe *probe, size_t k)
{
    return probe->dark_saturated[k] > 0.5;
}

/* Standard errors that light must exceed: cells, rows and columns are all looked at. */
static double lit_sigmas(const struct oac_probe *probe)
{
    const double n = (double)probe->channels;
    return gsl_cdf_tdist_Qinv(OAC_FALSE_ALARM / (n * n + 2.0 * n), probe->dof);
}

/* The same of what moves: of POINTS means each pair is looked at, either way round. */
static double moved_sigmas(const struct oac_probe *probe)
{
    const double n = (double)probe->channels;
    const double pairs = OAC_PROBE_POINTS * (OAC_PROBE_POINTS - 1.0);
    return gsl_cdf_tdist_Qinv(OAC_FALSE_ALARM / (n * n * pairs), probe->dof);
}

/* What can only be of laser j: where lasers cannot be switched, others shine too, and only what moves is its
 * own. */
static double light_of(const struct oac_probe *probe, size_t k, size_t j)
{
    const struct oac_probe_cell *cell = cell_of(probe, k, j);
    return probe->switched ? cell->light : cell->swing;
}

static bool lit(const struct oac_probe *probe, size_t k, size_t j)
{
    const struct oac_probe_cell *cell = cell_of(probe, k, j);
    if (saturated(probe, k))
        return false;
    return cell->overload ||
           (probe->switched ? cell->light > lit_sigmas(probe) * cell->sigma
                            : cell->swing > moved_sigmas(probe) * cell->swing_sigma);
}

/* Light of the cells together: errors are independent but for the zero, which is one per row. */
static bool row_lit(const struct oac_probe *probe, size_t k)
{
    double light = 0.0, variance = 0.0, zero = 0.0;
    if (saturated(probe, k))
        return false;
    for (size_t j = 0; j < probe->channels; j++) {
        const struct oac_probe_cell *cell = cell_of(probe, k, j);
        if (lit(probe, k, j))
            return true;
        light += cell->light;
        variance += cell->sigma * cell->sigma - cell->dark_sigma * cell->dark_sigma;
        zero += cell->dark_sigma;
    }
    return probe->switched && light > lit_sigmas(probe) * sqrt(variance + zero * zero);
}

static bool column_lit(const struct oac_probe *probe, size_t j)
{
    double light = 0.0, variance = 0.0;
    for (size_t k = 0; k < probe->channels; k++) {
        const struct oac_probe_cell *cell = cell_of(probe, k, j);
        if (saturated(probe, k))
            continue;
        if (lit(probe, k, j))
            return true;
        light += cell->light;
        variance += cell->sigma * cell->sigma;
    }
    return probe->switched && light > lit_sigmas(probe) * sqrt(variance);
}

static void add(struct oac_findings *findings, enum oac_diagnosis fault, size_t channel,
                size_t other, double evidence)
{
    if (findings->count < OAC_FINDINGS_MAX)
        findings->finding[findings->count] = (struct oac_finding){
            .fault = fault, .channel = channel, .other = other, .evidence = evidence};
    findings->count++;
}

/* Light on the own readouts of a pair against light on each other's: below 1 when they are swapped. */
static double own_share(const struct oac_probe *probe, size_t a, size_t b)
{
    const struct oac_probe_cell *aa = cell_of(probe, a, a), *bb = cell_of(probe, b, b);
    const double own =
        fmax(light_of(probe, a, a), aa->sigma) * fmax(light_of(probe, b, b), bb->sigma);
    return own / (light_of(probe, a, b) * light_of(probe, b, a));
}

static void find_swapped(const struct oac_probe *probe, struct oac_findings *findings)
{
    for (size_t a = 0; a < probe->channels; a++)
        for (size_t b = a + 1; b < probe->channels; b++) {
            if (!lit(probe, a, b) || !lit(probe, b, a) || saturated(probe, a) ||
                saturated(probe, b))
                continue;
            const double share = own_share(probe, a, b);
            if (share < 1.0)
                add(findings, OAC_DIAGNOSIS_SWAPPED, a, b, share);
        }
}

static void find_dark(const struct oac_probe *probe, struct oac_findings *findings)
{
    for (size_t k = 0; k < probe->channels; k++) {
        const bool row = row_lit(probe, k), column = column_lit(probe, k);
        if (saturated(probe, k) || (row && column))
            continue;
        /* Without a switch a stuck modulator hides its laser: its light is always there. */
        enum oac_diagnosis fault = OAC_DIAGNOSIS_DARK_CHANNEL;
        if (column)
            fault = OAC_DIAGNOSIS_DEAD_DETECTOR;
        else if (row)
            fault = probe->switched ? OAC_DIAGNOSIS_DARK_LASER : OAC_DIAGNOSIS_STILL;
        add(findings, fault, k, k, lit_sigmas(probe));
    }
}

/* On the readout that sees the laser best. How much light there is that should move only a switch tells. */
static void find_stuck(const struct oac_probe *probe, struct oac_findings *findings)
{
    for (size_t j = 0; j < probe->channels; j++) {
        const struct oac_probe_cell *best = NULL;
        for (size_t k = 0; k < probe->channels; k++) {
            const struct oac_probe_cell *cell = cell_of(probe, k, j);
            if (lit(probe, k, j) && !cell->overload &&
                (!best || cell->light * best->sigma > best->light * cell->sigma))
                best = cell;
        }
        if (best &&
            best->swing + OAC_STUCK_SIGMAS * best->swing_sigma < probe->need[j] * best->most)
            add(findings, OAC_DIAGNOSIS_STUCK_MODULATOR, j, j, best->swing / best->most);
    }
}

static void find_drift(const struct oac_probe *probe, struct oac_findings *findings)
{
    for (size_t k = 0; k < probe->channels; k++)
        if (!saturated(probe, k) && probe->drift[k] > OAC_DRIFT_LIMIT)
            add(findings, OAC_DIAGNOSIS_DRIFT, k, k, probe->drift[k]);
}

void oac_diagnose(const struct oac_probe *probe, struct oac_findings *findings)
{
    bool any = false, sees = false;
    findings->count = 0;
    for (size_t k = 0; k < probe->channels; k++) {
        sees = sees || !saturated(probe, k);
        any = any || row_lit(probe, k);
        if (saturated(probe, k))
            add(findings, OAC_DIAGNOSIS_SATURATED, k, k, probe->dark_saturated[k]);
    }
    if (sees && !any)
        add(findings, OAC_DIAGNOSIS_NO_LIGHT, 0, 0, lit_sigmas(probe));
    if (!any)
        return;
    find_swapped(probe, findings);
    find_dark(probe, findings);
    if (probe->switched)
        find_stuck(probe, findings);
    find_drift(probe, findings);
}

static bool explained(const struct oac_findings *findings, size_t k)
{
    for (size_t i = 0; i < findings->count && i < OAC_FINDINGS_MAX; i++) {
        const struct oac_finding *finding = &findings->finding[i];
        if (finding->fault == OAC_DIAGNOSIS_NO_LIGHT || finding->channel == k ||
            finding->other == k)
            return true;
    }
    return false;
}

void oac_diagnose_blind(const bool *blind, size_t channels, struct oac_findings *findings)
{
    for (size_t k = 0; k < channels; k++)
        if (blind[k] && !explained(findings, k))
            add(findings, OAC_DIAGNOSIS_BLIND, k, k, 0.0);
}
