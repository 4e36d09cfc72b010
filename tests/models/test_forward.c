/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/forward.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/models/network_fixture.h"
#include "tests/support/exact_link.h"

#define BATCH  7u
#define INPUTS 40u

static struct oac_err err;
static const size_t widths[] = {INPUTS, 24, 10, 3};

/* A network at an exact link: what is missing is only the steps of 14-bit DACs. */
struct bench {
    struct oac_link link;
    struct oac_engine *engine;
    struct oac_network *network;
    struct oac_forward *forward;
    struct oac_forward_scratch *scratch;
    float *x; /* (BATCH, INPUTS) */
};

static void ok(enum oac_status status)
{
    cr_assert_eq(status, OAC_OK, "%s", err.message);
}

static void open_engine(struct bench *bench, enum oac_encoding encoding, bool ideal)
{
    struct oac_exact_options exact = {.channels = 5,
                                      .slots_max = 64,
                                      .dac_bits = 14,
                                      .guard_slots = 2,
                                      .r_weight = ideal ? 0.0 : 0.003,
                                      .r_client = ideal ? 0.0 : 0.003,
                                      .bare = ideal};
    struct oac_engine_options options = {.encoding = encoding, .repeats = 1};
    ok(oac_exact_open(&exact, &bench->link, &err));
    ok(oac_engine_create(&bench->link, NULL, &options, &bench->engine, &err));
}

static void open_bench(struct bench *bench, enum oac_encoding encoding,
                       enum oac_activation hidden, bool ideal)
{
    *bench = (struct bench){0};
    open_engine(bench, encoding, ideal);
    bench->network = fixture_network(3, widths, hidden, OAC_ACT_NONE);
    bench->x = fixture_operands(BATCH * INPUTS, 60);
    memset(bench->x + 2 * INPUTS, 0, INPUTS * sizeof(float)); /* one image is dark */
    ok(oac_network_statistics(bench->network, BATCH, bench->x, &err));
    for (size_t l = 1; l < 3; l++) /* room for all activations, not for 99 % of them */
        bench->network->layer[l].x_scale *= 4.0f;
    ok(oac_forward_create(bench->engine, bench->network, &bench->forward, &err));
    ok(oac_forward_scratch_create(bench->forward, BATCH, &bench->scratch, &err));
}

static void close_bench(struct bench *bench)
{
    oac_forward_scratch_destroy(bench->scratch);
    oac_forward_destroy(bench->forward);
    oac_engine_destroy(bench->engine);
    oac_link_close(&bench->link);
    oac_network_destroy(bench->network);
    free(bench->x);
}

static void expect_digital(const struct bench *bench, const float *y)
{
    float wanted[BATCH * 3];
    double largest = 0.0;
    ok(oac_network_forward(bench->network, BATCH, bench->x, wanted, &err));
    for (size_t i = 0; i < BATCH * 3; i++)
        largest = fmax(largest, fabs((double)wanted[i]));
    /* Steps of 2^-14 of two operands in sums of tens, through three layers: below 1e-3 of full scale. */
    for (size_t i = 0; i < BATCH * 3; i++)
        cr_assert_float_eq(y[i], wanted[i], 2e-3 * largest, "output %zu: %g, digital %g", i,
                           (double)y[i], (double)wanted[i]);
}

Test(forward, equals_the_digital_reference_up_to_dac_steps)
{
    static const enum oac_encoding encodings[] = {OAC_RAILS, OAC_OFFSET};
    static const enum oac_activation hidden[] = {OAC_ACT_RELU, OAC_ACT_TANH, OAC_ACT_SIGMOID,
                                                 OAC_ACT_NONE};
    for (size_t i = 0; i < 8; i++) {
        struct bench bench;
        struct oac_multiply_tally tally = {0};
        float y[BATCH * 3];
        open_bench(&bench, encodings[i / 4], hidden[i % 4], false);
        ok(oac_forward_run(bench.forward, bench.scratch, 0, BATCH, bench.x, y, NULL, &tally,
                           &err));
        expect_digital(&bench, y);
        cr_assert_eq(oac_engine_clipped_weights(bench.engine), 0);
        cr_assert_eq(tally.clipped_operands, 0);
        close_bench(&bench);
    }
}

