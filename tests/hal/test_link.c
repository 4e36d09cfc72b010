/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "hal/link.h"
#include "tests/support/exact_link.h"
#include "tests/support/link_contract.h"

static enum oac_status open_exact(void *context, struct oac_link *link, struct oac_err *err)
{
    return oac_exact_open(context, link, err);
}

static const struct oac_exact_options plain = {.channels = 5,
                                               .slots_max = 30,
                                               .dac_bits = 10,
                                               .guard_slots = 2,
                                               .r_weight = 0.003,
                                               .r_client = 0.01};

Test(link, the_exact_link_keeps_the_contract)
{
    struct oac_exact_options options = plain;
    const struct oac_link_contract contract = {"exact", open_exact, &options, true, false};
    oac_link_contract_run(&contract);
}

Test(link, the_exact_link_with_pairs_keeps_the_contract)
{
    struct oac_exact_options options = plain;
    options.differential = true;
    options.pair_mismatch = 0.02;
    options.channels = 1;
    const struct oac_link_contract contract = {"exact pairs", open_exact, &options, true,
                                               false};
    oac_link_contract_run(&contract);
}

Test(link, a_setting_out_of_range_is_named_with_value_range_and_unit)
{
    struct oac_err err;
    struct oac_link link;
    struct oac_exact_options options = plain;
    cr_assert_eq(oac_exact_open(&options, &link, &err), OAC_OK);
    cr_assert_eq(oac_link_set(&link, OAC_LASER_DBM, 1, 12.5, NULL, &err), OAC_EINVAL);
    cr_assert_str_eq(err.message,
                     "setting laser_dbm = 12.5 dBm: \"exact\" takes -30 to 10 dBm");
    cr_assert_eq(oac_link_set(&link, OAC_BIAS_CLIENT_V, 1, 0.0, NULL, &err), OAC_EINVAL);
    cr_assert_neq(strstr(err.message, "channels 0 to 0"), NULL);
    cr_assert_str_eq(oac_setting_name(OAC_SETTINGS), "unknown");
    oac_link_close(&link);
}

Test(link, the_culprit_of_a_refused_frame_is_named)
{
    struct oac_err err;
    struct oac_link link;
    struct oac_exact_options options = plain;
    cr_assert_eq(oac_exact_open(&options, &link, &err), OAC_OK);
    uint16_t code[2 * 30] = {0};
    code[30 + 17] = 1024;
    struct oac_weight_frame frame = {2, 30, code, 0, false};
    uint32_t handle;
    cr_assert_eq(oac_link_load(&link, &frame, &handle, &err), OAC_EINVAL);
    cr_assert_str_eq(err.message,
                     "weight code 1024 of channel 1, slot 17 is outside the port's 0..1023");
    code[30 + 17] = 1023;
    frame.null_x_code = 1024;
    cr_assert_eq(oac_link_load(&link, &frame, &handle, &err), OAC_EINVAL);
    frame.null_x_code = 0;
    cr_assert_eq(oac_link_load(&link, &frame, &handle, &err), OAC_OK);

    struct oac_workspace *workspace = oac_link_workspace_create(&link, &err);
    const uint64_t slot0[3] = {0};
    const uint32_t begin[4] = {0, 2, 2, 4};
    const uint16_t slot[4] = {3, 29, 1, 1}, x[4] = {1, 2, 3, 4};
    float readout[6];
    struct oac_readouts readouts = {.code = readout};
    const struct oac_activation_frame windows = {
        .windows = 3, .nz_begin = begin, .nz_slot = slot, .nz_code = x, .slot0 = slot0};
    cr_assert_eq(oac_link_play(&link, handle, workspace, &windows, &readouts, &err),
                 OAC_EINVAL);
    cr_assert_str_eq(err.message, "window 2 lists slot 1 after slot 1: slots must ascend");
    readouts.code = NULL;
    cr_assert_eq(oac_link_play(&link, handle, workspace, &windows, &readouts, &err),
                 OAC_EINVAL);
    oac_link_workspace_destroy(&link, workspace);
    oac_link_close(&link);
}

/* Slot lists of neighbouring windows may touch in any way: only order inside a window counts. */
Test(link, slots_may_start_anywhere_in_every_window)
{
    struct oac_err err;
    struct oac_link link;
    struct oac_exact_options options = plain;
    cr_assert_eq(oac_exact_open(&options, &link, &err), OAC_OK);
    uint16_t code[30] = {0};
    const struct oac_weight_frame frame = {1, 30, code, 0, false};
    uint32_t handle;
    cr_assert_eq(oac_link_load(&link, &frame, &handle, &err), OAC_OK);
    struct oac_workspace *workspace = oac_link_workspace_create(&link, &err);
    const uint64_t slot0[7] = {0};
    const uint32_t begin[8] = {1, 1, 3, 3, 4, 5, 6, 6}; /* equal, lower, higher starts */
    const uint16_t slot[7] = {99, 5, 7, 7, 0, 29, 99}, x[7] = {9999, 1, 2, 3, 4, 5, 9999};
    float readout[7];
    struct oac_readouts readouts = {.code = readout};
    const struct oac_activation_frame windows = {
        .windows = 7, .nz_begin = begin, .nz_slot = slot, .nz_code = x, .slot0 = slot0};
    cr_assert_eq(oac_link_play(&link, handle, workspace, &windows, &readouts, &err), OAC_OK,
                 "%s", err.message);
    oac_link_workspace_destroy(&link, workspace);
    oac_link_close(&link);
}
