/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/network.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/forward.h"
#include "tests/models/network_fixture.h"

static struct oac_err err;

/* 300-70-33-5: no width is a multiple of the kernel's padding. */
static const size_t widths[] = {300, 70, 33, 5};
#define LAYERS  3
#define INPUTS  300
#define OUTPUTS 5
#define BATCH   150 /* more than a block of the forward pass */

Test(network, digital_forward_is_the_definition_for_every_activation)
{
    static const enum oac_activation hidden[] = {OAC_ACT_NONE, OAC_ACT_RELU, OAC_ACT_SIGMOID,
                                                 OAC_ACT_TANH};
    static const enum oac_activation last[] = {OAC_ACT_NONE, OAC_ACT_SOFTMAX, OAC_ACT_SIGMOID,
                                               OAC_ACT_TANH};
    float *x = fixture_operands(BATCH * INPUTS, 99), y[BATCH * OUTPUTS];
    for (size_t a = 0; a < 4; a++) {
        struct oac_network *network = fixture_network(LAYERS, widths, hidden[a], last[a]);
        cr_assert_eq(oac_network_forward(network, BATCH, x, y, &err), OAC_OK, "%s",
                     err.message);
        for (size_t b = 0; b < BATCH; b++) {
            double expected[OUTPUTS], scale = 1.0;
            fixture_forward(network, x + b * INPUTS, expected);
            for (size_t k = 0; k < OUTPUTS; k++)
                scale = fmax(scale, fabs(expected[k]));
            /* float32 sums of a few hundred terms that partly cancel: 1e-4 of the largest output. */
            for (size_t k = 0; k < OUTPUTS; k++)
                cr_assert_float_eq(y[b * OUTPUTS + k], expected[k], 1e-4 * scale,
                                   "hidden %s, image %zu, output %zu: %g, expected %g",
                                   oac_activation_names[hidden[a]], b, k,
                                   (double)y[b * OUTPUTS + k], expected[k]);
        }
        oac_network_destroy(network);
    }
    free(x);
}

Test(network, digital_forward_does_not_depend_on_the_batch)
{
    float *x = fixture_operands(BATCH * INPUTS, 98), together[BATCH * OUTPUTS], alone[OUTPUTS];
    struct oac_network *network =
        fixture_network(LAYERS, widths, OAC_ACT_TANH, OAC_ACT_SOFTMAX);
    cr_assert_eq(oac_network_forward(network, BATCH, x, together, &err), OAC_OK);
    for (size_t b = 0; b < BATCH; b++) {
        cr_assert_eq(oac_network_forward(network, 1, x + b * INPUTS, alone, &err), OAC_OK);
        cr_assert_eq(memcmp(alone, together + b * OUTPUTS, sizeof alone), 0, "image %zu", b);
    }
    oac_network_destroy(network);
    free(x);
}

Test(network, activations_hold_at_their_extremes)
{
    float y[] = {-1000.0f, -1.0f, -1e-6f, 0.0f, 1e-6f, 0.2499f, 0.2501f, 1.0f, 1000.0f};
    enum { COUNT = sizeof y / sizeof y[0] };
    float copy[COUNT];
    memcpy(copy, y, sizeof y);
    oac_activate(OAC_ACT_TANH, 1, COUNT, copy);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_float_eq(copy[i], tanh((double)y[i]), 4e-7 * fabs(tanh((double)y[i])),
                           "tanh(%g) = %.9g", (double)y[i], (double)copy[i]);
    memcpy(copy, y, sizeof y);
    oac_activate(OAC_ACT_SIGMOID, 1, COUNT, copy);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_float_eq(copy[i], 1.0 / (1.0 + exp(-(double)y[i])), 4e-7, "sigmoid(%g)",
                           (double)y[i]);
    memcpy(copy, y, sizeof y);
    oac_activate(OAC_ACT_SOFTMAX, 1, COUNT, copy);
    cr_assert_float_eq(copy[COUNT - 1], 1.0, 1e-6);
    cr_assert(copy[0] >= 0.0f && copy[0] < 1e-30f);
}

Test(network, relu_does_not_hide_what_is_not_a_number)
{
    float y[] = {NAN, -1.0f};
    oac_activate(OAC_ACT_RELU, 1, 2, y);
    cr_assert(isnan(y[0]));
    cr_assert_eq(y[1], 0.0f);
}

Test(network, softmax_of_a_wide_row_sums_to_one)
{
    enum { WIDTH = 1000 };
    float *y = fixture_operands(WIDTH, 5);
    oac_activate(OAC_ACT_SOFTMAX, 1, WIDTH, y);
    double sum = 0.0;
    for (size_t i = 0; i < WIDTH; i++)
        sum += (double)y[i];
    cr_assert_float_eq(sum, 1.0, 1e-5); /* a thousand float32 roundings */
    free(y);
}