Test(forward, signed_operands_cost_two_more_passes)
{
    struct bench relu, tanh;
    struct oac_matrix_light first, positive, negative;
    open_bench(&relu, OAC_RAILS, OAC_ACT_RELU, false);
    open_bench(&tanh, OAC_RAILS, OAC_ACT_TANH, false);
    ok(oac_forward_layer_light(tanh.forward, 0, &first, &err));
    ok(oac_forward_layer_light(relu.forward, 1, &positive, &err));
    ok(oac_forward_layer_light(tanh.forward, 1, &negative, &err));
    cr_assert_eq(first.optical_macs, 2 * 24 * INPUTS, "pixels are never negative");
    cr_assert_eq(positive.optical_macs, 2 * 24 * 10);
    cr_assert_eq(negative.optical_macs, 4 * 24 * 10);
    close_bench(&relu);
    close_bench(&tanh);
}

Test(forward, pixels_as_bytes_change_no_bit)
{
    uint8_t pixels[BATCH * INPUTS];
    float numbers[BATCH * 3], bytes[BATCH * 3];
    struct bench bench;
    open_bench(&bench, OAC_RAILS, OAC_ACT_RELU, false);
    const float scale = bench.network->layer[0].x_scale / 255.0f;
    for (size_t i = 0; i < BATCH * INPUTS; i++) {
        pixels[i] = (uint8_t)(37 * i + i / 7);
        bench.x[i] = (float)pixels[i] * scale;
    }
    for (int budget = 0; budget < 2;
         budget++) { /* the second time each image by its own scale */
        oac_forward_set_sample_budget(bench.forward, budget ? 50.0 : 0.0);
        ok(oac_forward_run(bench.forward, bench.scratch, 7, BATCH, bench.x, numbers, NULL, NULL,
                           &err));
        ok(oac_forward_run_bytes(bench.forward, bench.scratch, 7, BATCH, pixels, scale, bytes,
                                 NULL, NULL, &err));
        cr_assert_eq(memcmp(numbers, bytes, sizeof bytes), 0, "budget per image: %d", budget);
    }
    close_bench(&bench);
}

Test(forward, batches_change_no_bit)
{
    struct bench bench;
    float together[BATCH * 3], alone[3];
    open_bench(&bench, OAC_RAILS, OAC_ACT_RELU, false);
    ok(oac_forward_run(bench.forward, bench.scratch, 100, BATCH, bench.x, together, NULL, NULL,
                       &err));
    for (size_t b = 0; b < BATCH; b++) {
        ok(oac_forward_run(bench.forward, bench.scratch, 100 + b, 1, bench.x + b * INPUTS,
                           alone, NULL, NULL, &err));
        cr_assert_eq(memcmp(alone, together + b * 3, sizeof alone), 0, "image %zu", b);
    }
    close_bench(&bench);
}

Test(forward, launch_scales_photons_and_leaves_outputs)
{
    struct bench bench;
    float y[BATCH * 3];
    double one[BATCH], more[BATCH];
    open_bench(&bench, OAC_RAILS, OAC_ACT_RELU, true);
    ok(oac_forward_run(bench.forward, bench.scratch, 0, BATCH, bench.x, y, one, NULL, &err));
    oac_forward_set_launch(bench.forward, (double[]){0.5, 0.5, 0.5});
    ok(oac_forward_run(bench.forward, bench.scratch, 0, BATCH, bench.x, y, more, NULL, &err));
    expect_digital(&bench, y);
    for (size_t b = 0; b < BATCH; b++) {
        cr_assert_gt(one[b], 0.0);
        cr_assert_float_eq(more[b] / one[b], 0.5, 1e-4, "image %zu",
                           b); /* float readouts between */
    }
    close_bench(&bench);
}

