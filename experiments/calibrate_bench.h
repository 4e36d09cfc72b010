/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bench as the target loop works on it: a link, what was last measured of it, and a network on both.
 *
 * One clock: measurements and images follow one another on the bench's slots, never the same window twice. */
#ifndef OAC_EXPERIMENTS_CALIBRATE_BENCH_H
#define OAC_EXPERIMENTS_CALIBRATE_BENCH_H

#include "calibration/partial.h"
#include "experiments/calibrate.h"
#include "experiments/classifier.h"

struct oac_calibrate_bench {
    const struct oac_calibrate_request *request;
    const struct oac_sink *sink;
    struct oac_calibrate_outcome *outcome;
    struct oac_link *link;
    struct oac_network *network;
    struct oac_dataset *reference, *held_out;
    struct oac_engine *engine; /* with the record; rebuilt after every change */
    struct oac_classifier *classifier;
    uint64_t slot; /* the next free one, when no engine runs */
    uint32_t repeats;
    unsigned measured;               /* times */
    struct oac_multiply_tally tally; /* of engines that are gone */
    uint8_t *prediction;             /* (held_out->count) */
    struct oac_partial *partial;     /* of an interrupted calibration; NULL: none is kept */
    struct oac_account replayed;     /* what it told, and the bench did not play now */
    double start_s;                  /* wall clock */
    struct oac_account start;
};

/* Measures, and makes the record. Frees what was measured before. */
enum oac_status oac_calibrate_bench_measure(struct oac_calibrate_bench *bench,
                                            struct oac_err *err) OAC_MUST_USE;
/* Engine and network on the record as it is. */
enum oac_status oac_calibrate_bench_build(struct oac_calibrate_bench *bench,
                                          struct oac_err *err) OAC_MUST_USE;
/* Engine and network away; the clock goes on. */
void oac_calibrate_bench_clear(struct oac_calibrate_bench *bench);

/* At the end: what measuring did not cost, images did. */
void oac_calibrate_bench_account(struct oac_calibrate_bench *bench);

/* The functions of struct oac_target_bench. */
enum oac_status oac_calibrate_bench_classify(void *context, bool held_out, size_t first,
                                             size_t count, size_t *right,
                                             struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_calibrate_bench_change(void *context, enum oac_target_step step,
                                           bool *changed, char detail[OAC_TARGET_DETAIL_BYTES],
                                           struct oac_err *err) OAC_MUST_USE;
void oac_calibrate_bench_cost(void *context, struct oac_target_cost *cost);

#endif
