/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forward and backward of one chunk of samples. Chunks share nothing but the weights. */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/rng.h"
#include "models/trainer.h"

struct chunk {
    struct oac_trainer *trainer;
    size_t first, rows; /* of the batch */
    float *scratch;
};

/* ---- operands ---- */

static void load_images(const struct chunk *chunk)
{
    const struct oac_trainer *trainer = chunk->trainer;
    const struct oac_train_options *options = trainer->options;
    const struct oac_dataset *data = trainer->data;
    uint64_t epoch = trainer->step / trainer->steps_per_epoch;
    uint64_t position = trainer->step % trainer->steps_per_epoch * trainer->batch;
    size_t pixels = data->rows * data->cols, ld = trainer->layer[0].ld_in;
    bool distort = oac_augment_any(&options->augment);
    for (size_t b = chunk->first; b < chunk->first + chunk->rows; b++) {
        uint32_t sample = trainer->order[position + b];
        const uint8_t *from = data->pixels + sample * pixels;
        float *x = trainer->x + b * ld;
        if (distort)
            oac_augment_image(&options->augment, options->seed, epoch * data->count + sample,
                              data->rows, data->cols, from, options->input_scale,
                              chunk->scratch, x);
        else
            for (size_t n = 0; n < pixels; n++)
                x[n] = (float)from[n] * options->input_scale;
    }
}

