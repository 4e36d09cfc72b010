/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a target was not reached: the dominant error, and what would help.
 *
 * Per readout of fresh random vectors, relative to full scale: total = verify_rms, white = noise of one
 * window that averaging takes off, clipped = share of the readouts of images; what is left is
 * systematic. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_REASON_H
#define OAC_EXPERIMENTS_CALIBRATE_REASON_H

#include <stddef.h>

#include "experiments/calibrate_bench.h"

/* "" when it was certified. Pure. */
void oac_calibrate_reason(const struct oac_calibrate_bench *bench, char *text, size_t bytes);

#endif
