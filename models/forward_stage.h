/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What forward.c (loading, light) and forward_run.c (the hot path) share. */
#ifndef OAC_MODELS_FORWARD_STAGE_H
#define OAC_MODELS_FORWARD_STAGE_H

#include <stdbool.h>

#include "models/forward.h"

struct oac_forward_stage { /* one layer at the engine */
    const struct oac_dense *layer;
    struct oac_matrix *matrix;
    bool signed_x;       /* the operand can be negative */
    float launch;        /* relative power of every image */
    double photons_full; /* detected photons per product of full transmissions, launch 1 */
};

struct oac_forward {
    struct oac_engine *engine;
    size_t layers, inputs, outputs, widest;
    struct oac_forward_stage *stage; /* (layers) */
    double sample_photons;           /* > 0: budget per image */
};

struct oac_forward_scratch {
    struct oac_engine_scratch *engine;
    size_t batch_max;
    float *activation[2];  /* (batch_max, widest) each, used in turn */
    float *launch, *scale; /* (batch_max) */
    double *photons;       /* (batch_max) of one layer */
};

#endif
