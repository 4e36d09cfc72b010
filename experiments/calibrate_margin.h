/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much a bench may move before the accuracy that was certified on it suffers.
 *
 * The record is put wrong on purpose and images are classified with it: every channel's gain by the factor 1
 * +- e, its offset by +- e of full scale, its weight modulator's peak, and the client's, by what moves the
 * level at mean light by e of full scale. That is all at once what `oac calibrate --check` looks at, and what
 * may lie behind it. e is tolerated when images of the calibration split are right at least as often as the
 * target says. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_MARGIN_H
#define OAC_EXPERIMENTS_CALIBRATE_MARGIN_H

#include "experiments/calibrate_bench.h"

/* *tolerated: the largest e of 0.25, 0.5, 1, 2 and 4 % that is; 0: none. Plays at most a thousand images three
 * times; engine and network are those of the true record afterwards. */
enum oac_status oac_calibrate_margin(struct oac_calibrate_bench *bench, double *tolerated,
                                     struct oac_err *err) OAC_MUST_USE;

/* The record put wrong by e, signs by chance; slots of a window that fills the readout. */
void oac_calibrate_put_wrong(struct oac_calrec *record, double slots, double e);

#endif
