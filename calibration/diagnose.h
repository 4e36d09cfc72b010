/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is broken on a bench, judged from a table of what probes measured (calibration/step_faults.c).
 *
 * Cell (k, j) is what readout k sees of laser j alone while weight port j goes through its voltages and the
 * client is open: light with its standard error, swing = most - least over the voltages. With powers p, gains
 * g and crosstalk X it is g_k X_kj p_j T_j, which tells the parts apart:
 *     detector k dead    row k is dark, column k is not: crosstalk of laser k reaches other readouts
 *     laser k extinct    column k is dark, row k is not
 *     modulator k stuck  column k has light, and it does not follow the voltage
 *     a, b swapped       cell(b,a) cell(a,b) > cell(a,a) cell(b,b): p and g cancel, what is left is
 *                        X_ba X_ab / (X_aa X_bb), which a working demultiplexer keeps far below 1
 * Lasers that cannot be switched all shine, and a cell holds them all: what is laser j's in it is its swing
 * alone, and a column without any is a laser that is extinct or a modulator that is stuck.
 * Thresholds. A cell is lit when its light exceeds t standard errors, t the quantile of Student's distribution
 * at OAC_FALSE_ALARM shared by all cells, rows and columns: of benches without light so many are called lit; by
 * its swing it is lit when that exceeds its own, shared by all pairs of voltages of all cells. A modulator is
 * stuck when the least swing of a working one, need, is refuted by OAC_STUCK_SIGMAS standard errors (3e-7
 * one-sided per channel). Drift counts by its lower bound at the same rate (calibration/step_faults.c).
 * Not told apart: docs/faults.md. Source: any text on hypothesis tests; the rates are this file's. */
#ifndef OAC_CALIBRATION_DIAGNOSE_H
#define OAC_CALIBRATION_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>

#define OAC_FALSE_ALARM  1e-4 /* per bench and kind of fault */
#define OAC_STUCK_SIGMAS 5.0
/* Two sigma of a slow change move a working point by a tenth of V_pi, pi/20 of full scale in mid slope: beyond it
 * first light, which is good to that much, no longer says which curve a sweep belongs to. */
#define OAC_DRIFT_LIMIT 0.0785

/* name, word, what is wrong, what to do */
#define OAC_DIAGNOSIS_LIST(X)                                                                  \
    X(OAC_DIAGNOSIS_SATURATED, "saturated detector", "readout saturated without any light",    \
      "check its offset and ambient light")                                                    \
    X(OAC_DIAGNOSIS_NO_LIGHT, "no light", "no light reaches any readout", "check the fiber")   \
    X(OAC_DIAGNOSIS_SWAPPED, "swapped channels", "swapped",                                    \
      "exchange the cables of their readouts")                                                 \
    X(OAC_DIAGNOSIS_DEAD_DETECTOR, "dead detector", "detector dead",                           \
      "check the detector and its readout cable")                                              \
    X(OAC_DIAGNOSIS_DARK_LASER, "extinct laser", "laser extinct", "check the laser's current") \
    X(OAC_DIAGNOSIS_DARK_CHANNEL, "dark channel",                                              \
      "no light, or none that moves (detector, laser or modulator: it cannot tell)",           \
      "check all three")                                                                       \
    X(OAC_DIAGNOSIS_STILL, "still channel",                                                    \
      "laser extinct or modulator stuck (a laser that cannot be switched does not tell)",      \
      "check the laser's current, then the drive and bias cables")                             \
    X(OAC_DIAGNOSIS_STUCK_MODULATOR, "stuck modulator", "modulator stuck",                     \
      "check the drive and bias cables")                                                       \
    X(OAC_DIAGNOSIS_DRIFT, "fast drift", "drifts faster than it can be measured",              \
      "let the bench warm up, or check its temperature control")                               \
    X(OAC_DIAGNOSIS_BLIND, "blind readout", "no preamble seen",                                \
      "check its light and the receiver's range")

enum oac_diagnosis {
#define OAC_DIAGNOSIS_ENUM(name, word, wrong, remedy) name,
    OAC_DIAGNOSIS_LIST(OAC_DIAGNOSIS_ENUM)
#undef OAC_DIAGNOSIS_ENUM
        OAC_DIAGNOSES
};
extern const char *const oac_diagnosis_names[]; /* the words, NULL at the end */

struct oac_probe_cell {              /* [code per slot] */
    double light, sigma;             /* mean over the voltages, less the dark */
    double dark_sigma;               /* part of sigma that is the dark's: one error for a row */
    double most, swing, swing_sigma; /* extremes over the voltages */
    bool overload;                   /* light that the shortest window cannot hold */
};

struct oac_probe {
    size_t channels;
    bool switched;               /* lasers were switched; else the weights were parked */
    double dof;                  /* of the sigmas */
    struct oac_probe_cell *cell; /* (channels readouts, channels lasers) */
    double *dark_saturated;      /* (channels) share of the dark readouts that saturated */
    double *need;                /* (channels) least swing/most of a working modulator */
    double *
        drift; /* (channels) lower bound of the rms slow change in a sweep's time, relative to most */
};

#define OAC_FINDINGS_MAX 16u

struct oac_finding {
    enum oac_diagnosis fault;
    size_t channel, other; /* other: the second of a swapped pair */
    double evidence;       /* what the words of oac_finding_line call it */
};

struct oac_findings {
    size_t count; /* more than OAC_FINDINGS_MAX are not listed */
    struct oac_finding finding[OAC_FINDINGS_MAX];
};

/* In the order of the list: what explains most comes first. None on a healthy bench. Pure. */
void oac_diagnose(const struct oac_probe *probe, struct oac_findings *findings);

/* Adds the readouts on which the link saw nothing of its own (OAC_FLAG_BLIND), where nothing found explains it.
 * blind (channels). Pure. */
void oac_diagnose_blind(const bool *blind, size_t channels, struct oac_findings *findings);

/* One line: all findings with their evidence and what to do, as far as bytes reach. Pure. */
void oac_findings_line(const struct oac_findings *findings, char *line, size_t bytes);

#endif
