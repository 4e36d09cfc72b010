/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradients and updates, block by block of weight rows: a block's gradient is one product over the whole
 * batch in order, used at once and thrown away. */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/rng.h"
#include "models/trainer.h"

/* g (rows, ld) += x^T d for weight rows first..; x is an operand of the whole batch. */
static void add_product(const struct oac_trainer *trainer, size_t index, size_t first,
                        size_t rows, const float *x, const float *d, float *g)
{
    const struct oac_train_layer *layer = &trainer->layer[index];
    oac_kernel()->matmul_at(rows, layer->ld, trainer->batch, x + first, layer->ld_in, d,
                            layer->ld, g, layer->ld);
}

/* Row `inputs` of the gradient: the bias. */
static void bias_gradient(const struct oac_trainer *trainer, size_t index, float *g)
{
    const struct oac_train_layer *layer = &trainer->layer[index];
    for (size_t b = 0; b < trainer->batch; b++)
        for (size_t k = 0; k < layer->ld; k++)
            g[k] += layer->delta[b * layer->ld + k];
}

static void weight_gradient(const struct oac_trainer *trainer, size_t index, size_t first,
                            size_t rows, float *g, float *scratch)
{
    const struct oac_train_layer *layer = &trainer->layer[index];
    const float *w = layer->played + first * layer->ld;
    size_t count = rows * layer->ld;
    const float *x = index ? trainer->layer[index - 1].y : trainer->x;
    add_product(trainer, index, first, rows, x, layer->delta, g);
    if (!oac_noise_model_any(&trainer->options->noise))
        return;
    memset(scratch, 0, count * sizeof *scratch);
    add_product(trainer, index, first, rows, layer->lit ? layer->lit : x, layer->slope,
                scratch);
    for (size_t i = 0; i < count; i++)
        g[i] += (float)((w[i] > 0.0f) - (w[i] < 0.0f)) * scratch[i]; /* d|w|/dw */
}

void oac_trainer_gradient(const struct oac_trainer *trainer, size_t index, size_t first,
                          size_t rows, float *g, float *scratch)
{
    const struct oac_train_layer *layer = &trainer->layer[index];
    size_t weights = first < layer->inputs ? layer->inputs - first : 0;
    weights = weights < rows ? weights : rows;
    memset(g, 0, rows * layer->ld * sizeof *g);
    if (weights)
        weight_gradient(trainer, index, first, weights, g, scratch);
    if (first + rows > layer->inputs)
        bias_gradient(trainer, index, g + (layer->inputs - first) * layer->ld);
}

/* ---- what derives from the weights ---- */

static void transpose(const struct oac_train_layer *layer, size_t first, size_t rows,
                      const float *from, float *to)
{
    for (size_t k = 0; k < layer->outputs; k++)
        for (size_t n = first; n < first + rows; n++)
            to[k * layer->ld_in + n] = from[n * layer->ld + k];
}

/* |w| and what both passes leak, padding left dark. */
static void refresh_sizes(const struct oac_trainer *trainer,
                          const struct oac_train_layer *layer, size_t first, size_t rows)
{
    const struct oac_noise_model *noise = &trainer->options->noise;
    float leak =
        noise->weight_leak > 0.0
            ? (float)(OAC_NOISE_PASSES * noise->weight_leak * trainer->options->weight_limit)
            : 0.0f;
    for (size_t n = first; n < first + rows; n++)
        for (size_t k = 0; k < layer->outputs; k++)
            layer->size[n * layer->ld + k] = fabsf(layer->played[n * layer->ld + k]) + leak;
}

static void refresh_rows(const struct oac_trainer *trainer, size_t index, size_t first,
                         size_t rows)
{
    const struct oac_train_layer *layer = &trainer->layer[index];
    size_t at = first * layer->ld, count = rows * layer->ld;
    if (layer->played != layer->w) {
        memcpy(layer->played + at, layer->w + at, count * sizeof *layer->w);
        oac_quantise(trainer->options->noise.dac_bits, (float)trainer->options->weight_limit,
                     count, layer->played + at);
    }
    if (layer->size)
        refresh_sizes(trainer, layer, first, rows);
    if (layer->back)
        transpose(layer, first, rows, layer->played, layer->back);
    if (layer->size_back)
        transpose(layer, first, rows, layer->size, layer->size_back);
}

void oac_trainer_refresh(struct oac_trainer *trainer)
{
    for (size_t l = 0; l < trainer->layers; l++)
        refresh_rows(trainer, l, 0, trainer->layer[l].inputs);
}

/* ---- the step ---- */

static void update_rows(const struct oac_trainer *trainer, size_t index, size_t first,
                        size_t rows, float *scratch)
{
    const struct oac_train_layer *layer = &trainer->layer[index];
    struct oac_update update = trainer->update;
    float limit = (float)trainer->options->weight_limit;
    size_t at = first * layer->ld;
    oac_trainer_gradient(trainer, index, first, rows, scratch,
                         scratch + OAC_TRAIN_BLOCK * layer->ld);
    if (first == layer->inputs) { /* biases: neither bounded nor decayed */
        update.decay = 0.0f;
        limit = INFINITY;
    }
    oac_update_apply(&update, limit, rows * layer->ld, scratch, layer->m + at, layer->v + at,
                     layer->w + at);
    if (first < layer->inputs)
        refresh_rows(trainer, index, first, rows);
}

/* Blocks of all layers in one list, dealt out in turn. */
static void update_blocks(void *context, size_t member, size_t members)
{
    const struct oac_trainer *trainer = context;
    float *scratch = trainer->scratch + member * trainer->scratch_floats;
    size_t item = 0;
    for (size_t l = 0; l < trainer->layers; l++) {
        size_t inputs = trainer->layer[l].inputs;
        for (size_t first = 0; first < inputs; first += OAC_TRAIN_BLOCK) {
            size_t rows = inputs - first < OAC_TRAIN_BLOCK ? inputs - first : OAC_TRAIN_BLOCK;
            if (item++ % members == member)
                update_rows(trainer, l, first, rows, scratch);
        }
        if (item++ % members == member)
            update_rows(trainer, l, inputs, 1, scratch);
    }
}

double oac_trainer_pass(struct oac_trainer *trainer)
{
    uint64_t epoch = trainer->step / trainer->steps_per_epoch;
    if (trainer->shuffled_epoch != epoch + 1) {
        oac_rng_shuffle(trainer->options->seed, OAC_RNG_SHUFFLE, epoch, trainer->data->count,
                        trainer->order);
        trainer->shuffled_epoch = epoch + 1;
    }
    oac_team_run(trainer->team, oac_trainer_chunks, trainer);
    double sum = 0.0;
    for (size_t b = 0; b < trainer->batch; b++)
        sum += trainer->loss[b];
    return sum / (double)trainer->batch;
}

double oac_trainer_step(struct oac_trainer *trainer)
{
    double loss = oac_trainer_pass(trainer);
    trainer->update =
        oac_optimizer_update(&trainer->options->optimizer, trainer->step, trainer->steps);
    oac_team_run(trainer->team, update_blocks, trainer);
    trainer->step++;
    return loss;
}
