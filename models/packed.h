/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dense layer laid out for the matrix kernel: weights slot-major, W[n][k], rows padded with
 * zeros to a multiple of OAC_KERNEL_PAD (base/kernel.h). The digital reference and the
 * statistics run on it. */
#ifndef OAC_MODELS_PACKED_H
#define OAC_MODELS_PACKED_H

#include <stddef.h>

#include "models/network.h"

struct oac_packed {
    const struct oac_dense *layer; /* must outlive this */
    size_t ld;                     /* outputs, padded */
    float *w;                      /* (inputs, ld) */
};

/* width rounded up to a multiple of OAC_KERNEL_PAD. Pure. */
size_t oac_padded(size_t width);

/* Every layer of a network: *packed (layers) is freed with oac_packed_destroy. */
enum oac_status oac_packed_create(const struct oac_network *network, struct oac_packed **packed,
                                  struct oac_err *err) OAC_MUST_USE;
void oac_packed_destroy(struct oac_packed *packed, size_t layers); /* NULL is fine */

/* y (batch, outputs) = activation(W x + b) for x (batch, inputs); `sums` is scratch (batch,
 * ld). */
void oac_packed_forward(const struct oac_packed *packed, size_t batch, const float *x,
                        float *sums, float *y);

/* Widest padded row a network needs, inputs and outputs of all layers. Pure. */
size_t oac_network_widest(const struct oac_network *network);

#endif
