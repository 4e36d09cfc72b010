/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random known vectors: what is played, what comes back and what the calibration so far says should. */
#ifndef OAC_CALIBRATION_VECTORS_H
#define OAC_CALIBRATION_VECTORS_H

#include "calibration/calibration.h"
#include "calibration/measure.h"

#define OAC_VECTOR_WINDOWS 64 /* operands that meet one weight frame */

struct oac_vectors {
    size_t windows, slots; /* windows: a multiple of OAC_VECTOR_WINDOWS */
    double *code;          /* (windows, channels) */
    double *expected;      /* (windows, channels) light [code], without offset and dark */
};

/* Weights and operands uniform in 0 .. 1, every slot its own; what is expected follows from curves, gains and
 * crosstalk, without converter errors (the engine knows none). `first` numbers the weight frames, for the
 * draws: other numbers, other vectors. */
enum oac_status oac_vectors_play(struct oac_measure *measure,
                                 const struct oac_calibration *calibration, size_t windows,
                                 uint64_t first, const char *what, struct oac_vectors *vectors,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_vectors_fini(struct oac_vectors *vectors); /* a zeroed one is fine */

#endif
