/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boards: delays that jump from burst to burst, samples that vanish, bursts that come back
 * short, calls that fail. */
#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "hal/calrec.h"
#include "hal/modem.h"
#include "tests/support/exact_stream.h"

#define WINDOWS 6
#define SLOTS   150

static const struct oac_exact_stream_options board = {.channels = 2, /* as an ADALM2000 */
                                                      .segment_slots_max = 200,
                                                      .segments_max = 40,
                                                      .receiver = OAC_SAMPLED,
                                                      .weight_per_slot = 9,
                                                      .client_per_slot = 9,
                                                      .readout_per_slot = 12,
                                                      .memory_slots = 2,
                                                      .delay_slots_max = 3,
                                                      .guard_slots = 4,
                                                      .delay_slots = 0.37,
                                                      .together = true,
                                                      .no_light = true};

struct bench {
    struct oac_link link;
    struct oac_err err;
    struct oac_workspace *workspace;
    uint32_t handle;
    uint16_t weight[2 * SLOTS], client[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    float code[WINDOWS * 2];
    uint8_t flag[WINDOWS * 2];
};

static void open_bench(struct bench *b, const struct oac_exact_stream_options *options)
{
    struct oac_stream stream;
    memset(b, 0, sizeof *b);
    cr_assert_eq(oac_exact_stream_open(options, &stream, &b->err), OAC_OK);
    cr_assert_eq(oac_modem_open(&stream, NULL, &b->link, &b->err), OAC_OK, "%s",
                 b->err.message);
    for (size_t i = 0; i < 2 * SLOTS; i++)
        b->weight[i] = (uint16_t)(i * 977 % 4096);
    for (size_t i = 0; i < WINDOWS * SLOTS; i++)
        b->client[i] = (uint16_t)(i * 1549 % 4096);
    for (size_t w = 0; w < WINDOWS; w++)
        b->slot0[w] = 500 * w;
    const struct oac_weight_frame frame = {2, SLOTS, b->weight, 0, false};
    cr_assert_eq(oac_link_load(&b->link, &frame, &b->handle, &b->err), OAC_OK);
    b->workspace = oac_link_workspace_create(&b->link, &b->err);
    cr_assert(b->workspace);
}

static enum oac_status play(struct bench *b, uint8_t *flag)
{
    const struct oac_activation_frame frame = {
        .windows = WINDOWS, .code = b->client, .slot0 = b->slot0};
    struct oac_readouts readouts = {.code = b->code, .flag = flag};
    return oac_link_play(&b->link, b->handle, b->workspace, &frame, &readouts, &b->err);
}

static void close_bench(struct bench *b)
{
    oac_link_workspace_destroy(&b->link, b->workspace);
    oac_link_close(&b->link);
    cr_assert_eq(oac_exact_stream_alive(), 0);
}

static double opening(const struct bench *b, size_t w, size_t k, size_t n, double *x)
{
    const struct oac_link_caps *caps = b->link.caps;
    double w_v = caps->weight[k].v0_v + caps->weight[k].lsb_v * b->weight[k * SLOTS + n];
    double x_v = caps->client->v0_v + caps->client->lsb_v * b->client[w * SLOTS + n];
    *x = oac_curve_transmission(&caps->nominal->client, x_v);
    return oac_curve_transmission(&caps->nominal->channel[k].weight, w_v) * *x;
}

static double wanted_of(const struct bench *b, size_t w, size_t k)
{
    const struct oac_calrec_channel *c = &b->link.caps->nominal->channel[k];
    double sum = 0.0, x_sum = 0.0, x;
    for (size_t n = 0; n < SLOTS; n++) {
        sum += opening(b, w, k, n, &x);
        x_sum += x;
    }
    return c->offset_code + SLOTS * c->dark_code_per_slot + c->gx_code_per_x * x_sum +
           c->gain_code * sum;
}

static double error_of(const struct bench *b, size_t w, size_t k)
{
    const double wanted = wanted_of(b, w, k);
    return fabs((double)b->code[2 * w + k] - wanted) / wanted;
}

/* 1e-6: roundings of float samples. */
static void all_windows_are_right(const struct bench *b, uint8_t flags)
{
    for (size_t i = 0; i < 2 * WINDOWS; i++) {
        cr_expect(error_of(b, i / 2, i % 2) < 1e-6, "window %zu: off by %g", i / 2,
                  error_of(b, i / 2, i % 2));
        cr_expect_eq(b->flag[i], flags, "window %zu: flags %u", i / 2, b->flag[i]);
    }
}

Test(modem_loss, delays_that_jump_are_found_in_every_burst)
{
    struct oac_exact_stream_options options = board;
    options.delay_jumps = true;
    struct bench b;
    open_bench(&b, &options);
    for (int run = 0; run < 4; run++) {
        memset(b.code, 0, sizeof b.code);
        cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
        all_windows_are_right(&b, 0);
    }
    close_bench(&b);
}

/* What may be left out of a payload's first and last sample: a quarter of one, of twelve in a slot. */
static double drift_bound(const struct bench *b, size_t w, size_t k)
{
    const struct oac_calrec_channel *c = &b->link.caps->nominal->channel[k];
    double x_first, x_last;
    const double ends = opening(b, w, k, 0, &x_first) + opening(b, w, k, SLOTS - 1, &x_last);
    return 0.25 / 12.0 * (c->gain_code * ends + c->gx_code_per_x * (x_first + x_last)) /
           wanted_of(b, w, k);
}

/* In 1000 slots the clocks part by 1.2 samples, twice what a burst may move on one clock. By 6e-4 a window is a
 * sample longer or shorter than on one clock: what bounds the error is the samples at its ends all the same. */
Test(modem_loss, a_clock_of_the_readouts_own_is_followed_through_a_burst)
{
    static const double off[] = {-1e-4, 1e-4, -6e-4, 6e-4};
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
        struct oac_exact_stream_options options = board;
        struct bench b;
        options.delay_jumps = true;
        options.clock_drift = off[i];
        options.no_skew_setting = true;
        open_bench(&b, &options);
        const size_t before = oac_exact_stream_bursts(oac_modem_stream(&b.link));
        cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
        cr_expect_eq(oac_exact_stream_bursts(oac_modem_stream(&b.link)), before + 1);
        for (size_t w = 0; w < WINDOWS; w++)
            for (size_t k = 0; k < 2; k++)
                cr_expect(error_of(&b, w, k) < drift_bound(&b, w, k),
                          "clocks off by %g, window %zu, readout %zu: off by %g, not %g",
                          off[i], w, k, error_of(&b, w, k), drift_bound(&b, w, k));
        for (size_t j = 0; j < 2 * WINDOWS; j++)
            cr_expect_eq(b.flag[j], 0, "window %zu: flags %u", j / 2, b.flag[j]);
        close_bench(&b);
    }
}

