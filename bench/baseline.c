/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "bench/workload.h"
#include "models/packed.h"

#ifdef OAC_BENCH_DNNL
#include <dnnl.h>
#endif

struct baseline {
    const struct oac_network *network;
    size_t count;
    struct oac_packed *packed;
    const float **input; /* (layers) -> (count, inputs) */
    float *own_input;    /* of all layers but the first */
    float *sums;
};

struct baseline *baseline_create(const struct oac_network *network, size_t count,
                                 const float *x)
{
    struct oac_err err;
    struct baseline *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    *self = (struct baseline){.network = network, .count = count};
    size_t hidden = 0;
    for (size_t l = 1; l < network->layers; l++)
        hidden += network->layer[l].inputs;
    self->input = calloc(network->layers, sizeof *self->input);
    self->own_input = oac_alloc(count * hidden, sizeof(float), "baseline", &err);
    self->sums =
        oac_alloc(count * oac_network_widest(network), sizeof(float), "baseline", &err);
    if (!self->input || !self->own_input || !self->sums ||
        oac_packed_create(network, &self->packed, &err)) {
        baseline_destroy(self);
        return NULL;
    }
    self->input[0] = x;
    float *next = self->own_input;
    for (size_t i = 0; i < count * hidden; i++)
        next[i] = (float)oac_rng_uniform(1, OAC_RNG_TEST, i, 0);
    for (size_t l = 1; l < network->layers; l++) {
        self->input[l] = next;
        next += count * network->layer[l].inputs;
    }
    return self;
}

void baseline_destroy(struct baseline *self)
{
    if (!self)
        return;
    oac_packed_destroy(self->packed, self->network->layers);
    free(self->input);
    free(self->own_input);
    free(self->sums);
    free(self);
}

double baseline_own_s(struct baseline *self, size_t batch)
{
    const struct oac_kernel *kernel = oac_kernel();
    double start = workload_now_s();
    for (size_t first = 0; first < self->count; first += batch) {
        size_t rows = self->count - first < batch ? self->count - first : batch;
        for (size_t l = 0; l < self->network->layers; l++) {
            const struct oac_packed *packed = &self->packed[l];
            size_t inputs = self->network->layer[l].inputs;
            memset(self->sums, 0, rows * packed->ld * sizeof(float));
            kernel->matmul(rows, packed->ld, inputs, self->input[l] + first * inputs, inputs,
                           packed->w, packed->ld, self->sums, packed->ld);
        }
    }
    return workload_now_s() - start;
}

double baseline_onednn_s(struct baseline *self, size_t batch)
{
#ifdef OAC_BENCH_DNNL
    double start = workload_now_s();
    for (size_t first = 0; first < self->count; first += batch) {
        size_t rows = self->count - first < batch ? self->count - first : batch;
        for (size_t l = 0; l < self->network->layers; l++) {
            const struct oac_dense *layer = &self->network->layer[l];
            if (dnnl_sgemm('N', 'T', (dnnl_dim_t)rows, (dnnl_dim_t)layer->outputs,
                           (dnnl_dim_t)layer->inputs, 1.0f,
                           self->input[l] + first * layer->inputs, (dnnl_dim_t)layer->inputs,
                           layer->weight, (dnnl_dim_t)layer->inputs, 0.0f, self->sums,
                           (dnnl_dim_t)layer->outputs) != dnnl_success)
                return NAN;
        }
    }
    return workload_now_s() - start;
#else
    (void)self;
    (void)batch;
    return NAN;
#endif
}
