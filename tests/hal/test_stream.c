/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "hal/stream.h"
#include "tests/support/exact_stream.h"
#include "tests/support/stream_contract.h"

static const struct oac_exact_stream_options plain = {.channels = 3,
                                                      .segment_slots_max = 60,
                                                      .segments_max = 5,
                                                      .receiver = OAC_INTEGRATOR,
                                                      .memory_slots = 2,
                                                      .delay_slots_max = 2,
                                                      .delay_slots = 0.3,
                                                      .gate_step_slots = 1.0 / 8.0};

static enum oac_status open_exact(void *context, struct oac_stream *stream, struct oac_err *err)
{
    return oac_exact_stream_open(context, stream, err);
}

static void run(const char *name, enum oac_receiver receiver, bool together)
{
    struct oac_exact_stream_options options = plain;
    options.receiver = receiver;
    options.together = together;
    options.gate_step_slots = receiver == OAC_SAMPLED ? 0.0 : plain.gate_step_slots;
    const struct oac_stream_contract contract = {name, open_exact, &options, true, true};
    oac_stream_contract_run(&contract);
    cr_assert_eq(oac_exact_stream_alive(), 0);
}

Test(stream, an_exact_integrator_keeps_the_contract)
{
    run("integrator", OAC_INTEGRATOR, false);
}

Test(stream, an_exact_sampled_receiver_keeps_the_contract)
{
    run("sampled", OAC_SAMPLED, true);
}

Test(stream, an_exact_counter_keeps_the_contract)
{
    run("counter", OAC_COUNTING, false);
}

/* A burst whose second segment is wrong plays nothing, and the message says which it is and why. */
Test(stream, the_culprit_of_a_refused_burst_is_named)
{
    struct oac_exact_stream_options options = plain;
    struct oac_stream stream;
    struct oac_err err;
    cr_assert_eq(oac_exact_stream_open(&options, &stream, &err), OAC_OK);
    uint16_t weight[3 * 10 * 8] = {0}, client[10 * 8] = {0}, wrong[10 * 8] = {0};
    wrong[41] = 4096;
    const struct oac_stream_load load = {
        .slots = 10, .rows = 3, .weight = weight, .first = 4, .count = 2};
    uint32_t handle;
    cr_assert_eq(oac_stream_load(&stream, &load, &handle, &err), OAC_OK, "%s", err.message);
    const double open_s[3] = {0}, close_s[3] = {7e-6, 7e-6, 7e-6};
    const uint32_t pick = 60;
    const struct oac_stream_capture capture = {open_s, close_s, 1, &pick};
    float rx[2][3] = {{0}};
    struct oac_stream_segment segment[2];
    for (size_t i = 0; i < 2; i++)
        segment[i] = (struct oac_stream_segment){.handle = handle,
                                                 .client = i ? wrong : client,
                                                 .slot0 = i,
                                                 .launch = 1.0f,
                                                 .capture = &capture,
                                                 .rx = rx[i]};
    struct oac_workspace *workspace = stream.ops->workspace_create(stream.self, &err);
    struct oac_stream_burst burst = {.segments = 2, .segment = segment};
    cr_assert_eq(oac_stream_play(&stream, workspace, &burst, &err), OAC_EINVAL);
    cr_expect_str_eq(err.message, "segment 1: client code 4096 of sample 41 is outside the "
                                  "port's 0..4095");
    cr_expect_eq(oac_exact_stream_bursts(&stream), 0);
    struct oac_stream_segment many[6];
    for (size_t i = 0; i < 6; i++)
        many[i] = segment[0];
    burst = (struct oac_stream_burst){.segments = 6, .segment = many};
    cr_assert_eq(oac_stream_play(&stream, workspace, &burst, &err), OAC_EINVAL);
    cr_expect_str_eq(err.message, "a burst of 6 segments: \"exact stream\" takes up to 5");
    stream.ops->workspace_destroy(stream.self, workspace);
    oac_stream_close(&stream);
}
