/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "models/forward.h"
#include "sim/analytic.h"
#include "sim/noise.h"
#include "sim/rig.h"

struct workload {
    struct oac_link link;
    struct oac_engine *engine;
    struct oac_forward *forward;
    struct oac_forward_scratch *scratch;
    float *outputs;
    double *photons;
    size_t batch, inputs, classes, checksum;
};

double workload_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double workload_median(size_t count, double *values)
{
    qsort(values, count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

struct workload *workload_create(const char *rig_name, const char *noise_list,
                                 enum oac_encoding encoding, const struct oac_network *network,
                                 size_t batch)
{
    struct oac_err err;
    struct oac_rig rig;
    uint32_t noise;
    const uint8_t hash[32] = {0};
    const struct oac_engine_options options = {.encoding = encoding, .repeats = 1};
    struct workload *self = oac_alloc(1, sizeof *self, "workload", &err);
    if (!self || oac_rig_read(rig_name, NULL, 0, &rig, NULL, &err) ||
        oac_noise_parse(noise_list, &noise, &err) ||
        oac_analytic_open(&rig, hash, noise, 1, &self->link, &err) ||
        oac_engine_create(&self->link, NULL, &options, &self->engine, &err) ||
        oac_forward_create(self->engine, network, &self->forward, &err) ||
        oac_forward_scratch_create(self->forward, batch, &self->scratch, &err))
        goto fail;
    self->batch = batch;
    self->inputs = oac_network_inputs(network);
    self->classes = oac_network_outputs(network);
    self->outputs = oac_alloc(batch * self->classes, sizeof(float), "workload", &err);
    self->photons = oac_alloc(batch, sizeof(double), "workload", &err);
    if (self->outputs && self->photons)
        return self;
fail:
    fprintf(stderr, "physics_tax: %s\n", err.message);
    workload_destroy(self);
    return NULL;
}

void workload_destroy(struct workload *self)
{
    if (!self)
        return;
    oac_forward_scratch_destroy(self->scratch);
    oac_forward_destroy(self->forward);
    oac_engine_destroy(self->engine);
    oac_link_close(&self->link);
    free(self->outputs);
    free(self->photons);
    free(self);
}

static size_t label_of(size_t classes, const float *logits)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        if (logits[k] > logits[best])
            best = k;
    return best;
}

double workload_run_s(struct workload *self, const struct oac_dataset *data)
{
    struct oac_err err;
    struct oac_multiply_tally tally = {0};
    double start = workload_now_s();
    for (size_t first = 0; first < data->count; first += self->batch) {
        size_t left = data->count - first, rows = left < self->batch ? left : self->batch;
        if (oac_forward_run_bytes(self->forward, self->scratch, first, rows,
                                  data->pixels + first * self->inputs, 1.0f / 255.0f,
                                  self->outputs, self->photons, &tally, &err)) {
            fprintf(stderr, "physics_tax: %s\n", err.message);
            exit(1);
        }
        for (size_t b = 0; b < rows; b++)
            self->checksum += label_of(self->classes, self->outputs + b * self->classes);
    }
    return workload_now_s() - start;
}
