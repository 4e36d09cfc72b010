/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/packed.h"

/* ---- creation ---- */

static enum oac_status check_options(const struct oac_train_options *options,
                                     const struct oac_dataset *data, struct oac_err *err)
{
    if (options->layers < 1 || options->layers > OAC_TRAIN_LAYERS_MAX)
        return oac_fail(err, OAC_EINVAL, "training takes 1..%u layers, not %zu",
                        OAC_TRAIN_LAYERS_MAX, options->layers);
    if (options->epochs < 1 || options->batch < 1 || options->threads < 1)
        return oac_fail(err, OAC_EINVAL, "epochs, batch and threads must be at least 1");
    if (!(options->optimizer.rate > 0.0) || !(options->weight_limit > 0.0) ||
        !(options->input_scale > 0.0f))
        return oac_fail(err, OAC_EINVAL,
                        "learning rate, weight limit and input scale must be above 0");
    if (options->last != OAC_ACT_NONE && options->last != OAC_ACT_SOFTMAX)
        return oac_fail(err, OAC_EINVAL,
                        "the last activation must be none or softmax to be "
                        "trained with cross entropy, not %s",
                        oac_activation_names[options->last]);
    if (options->hidden == OAC_ACT_SOFTMAX)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "softmax cannot be a hidden activation in training");
    bool negative = options->hidden == OAC_ACT_NONE || options->hidden == OAC_ACT_TANH;
    if (options->layers > 1 && negative && oac_noise_model_any(&options->noise))
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "the noise model is for operands >= 0: train %s without noise, or use "
                        "relu or sigmoid",
                        oac_activation_names[options->hidden]);
    bool full_scale = options->noise.dac_bits || options->noise.weight_leak > 0.0;
    if (options->noise.dac_bits > 16 || (full_scale && !isfinite(options->weight_limit)))
        return oac_fail(err, OAC_EINVAL,
                        "DAC steps (1..16 bits) and leaking weight modulators need "
                        "a finite weight limit");
    if (data->count < 1 || options->outputs[options->layers - 1] != data->classes)
        return oac_fail(err, OAC_EMISMATCH,
                        "the last layer has %zu outputs, data set %s has %zu classes and %zu "
                        "images",
                        options->outputs[options->layers - 1], data->name, data->classes,
                        data->count);
    return OAC_OK;
}

static enum oac_status take(float **floats, size_t rows, size_t cols, struct oac_err *err)
{
    size_t count;
    enum oac_status status = oac_size_product(rows, cols, "a layer in training", &count, err);
    if (status != OAC_OK)
        return status;
    *floats = oac_alloc(count, sizeof **floats, "a layer in training", err);
    return *floats ? OAC_OK : err->status;
}

static enum oac_status layer_create(struct oac_train_layer *layer, bool first,
                                    const struct oac_noise_model *noise, size_t batch,
                                    struct oac_err *err)
{
    bool noisy = oac_noise_model_any(noise), steps = noise->dac_bits > 0;
    bool leaky = noisy && noise->operand_leak > 0.0;

    layer->ld = oac_padded(layer->outputs);
    layer->ld_in = oac_padded(layer->inputs);
    struct {
        float **floats;
        size_t rows, cols;
        bool wanted;
    } arrays[] = {{&layer->w, layer->inputs + 1, layer->ld, true},
                  {&layer->m, layer->inputs + 1, layer->ld, true},
                  {&layer->v, layer->inputs + 1, layer->ld, true},
                  {&layer->played, layer->inputs, layer->ld, steps},
                  {&layer->size, layer->inputs, layer->ld, noisy},
                  {&layer->back, layer->outputs, layer->ld_in, !first},
                  {&layer->size_back, layer->outputs, layer->ld_in, !first && noisy},
                  {&layer->y, batch, layer->ld, true},
                  {&layer->delta, batch, layer->ld, true},
                  {&layer->lit, batch, layer->ld_in, leaky},
                  {&layer->light, batch, layer->ld, noisy},
                  {&layer->slope, batch, layer->ld, noisy}};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        if (!arrays[i].wanted)
            continue;
        enum oac_status status = take(arrays[i].floats, arrays[i].rows, arrays[i].cols, err);
        if (status != OAC_OK)
            return status;
    }
    if (!steps)
        layer->played = layer->w;
    return OAC_OK;
}

/* Uniform in +- sqrt(6/inputs) (He et al., 2015) for relu, sqrt(6/(inputs+outputs)) (Glorot and Bengio, 2010)
 * for the others; biases 0. */
static void layer_draw(struct oac_train_layer *layer, size_t index, double limit, uint64_t seed)
{
    size_t fan =
        layer->activation == OAC_ACT_RELU ? layer->inputs : layer->inputs + layer->outputs;
    double amplitude = sqrt(6.0 / (double)fan);
    for (size_t n = 0; n < layer->inputs; n++) {
        for (size_t k = 0; k < layer->outputs; k++) {
            uint64_t key = (uint64_t)n * layer->outputs + k;
            double u = oac_rng_uniform(seed, OAC_RNG_INIT, key, (uint32_t)index);
            double w = amplitude * (2.0 * u - 1.0);
            w = w > limit ? limit : w < -limit ? -limit : w;
            layer->w[n * layer->ld + k] = (float)w;
        }
    }
}

