/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/forward_stage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

/* ---- loading ---- */

static void weight_range(const struct oac_dense *layer, double *low, double *high)
{
    float least = layer->weight[0], most = layer->weight[0];
    for (size_t i = 1; i < layer->inputs * layer->outputs; i++) {
        least = fminf(least, layer->weight[i]);
        most = fmaxf(most, layer->weight[i]);
    }
    *low = (double)least;
    *high = (double)most;
    if (least < most)
        return;
    double size =
        least != 0.0f ? fabs(*low) : 1.0; /* all weights equal: any range holds them */
    *low = -size;
    *high = size;
}

static bool makes_negative(enum oac_activation activation)
{
    return activation == OAC_ACT_NONE || activation == OAC_ACT_TANH;
}

static enum oac_status stage_load(struct oac_forward_stage *stage, struct oac_engine *engine,
                                  size_t index, struct oac_err *err)
{
    const struct oac_dense *layer = stage->layer;
    char name[32];
    snprintf(name, sizeof name, "layer %zu", index);
    if (!(layer->x_scale > 0.0f))
        return oac_fail(
            err, OAC_EINVAL,
            "%s: the network stores no x_scale for it; compute it from the reference "
            "split first (oac_network_statistics)",
            name);
    struct oac_matrix_spec spec = {.rows = layer->outputs,
                                   .cols = layer->inputs,
                                   .w = layer->weight,
                                   .x_max = (double)layer->x_scale,
                                   .x_min = stage->signed_x ? -(double)layer->x_scale : 0.0,
                                   .name = name};
    weight_range(layer, &spec.w_min, &spec.w_max);
    return oac_engine_load(engine, &spec, &stage->matrix, err);
}

/* Detected photons per product of full transmissions, all passes: an operand of x_scale
 * everywhere opens the client modulator in every slot. */
static enum oac_status full_photons(struct oac_forward_stage *stage, struct oac_err *err)
{
    const struct oac_dense *layer = stage->layer;
    struct oac_matrix_light light;
    float *full = oac_alloc(layer->inputs, sizeof *full, "a full operand", err);
    if (!full)
        return err->status;
    for (size_t n = 0; n < layer->inputs; n++)
        full[n] = layer->x_scale;
    enum oac_status status = oac_matrix_light(stage->matrix, full, &light, err);
    free(full);
    if (status == OAC_OK)
        stage->photons_full =
            light.preweight_photons / ((double)layer->inputs * (double)layer->outputs);
    return status;
}

enum oac_status oac_forward_create(struct oac_engine *engine, const struct oac_network *network,
                                   struct oac_forward **forward, struct oac_err *err)
{
    enum oac_status status = OAC_OK;
    struct oac_forward *made = oac_alloc(1, sizeof *made, "a forward pass", err);
    if (!made)
        return err->status;
    made->stage = oac_alloc(network->layers, sizeof *made->stage, "a forward pass", err);
    if (!made->stage) {
        status = err->status;
        goto destroy_forward;
    }
    made->engine = engine;
    made->layers = network->layers;
    made->inputs = made->widest = oac_network_inputs(network);
    made->outputs = oac_network_outputs(network);
    for (size_t l = 0; l < network->layers; l++) {
        struct oac_forward_stage *stage = &made->stage[l];
        stage->layer = &network->layer[l];
        stage->launch = 1.0f;
        stage->signed_x = l > 0 && makes_negative(network->layer[l - 1].activation);
        made->widest =
            stage->layer->outputs > made->widest ? stage->layer->outputs : made->widest;
        status = stage_load(stage, engine, l, err);
        if (status == OAC_OK)
            status = full_photons(stage, err);
        if (status != OAC_OK)
            goto destroy_forward;
    }
    *forward = made;
    return OAC_OK;
destroy_forward:
    oac_forward_destroy(made);
    return status;
}

void oac_forward_destroy(struct oac_forward *forward)
{
    if (!forward)
        return;
    free(forward->stage);
    free(forward);
}

void oac_forward_set_launch(struct oac_forward *forward, const double *launch)
{
    for (size_t l = 0; l < forward->layers; l++)
        forward->stage[l].launch = (float)launch[l];
}

size_t oac_forward_layers(const struct oac_forward *forward)
{
    return forward->layers;
}

const struct oac_matrix *oac_forward_matrix(const struct oac_forward *forward, size_t layer,
                                            size_t *inputs, size_t *outputs)
{
    const struct oac_forward_stage *stage = &forward->stage[layer];
    *inputs = stage->layer->inputs;
    *outputs = stage->layer->outputs;
    return stage->matrix;
}

/* ---- light ---- */

enum oac_status oac_forward_layer_light(const struct oac_forward *forward, size_t layer,
                                        struct oac_matrix_light *light, struct oac_err *err)
{
    const struct oac_forward_stage *stage = &forward->stage[layer];
    if (!stage->layer->x_mean)
        return oac_fail(err, OAC_EINVAL,
                        "layer %zu: the network stores no x_mean for it; compute it from the "
                        "reference split first (oac_network_statistics)",
                        layer);
    return oac_matrix_light(stage->matrix, stage->layer->x_mean, light, err);
}

void oac_forward_set_sample_budget(struct oac_forward *forward, double photons)
{
    forward->sample_photons = photons;
}

/* ---- scratch ---- */

enum oac_status oac_forward_scratch_create(struct oac_forward *forward, size_t batch_max,
                                           struct oac_forward_scratch **scratch,
                                           struct oac_err *err)
{
    enum oac_status status;
    size_t count, batch = batch_max;
    struct oac_forward_scratch *made = oac_alloc(1, sizeof *made, "forward scratch", err);
    if (!made)
        return err->status;
    made->batch_max = batch;
    status = oac_size_product(batch, forward->widest, "activations of a batch", &count, err);
    if (status != OAC_OK)
        goto destroy_scratch;
    if (!(made->activation[0] = oac_alloc(count, sizeof(float), "activations", err)) ||
        !(made->activation[1] = oac_alloc(count, sizeof(float), "activations", err)) ||
        !(made->launch = oac_alloc(batch, sizeof(float), "launch powers", err)) ||
        !(made->scale = oac_alloc(batch, sizeof(float), "operand scales", err)) ||
        !(made->photons = oac_alloc(batch, sizeof(double), "photon counts", err))) {
        status = err->status;
        goto destroy_scratch;
    }
    status = oac_engine_scratch_create(forward->engine, batch, &made->engine, err);
    if (status != OAC_OK)
        goto destroy_scratch;
    *scratch = made;
    return OAC_OK;
destroy_scratch:
    oac_forward_scratch_destroy(made);
    return status;
}

void oac_forward_scratch_destroy(struct oac_forward_scratch *scratch)
{
    if (!scratch)
        return;
    oac_engine_scratch_destroy(scratch->engine);
    free(scratch->activation[0]);
    free(scratch->activation[1]);
    free(scratch->launch);
    free(scratch->scale);
    free(scratch->photons);
    free(scratch);
}
