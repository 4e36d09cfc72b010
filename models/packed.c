/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/packed.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"

size_t oac_padded(size_t width)
{
    return (width + OAC_KERNEL_PAD - 1) / OAC_KERNEL_PAD * OAC_KERNEL_PAD;
}

size_t oac_network_widest(const struct oac_network *network)
{
    size_t widest = oac_padded(network->layer[0].inputs);
    for (size_t l = 0; l < network->layers; l++) {
        size_t ld = oac_padded(network->layer[l].outputs);
        widest = ld > widest ? ld : widest;
    }
    return widest;
}

static enum oac_status pack_layer(const struct oac_dense *layer, struct oac_packed *packed,
                                  struct oac_err *err)
{
    size_t count;
    packed->layer = layer;
    packed->ld = oac_padded(layer->outputs);
    enum oac_status status =
        oac_size_product(layer->inputs, packed->ld, "packed weights", &count, err);
    if (status != OAC_OK)
        return status;
    packed->w = oac_alloc(count, sizeof *packed->w, "packed weights", err);
    if (!packed->w)
        return err->status;
    for (size_t k = 0; k < layer->outputs; k++)
        for (size_t n = 0; n < layer->inputs; n++)
            packed->w[n * packed->ld + k] = layer->weight[k * layer->inputs + n];
    return OAC_OK;
}

enum oac_status oac_packed_create(const struct oac_network *network, struct oac_packed **packed,
                                  struct oac_err *err)
{
    struct oac_packed *made = oac_alloc(network->layers, sizeof *made, "packed layers", err);
    if (!made)
        return err->status;
    for (size_t l = 0; l < network->layers; l++) {
        enum oac_status status = pack_layer(&network->layer[l], &made[l], err);
        if (status != OAC_OK) {
            oac_packed_destroy(made, network->layers);
            return status;
        }
    }
    *packed = made;
    return OAC_OK;
}

void oac_packed_destroy(struct oac_packed *packed, size_t layers)
{
    if (!packed)
        return;
    for (size_t l = 0; l < layers; l++)
        free(packed[l].w);
    free(packed);
}

void oac_packed_forward(const struct oac_packed *packed, size_t batch, const float *x,
                        float *sums, float *y)
{
    const struct oac_dense *layer = packed->layer;
    size_t outputs = layer->outputs;
    memset(sums, 0, batch * packed->ld * sizeof *sums);
    oac_kernel()->matmul(batch, packed->ld, layer->inputs, x, layer->inputs, packed->w,
                         packed->ld, sums, packed->ld);
    for (size_t b = 0; b < batch; b++)
        for (size_t k = 0; k < outputs; k++)
            y[b * outputs + k] = sums[b * packed->ld + k] + layer->bias[k];
    oac_activate(layer->activation, batch, outputs, y);
}
