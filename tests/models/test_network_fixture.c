/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models/network_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

#define SEED      11u
#define WIDTH_MAX 512u

float *fixture_operands(size_t count, uint64_t key)
{
    float *x = malloc(count * sizeof *x);
    cr_assert(x != NULL);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)oac_rng_uniform(SEED, OAC_RNG_TEST + 1, key * 1000000 + i, 0);
    return x;
}

struct oac_network *fixture_network(size_t layers, const size_t *widths,
                                    enum oac_activation hidden, enum oac_activation last)
{
    struct oac_network *network;
    struct oac_err err;
    cr_assert_eq(oac_network_create(layers, &network, &err), OAC_OK, "%s", err.message);
    network->input_rank = 1;
    network->input_shape[0] = widths[0];
    network->input_scale = 1.0f;
    for (size_t l = 0; l < layers; l++) {
        struct oac_dense *layer = &network->layer[l];
        layer->inputs = widths[l];
        layer->outputs = widths[l + 1];
        layer->activation = l + 1 < layers ? hidden : last;
        layer->weight = fixture_operands(widths[l] * widths[l + 1], 2 * l);
        layer->bias = fixture_operands(widths[l + 1], 2 * l + 1);
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            layer->weight[i] = 2.0f * layer->weight[i] - 1.0f;
        for (size_t i = 0; i < widths[l + 1]; i++)
            layer->bias[i] = 2.0f * layer->bias[i] - 1.0f;
    }
    return network;
}

static double activate(enum oac_activation activation, double y)
{
    switch (activation) {
    case OAC_ACT_RELU:
        return y > 0.0 ? y : 0.0;
    case OAC_ACT_SIGMOID:
        return 1.0 / (1.0 + exp(-y));
    case OAC_ACT_TANH:
        return tanh(y);
    case OAC_ACT_NONE:
    case OAC_ACT_SOFTMAX:
        break;
    }
    return y;
}

static void softmax(size_t width, double *y)
{
    double sum = 0.0, largest = -INFINITY;
    for (size_t k = 0; k < width; k++)
        largest = fmax(largest, y[k]);
    for (size_t k = 0; k < width; k++)
        sum += y[k] = exp(y[k] - largest);
    for (size_t k = 0; k < width; k++)
        y[k] /= sum;
}

void fixture_forward(const struct oac_network *network, const float *x, double *y)
{
    double from[WIDTH_MAX], to[WIDTH_MAX];
    for (size_t n = 0; n < network->layer[0].inputs; n++)
        from[n] = (double)x[n];
    for (size_t l = 0; l < network->layers; l++) {
        const struct oac_dense *layer = &network->layer[l];
        for (size_t k = 0; k < layer->outputs; k++) {
            double sum = (double)layer->bias[k];
            for (size_t n = 0; n < layer->inputs; n++)
                sum += (double)layer->weight[k * layer->inputs + n] * from[n];
            to[k] = activate(layer->activation, sum);
        }
        if (layer->activation == OAC_ACT_SOFTMAX)
            softmax(layer->outputs, to);
        memcpy(from, to, layer->outputs * sizeof *to);
    }
    memcpy(y, from, network->layer[network->layers - 1].outputs * sizeof *y);
}

static const char *const names[] = {"0", "1", "2", "3"};

static struct oac_dataset *make(size_t count, size_t rows, size_t cols, size_t classes)
{
    struct oac_dataset *data = calloc(1, sizeof *data);
    cr_assert(data != NULL);
    data->name = strdup("fixture");
    data->split = strdup("train");
    data->directory = strdup("none");
    data->count = count;
    data->rows = rows;
    data->cols = cols;
    data->classes = classes;
    data->class_names = names;
    data->pixels = calloc(count, rows * cols);
    data->labels = calloc(count, 1);
    cr_assert(data->pixels && data->labels);
    return data;
}

struct oac_dataset *fixture_xor(size_t copies)
{
    struct oac_dataset *data = make(4 * copies, 1, 2, 2);
    for (size_t i = 0; i < data->count; i++) {
        data->pixels[2 * i] = i & 1 ? 255 : 0;
        data->pixels[2 * i + 1] = i & 2 ? 255 : 0;
        data->labels[i] = (uint8_t)((i & 1) ^ (i >> 1 & 1));
    }
    return data;
}

struct oac_dataset *fixture_stripes(size_t count, uint64_t key)
{
    struct oac_dataset *data = make(count, 6, 6, 4);
    for (size_t i = 0; i < count; i++) {
        data->labels[i] = (uint8_t)(i % 4);
        for (size_t p = 0; p < 36; p++) {
            double u = oac_rng_uniform(SEED, OAC_RNG_TEST + 2, key * 1000000 + i * 36 + p, 0);
            bool bright = p % 6 == i % 4 + 1;
            data->pixels[i * 36 + p] = (uint8_t)((bright ? 120.0 : 0.0) + 135.0 * u);
        }
    }
    return data;
}

void fixture_dataset_free(struct oac_dataset *data)
{
    free(data->name);
    free(data->split);
    free(data->directory);
    free(data->pixels);
    free(data->labels);
    free(data);
}
