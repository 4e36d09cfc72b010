/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks and tiny data sets for the tests of models. All fail the test when memory is short. */
#ifndef OAC_TESTS_MODELS_NETWORK_FIXTURE_H
#define OAC_TESTS_MODELS_NETWORK_FIXTURE_H

#include "models/dataset.h"
#include "models/network.h"

/* widths (layers + 1): inputs, outputs of each layer. Weights and biases uniform in +-1, keyed. Hidden layers
 * have `hidden`, the last has `last`. */
struct oac_network *fixture_network(size_t layers, const size_t *widths,
                                    enum oac_activation hidden, enum oac_activation last);

/* x (count), uniform in [0, 1), keyed by `key`. The caller frees it. */
float *fixture_operands(size_t count, uint64_t key);

/* y (outputs of the last layer) of one input, in double, straight from the definition; pre-softmax values are
 * kept exact. width <= 512. */
void fixture_forward(const struct oac_network *network, const float *x, double *y);

/* Exclusive or, four images of 1 x 2 pixels; `copies` of each. */
struct oac_dataset *fixture_xor(size_t copies);

/* `count` images of 6 x 6: class c is bright in column c of four, with noise. */
struct oac_dataset *fixture_stripes(size_t count, uint64_t key);

void fixture_dataset_free(struct oac_dataset *data);

#endif
