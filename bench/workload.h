/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network on a simulated bench, ready to be timed on one thread. */
#ifndef OAC_BENCH_WORKLOAD_H
#define OAC_BENCH_WORKLOAD_H

#include <stddef.h>

#include "hal/engine.h"
#include "models/dataset.h"
#include "models/network.h"

struct workload;

double workload_now_s(void);                          /* monotonic clock */
double workload_median(size_t count, double *values); /* sorts them */

/* NULL on failure, which has been printed. noise as on the command line. */
struct workload *workload_create(const char *rig, const char *noise, enum oac_encoding encoding,
                                 const struct oac_network *network, size_t batch);
void workload_destroy(struct workload *workload);

/* Seconds for all images of a data set in batches, from bytes to labels, as `oac run` does it. */
double workload_run_s(struct workload *workload, const struct oac_dataset *data);

#endif