static float largest_of(size_t count, const float *x)
{
    float largest = 0.0f;
    for (size_t i = 0; i < count; i++) {
        float size = fabsf(x[i]);
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* A DAC's steps on an operand; its full scale is the largest element of the chunk. */
static void quantise_operand(const struct chunk *chunk, size_t ld, float *x)
{
    size_t count = chunk->rows * ld;
    oac_quantise(chunk->trainer->options->noise.dac_bits, largest_of(count, x), count, x);
}

/* What a client modulator lets through for the operand x of a layer. */
static const float *lit_operand(const struct chunk *chunk, const struct oac_train_layer *layer,
                                const float *x)
{
    if (!layer->lit)
        return x;
    size_t count = chunk->rows * layer->ld_in;
    float *lit = layer->lit + chunk->first * layer->ld_in;
    float leak = (float)chunk->trainer->options->noise.operand_leak * largest_of(count, x);
    for (size_t i = 0; i < count; i++)
        lit[i] = x[i] + leak;
    return lit;
}

/* ---- forward ---- */

static void add_noise(const struct chunk *chunk, size_t index, const float *x)
{
    struct oac_trainer *trainer = chunk->trainer;
    const struct oac_train_options *options = trainer->options;
    struct oac_train_layer *layer = &trainer->layer[index];
    size_t at = chunk->first * layer->ld;
    uint64_t key[OAC_TRAIN_CHUNK];
    for (size_t b = 0; b < chunk->rows; b++)
        key[b] = (trainer->step * trainer->batch + chunk->first + b) * trainer->layers + index;
    memset(layer->light + at, 0, chunk->rows * layer->ld * sizeof *layer->light);
    oac_kernel()->matmul(chunk->rows, layer->ld, layer->inputs, lit_operand(chunk, layer, x),
                         layer->ld_in, layer->size, layer->ld, layer->light + at, layer->ld);
    oac_kernel()->normals(options->seed, OAC_RNG_TRAIN_NOISE, chunk->rows, key,
                          (uint32_t)(layer->ld / 4), chunk->scratch);
    oac_noise_add(&options->noise, layer->inputs, chunk->rows, layer->outputs, layer->ld,
                  layer->light + at, chunk->scratch, layer->y + at, layer->slope + at);
}

static void forward_layer(const struct chunk *chunk, size_t index, const float *x)
{
    struct oac_trainer *trainer = chunk->trainer;
    struct oac_train_layer *layer = &trainer->layer[index];
    float *y = layer->y + chunk->first * layer->ld;
    const float *bias = layer->w + layer->inputs * layer->ld;
    memset(y, 0, chunk->rows * layer->ld * sizeof *y);
    oac_kernel()->matmul(chunk->rows, layer->ld, layer->inputs, x, layer->ld_in, layer->played,
                         layer->ld, y, layer->ld);
    if (oac_noise_model_any(&trainer->options->noise))
        add_noise(chunk, index, x);
    for (size_t b = 0; b < chunk->rows; b++)
        for (size_t k = 0; k < layer->outputs; k++)
            y[b * layer->ld + k] += bias[k];
    if (index + 1 == trainer->layers)
        return;
    oac_activate(layer->activation, chunk->rows, layer->ld, y);
    if (trainer->options->noise.dac_bits)
        quantise_operand(chunk, layer->ld, y);
}

/* delta = (softmax(y) - one hot)/batch; the logarithm goes into the report only. */
static void loss_layer(const struct chunk *chunk)
{
    struct oac_trainer *trainer = chunk->trainer;
    struct oac_train_layer *layer = &trainer->layer[trainer->layers - 1];
    uint64_t position = trainer->step % trainer->steps_per_epoch * trainer->batch;
    float share = 1.0f / (float)trainer->batch;
    for (size_t b = chunk->first; b < chunk->first + chunk->rows; b++) {
        size_t label = trainer->data->labels[trainer->order[position + b]];
        float *p = layer->delta + b * layer->ld;
        memcpy(p, layer->y + b * layer->ld, layer->outputs * sizeof *p);
        oac_activate(OAC_ACT_SOFTMAX, 1, layer->outputs, p);
        trainer->loss[b] = -log((double)p[label]);
        p[label] -= 1.0f;
        for (size_t k = 0; k < layer->outputs; k++)
            p[k] *= share;
    }
}

/* ---- backward ---- */

/* delta *= d activation/dy, written with the activation's own value x'. */
static void through_activation(enum oac_activation activation, size_t count, const float *value,
                               float *delta)
{
    switch (activation) {
    case OAC_ACT_RELU:
        for (size_t i = 0; i < count; i++)
            delta[i] = value[i] > 0.0f ? delta[i] : 0.0f;
        break;
    case OAC_ACT_SIGMOID:
        for (size_t i = 0; i < count; i++)
            delta[i] *= value[i] * (1.0f - value[i]);
        break;
    case OAC_ACT_TANH:
        for (size_t i = 0; i < count; i++)
            delta[i] *= 1.0f - value[i] * value[i];
        break;
    case OAC_ACT_NONE:
    case OAC_ACT_SOFTMAX: /* never hidden; of the last layer it is in the loss */
        break;
    }
}

static void backward_layer(const struct chunk *chunk, size_t index)
{
    struct oac_trainer *trainer = chunk->trainer;
    struct oac_train_layer *layer = &trainer->layer[index];
    const struct oac_kernel *kernel = oac_kernel();
    size_t at = chunk->first * layer->ld;
    bool noisy = oac_noise_model_any(&trainer->options->noise);
    if (noisy)
        oac_noise_backward(&trainer->options->noise, layer->inputs, chunk->rows, layer->outputs,
                           layer->ld, layer->light + at, layer->delta + at, layer->slope + at);
    if (index == 0)
        return;
    struct oac_train_layer *before = &trainer->layer[index - 1];
    size_t count = chunk->rows * before->ld;
    float *delta = before->delta + chunk->first * before->ld;
    memset(delta, 0, count * sizeof *delta);
    kernel->matmul(chunk->rows, before->ld, layer->outputs, layer->delta + at, layer->ld,
                   layer->back, before->ld, delta, before->ld);
    if (noisy)
        kernel->matmul(chunk->rows, before->ld, layer->outputs, layer->slope + at, layer->ld,
                       layer->size_back, before->ld, delta, before->ld);
    through_activation(before->activation, count, before->y + chunk->first * before->ld, delta);
}

static void run_chunk(const struct chunk *chunk)
{
    struct oac_trainer *trainer = chunk->trainer;
    float *x = trainer->x + chunk->first * trainer->layer[0].ld_in;
    load_images(chunk);
    if (trainer->options->noise.dac_bits)
        quantise_operand(chunk, trainer->layer[0].ld_in, x);
    for (size_t l = 0; l < trainer->layers; l++) {
        forward_layer(chunk, l, x);
        x = trainer->layer[l].y + chunk->first * trainer->layer[l].ld;
    }
    loss_layer(chunk);
    for (size_t l = trainer->layers; l-- > 0;)
        backward_layer(chunk, l);
}

void oac_trainer_chunks(void *context, size_t member, size_t members)
{
    struct oac_trainer *trainer = context;
    size_t chunks = (trainer->batch + OAC_TRAIN_CHUNK - 1) / OAC_TRAIN_CHUNK;
    for (size_t c = member; c < chunks; c += members) {
        struct chunk chunk = {.trainer = trainer,
                              .first = c * OAC_TRAIN_CHUNK,
                              .scratch = trainer->scratch + member * trainer->scratch_floats};
        size_t left = trainer->batch - chunk.first;
        chunk.rows = left < OAC_TRAIN_CHUNK ? left : OAC_TRAIN_CHUNK;
        run_chunk(&chunk);
    }
}