/* All windows in one burst would take some 1400 slots, in which such clocks part by 1.4. */
Test(modem_loss, a_burst_ends_before_the_clocks_are_a_slot_apart)
{
    struct oac_exact_stream_options options = board;
    struct bench b;
    options.delay_jumps = true;
    options.clock_drift = 1e-3;
    options.no_skew_setting = true;
    open_bench(&b, &options);
    const size_t before = oac_exact_stream_bursts(oac_modem_stream(&b.link));
    cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
    cr_expect_geq(oac_exact_stream_bursts(oac_modem_stream(&b.link)), before + 2);
    for (size_t i = 0; i < 2 * WINDOWS; i++)
        cr_expect_eq(b.flag[i], 0, "window %zu: flags %u", i / 2, b.flag[i]);
    close_bench(&b);
}

Test(modem_loss, a_gated_receiver_with_jumping_delays_is_refused)
{
    struct oac_exact_stream_options options = board;
    options.delay_jumps = true;
    options.receiver = OAC_INTEGRATOR;
    options.gate_step_slots = 0.125;
    struct oac_stream stream;
    struct oac_link link;
    struct oac_err err;
    cr_assert_eq(oac_exact_stream_open(&options, &stream, &err), OAC_OK);
    cr_assert_eq(oac_modem_open(&stream, NULL, &link, &err), OAC_EUNSUPPORTED);
    cr_expect(strstr(err.message, "gate"), "%s", err.message);
    cr_expect_eq(oac_exact_stream_alive(), 0);
}

