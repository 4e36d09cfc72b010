/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link made of a modem and an exact stream: what it reads is the readout equation, whatever
 * the receiver, the sample rates, the delays and the skew. */
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

/* Off the grid the gate opens up to a step early and closes one late, in the dark: dark codes
 * of a slot (0.07 at most) times 2/16, in readouts of 30 and more. */
Test(modem, an_integrator_loses_no_light_at_any_delay)
{
    struct bench b = {.options = integrator};
    b.options.delay_slots = 0.61803;
    b.options.delay_step_slots = 0.041;
    double error = played_error(&b);
    cr_expect(error < 0.07 * 2.0 / 16.0 / 30.0, "off by %g", error);
    close_bench(&b);
}

Test(modem, a_start_sample_takes_reset_noise_away)
{
    struct bench b = {.options = integrator};
    b.options.reset_noise_in_start = true;
    b.options.reset_noise_code = 40.0;
    b.options.delay_slots = 1.125;
    double error = played_error(&b);
    cr_expect(error < 1e-5, "off by %g", error); /* differences of numbers twice as large */
    cr_expect_eq(b.link.caps->conversions_per_readout, 2);
    close_bench(&b);
}

/* Sums of 250 float samples near 3.2: 1e-6 is what their roundings leave. */
Test(modem, a_sampled_receiver_reads_the_equation_at_any_delay)
{
    const double delay[] = {0.0, 0.31415, 1.25, 1.0 / 24.0};
    for (size_t i = 0; i < 4; i++) {
        struct bench b = {.options = sampled()};
        b.options.delay_slots = delay[i];
        b.options.delay_step_slots = 0.237;
        double error = played_error(&b);
        cr_expect(error < 1e-6, "delay %g slots: off by %g", delay[i], error);
        cr_expect_not(b.link.caps->adc_rounds);
        close_bench(&b);
    }
}

Test(modem, a_counter_reads_the_equation)
{
    struct bench b = {.options = counting()};
    b.options.delay_slots = 0.5;
    double error = played_error(&b);
    cr_expect(error < 1e-6, "off by %g", error);
    close_bench(&b);
}

Test(modem, pairs_read_their_difference)
{
    struct bench b = {.options = integrator};
    b.options.differential = true;
    b.options.delay_slots = 0.25;
    open_bench(&b);
    play(&b);
    for (size_t i = 0; i < WINDOWS * b.rows; i++) { /* 1e-6 of the pair's 200 codes */
        double wanted = expected(&b, i / b.rows, i % b.rows);
        cr_expect_float_eq((double)b.code[i], wanted, 2e-4, "readout %zu: %g, not %g", i,
                           (double)b.code[i], wanted);
    }
    close_bench(&b);
}

Test(modem, delays_and_skew_are_found)
{
    struct bench b = {.options = sampled()};
    b.options.delay_slots = 0.4;
    b.options.delay_step_slots = 0.3;
    b.options.skew_slots = -0.53;
    open_bench(&b);
    const struct oac_modem_alignment *found = oac_modem_alignment(&b.link);
    cr_assert(found && found->valid && found->channels == 3);
    for (size_t k = 0; k < 3; k++) {
        double delay = found->delay_s[k] / OAC_EXACT_STREAM_SLOT_S;
        double skew = found->skew_s[k] / OAC_EXACT_STREAM_SLOT_S;
        /* no noise but the float samples': 1e-6 of a code in slopes of 10 a slot, thrice */
        cr_expect_float_eq(delay, 0.4 + 0.3 * (double)k, 1e-5, "%zu: delay %g", k, delay);
        cr_expect_float_eq(skew, -0.53, 1e-5, "%zu: skew %g", k, skew);
        cr_expect(found->contrast[k] > 1000.0);
    }
    double left = found->skew_left_s / OAC_EXACT_STREAM_SLOT_S; /* half a step of slot/64 */
    cr_expect(left <= 1.0 / 128.0 + 1e-5, "skew left: %g slots", left);
    double setting;
    cr_assert_eq(oac_link_get(&b.link, OAC_SKEW_S, 0, &setting, &b.err), OAC_OK);
    cr_expect_float_eq(setting, 0.53e-6, 1e-6 / 128.0 + 1e-11);
    close_bench(&b);
}

/* 2/64 slot of skew, exactly on the setting's grid, or 3 client samples where there is no
 * setting. */
Test(modem, skew_on_a_grid_is_taken_out_exactly)
{
    struct bench b = {.options = integrator};
    b.options.delay_slots = 0.25;
    b.options.skew_slots = 2.0 / 64.0;
    double error = played_error(&b);
    cr_expect(error < 1e-6, "by the setting: off by %g", error);
    close_bench(&b);

    struct bench whole = {.options = integrator};
    whole.options.no_skew_setting = true;
    whole.options.skew_slots = -3.0 / 8.0;
    error = played_error(&whole);
    cr_expect(error < 1e-6, "by client samples: off by %g", error);
    cr_expect_float_eq(oac_modem_alignment(&whole.link)->skew_applied_s, -3e-6 / 8.0, 1e-15);
    close_bench(&whole);
}

