/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

const char *const oac_activation_names[] = {"none", "relu", "sigmoid", "tanh", "softmax", NULL};

size_t oac_network_inputs(const struct oac_network *network)
{
    size_t inputs = 1;
    for (size_t i = 0; i < network->input_rank; i++)
        inputs *= network->input_shape[i];
    return inputs;
}

size_t oac_network_outputs(const struct oac_network *network)
{
    return network->layer[network->layers - 1].outputs;
}

uint64_t oac_network_macs(const struct oac_network *network)
{
    uint64_t macs = 0;
    for (size_t l = 0; l < network->layers; l++)
        macs += (uint64_t)network->layer[l].inputs * network->layer[l].outputs;
    return macs;
}

enum oac_status oac_network_create(size_t layers, struct oac_network **network,
                                   struct oac_err *err)
{
    if (layers < 1)
        return oac_fail(err, OAC_EINVAL, "a network needs at least 1 layer, not %zu", layers);
    struct oac_network *made = oac_alloc(1, sizeof *made, "a network", err);
    if (!made)
        return err->status;
    made->layer = oac_alloc(layers, sizeof *made->layer, "the layers of a network", err);
    if (!made->layer) {
        oac_network_destroy(made);
        return err->status;
    }
    made->layers = layers;
    for (size_t l = 0; l < layers; l++)
        made->layer[l].w_limit = made->layer[l].x_scale = NAN;
    *network = made;
    return OAC_OK;
}

void oac_network_destroy(struct oac_network *network)
{
    if (!network)
        return;
    for (size_t l = 0; l < network->layers; l++) {
        free(network->layer[l].weight);
        free(network->layer[l].bias);
        free(network->layer[l].x_mean);
    }
    free(network->layer);
    free(network->name);
    free(network->source);
    free(network->license);
    free(network);
}

static void digest_integer(struct oac_digest *digest, uint64_t value)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    oac_digest_update(digest, bytes, sizeof bytes);
}

/* Floats enter as their IEEE bits, least significant byte first, on any machine. */
static void digest_floats(struct oac_digest *digest, const float *values, size_t count)
{
    uint8_t bytes[1024];
    for (size_t i = 0; i < count;) {
        size_t used = 0;
        for (; i < count && used < sizeof bytes; i++) {
            uint32_t word;
            memcpy(&word, &values[i], sizeof word);
            for (size_t b = 0; b < 4; b++)
                bytes[used++] = (uint8_t)(word >> (8 * b));
        }
        oac_digest_update(digest, bytes, used);
    }
}

enum oac_status oac_network_digest(const struct oac_network *network,
                                   char hex[OAC_DIGEST_HEX_BYTES], struct oac_err *err)
{
    struct oac_digest *digest;
    enum oac_status status = oac_digest_create(&digest, err);
    if (status != OAC_OK)
        return status;
    digest_integer(digest, network->input_rank);
    for (size_t i = 0; i < network->input_rank; i++)
        digest_integer(digest, network->input_shape[i]);
    digest_floats(digest, &network->input_scale, 1);
    digest_integer(digest, network->layers);
    for (size_t l = 0; l < network->layers; l++) {
        const struct oac_dense *layer = &network->layer[l];
        digest_integer(digest, layer->inputs);
        digest_integer(digest, layer->outputs);
        digest_integer(digest, (uint64_t)layer->activation);
        digest_floats(digest, layer->weight, layer->inputs * layer->outputs);
        digest_floats(digest, layer->bias, layer->outputs);
    }
    uint8_t sum[32];
    oac_digest_finish(digest, sum);
    oac_digest_hex(sum, hex);
    return OAC_OK;
}
