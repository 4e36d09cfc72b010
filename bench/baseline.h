/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What physics is measured against: the dense matrix products of a network alone, no bias, no activation
 * function, one thread, by our own kernel and by oneDNN's sgemm. */
#ifndef OAC_BENCH_BASELINE_H
#define OAC_BENCH_BASELINE_H

#include <stddef.h>

#include "models/network.h"

struct baseline; /* a network's products, packed, with their inputs */

/* x (count, inputs): the first layer's operands; those of later layers are random. NULL on failure. */
struct baseline *baseline_create(const struct oac_network *network, size_t count,
                                 const float *x);
void baseline_destroy(struct baseline *baseline);

/* All products once, in batches of `batch`; seconds. oneDNN: NAN when built without it. */
double baseline_own_s(struct baseline *baseline, size_t batch);
double baseline_onednn_s(struct baseline *baseline, size_t batch);

#endif
