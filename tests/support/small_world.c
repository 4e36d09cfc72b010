/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/small_world.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/formats/native.h"
#include "models/forward.h"
#include "models/network.h"

#define PIXELS (OAC_SMALL_SIDE * OAC_SMALL_SIDE)
#define HIDDEN 16u
#define SEED   7u

static float pattern(size_t class_index, size_t pixel)
{
    return (float)oac_rng_uniform(SEED, OAC_RNG_TEST, class_index * PIXELS + pixel, 0);
}

static uint8_t pixel_of(size_t image, size_t pixel)
{
    double value = (double)pattern(image % OAC_SMALL_CLASSES, pixel) +
                   0.25 * oac_rng_normal(SEED, OAC_RNG_TEST + 1, image * PIXELS + pixel, 0);

    /* Dark pixels are exactly dark, as in scanned digits. */
    return value < 0.4 ? 0 : value > 1.0 ? 255 : (uint8_t)(255.0 * value);
}

static void put_big_endian(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void write_data(const char *dir)
{
    static uint8_t images[16 + OAC_SMALL_IMAGES * PIXELS], labels[8 + OAC_SMALL_IMAGES];
    char path[OAC_TEST_DIR_BYTES + 64];

    put_big_endian(images, 0x00000803);
    put_big_endian(images + 4, OAC_SMALL_IMAGES);
    put_big_endian(images + 8, OAC_SMALL_SIDE);
    put_big_endian(images + 12, OAC_SMALL_SIDE);
    put_big_endian(labels, 0x00000801);
    put_big_endian(labels + 4, OAC_SMALL_IMAGES);
    for (size_t i = 0; i < OAC_SMALL_IMAGES; i++) {
        labels[8 + i] = (uint8_t)(i % OAC_SMALL_CLASSES);
        for (size_t p = 0; p < PIXELS; p++)
            images[16 + i * PIXELS + p] = pixel_of(i, p);
    }
    oac_test_file_put(oac_test_dir_path(dir, "t10k-images-idx3-ubyte", path), images,
                      sizeof images);
    oac_test_file_put(oac_test_dir_path(dir, "t10k-labels-idx1-ubyte", path), labels,
                      sizeof labels);
}

static void fill_layer(struct oac_dense *layer, size_t inputs, size_t outputs,
                       enum oac_activation activation, struct oac_err *err)
{
    layer->inputs = inputs;
    layer->outputs = outputs;
    layer->activation = activation;
    layer->w_limit = layer->x_scale = NAN;
    layer->weight = oac_alloc(inputs * outputs, sizeof(float), "weights", err);
    layer->bias = oac_alloc(outputs, sizeof(float), "biases", err);
    cr_assert(layer->weight && layer->bias);
}

static struct oac_network *make_network(size_t side)
{
    struct oac_network *network;
    struct oac_err err;
    size_t inputs = side * side;

    cr_assert_eq(oac_network_create(2, &network, &err), OAC_OK, "%s", err.message);
    network->name = oac_strdup("small", &err);
    network->source = oac_strdup("tests/support/small_world.c", &err);
    network->license = oac_strdup("GPL-3.0-or-later", &err);
    cr_assert(network->name && network->source && network->license);
    network->input_rank = 2;
    network->input_shape[0] = network->input_shape[1] = side;
    network->input_scale = 1.0f / 255.0f;
    fill_layer(&network->layer[0], inputs, HIDDEN, OAC_ACT_RELU, &err);
    fill_layer(&network->layer[1], HIDDEN, OAC_SMALL_CLASSES, OAC_ACT_NONE, &err);
    for (size_t k = 0; k < HIDDEN; k++)
        for (size_t n = 0; n < inputs; n++)
            network->layer[0].weight[k * inputs + n] =
                0.3f * (pattern(k % OAC_SMALL_CLASSES, n % PIXELS) - 0.5f) +
                0.05f * (float)oac_rng_normal(SEED, OAC_RNG_TEST + 2, k * inputs + n, 0);
    for (size_t c = 0; c < OAC_SMALL_CLASSES; c++)
        for (size_t k = 0; k < HIDDEN; k++)
            network->layer[1].weight[c * HIDDEN + k] =
                k % OAC_SMALL_CLASSES == c ? 0.5f : -0.2f;
    return network;
}

/* The hidden scale is the largest activation of all: these tests compare with exact products, in which nothing
 * may be cut. */
static void add_statistics(struct oac_network *network)
{
    static float x[OAC_SMALL_IMAGES * PIXELS], hidden[OAC_SMALL_IMAGES * HIDDEN];
    struct oac_network first = *network;
    struct oac_err err;

    for (size_t i = 0; i < OAC_SMALL_IMAGES * PIXELS; i++)
        x[i] = (float)pixel_of(i / PIXELS, i % PIXELS) / 255.0f;
    first.layers = 1;
    cr_assert_eq(oac_network_forward(&first, OAC_SMALL_IMAGES, x, hidden, &err), OAC_OK);
    network->layer[1].x_scale = 0.0f;
    for (size_t i = 0; i < OAC_SMALL_IMAGES * HIDDEN; i++)
        network->layer[1].x_scale = fmaxf(network->layer[1].x_scale, hidden[i]);
    cr_assert_eq(oac_network_statistics(network, OAC_SMALL_IMAGES, x, &err), OAC_OK, "%s",
                 err.message);
}

void oac_small_world_make(struct oac_small_world *world)
{
    struct oac_network *network;
    struct oac_err err;

    oac_test_dir_make(world->dir);
    snprintf(world->data, sizeof world->data, "%s/small", world->dir);
    snprintf(world->model, sizeof world->model, "%s/model.h5", world->dir);
    snprintf(world->wide, sizeof world->wide, "%s/wide.h5", world->dir);
    cr_assert_eq(mkdir(world->data, 0700), 0);
    write_data(world->data);
    network = make_network(OAC_SMALL_SIDE);
    add_statistics(network);
    cr_assert_eq(oac_native_write(network, world->model, "test", &err), OAC_OK, "%s",
                 err.message);
    oac_network_destroy(network);
    network = make_network(10);
    cr_assert_eq(oac_native_write(network, world->wide, "test", &err), OAC_OK, "%s",
                 err.message);
    oac_network_destroy(network);
}

void oac_small_world_remove(const struct oac_small_world *world)
{
    oac_test_dir_remove(world->dir);
}