/* One layer of weights that all transmit fully: then photons are those before the weight, n N K. */
Test(forward, sample_budget_gives_each_image_its_photons_whatever_its_brightness)
{
    struct bench bench = {0};
    const size_t shape[] = {INPUTS, 6};
    double photons[BATCH];
    float y[BATCH * 6];
    open_engine(&bench, OAC_OFFSET, true);
    bench.network = fixture_network(1, shape, OAC_ACT_NONE, OAC_ACT_NONE);
    for (size_t i = 0; i < INPUTS * 6; i++)
        bench.network->layer[0].weight[i] = 0.7f;
    bench.x = fixture_operands(BATCH * INPUTS, 61);
    for (size_t b = 0; b < BATCH; b++) /* image b is 2^b times dimmer */
        for (size_t n = 0; n < INPUTS; n++)
            bench.x[b * INPUTS + n] = ldexpf(bench.x[b * INPUTS + n], -(int)b);
    ok(oac_network_statistics(bench.network, BATCH, bench.x, &err));
    ok(oac_forward_create(bench.engine, bench.network, &bench.forward, &err));
    ok(oac_forward_scratch_create(bench.forward, BATCH, &bench.scratch, &err));
    oac_forward_set_sample_budget(bench.forward, 3.0);
    ok(oac_forward_run(bench.forward, bench.scratch, 0, BATCH, bench.x, y, photons, NULL,
                       &err));
    for (size_t b = 0; b < BATCH; b++) {
        /* Gains differ by channel, and 6 rows on 5 channels use the first twice in both figures. */
        cr_assert_float_eq(photons[b] / (3.0 * INPUTS * 6), 1.0, 1e-3, "image %zu: %g", b,
                           photons[b] / (3.0 * INPUTS * 6));
        double sum = 0.0;
        for (size_t n = 0; n < INPUTS; n++)
            sum += 0.7 * (double)bench.x[b * INPUTS + n];
        sum += (double)bench.network->layer[0].bias[4];
        /* DAC steps of the image's own full scale. */
        cr_assert_float_eq(y[b * 6 + 4], sum, 0.02 * ldexp(1.0, -(int)b));
    }
    close_bench(&bench);
}

Test(forward, sample_budget_bears_a_dark_image)
{
    struct bench bench;
    float y[BATCH * 3];
    open_bench(&bench, OAC_RAILS, OAC_ACT_RELU, true);
    oac_forward_set_sample_budget(bench.forward, 1000.0);
    ok(oac_forward_run(bench.forward, bench.scratch, 0, BATCH, bench.x, y, NULL, NULL, &err));
    expect_digital(&bench, y);
    close_bench(&bench);
}

Test(forward, a_network_without_scales_is_refused)
{
    struct bench bench = {0};
    struct oac_matrix_light light;
    open_engine(&bench, OAC_RAILS, false);
    bench.network = fixture_network(3, widths, OAC_ACT_RELU, OAC_ACT_NONE);
    cr_assert_eq(oac_forward_create(bench.engine, bench.network, &bench.forward, &err),
                 OAC_EINVAL);
    cr_assert(strstr(err.message, "x_scale"), "%s", err.message);
    oac_engine_destroy(bench.engine);
    oac_link_close(&bench.link);
    open_engine(&bench, OAC_RAILS, false);
    for (size_t l = 0; l < 3; l++)
        bench.network->layer[l].x_scale = 1.0f;
    ok(oac_forward_create(bench.engine, bench.network, &bench.forward, &err));
    cr_assert_eq(oac_forward_layer_light(bench.forward, 1, &light, &err), OAC_EINVAL);
    cr_assert(strstr(err.message, "x_mean"), "%s", err.message);
    close_bench(&bench);
}

Test(forward, failures_of_the_link_and_batches_too_large_are_reported)
{
    struct bench bench;
    float y[(BATCH + 1) * 3];
    open_bench(&bench, OAC_RAILS, OAC_ACT_RELU, false);
    cr_assert_eq(oac_forward_run(bench.forward, bench.scratch, 0, BATCH + 1, bench.x, y, NULL,
                                 NULL, &err),
                 OAC_EINVAL);
    oac_exact_fail_at(&bench.link, 3);
    cr_assert_eq(
        oac_forward_run(bench.forward, bench.scratch, 0, BATCH, bench.x, y, NULL, NULL, &err),
        OAC_EDEVICE);
    close_bench(&bench);
}
