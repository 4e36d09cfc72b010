/* SPDX-License-Identifier: GPL-3.0-or-later */
/* More channels than one fit of the client holds: its blocks must agree on which peak is the modulator's. */
#include "calibration/fit_client.h"
#include "calibration/steps.h"
#include "tests/calibration/random_bench.h"

/* Curves of bench-100 are so alike that every peak fits each block. */
Test(blocks, the_client_of_more_channels_than_a_block_has_one_peak)
{
    struct oac_calibrate_options options = oac_calibrate_defaults();
    struct random_bench bench;
    struct oac_calibration *found = NULL;
    struct oac_err err;
    options.biases = 6;
    options.vectors = 256;
    options.noise_windows = 64;
    cr_assert_eq(oac_rig_read("bench-100", NULL, 0, &bench.rig, NULL, &err), OAC_OK);
    bench.rig.channels = 2 * OAC_CLIENT_BLOCK + 4;
    bench_open_rig(&bench, OAC_NOISE_ALL, 1);
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK, "%s",
                 err.message);
    cr_expect_eq(found->client_blocks, 3);
    for (size_t b = 0; b < found->client_blocks; b++) {
        const struct oac_client_data shape = {.count = b < 2 ? OAC_CLIENT_BLOCK : 4};
        cr_expect_float_eq(found->client_fit[b].estimate[oac_client_vpeak(&shape)],
                           found->client.vpeak_v, 0.05);
    }
    oac_calibration_destroy(found);
    bench_close(&bench);
}
