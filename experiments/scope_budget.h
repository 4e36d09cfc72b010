/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the noise of a readout comes from: each source alone, on the sampled bench and on the analytic one.
 *
 *     V(source) = mean over windows and channels of (readout with that source - readout without any)^2
 * in electrons^2 at the detector, the same operands in both: so rounding counts as what it does to random
 * operands, and drift as its distance from nominal. Windows of drift lie five correlation times apart. The
 * standard error comes from the spread of window means, so that noise common to all channels is counted once a
 * window. Sources that the analytic engine does not know (linewidth, jitter) have NAN there. */
#ifndef OAC_EXPERIMENTS_SCOPE_BUDGET_H
#define OAC_EXPERIMENTS_SCOPE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "experiments/setup.h"

#define OAC_BUDGET_ROWS_MAX 17

struct oac_scope_budget_row {
    char name[32]; /* of sim/noise.h; the last row is "all" that were asked for, together */
    double wave_electrons2, wave_error; /* variance, and its standard error */
    double sim_electrons2, sim_error;
};

struct oac_scope_budget {
    size_t windows, channels, rows; /* rows 0: not wanted */
    double signal_electrons;        /* mean of the readouts without noise */
    double swing_electrons;         /* rms of their spread about it */
    struct oac_scope_budget_row row[OAC_BUDGET_ROWS_MAX];
};

/* options->noise says which sources, of those that the rig has; operands are uniform in 0..1 by options->seed. */
enum oac_status oac_scope_budget_make(const struct oac_station_options *options, size_t slots,
                                      size_t windows, const struct oac_sink *sink,
                                      struct oac_scope_budget *budget,
                                      struct oac_err *err) OAC_MUST_USE;

/* Transmissions uniform in 0..1, draw number `which` of a seed: (count). Pure. */
void oac_scope_operands(uint64_t seed, uint64_t which, size_t count, float *t);

#endif
