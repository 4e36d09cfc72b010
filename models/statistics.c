/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scales of a network's operands, from a reference split: constants stored with the model, so
 * that no result depends on the batch at hand. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "models/forward.h"
#include "models/network.h"
#include "models/packed.h"

#define BLOCK 128u

struct operand { /* what one layer's input looked like */
    double *sum; /* (inputs) */
    float largest;
};

static void operand_add(struct operand *operand, size_t rows, size_t inputs, const float *x)
{
    for (size_t b = 0; b < rows; b++) {
        for (size_t n = 0; n < inputs; n++) {
            float value = x[b * inputs + n];
            operand->sum[n] += (double)value;
            operand->largest = fmaxf(operand->largest, fabsf(value));
        }
    }
}

static enum oac_status layer_store(struct oac_dense *layer, const struct operand *operand,
                                   size_t count, struct oac_err *err)
{
    if (isnan(layer->x_scale))
        layer->x_scale = operand->largest > 0.0f ? operand->largest : 1.0f;
    if (layer->x_mean)
        return OAC_OK;
    layer->x_mean = oac_alloc(layer->inputs, sizeof *layer->x_mean, "a mean input vector", err);
    if (!layer->x_mean)
        return err->status;
    for (size_t n = 0; n < layer->inputs; n++)
        layer->x_mean[n] = (float)(operand->sum[n] / (double)count);
    return OAC_OK;
}

static void walk(const struct oac_network *network, const struct oac_packed *packed,
                 size_t count, const float *x, float *buffer, struct operand *operand)
{
    size_t area = BLOCK * oac_network_widest(network);
    size_t inputs = network->layer[0].inputs;
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t rows = count - first < BLOCK ? count - first : BLOCK;
        const float *from = x + first * inputs;
        for (size_t l = 0; l < network->layers; l++) {
            float *to = buffer + area + (l % 2) * area;
            operand_add(&operand[l], rows, network->layer[l].inputs, from);
            oac_packed_forward(&packed[l], rows, from, buffer, to);
            from = to;
        }
    }
}

static bool complete(const struct oac_network *network)
{
    for (size_t l = 0; l < network->layers; l++)
        if (isnan(network->layer[l].x_scale) || !network->layer[l].x_mean)
            return false;
    return true;
}

enum oac_status oac_network_statistics(struct oac_network *network, size_t count,
                                       const float *x, struct oac_err *err)
{
    if (complete(network))
        return OAC_OK;
    if (count == 0)
        return oac_fail(err, OAC_EINVAL,
                        "the operand scales of a network need at least 1 reference image");
    enum oac_status status;
    struct oac_packed *packed = NULL;
    float *buffer = NULL;
    struct operand *operand =
        oac_alloc(network->layers, sizeof *operand, "operand statistics", err);
    if (!operand)
        return err->status;
    for (size_t l = 0; l < network->layers; l++) {
        operand[l].sum =
            oac_alloc(network->layer[l].inputs, sizeof(double), "operand sums", err);
        if (!operand[l].sum) {
            status = err->status;
            goto release;
        }
    }
    status = oac_packed_create(network, &packed, err);
    if (status != OAC_OK)
        goto release;
    buffer = oac_alloc(3 * BLOCK * oac_network_widest(network), sizeof *buffer,
                       "activations of the reference split", err);
    if (!buffer) {
        status = err->status;
        goto release;
    }
    walk(network, packed, count, x, buffer, operand);
    for (size_t l = 0; l < network->layers && status == OAC_OK; l++)
        status = layer_store(&network->layer[l], &operand[l], count, err);
release:
    free(buffer);
    oac_packed_destroy(packed, network->layers);
    for (size_t l = 0; l < network->layers; l++)
        free(operand[l].sum);
    free(operand);
    return status;
}
