/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any matrix product through the optics, beside the exact one:  y = x W^T.
 *
 *     W (K, N) weights, x (B, N) operands, y (B, K)
 *
 * Scales come from W and x as a whole, never from single rows, so that a row's result does not depend on its
 * neighbours' once the files are fixed. Row b of x is image b of the bench's schedule.
 *
 *     error_rms      sqrt(mean (y - exact)^2)
 *     full_scale     N max|w| max|x|, the largest y that these scales could carry
 *     y_rms          sqrt(mean exact^2) */
#ifndef OAC_EXPERIMENTS_MATMUL_H
#define OAC_EXPERIMENTS_MATMUL_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "experiments/setup.h"

struct oac_matmul {
    size_t rows, cols, vectors; /* K, N, B; each >= 1 */
    const float *w;             /* (rows, cols), finite */
    const float *x;             /* (vectors, cols), finite */
    double photons_per_mac;     /* detected; NAN: the rig's own power */
    size_t threads;             /* 0: all processors */
};

struct oac_matmul_result {
    char rig_name[OAC_RUN_TEXT_BYTES];
    struct oac_calibration_marks calibration;
    double error_rms, error_largest, error_mean; /* in units of y */
    double full_scale, y_rms;
    double launch; /* power relative to the rig's */
    double photons_per_mac_detected, photons_per_mac_launched;
    double aj_per_mac_detected, aj_per_mac_launched;
    uint64_t macs, optical_macs; /* of the whole product */
    uint64_t clipped_readouts;
    enum oac_loss underflow, overflow;
    double bench_s; /* bench time of the whole product */
    double seconds; /* wall clock of the optical part */
};

/* Returned: y (vectors, rows), and figures. Nothing but `seconds` depends on the threads. */
enum oac_status oac_matmul_run(const struct oac_station_options *station,
                               const struct oac_matmul *product, const struct oac_sink *sink,
                               float *y, struct oac_matmul_result *result,
                               struct oac_err *err) OAC_MUST_USE;

#endif