/* Half a slot of light for the same codes, and the dark codes' light in the other half. */
Test(modem, returning_slots_read_what_the_record_says)
{
    struct bench b = {.options = sampled(), .modem = {.shape = OAC_SHAPE_RETURN, .duty = 0.55}};
    b.options.delay_slots = 0.3;
    for (int filter = 0; filter < 2; filter++) {
        b.modem.filter = filter ? OAC_FILTER_MATCHED : OAC_FILTER_BOXCAR;
        open_bench(&b);
        const double gain = b.link.caps->nominal->channel[0].gain_code;
        cr_expect_float_eq(gain, 10.0 * 5.0 / 9.0, 1e-9, "5 of 9 samples: gain %g", gain);
        for (size_t w = 0; w < WINDOWS; w++)
            b.launch[w] = 1.0f; /* the light of dark halves is in the dark code, at launch 1 */
        play(&b);
        double error = largest_error(&b);
        /* matched: the record's dark, taken off lit samples too, has 1e-3 codes of the dark
         * share's light; half a slot of that in 3.2 codes a slot */
        cr_expect(error < (filter ? 3e-4 : 1e-6), "filter %d: off by %g", filter, error);
        close_bench(&b);
    }
}

Test(modem, a_setting_that_moves_time_realigns)
{
    struct bench b = {.options = integrator};
    open_bench(&b);
    cr_assert_eq(oac_link_set(&b.link, OAC_PREDELAY_S, 1, 0.75e-6, NULL, &b.err), OAC_OK);
    play(&b);
    double error = largest_error(&b);
    cr_expect(error < 1e-6, "after a pre-delay: off by %g", error);
    /* a skew the user sets is the user's: light is lost, and the alignment says so */
    cr_assert_eq(oac_link_set(&b.link, OAC_SKEW_S, 0, 0.5e-6, NULL, &b.err), OAC_OK);
    play(&b);
    cr_expect(largest_error(&b) > 1e-3);
    const struct oac_modem_alignment *found = oac_modem_alignment(&b.link);
    /* apart by half a slot, the client's own 2 % of light biases the fit: 1 % of the skew */
    cr_expect_float_eq(found->skew_left_s, 0.5e-6, 0.5e-8, "%g", found->skew_left_s);
    cr_expect_float_eq(found->skew_applied_s, 0.0, 1e-15);
    close_bench(&b);
}

Test(modem, a_laser_that_is_off_does_not_stop_the_others)
{
    struct bench b = {.options = integrator};
    b.options.laser_off = 1.0;
    b.options.delay_slots = 0.5;
    open_bench(&b);
    play(&b);
    for (size_t w = 0; w < WINDOWS; w++)
        cr_expect_float_eq((double)b.code[w * b.rows + 1] / expected(&b, w, 1), 1.0, 1e-6);
    cr_expect_float_eq(oac_modem_alignment(&b.link)->contrast[0], 0.0, 0.0);
    close_bench(&b);
}

Test(modem, no_preamble_is_an_error_that_names_the_readout)
{
    struct bench b = {.options = integrator};
    b.options.noise_code = 3e4; /* 3000 open slots */
    cr_assert_eq(open_modem(&b, &b.link, &b.err), OAC_EDEVICE, "%s", b.err.message);
    cr_expect(strstr(b.err.message, "readout 0") && strstr(b.err.message, "contrast") &&
                  strstr(b.err.message, "laser"),
              "%s", b.err.message);
    cr_expect_eq(oac_exact_stream_alive(), 0);
}

/* 59 open slots fill the range: the preamble must come in pieces. 20 codes of noise on 10 a
 * slot: it must repeat. */
Test(modem, preambles_fit_the_range_and_outlast_the_noise)
{
    struct bench b = {.options = integrator};
    b.options.range_code = 590.0;
    b.options.delay_slots = 0.25;
    double error = played_error(&b);
    cr_expect(error < 1e-6, "off by %g", error);
    close_bench(&b);

    struct bench noisy = {.options = integrator};
    noisy.options.noise_code = 20.0;
    noisy.options.delay_slots = 0.3;
    open_bench(&noisy);
    double delay = oac_modem_alignment(&noisy.link)->delay_s[0] / OAC_EXACT_STREAM_SLOT_S;
    cr_expect_float_eq(delay, 0.3, 4.0 / 16.0, "delay %g", delay);
    close_bench(&noisy);
}

Test(modem, bits_do_not_depend_on_the_batch)
{
    float code[3][WINDOWS * 8];
    for (uint32_t i = 0; i < 3; i++) {
        struct bench b = {.options = sampled(), .modem = {.batch_max = i}};
        b.options.noise_code = 0.1;
        b.options.delay_slots = 0.3;
        open_bench(&b);
        play(&b);
        memcpy(code[i], b.code, sizeof b.code);
        close_bench(&b);
    }
    cr_expect(memcmp(code[0], code[1], WINDOWS * 3 * sizeof(float)) == 0);
    cr_expect(memcmp(code[0], code[2], WINDOWS * 3 * sizeof(float)) == 0);
}

Test(modem, an_integrator_keeps_the_link_contract)
{
    struct bench b = {.options = integrator};
    b.options.delay_slots = 0.7;
    const struct oac_link_contract contract = {"modem, integrator", open_modem, &b, true,
                                               false};
    oac_link_contract_run(&contract);
}

Test(modem, a_sampled_receiver_keeps_the_link_contract)
{
    struct bench b = {.options = sampled()};
    b.options.delay_slots = 0.7;
    const struct oac_link_contract contract = {"modem, sampled", open_modem, &b, true, false};
    oac_link_contract_run(&contract);
}

Test(modem, a_counter_keeps_the_link_contract)
{
    struct bench b = {.options = counting()};
    b.options.delay_slots = 0.7;
    const struct oac_link_contract contract = {"modem, counter", open_modem, &b, true, false};
    oac_link_contract_run(&contract);
}
