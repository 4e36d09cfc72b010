/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network whose every linear layer runs through a matrix engine; bias and activation are digital. */
#ifndef OAC_MODELS_FORWARD_H
#define OAC_MODELS_FORWARD_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/engine.h"
#include "models/network.h"

struct oac_forward;         /* a network loaded through an engine */
struct oac_forward_scratch; /* one thread's buffers */

/* Loads every layer. Each layer needs x_scale and (for photon budgets) x_mean: see oac_network_statistics. */
enum oac_status oac_forward_create(struct oac_engine *engine, const struct oac_network *network,
                                   struct oac_forward **forward,
                                   struct oac_err *err) OAC_MUST_USE;
void oac_forward_destroy(struct oac_forward *forward);

/* Relative launch power of each layer (layers); default 1. */
void oac_forward_set_launch(struct oac_forward *forward, const double *launch);

/* Photon budget per image instead (reference row 4): layer l, image b gets x scaled by its own maximum and
 * `photons` mean photons per product before the weight. Marks the forward pass as data-dependent. */
void oac_forward_set_sample_budget(struct oac_forward *forward, double photons);

enum oac_status oac_forward_scratch_create(struct oac_forward *forward, size_t batch_max,
                                           struct oac_forward_scratch **scratch,
                                           struct oac_err *err) OAC_MUST_USE;
void oac_forward_scratch_destroy(struct oac_forward_scratch *scratch);

/* outputs (batch, outputs) for inputs x (batch, inputs) of images image0..; photons (batch; NULL: not
 * wanted) summed over layers. */
enum oac_status oac_forward_run(struct oac_forward *forward,
                                struct oac_forward_scratch *scratch, uint64_t image0,
                                size_t batch, const float *x, float *outputs, double *photons,
                                struct oac_multiply_tally *tally,
                                struct oac_err *err) OAC_MUST_USE;

/* The same, bit for bit, for pixels (batch, inputs) that are bytes: x = scale pixel. */
enum oac_status oac_forward_run_bytes(struct oac_forward *forward,
                                      struct oac_forward_scratch *scratch, uint64_t image0,
                                      size_t batch, const uint8_t *pixels, float scale,
                                      float *outputs, double *photons,
                                      struct oac_multiply_tally *tally,
                                      struct oac_err *err) OAC_MUST_USE;

/* Light of layer l per image at launch 1 and its stored mean input. */
enum oac_status oac_forward_layer_light(const struct oac_forward *forward, size_t layer,
                                        struct oac_matrix_light *light,
                                        struct oac_err *err) OAC_MUST_USE;

/* The loaded matrix of a layer, for experiments on single layers; inputs, outputs as in its W. */
size_t oac_forward_layers(const struct oac_forward *forward);
const struct oac_matrix *oac_forward_matrix(const struct oac_forward *forward, size_t layer,
                                            size_t *inputs, size_t *outputs);

/* Fills x_scale and x_mean of every layer that lacks them, from inputs x (count, inputs). The first layer's
 * x_scale is the largest input, a hidden layer's the 99th percentile of its activations' sizes. */
enum oac_status oac_network_statistics(struct oac_network *network, size_t count,
                                       const float *x, struct oac_err *err) OAC_MUST_USE;

#endif
