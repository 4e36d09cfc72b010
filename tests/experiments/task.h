/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A task without end: 4 x 4 images of four classes, each a seeded pattern in much noise, as many as are
 * asked for, and the linear network that tells them apart, right on nine of ten. Its population is known, so
 * an accuracy can be measured as finely as one likes. */
#ifndef OAC_TESTS_EXPERIMENTS_TASK_H
#define OAC_TESTS_EXPERIMENTS_TASK_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/dataset.h"
#include "models/forward.h"
#include "models/network.h"

#define TASK_PIXELS  16u
#define TASK_CLASSES 4u
#define TASK_NOISE   0.5
#define TASK_STREAM  (OAC_RNG_TEST + 40)

static inline double task_pattern(size_t class_index, size_t pixel)
{
    return oac_rng_uniform(11, TASK_STREAM, class_index * TASK_PIXELS + pixel, 0);
}

/* Image i of a set: keys of sets that differ share no image. */
static inline uint8_t task_pixel(uint64_t key, size_t i, size_t pixel)
{
    const double noise =
        oac_rng_normal(key, TASK_STREAM + 1, (uint64_t)i * TASK_PIXELS + pixel, 0);
    const double value =
        0.25 + 0.5 * task_pattern(i % TASK_CLASSES, pixel) + 0.5 * TASK_NOISE * noise;
    return (uint8_t)(255.0 * fmin(fmax(value, 0.0), 1.0));
}

static inline struct oac_dataset *task_images(size_t count, uint64_t key)
{
    static const char *const names[TASK_CLASSES] = {"0", "1", "2", "3"};
    struct oac_dataset *data = calloc(1, sizeof *data);
    cr_assert_not_null(data);
    *data = (struct oac_dataset){.name = strdup("task"),
                                 .split = strdup("train"),
                                 .directory = strdup("none"),
                                 .count = count,
                                 .rows = 4,
                                 .cols = 4,
                                 .classes = TASK_CLASSES,
                                 .class_names = names,
                                 .pixels = malloc(count * TASK_PIXELS),
                                 .labels = malloc(count)};
    cr_assert(data->pixels && data->labels);
    for (size_t i = 0; i < count; i++) {
        data->labels[i] = (uint8_t)(i % TASK_CLASSES);
        for (size_t p = 0; p < TASK_PIXELS; p++)
            data->pixels[i * TASK_PIXELS + p] = task_pixel(key, i, p);
    }
    return data;
}

/* The nearest pattern m_c: x m_c - |m_c|^2/2 is largest; the 1/2 taken off every weight is the same for all
 * classes. */
static inline struct oac_network *task_network(void)
{
    struct oac_network *network;
    struct oac_err err;
    float *x = malloc(3000 * TASK_PIXELS * sizeof *x);
    cr_assert_eq(oac_network_create(1, &network, &err), OAC_OK);
    network->name = strdup("task");
    network->source = strdup("tests/experiments/task.h");
    network->license = strdup("GPL-3.0-or-later");
    network->input_rank = 2;
    network->input_shape[0] = network->input_shape[1] = 4;
    network->input_scale = 1.0f / 255.0f;
    struct oac_dense *layer = &network->layer[0];
    layer->inputs = TASK_PIXELS;
    layer->outputs = TASK_CLASSES;
    layer->activation = OAC_ACT_NONE;
    layer->w_limit = layer->x_scale = NAN;
    layer->weight = oac_alloc(TASK_PIXELS * TASK_CLASSES, sizeof(float), "weights", &err);
    layer->bias = oac_alloc(TASK_CLASSES, sizeof(float), "biases", &err);
    cr_assert(x && layer->weight && layer->bias);
    for (size_t c = 0; c < TASK_CLASSES; c++)
        for (size_t p = 0; p < TASK_PIXELS; p++) {
            const double mean = 0.25 + 0.5 * task_pattern(c, p);
            layer->weight[c * TASK_PIXELS + p] = (float)(mean - 0.5);
            layer->bias[c] -= (float)(0.5 * mean * mean);
        }
    struct oac_dataset *some = task_images(3000, 999);
    for (size_t i = 0; i < 3000 * TASK_PIXELS; i++)
        x[i] = (float)some->pixels[i] / 255.0f;
    cr_assert_eq(oac_network_statistics(network, 3000, x, &err), OAC_OK, "%s", err.message);
    free(x);
    oac_dataset_destroy(some);
    return network;
}

#endif
