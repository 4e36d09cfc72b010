/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training of dense networks: small, exact in its repetition, and aware of the light it will run on.
 *
 * The same options, data and kernel level give the same network, bit for bit, for any number of threads and
 * however often the run was interrupted and resumed (levels v3 and v4 agree). Only the training split is
 * learnt from; the reference split is looked at for progress and for the operand scales that go into the
 * model. Equations: docs/training.md. */
#ifndef OAC_MODELS_TRAIN_H
#define OAC_MODELS_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "models/augment.h"
#include "models/dataset.h"
#include "models/network.h"
#include "models/noise_model.h"
#include "models/optimizer.h"

#define OAC_TRAIN_LAYERS_MAX 16u

struct oac_train_options {
    size_t layers;                        /* 1 .. OAC_TRAIN_LAYERS_MAX */
    size_t outputs[OAC_TRAIN_LAYERS_MAX]; /* of each layer; the last: the classes */
    enum oac_activation hidden;           /* any but softmax */
    enum oac_activation last;             /* none or softmax: same training, other output */
    float input_scale;                    /* pixel value times this is x */
    size_t epochs, batch;
    struct oac_optimizer optimizer;
    double weight_limit; /* > 0; INFINITY: unbounded */
    struct oac_augment augment;
    struct oac_noise_model noise;
    uint64_t seed;
    size_t threads;              /* >= 1; changes no bit of the result */
    const char *checkpoint_path; /* NULL: none. Written every checkpoint_epochs and when
                                                 interrupted; removed by nobody */
    size_t checkpoint_epochs;
    bool resume; /* continue from checkpoint_path if it exists */
};

struct oac_train_report {
    uint64_t steps;
    double loss; /* mean of the last epoch (of what was run of it) */
    double reference_accuracy;
    double seconds;
    bool resumed;
};

/* Returned: *network with x_scale and x_mean from `reference`, name, source and license left NULL. Status:
 * OAC_EINTERRUPTED when the sink asked to stop (the checkpoint is written first), OAC_EMISMATCH when options
 * do not fit the data or the checkpoint belongs to another run, OAC_EINVAL when training diverges. */
enum oac_status oac_train(const struct oac_train_options *options,
                          const struct oac_dataset *train, const struct oac_dataset *reference,
                          const struct oac_sink *sink, struct oac_network **network,
                          struct oac_train_report *report, struct oac_err *err) OAC_MUST_USE;

/* Part of images 0 .. count-1 that `network` labels right (digital reference). */
enum oac_status oac_network_accuracy(const struct oac_network *network,
                                     const struct oac_dataset *data, double *accuracy,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
