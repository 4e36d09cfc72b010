/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A team of threads trains what one thread trains; ThreadSanitizer watches. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "models/train.h"

#define IMAGES 256u
#define PIXELS 64u

static uint8_t pixels[IMAGES * PIXELS], labels[IMAGES];
static char name[] = "tsan", split[] = "train";

static int train_with(size_t threads, const struct oac_dataset *data,
                      char hex[OAC_DIGEST_HEX_BYTES])
{
    const struct oac_train_options options = {
        .layers = 3,
        .outputs = {40, 30, 4},
        .hidden = OAC_ACT_RELU,
        .input_scale = 1.0f / 255.0f,
        .epochs = 3,
        .batch = 128,
        .optimizer = {.rate = 0.01},
        .weight_limit = 0.5,
        .augment = {.shift_px = 1.0},
        .noise = {.photons_per_mac = 2.0, .operand_leak = 0.01, .dac_bits = 8},
        .threads = threads,
    };
    const struct oac_sink silent = {0};
    struct oac_network *network;
    struct oac_train_report report;
    struct oac_err err;
    if (oac_train(&options, data, data, &silent, &network, &report, &err) != OAC_OK ||
        oac_network_digest(network, hex, &err) != OAC_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    oac_network_destroy(network);
    return 0;
}

int main(void)
{
    char one[OAC_DIGEST_HEX_BYTES], four[OAC_DIGEST_HEX_BYTES];
    const struct oac_dataset data = {.name = name,
                                     .split = split,
                                     .count = IMAGES,
                                     .rows = 8,
                                     .cols = 8,
                                     .classes = 4,
                                     .pixels = pixels,
                                     .labels = labels};
    for (size_t i = 0; i < IMAGES * PIXELS; i++)
        pixels[i] = (uint8_t)(255.0 * oac_rng_uniform(1, OAC_RNG_TEST, i, 0));
    for (size_t i = 0; i < IMAGES; i++)
        labels[i] = (uint8_t)(i % 4);
    if (train_with(1, &data, one) || train_with(4, &data, four))
        return 1;
    if (strcmp(one, four) != 0) {
        fprintf(stderr, "four threads train another network than one\n");
        return 1;
    }
    return 0;
}
