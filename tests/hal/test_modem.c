/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link made of a modem and an exact stream: what it reads is the readout equation, whatever the receiver, the sample
 * rates, the delays and the skew. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hal/calrec.h"
#include "hal/modem.h"
#include "tests/support/exact_stream.h"
#include "tests/support/link_contract.h"

#define WINDOWS 5
#define SLOTS   21

static const struct oac_exact_stream_options integrator = {.channels = 3,
                                                           .segment_slots_max = 120,
                                                           .segments_max = 9,
                                                           .receiver = OAC_INTEGRATOR,
                                                           .memory_slots = 2,
                                                           .delay_slots_max = 2,
                                                           .guard_slots = 3,
                                                           .gate_step_slots = 1.0 / 16.0};

static struct oac_exact_stream_options sampled(void)
{
    struct oac_exact_stream_options options = integrator;
    options.receiver = OAC_SAMPLED;
    options.gate_step_slots = 0.0;
    options.weight_per_slot = options.client_per_slot = 9; /* as on the ADALM2000 */
    options.readout_per_slot = 12;
    return options;
}

static struct oac_exact_stream_options counting(void)
{
    struct oac_exact_stream_options options = integrator;
    options.receiver = OAC_COUNTING;
    return options;
}

struct bench {
    struct oac_exact_stream_options options;
    struct oac_modem_options modem;
    struct oac_link link;
    struct oac_err err;
    struct oac_workspace *workspace;
    uint32_t handle;
    size_t rows;
    uint16_t weight[8 * SLOTS], client[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    float launch[WINDOWS], code[WINDOWS * 8];
    uint8_t flag[WINDOWS * 8];
};

static enum oac_status open_modem(void *context, struct oac_link *link, struct oac_err *err)
{
    const struct bench *b = context;
    struct oac_stream stream;
    if (oac_exact_stream_open(&b->options, &stream, err))
        return err->status;
    return oac_modem_open(&stream, &b->modem, link, err);
}

static uint16_t random_code(const struct oac_port *port, uint64_t index, uint32_t sub)
{
    uint32_t words[4];
    oac_rng_words(3, OAC_RNG_TEST, index, sub, words);
    return (uint16_t)(words[0] % (uint32_t)(port->code_max + 1));
}

static void open_bench(struct bench *b)
{
    cr_assert_eq(open_modem(b, &b->link, &b->err), OAC_OK, "%s", b->err.message);
    const struct oac_link_caps *caps = b->link.caps;
    b->rows = caps->channels;
    for (size_t i = 0; i < b->rows * SLOTS; i++)
        b->weight[i] = random_code(&caps->weight[i / SLOTS], i, 1);
    for (size_t i = 0; i < WINDOWS * SLOTS; i++)
        b->client[i] = random_code(caps->client, i, 2);
    for (size_t w = 0; w < WINDOWS; w++) {
        b->slot0[w] = 1000 * w;
        b->launch[w] = 1.0f + 0.125f * (float)w;
    }
    const struct oac_weight_frame frame = {
        b->rows, SLOTS, b->weight, (uint16_t)caps->client->code_safe, b->options.differential};
    b->workspace = oac_link_workspace_create(&b->link, &b->err);
    cr_assert(b->workspace, "%s", b->err.message);
    cr_assert_eq(oac_link_load(&b->link, &frame, &b->handle, &b->err), OAC_OK, "%s",
                 b->err.message);
}

static void play(struct bench *b)
{
    const struct oac_activation_frame frame = {
        .windows = WINDOWS, .code = b->client, .slot0 = b->slot0, .launch = b->launch};
    struct oac_readouts readouts = {.code = b->code, .flag = b->flag};
    cr_assert_eq(oac_link_play(&b->link, b->handle, b->workspace, &frame, &readouts, &b->err),
                 OAC_OK, "%s", b->err.message);
}

static void close_bench(struct bench *b)
{
    oac_link_workspace_destroy(&b->link, b->workspace);
    oac_link_close(&b->link);
    cr_assert_eq(oac_exact_stream_alive(), 0, "the modem closes its stream");
}

/* The readout equation of hal/calrec.h at what the codes transmit. */
static double expected(const struct bench *b, size_t w, size_t k)
{
    const struct oac_link_caps *caps = b->link.caps;
    const struct oac_calrec_channel *c = &caps->nominal->channel[k];
    double plus = 0.0, minus = 0.0, x = 0.0;
    for (size_t n = 0; n < SLOTS; n++) {
        const struct oac_port *port = &caps->weight[k];
        double tw = oac_curve_transmission(&c->weight,
                                           port->v0_v + port->lsb_v * b->weight[k * SLOTS + n]);
        double tx = oac_curve_transmission(&caps->nominal->client,
                                           caps->client->v0_v +
                                               caps->client->lsb_v * b->client[w * SLOTS + n]);
        plus += tw * tx;
        minus += (1.0 + c->weight.r - tw) * tx;
        x += tx;
    }
    const double launch = (double)b->launch[w];
    if (b->options.differential)
        return c->offset_pair_code + SLOTS * c->dark_pair_code_per_slot +
               c->gx_pair_code_per_x * x +
               launch * (c->gain_code * plus - c->gain_minus_code * minus);
    return c->offset_code + SLOTS * c->dark_code_per_slot + c->gx_code_per_x * x +
           launch * c->gain_code * plus;
}

static double largest_error(const struct bench *b)
{
    double largest = 0.0;
    for (size_t w = 0; w < WINDOWS; w++)
        for (size_t k = 0; k < b->rows; k++)
            largest = fmax(largest, fabs((double)b->code[w * b->rows + k] - expected(b, w, k)) /
                                        expected(b, w, k));
    return largest;
}

static double played_error(struct bench *b)
{
    open_bench(b);
    play(b);
    return largest_error(b);
}

/* Gates on their grid: 1e-6 is ten roundings of a float readout. */
Test(modem, an_integrator_reads_the_equation_at_any_delay_on_the_gate_grid)
{
    const double delay[] = {0.0, 0.25, 1.0625};
    for (size_t i = 0; i < 3; i++) {
        struct bench b = {.options = integrator};
        b.options.delay_slots = delay[i];
        b.options.delay_step_slots = 0.125;
        double error = played_error(&b);
        cr_expect(error < 1e-6, "delay %g slots: off by %g", delay[i], error);
        close_bench(&b);
    }
}

Test(modem, an_integrator_keeps_the_link_contract)
{
    struct bench b = {.options = integrator};
    b.options.delay_slots = 0.7;
    const struct oac_link_contract contract = {"modem, integrator", open_modem, &b, true};
    oac_link_contract_run(&contract);
}

Test(modem, a_sampled_receiver_keeps_the_link_contract)
{
    struct bench b = {.options = sampled()};
    b.options.delay_slots = 0.7;
    const struct oac_link_contract contract = {"modem, sampled", open_modem, &b, true};
    oac_link_contract_run(&contract);
}

Test(modem, a_counter_keeps_the_link_contract)
{
    struct bench b = {.options = counting()};
    b.options.delay_slots = 0.7;
    const struct oac_link_contract contract = {"modem, counter", open_modem, &b, true};
    oac_link_contract_run(&contract);
}
