/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link of some channels plays what the whole link would with the others parked, and touches nothing of
 * theirs. */
#include <criterion/criterion.h>
#include <string.h>

#include "hal/subset.h"
#include "tests/calibration/random_bench.h"

#define SLOTS   16u
#define WINDOWS 3u

static const bool left_out[4] = {false, true, false, false};
static const size_t kept[3] = {0, 2, 3};

static void open_whole(struct random_bench *bench)
{
    bench_open(bench, "netcast-86km", 4, 7);
}

/* Rows of `link` play codes of the channel that they are on the bench. */
static void play(struct oac_link *link, const size_t *number, float *code, uint8_t *flag)
{
    uint16_t weight[4 * SLOTS], client[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    struct oac_err err;
    uint32_t handle;
    const size_t rows = link->caps->channels;
    for (size_t i = 0; i < rows * SLOTS; i++) {
        const struct oac_port *port = &link->caps->weight[i / SLOTS];
        const size_t k = number[i / SLOTS];
        weight[i] =
            (uint16_t)(left_out[k] ? port->code_safe
                                   : port->code_min + (int32_t)(100 * k + 37 * (i % SLOTS)));
    }
    for (size_t i = 0; i < WINDOWS * SLOTS; i++)
        client[i] = (uint16_t)(link->caps->client->code_min + (int32_t)(41 * i));
    for (size_t b = 0; b < WINDOWS; b++)
        slot0[b] = 1000 * (b + 1);
    const struct oac_weight_frame frame = {.rows = rows,
                                           .slots = SLOTS,
                                           .code = weight,
                                           .null_x_code =
                                               (uint16_t)link->caps->client->code_safe};
    const struct oac_activation_frame windows = {
        .windows = WINDOWS, .code = client, .slot0 = slot0};
    struct oac_readouts readouts = {.code = code, .flag = flag};
    struct oac_workspace *workspace = oac_link_workspace_create(link, &err);
    cr_assert_not_null(workspace);
    memset(flag, 0, WINDOWS * rows);
    cr_assert_eq(oac_link_load(link, &frame, &handle, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_link_play(link, handle, workspace, &windows, &readouts, &err), OAC_OK,
                 "%s", err.message);
    cr_assert_eq(oac_link_unload(link, handle, &err), OAC_OK);
    oac_link_workspace_destroy(link, workspace);
}

Test(subset, rows_read_the_same_bits_as_with_the_others_parked)
{
    static const size_t all[4] = {0, 1, 2, 3};
    struct random_bench bench;
    struct oac_link part;
    struct oac_err err;
    float whole_code[WINDOWS * 4], part_code[WINDOWS * 3];
    uint8_t whole_flag[WINDOWS * 4], part_flag[WINDOWS * 3];
    open_whole(&bench);
    cr_assert_eq(oac_subset_open(&bench.link, left_out, &part, &err), OAC_OK);
    cr_assert_eq(part.caps->channels, 3);
    play(&bench.link, all, whole_code, whole_flag);
    play(&part, kept, part_code, part_flag);
    for (size_t b = 0; b < WINDOWS; b++)
        for (size_t r = 0; r < 3; r++) {
            cr_expect_eq(part_code[b * 3 + r], whole_code[b * 4 + kept[r]]);
            cr_expect_eq(part_flag[b * 3 + r], whole_flag[b * 4 + kept[r]]);
        }
    oac_link_close(&part);
    bench_close(&bench);
}

Test(subset, settings_are_those_of_the_channels_that_are_kept)
{
    struct random_bench bench;
    struct oac_link part;
    struct oac_err err;
    double value;
    open_whole(&bench);
    cr_assert_eq(oac_subset_open(&bench.link, left_out, &part, &err), OAC_OK);
    cr_assert_eq(oac_link_set(&part, OAC_BIAS_WEIGHT_V, 1, 0.25, NULL, &err), OAC_OK);
    cr_assert_eq(oac_link_set(&part, OAC_SKEW_S, 0, 1e-7, NULL, &err), OAC_OK);
    for (size_t k = 0; k < 4; k++) {
        cr_assert_eq(oac_link_get(&bench.link, OAC_BIAS_WEIGHT_V, k, &value, &err), OAC_OK);
        cr_expect_eq(value, k == 2 ? 0.25 : 0.0);
    }
    cr_assert_eq(oac_link_get(&part, OAC_BIAS_WEIGHT_V, 1, &value, &err), OAC_OK);
    cr_expect_eq(value, 0.25);
    cr_assert_eq(oac_link_get(&bench.link, OAC_SKEW_S, 0, &value, &err), OAC_OK);
    cr_expect_eq(value, 1e-7);
    cr_expect_neq(oac_link_set(&part, OAC_BIAS_WEIGHT_V, 3, 0.25, NULL, &err), OAC_OK);
    oac_link_close(&part);
    /* the link below is as open as before */
    cr_expect_eq(oac_link_get(&bench.link, OAC_SKEW_S, 0, &value, &err), OAC_OK);
    bench_close(&bench);
}

Test(subset, no_channel_and_part_of_a_frame_are_refused)
{
    static const bool none[4] = {true, true, true, true};
    const uint16_t code[SLOTS] = {0};
    struct random_bench bench;
    struct oac_link part;
    struct oac_err err;
    uint32_t handle;
    open_whole(&bench);
    cr_expect_eq(oac_subset_open(&bench.link, none, &part, &err), OAC_EINVAL);
    cr_assert_eq(oac_subset_open(&bench.link, left_out, &part, &err), OAC_OK);
    struct oac_weight_frame frame = {.rows = 1, .slots = SLOTS, .code = code};
    uint16_t open[SLOTS];
    for (size_t n = 0; n < SLOTS; n++)
        open[n] = (uint16_t)part.caps->weight[0].code_safe;
    frame.code = open;
    frame.null_x_code = (uint16_t)part.caps->client->code_safe;
    cr_expect_eq(oac_link_load(&part, &frame, &handle, &err), OAC_EUNSUPPORTED, "%s",
                 err.message);
    oac_link_close(&part);
    bench_close(&bench);
}