Test(network, counts_are_products_of_shapes)
{
    struct oac_network *network = fixture_network(LAYERS, widths, OAC_ACT_RELU, OAC_ACT_NONE);
    network->input_rank = 3;
    network->input_shape[0] = 3;
    network->input_shape[1] = network->input_shape[2] = 10;
    cr_assert_eq(oac_network_inputs(network), 300);
    cr_assert_eq(oac_network_outputs(network), 5);
    cr_assert_eq(oac_network_macs(network), 300 * 70 + 70 * 33 + 33 * 5);
    oac_network_destroy(network);
}

static void digest(const struct oac_network *network, char hex[OAC_DIGEST_HEX_BYTES])
{
    cr_assert_eq(oac_network_digest(network, hex, &err), OAC_OK, "%s", err.message);
}

Test(network, digest_sees_weights_shapes_and_activations_but_no_statistics)
{
    char before[OAC_DIGEST_HEX_BYTES], after[OAC_DIGEST_HEX_BYTES];
    struct oac_network *network = fixture_network(LAYERS, widths, OAC_ACT_RELU, OAC_ACT_NONE);
    digest(network, before);
    network->name = strdup("another name");
    network->layer[1].x_scale = 3.0f;
    network->layer[1].w_limit = 2.0f;
    digest(network, after);
    cr_assert_str_eq(before, after);
    network->layer[2].bias[4] = nextafterf(network->layer[2].bias[4], 9.0f);
    digest(network, after);
    cr_assert_str_neq(before, after);
    network->layer[2].bias[4] = nextafterf(network->layer[2].bias[4], -9.0f);
    digest(network, after);
    cr_assert_str_eq(before, after);
    network->layer[0].activation = OAC_ACT_TANH;
    digest(network, after);
    cr_assert_str_neq(before, after);
    oac_network_destroy(network);
}

Test(network, a_network_without_layers_is_refused)
{
    struct oac_network *network = NULL;
    cr_assert_eq(oac_network_create(0, &network, &err), OAC_EINVAL);
    cr_assert_null(network);
    oac_network_destroy(NULL);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

Test(network, statistics_are_range_and_mean_operand_of_each_layer)
{
    enum { COUNT = 200 };
    float *x = fixture_operands(COUNT * INPUTS, 97);
    struct oac_network *network = fixture_network(LAYERS, widths, OAC_ACT_RELU, OAC_ACT_NONE);
    cr_assert_eq(oac_network_statistics(network, COUNT, x, &err), OAC_OK, "%s", err.message);
    double sum = 0.0, largest = 0.0;
    for (size_t b = 0; b < COUNT; b++) {
        sum += (double)x[b * INPUTS + 7];
        for (size_t n = 0; n < INPUTS; n++)
            largest = fmax(largest, (double)x[b * INPUTS + n]);
    }
    cr_assert_eq((double)network->layer[0].x_scale, largest);
    cr_assert_float_eq(network->layer[0].x_mean[7], sum / COUNT, 1e-7);

    /* Layer 1 sees what a network of layer 0 alone delivers. */
    struct oac_network first = *network;
    float *y = malloc(COUNT * widths[1] * sizeof *y);
    first.layers = 1;
    cr_assert_eq(oac_network_forward(&first, COUNT, x, y, &err), OAC_OK);
    sum = 0.0;
    for (size_t b = 0; b < COUNT; b++)
        sum += (double)y[b * widths[1] + 3];
    size_t values = COUNT * widths[1];
    qsort(y, values, sizeof *y, by_value); /* after relu: sizes */
    cr_assert_eq(network->layer[1].x_scale, y[(size_t)(0.99 * (double)(values - 1))]);
    cr_assert_float_eq(network->layer[1].x_mean[3], sum / COUNT, 1e-6 * (double)y[values - 1]);
    free(y);
    free(x);
    oac_network_destroy(network);
}

Test(network, statistics_keep_what_the_model_stores)
{
    float *x = fixture_operands(10 * INPUTS, 96);
    struct oac_network *network = fixture_network(LAYERS, widths, OAC_ACT_RELU, OAC_ACT_NONE);
    network->layer[0].x_scale = 17.0f;
    cr_assert_eq(oac_network_statistics(network, 10, x, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(network->layer[0].x_scale, 17.0f);
    cr_assert_not_null(network->layer[0].x_mean);
    cr_assert_eq(oac_network_statistics(network, 0, x, &err), OAC_OK, "nothing is missing");
    free(network->layer[2].x_mean);
    network->layer[2].x_mean = NULL;
    cr_assert_eq(oac_network_statistics(network, 0, x, &err), OAC_EINVAL);
    oac_network_destroy(network);
    free(x);
}