/* Samples vanish once, in the middle of the first burst of windows: all of it is played again,
 * window by window. */
static void a_loss_is_repaired(bool jumps)
{
    struct oac_exact_stream_options options = board;
    options.delay_jumps = jumps;
    struct bench b;
    open_bench(&b, &options);
    const size_t before = oac_exact_stream_bursts(oac_modem_stream(&b.link));
    close_bench(&b);
    options.lose_burst = before + 1;
    options.lose_segment = 4;
    options.lose_samples = 5;
    open_bench(&b, &options);
    cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
    all_windows_are_right(&b, OAC_FLAG_REALIGNED);
    cr_expect_eq(oac_exact_stream_bursts(oac_modem_stream(&b.link)), before + 1 + WINDOWS);
    close_bench(&b);
}

Test(modem_loss, lost_samples_are_noticed_and_windows_played_again)
{
    a_loss_is_repaired(false);
}

Test(modem_loss, lost_samples_are_noticed_where_delays_jump_too)
{
    a_loss_is_repaired(true);
}

/* A word of the weights alone would show none of it: the client is open for three slots around it. */
Test(modem_loss, a_client_that_falls_back_alone_is_noticed)
{
    static const double slips[] = {0.4, 1.5, 40.0};
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        struct oac_exact_stream_options options = board;
        struct bench b;
        options.delay_jumps = options.drives_apart = true;
        open_bench(&b, &options);
        options.lose_burst = oac_exact_stream_bursts(oac_modem_stream(&b.link)) + 1;
        close_bench(&b);
        options.lose_segment = 4;
        options.slip_slots = slips[i];
        open_bench(&b, &options);
        cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
        all_windows_are_right(&b, OAC_FLAG_REALIGNED);
        close_bench(&b);
    }
}

Test(modem_loss, a_short_burst_is_played_again)
{
    struct oac_exact_stream_options options = board;
    struct bench b;
    open_bench(&b, &options);
    const size_t before = oac_exact_stream_bursts(oac_modem_stream(&b.link));
    close_bench(&b);
    options.short_burst = before + 1;
    options.short_by = 3;
    open_bench(&b, &options);
    cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
    all_windows_are_right(&b, OAC_FLAG_REALIGNED);
    close_bench(&b);
}

/* Every burst from the first on loses samples before its last word: nothing can be believed. */
Test(modem_loss, windows_that_never_come_are_flagged_lost_and_have_no_number)
{
    struct oac_exact_stream_options options = board;
    struct bench b;
    open_bench(&b, &options);
    options.lose_burst = oac_exact_stream_bursts(oac_modem_stream(&b.link)) + 1;
    close_bench(&b);
    options.lose_segment = 1;
    options.lose_samples = 7;
    options.lose_always = true;
    open_bench(&b, &options);
    cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
    for (size_t i = 0; i < 2 * WINDOWS; i++)
        cr_expect(b.flag[i] == OAC_FLAG_LOST && isnan(b.code[i]), "readout %zu", i);
    cr_expect_eq(play(&b, NULL), OAC_EDEVICE, "without flags a loss is an error");
    cr_expect(strstr(b.err.message, "window 0"), "%s", b.err.message);
    close_bench(&b);
}

/* The n-th call of the stream fails, n = 1, 2, ...: nothing leaks (this runs under a leak
 * checker), nothing stays open, and the next call works. */
