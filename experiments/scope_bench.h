/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench played by hand: transmissions in, readout codes out, frame by frame, without scales
 * or encodings.
 *
 * A transmission t in [0, 1] (relative, see hal/calrec.h) becomes the volts of the nominal
 * curve and the nearest
 * code. Of detector pairs the first is read alone. */
#ifndef OAC_EXPERIMENTS_SCOPE_BENCH_H
#define OAC_EXPERIMENTS_SCOPE_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "experiments/setup.h"

/* First bench slot that is played: alignment uses slot 0. */
#define OAC_SCOPE_SLOT0 ((uint64_t)1 << 20)

struct oac_scope_bench {
    struct oac_station station;
    struct oac_workspace *workspace;
    const struct oac_link_caps *caps;
    size_t channels, slots;
    double
        electrons_per_code; /* of a readout of so many slots, at the detector before avalanche gain */
    uint16_t *weight_code; /* (channels, slots) */
};

/* Opens what `on` names with this noise; the rest as in options. The bench must not be moved.
 * Zeroed on failure. */
enum oac_status oac_scope_bench_open(const struct oac_station_options *options, const char *on,
                                     uint32_t noise, size_t slots, const struct oac_sink *sink,
                                     struct oac_scope_bench *bench,
                                     struct oac_err *err) OAC_MUST_USE;
void oac_scope_bench_close(struct oac_scope_bench *bench); /* a zeroed bench is fine */

/* weight (channels, slots) and client (windows, slots) transmissions, slot0 (windows); code
 * (windows, channels)
 * receives the readouts. */
struct oac_scope_play {
    size_t windows;
    const float *weight, *client;
    const uint64_t *slot0;
    float *code;
};
enum oac_status oac_scope_bench_play(struct oac_scope_bench *bench,
                                     const struct oac_scope_play *play,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