static enum oac_status create_layers(struct oac_trainer *trainer, struct oac_err *err)
{
    const struct oac_train_options *options = trainer->options;
    size_t inputs = trainer->data->rows * trainer->data->cols;
    for (size_t l = 0; l < trainer->layers; l++) {
        struct oac_train_layer *layer = &trainer->layer[l];
        layer->inputs = inputs;
        layer->outputs = inputs = options->outputs[l];
        layer->activation = l + 1 < trainer->layers ? options->hidden : options->last;
        if (inputs < 1)
            return oac_fail(err, OAC_EINVAL, "layer %zu has no outputs", l);
        enum oac_status status =
            layer_create(layer, l == 0, &options->noise, trainer->batch, err);
        if (status != OAC_OK)
            return status;
        layer_draw(layer, l, options->weight_limit, options->seed);
    }
    return OAC_OK;
}

/* A member's scratch holds normals of a chunk, a padded image, or two blocks of gradients. */
static enum oac_status create_scratch(struct oac_trainer *trainer, struct oac_err *err)
{
    size_t floats = oac_augment_scratch(trainer->data->rows, trainer->data->cols);
    for (size_t l = 0; l < trainer->layers; l++) {
        size_t need = 2 * OAC_TRAIN_BLOCK * trainer->layer[l].ld;
        floats = need > floats ? need : floats;
    }
    trainer->scratch_floats = oac_padded(floats);
    enum oac_status status =
        take(&trainer->scratch, trainer->options->threads, trainer->scratch_floats, err);
    if (status == OAC_OK)
        status = take(&trainer->x, trainer->batch, trainer->layer[0].ld_in, err);
    if (status != OAC_OK)
        return status;
    trainer->order = oac_alloc(trainer->data->count, sizeof *trainer->order, "an epoch", err);
    trainer->loss = oac_alloc(trainer->batch, sizeof *trainer->loss, "losses", err);
    return trainer->order && trainer->loss ? OAC_OK : err->status;
}

enum oac_status oac_trainer_create(const struct oac_train_options *options,
                                   const struct oac_dataset *data, struct oac_trainer **trainer,
                                   struct oac_err *err)
{
    enum oac_status status = check_options(options, data, err);
    if (status != OAC_OK)
        return status;
    struct oac_trainer *made = oac_alloc(1, sizeof *made, "a training run", err);
    if (!made)
        return err->status;
    made->options = options;
    made->data = data;
    made->layers = options->layers;
    made->batch = options->batch < data->count ? options->batch : data->count;
    made->steps_per_epoch = data->count / made->batch;
    made->steps = made->steps_per_epoch * options->epochs;
    status = create_layers(made, err);
    if (status == OAC_OK)
        status = create_scratch(made, err);
    if (status == OAC_OK)
        status = oac_team_create(options->threads, &made->team, err);
    if (status != OAC_OK) {
        oac_trainer_destroy(made);
        return status;
    }
    oac_trainer_refresh(made);
    *trainer = made;
    return OAC_OK;
}

void oac_trainer_destroy(struct oac_trainer *trainer)
{
    if (!trainer)
        return;
    oac_team_destroy(trainer->team);
    for (size_t l = 0; l < trainer->layers; l++) {
        struct oac_train_layer *layer = &trainer->layer[l];
        if (layer->played != layer->w)
            free(layer->played);
        float *arrays[] = {layer->w,     layer->m,         layer->v,    layer->size,
                           layer->back,  layer->size_back, layer->lit,  layer->y,
                           layer->delta, layer->light,     layer->slope};
        for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
            free(arrays[i]);
    }
    free(trainer->order);
    free(trainer->x);
    free(trainer->loss);
    free(trainer->scratch);
    free(trainer);
}

/* ---- export ---- */

static enum oac_status export_layer(const struct oac_train_layer *from, double limit,
                                    struct oac_dense *to, struct oac_err *err)
{
    to->inputs = from->inputs;
    to->outputs = from->outputs;
    to->activation = from->activation;
    to->w_limit = isfinite(limit) ? (float)limit : NAN;
    enum oac_status status = take(&to->weight, to->outputs, to->inputs, err);
    if (status == OAC_OK)
        status = take(&to->bias, to->outputs, 1, err);
    if (status != OAC_OK)
        return status;
    for (size_t k = 0; k < to->outputs; k++)
        for (size_t n = 0; n < to->inputs; n++)
            to->weight[k * to->inputs + n] = from->w[n * from->ld + k];
    memcpy(to->bias, from->w + from->inputs * from->ld, to->outputs * sizeof *to->bias);
    return OAC_OK;
}

enum oac_status oac_trainer_network(const struct oac_trainer *trainer,
                                    struct oac_network **network, struct oac_err *err)
{
    struct oac_network *made;
    enum oac_status status = oac_network_create(trainer->layers, &made, err);
    if (status != OAC_OK)
        return status;
    made->input_rank = 2;
    made->input_shape[0] = trainer->data->rows;
    made->input_shape[1] = trainer->data->cols;
    made->input_scale = trainer->options->input_scale;
    for (size_t l = 0; l < trainer->layers && status == OAC_OK; l++)
        status = export_layer(&trainer->layer[l], trainer->options->weight_limit,
                              &made->layer[l], err);
    if (status == OAC_OK)
        *network = made;
    else
        oac_network_destroy(made);
    return status;
}
