/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What compare.c (measuring) and compare_explain.c (neutralising effects) share. */
#ifndef OAC_EXPERIMENTS_COMPARE_STATE_H
#define OAC_EXPERIMENTS_COMPARE_STATE_H

#include "experiments/compare.h"
#include "experiments/compare_bench.h"

enum { OAC_COMPARE_WAVE, OAC_COMPARE_SIM, OAC_COMPARE_SIDES };
extern const char *const oac_compare_sides[]; /* "wave", "sim" */

struct oac_compare_data { /* one layer */
    size_t inputs, outputs;
    float *x;      /* (images, inputs) digital activations of the layer before */
    double *exact; /* (images, outputs) W x */
    double *clean[OAC_COMPARE_SIDES];                         /* (images, outputs) noise off */
    double *mean[OAC_COMPARE_SIDES], *var[OAC_COMPARE_SIDES]; /* (images, outputs), or NULL */
};

struct oac_compare_job {
    const struct oac_run_options *options;
    const struct oac_sink *sink;
    struct oac_sink quiet;  /* of the warnings, which were said */
    struct oac_setup setup; /* model, data, the rig as asked for */
    size_t images, repeats;
    struct oac_compare_data *data;               /* (layers) */
    uint8_t *label[OAC_COMPARE_SIDES], *digital; /* (images) */
    struct oac_compare_result *result;
};

/* Opens one side with further values of the rig (extra_count). */
enum oac_status oac_compare_open_side(const struct oac_compare_job *job, size_t side,
                                      const char *const *extra, size_t extra_count,
                                      uint32_t noise, struct oac_compare_bench *bench,
                                      struct oac_err *err) OAC_MUST_USE;

/* Fill a layer of the result, and what it says of labels. */
void oac_compare_judge_layer(const struct oac_compare_job *job, size_t l);
void oac_compare_judge_labels(const struct oac_compare_job *job);

/* Fills result->effect. */
enum oac_status oac_compare_explain(struct oac_compare_job *job,
                                    struct oac_err *err) OAC_MUST_USE;

/* HDF5 of the result and of every output. */
enum oac_status oac_compare_write(const struct oac_compare_job *job,
                                  struct oac_err *err) OAC_MUST_USE;

/* sum (a - b)^2 over count. Pure. */
double oac_compare_square(size_t count, const double *a, const double *b);

#endif
