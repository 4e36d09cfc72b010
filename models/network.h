/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A neural network of dense layers, as plain data.
 *
 *     y = activation(W x + b),   W (outputs, inputs) row-major, float32
 *
 * The first layer's input is the data set's element times input_scale (pixel/255). Native files are HDF5,
 * format "oac-model" (docs/model-format.md). */
#ifndef OAC_MODELS_NETWORK_H
#define OAC_MODELS_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

enum oac_activation {
    OAC_ACT_NONE,
    OAC_ACT_RELU,
    OAC_ACT_SIGMOID,
    OAC_ACT_TANH,
    OAC_ACT_SOFTMAX
};
extern const char *const oac_activation_names[]; /* "none", "relu", ..., NULL */

struct oac_dense {
    size_t inputs, outputs;
    enum oac_activation activation;
    float *weight; /* (outputs, inputs) */
    float *bias;   /* (outputs) */
    float
        w_limit; /* weights were bounded to [-w_limit, w_limit] in training; NAN: not recorded */
    float x_scale; /* largest activation encoded, from the reference split; NAN: not recorded */
    float *x_mean; /* (inputs) mean input over the reference split; NULL: not recorded */
};

struct oac_network {
    char *name, *source,
        *license; /* source: where it comes from, or the command that trained it */
    size_t input_rank, input_shape[4];
    float input_scale;
    size_t layers;
    struct oac_dense *layer; /* (layers) */
};

/* Input elements = product of input_shape. */
size_t oac_network_inputs(const struct oac_network *network);
size_t oac_network_outputs(const struct oac_network *network);
uint64_t oac_network_macs(const struct oac_network *network); /* per image */

enum oac_status oac_network_create(size_t layers, struct oac_network **network,
                                   struct oac_err *err) OAC_MUST_USE;
void oac_network_destroy(struct oac_network *network); /* NULL is fine */

/* SHA-256 over shapes, activations, weights and biases (not over names, dates or statistics). */
enum oac_status oac_network_digest(const struct oac_network *network,
                                   char hex[OAC_DIGEST_HEX_BYTES],
                                   struct oac_err *err) OAC_MUST_USE;

/* activation in place over (batch, width); softmax runs over each row. Pure. */
void oac_activate(enum oac_activation activation, size_t batch, size_t width, float *y);

/* Digital reference: outputs (batch, outputs) of inputs x (batch, inputs), already scaled. Sums run over
 * inputs in order; results do not depend on the batch. */
enum oac_status oac_network_forward(const struct oac_network *network, size_t batch,
                                    const float *x, float *outputs,
                                    struct oac_err *err) OAC_MUST_USE;

#endif
