/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The digital reference: what the network would say if every product were exact to float32. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "models/network.h"
#include "models/packed.h"

/* Rows per pass: activations of one block stay in the second-level cache. */
#define BLOCK 128u

enum oac_status oac_network_forward(const struct oac_network *network, size_t batch,
                                    const float *x, float *outputs, struct oac_err *err)
{
    struct oac_packed *packed = NULL;
    float *buffer = NULL;
    enum oac_status status = oac_packed_create(network, &packed, err);
    if (status != OAC_OK)
        return status;
    size_t area = BLOCK * oac_network_widest(network);
    buffer =
        oac_alloc(3 * area, sizeof *buffer, "activations of the digital forward pass", err);
    if (!buffer) {
        status = err->status;
        goto destroy_packed;
    }
    size_t inputs = oac_network_inputs(network), width = oac_network_outputs(network);
    for (size_t first = 0; first < batch; first += BLOCK) {
        size_t rows = batch - first < BLOCK ? batch - first : BLOCK;
        const float *from = x + first * inputs;
        for (size_t l = 0; l < network->layers; l++) {
            float *to = buffer + area + (l % 2) * area;
            oac_packed_forward(&packed[l], rows, from, buffer, to);
            from = to;
        }
        memcpy(outputs + first * width, from, rows * width * sizeof *outputs);
    }
    free(buffer);
destroy_packed:
    oac_packed_destroy(packed, network->layers);
    return status;
}