Test(modem_loss, a_failing_call_leaves_nothing_behind)
{
    size_t failures = 0;
    for (unsigned n = 1; n < 60; n++) {
        struct oac_stream stream;
        struct oac_link link;
        struct oac_err err;
        struct oac_exact_stream_options options = board;
        options.skew_slots = 0.3;
        cr_assert_eq(oac_exact_stream_open(&options, &stream, &err), OAC_OK);
        oac_exact_stream_fail_at(&stream, n);
        if (oac_modem_open(&stream, NULL, &link, &err) == OAC_OK) {
            oac_link_close(&link);
            cr_assert_eq(oac_exact_stream_alive(), 0);
            break;
        }
        failures++;
        cr_expect_eq(err.status, OAC_EDEVICE, "call %u: %s", n, err.message);
        cr_expect(stream.ops == NULL, "call %u: the stream is taken over", n);
        cr_expect_eq(oac_exact_stream_alive(), 0, "call %u leaves the stream open", n);
    }
    cr_expect(failures >= 5 && failures < 59, "%zu calls failed", failures);

    struct bench b;
    open_bench(&b, &board);
    const struct oac_stream *stream = oac_modem_stream(&b.link);
    const size_t loaded = oac_exact_stream_loaded(stream);
    const struct oac_weight_frame frame = {2, SLOTS, b.weight, 0, false};
    uint32_t handle = 99;
    oac_exact_stream_fail_at(stream, 1);
    cr_expect_eq(oac_link_load(&b.link, &frame, &handle, &b.err), OAC_EDEVICE);
    cr_expect(handle == 99 && oac_exact_stream_loaded(stream) == loaded);
    oac_exact_stream_fail_at(stream, 1);
    cr_expect_eq(play(&b, b.flag), OAC_EDEVICE);
    cr_expect_eq(play(&b, b.flag), OAC_OK);
    all_windows_are_right(&b, 0);
    close_bench(&b);
}

struct turn {
    struct bench *bench;
    struct oac_workspace *workspace;
    float code[WINDOWS * 2];
    enum oac_status status;
};

static void *take_turn(void *context)
{
    struct turn *turn = context;
    struct bench *b = turn->bench;
    struct oac_err err;
    for (size_t w = 0; w < WINDOWS && turn->status == OAC_OK; w++) {
        const struct oac_activation_frame frame = {
            .windows = 1, .code = b->client + w * SLOTS, .slot0 = b->slot0 + w};
        struct oac_readouts readouts = {.code = turn->code + 2 * w};
        turn->status =
            oac_link_play(&b->link, b->handle, turn->workspace, &frame, &readouts, &err);
    }
    return NULL;
}

/* Also while a setting has just moved time: one of the threads aligns, the others wait. */
Test(modem_loss, threads_get_the_same_bits)
{
    struct bench b;
    struct oac_exact_stream_options options = board;
    options.noise_code = 0.05;
    open_bench(&b, &options);
    cr_assert_eq(oac_link_set(&b.link, OAC_PREDELAY_S, 1, 0.6e-6, NULL, &b.err), OAC_OK);
    struct turn turn[3];
    pthread_t thread[3];
    for (size_t i = 0; i < 3; i++) {
        turn[i] = (struct turn){.bench = &b, .status = OAC_OK};
        turn[i].workspace = oac_link_workspace_create(&b.link, &b.err);
        pthread_create(&thread[i], NULL, take_turn, &turn[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        cr_assert_eq(turn[i].status, OAC_OK);
        oac_link_workspace_destroy(&b.link, turn[i].workspace);
    }
    cr_assert_eq(play(&b, b.flag), OAC_OK, "%s", b.err.message);
    for (size_t i = 0; i < 3; i++)
        cr_expect(memcmp(turn[i].code, b.code, sizeof b.code) == 0, "thread %zu", i);
    close_bench(&b);
}

/* One word a play where segments stand apart: 15 chips and their guards against 100 windows of
 * 784 slots. */
Test(modem_loss, verification_costs_less_than_a_hundredth)
{
    struct oac_exact_stream_options options = board;
    options.together = false;
    struct bench b;
    open_bench(&b, &options);
    struct oac_account before, after;
    oac_link_account(&b.link, &before);
    cr_assert_eq(play(&b, b.flag), OAC_OK);
    oac_link_account(&b.link, &after);
    double windows_s = (double)(after.slots - before.slots) * OAC_EXACT_STREAM_SLOT_S;
    double sync_s = after.bench_s - before.bench_s - windows_s;
    cr_expect_eq(after.preambles - before.preambles, 1);
    cr_expect_float_eq(sync_s, (double)b.link.caps->preamble_slots * OAC_EXACT_STREAM_SLOT_S,
                       1e-12);
    cr_expect(sync_s < 0.01 * 100.0 * 784.0 * OAC_EXACT_STREAM_SLOT_S, "%g s", sync_s);
    close_bench(&b);
}
