/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One bench under comparison: a network loaded through it, played layer by layer over all images. */
#ifndef OAC_EXPERIMENTS_COMPARE_BENCH_H
#define OAC_EXPERIMENTS_COMPARE_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "experiments/setup.h"

struct oac_compare_bench {
    struct oac_station station;
    struct oac_forward *forward;
    struct oac_forward_scratch **forward_scratch; /* (threads) */
    struct oac_engine_scratch **scratch;          /* (threads) */
    size_t threads;
};

/* Opens `on` with the rig of options and `sets` (set_count) instead of options->sets; noise as given. */
struct oac_compare_bench_request {
    const struct oac_run_options *options;
    const struct oac_network *network;
    const char *on;
    const char *const *sets;
    size_t set_count;
    uint32_t noise;
    size_t batch;
};
enum oac_status oac_compare_bench_open(const struct oac_compare_bench_request *request,
                                       const struct oac_sink *sink,
                                       struct oac_compare_bench *bench,
                                       struct oac_err *err) OAC_MUST_USE;
void oac_compare_bench_close(struct oac_compare_bench *bench); /* a zeroed bench is fine */

/* Layer l of x (images, inputs), each image `repeats` times: mean and var (images, outputs); var (NULL: not
 * wanted) is the unbiased variance of one readout, 0 for repeats 1. */
struct oac_compare_play {
    size_t layer, images, repeats;
    const float *x;
    double *mean, *var;
    const char *what; /* for progress */
};
enum oac_status oac_compare_bench_layer(struct oac_compare_bench *bench,
                                        const struct oac_compare_play *play,
                                        const struct oac_sink *sink,
                                        struct oac_err *err) OAC_MUST_USE;

/* The whole network: label (images) of x (images, inputs). */
enum oac_status oac_compare_bench_labels(struct oac_compare_bench *bench, size_t images,
                                         const float *x, uint8_t *label, const char *what,
                                         const struct oac_sink *sink,
                                         struct oac_err *err) OAC_MUST_USE;

#endif
