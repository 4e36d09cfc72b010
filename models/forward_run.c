/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "models/forward_stage.h"

/* Reference row 4: x~ = x/max(x), n_max = n N / sum(x~) photons at full transmission. An image
 * without any light in it is played as it is. */
static void sample_budget(const struct oac_forward_stage *stage, double photons, size_t batch,
                          const float *x, float *launch, float *scale)
{
    size_t inputs = stage->layer->inputs;
    for (size_t b = 0; b < batch; b++) {
        float largest = 0.0f;
        double sum = 0.0;
        for (size_t n = 0; n < inputs; n++) {
            float size = fabsf(x[b * inputs + n]);
            largest = size > largest ? size : largest;
            sum += (double)size;
        }
        launch[b] = scale[b] = 1.0f;
        if (!(largest > 0.0f))
            continue;
        double photons_max = photons * (double)inputs * (double)largest / sum;
        launch[b] = (float)(photons_max / stage->photons_full);
        scale[b] = largest / stage->layer->x_scale;
    }
}

static void add_bias(const struct oac_dense *layer, size_t batch, float *y)
{
    size_t outputs = layer->outputs;
    const float *bias = layer->bias;
    if (layer->activation == OAC_ACT_RELU) {
        for (size_t b = 0; b < batch; b++, y += outputs) {
            for (size_t k = 0; k < outputs; k++) {
                float sum = y[k] + bias[k];
                y[k] = sum < 0.0f ? 0.0f : sum;
            }
        }
        return;
    }
    for (size_t b = 0; b < batch; b++)
        for (size_t k = 0; k < outputs; k++)
            y[b * outputs + k] += bias[k];
    oac_activate(layer->activation, batch, outputs, y);
}

/* Chooses the power of each image; leaves call->launch and x_scale NULL where they are 1. */
static void set_power(const struct oac_forward *forward, const struct oac_forward_stage *stage,
                      struct oac_forward_scratch *scratch, struct oac_multiply *call)
{
    if (forward->sample_photons > 0.0) {
        sample_budget(stage, forward->sample_photons, call->batch, call->x, scratch->launch,
                      scratch->scale);
        call->x_scale = scratch->scale;
        call->launch = scratch->launch;
    } else if (stage->launch != 1.0f) {
        for (size_t b = 0; b < call->batch; b++)
            scratch->launch[b] = stage->launch;
        call->launch = scratch->launch;
    }
}

/* All layers; `call` says what the first one takes, and outputs and photons are where the last one's go. */
static enum oac_status run_layers(struct oac_forward *forward,
                                  struct oac_forward_scratch *scratch, struct oac_multiply call,
                                  float *outputs, double *photons, struct oac_err *err)
{
    const size_t batch = call.batch;
    if (batch > scratch->batch_max)
        return oac_fail(err, OAC_EINVAL, "a batch of %zu images exceeds the scratch's %zu",
                        batch, scratch->batch_max);
    if (photons)
        memset(photons, 0, batch * sizeof *photons);
    call.photons = photons ? scratch->photons : NULL;
    for (size_t l = 0; l < forward->layers; l++) {
        const struct oac_forward_stage *stage = &forward->stage[l];
        call.y = l + 1 == forward->layers ? outputs : scratch->activation[l % 2];
        set_power(forward, stage, scratch, &call);
        enum oac_status status =
            oac_matrix_multiply(stage->matrix, scratch->engine, &call, err);
        if (status != OAC_OK)
            return status;
        add_bias(stage->layer, batch, call.y);
        if (photons)
            for (size_t b = 0; b < batch; b++)
                photons[b] += scratch->photons[b];
        call = (struct oac_multiply){.image0 = call.image0,
                                     .batch = batch,
                                     .x = call.y,
                                     .photons = call.photons,
                                     .tally = call.tally};
    }
    return OAC_OK;
}

enum oac_status oac_forward_run(struct oac_forward *forward,
                                struct oac_forward_scratch *scratch, uint64_t image0,
                                size_t batch, const float *x, float *outputs, double *photons,
                                struct oac_multiply_tally *tally, struct oac_err *err)
{
    const struct oac_multiply call = {.image0 = image0, .batch = batch, .x = x, .tally = tally};
    return run_layers(forward, scratch, call, outputs, photons, err);
}

enum oac_status oac_forward_run_bytes(struct oac_forward *forward,
                                      struct oac_forward_scratch *scratch, uint64_t image0,
                                      size_t batch, const uint8_t *pixels, float scale,
                                      float *outputs, double *photons,
                                      struct oac_multiply_tally *tally, struct oac_err *err)
{
    struct oac_multiply call = {.image0 = image0, .batch = batch, .tally = tally};
    call.bytes = pixels;
    call.byte_scale = scale;
    if (forward->sample_photons > 0.0 && batch <= scratch->batch_max) {
        /* Each image's own scale needs numbers; the first layer leaves these buffers alone. */
        oac_kernel()->scale_bytes(batch * forward->inputs, pixels, scale,
                                  scratch->activation[1]);
        call.bytes = NULL;
        call.x = scratch->activation[1];
    }
    return run_layers(forward, scratch, call, outputs, photons, err);
}
