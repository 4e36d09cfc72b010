/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a training run and one step of it. oac_train (models/train.h) loops over this; the gradient
 * check in the tests looks inside.
 *
 * Layer l:  y = W x + b (+ noise),  x' = activation(y);  loss = mean cross entropy of softmax(y) of the last
 * layer. Weights are kept as the matrix kernel wants them: (inputs + 1, ld), row `inputs` is the bias.
 *
 * Nothing depends on the number of threads: samples are worked in chunks of OAC_TRAIN_CHUNK that share only
 * the weights, every gradient element is one sum over the batch in order, and updates are element by element.
 * Randomness is keyed by absolute step and sample. */
#ifndef OAC_MODELS_TRAINER_H
#define OAC_MODELS_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/dataset.h"
#include "models/network.h"
#include "models/team.h"
#include "models/train.h"

#define OAC_TRAIN_CHUNK 32u
#define OAC_TRAIN_BLOCK \
    48u /* weight rows updated at a time: a multiple of the kernel's row blocks */

struct oac_train_layer {
    size_t inputs, outputs;
    size_t ld, ld_in; /* outputs and inputs, padded */
    enum oac_activation activation;
    float *w, *m, *v; /* (inputs + 1, ld) weights and the optimiser's moments */
    float *played; /* (inputs, ld) what the forward pass multiplies by: w, or w in DAC steps */
    float *size;   /* (inputs, ld) |played| and what leaks; NULL without noise */
    float *back, *size_back; /* (outputs, ld_in) transposes; NULL for the first layer */
    /* of the batch at hand: */
    float *y;             /* (batch, ld) outputs; the next layer's operand */
    float *delta;         /* (batch, ld) dL/d(W x) */
    float *lit;           /* (batch, ld_in) operand and what leaks; NULL without such noise */
    float *light, *slope; /* (batch, ld) noise_model.h; NULL without noise */
};

struct oac_trainer {
    const struct oac_train_options *options;
    const struct oac_dataset *data;
    size_t layers, batch;
    struct oac_train_layer layer[OAC_TRAIN_LAYERS_MAX];
    uint64_t step, steps, steps_per_epoch;
    uint64_t shuffled_epoch; /* epoch + 1 that `order` belongs to */
    uint32_t *order;         /* (data->count) */
    float *x;                /* (batch, ld_in) inputs */
    double *loss;            /* (batch) */
    size_t scratch_floats;   /* per member */
    float *scratch;          /* (members, scratch_floats) */
    struct oac_team *team;
    struct oac_update update; /* of the step at hand */
};

/* `options` and `data` must outlive the trainer. Weights are drawn, step is 0. */
enum oac_status oac_trainer_create(const struct oac_train_options *options,
                                   const struct oac_dataset *data, struct oac_trainer **trainer,
                                   struct oac_err *err) OAC_MUST_USE;
void oac_trainer_destroy(struct oac_trainer *trainer); /* NULL is fine */

/* After weights changed from outside (initialised, read from a checkpoint): rebuilds what derives from
 * them. */
void oac_trainer_refresh(struct oac_trainer *trainer);

/* One step: forward and backward of the step's batch, then the update. Returns the mean loss of the batch;
 * it is not finite once training has diverged. */
double oac_trainer_step(struct oac_trainer *trainer);

/* Parts of a step, for tests. oac_trainer_pass: forward and backward of step trainer->step, returns the mean
 * loss. oac_trainer_gradient: g (rows, ld) of weight rows first .. first+rows-1 (row `inputs` is the bias). */
double oac_trainer_pass(struct oac_trainer *trainer);
void oac_trainer_gradient(const struct oac_trainer *trainer, size_t layer, size_t first,
                          size_t rows, float *g, float *scratch);

/* A copy of the network as it is now. */
enum oac_status oac_trainer_network(const struct oac_trainer *trainer,
                                    struct oac_network **network,
                                    struct oac_err *err) OAC_MUST_USE;

/* train_pass.c: forward and backward of chunks member, member + members, ... (an oac_team_work). */
void oac_trainer_chunks(void *trainer, size_t member, size_t members);

#endif
