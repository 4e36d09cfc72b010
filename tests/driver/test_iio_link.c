/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames through modem and board against the same frames through modem and simulator. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "driver/registry.h"
#include "hal/calrec.h"
#include "tests/driver/iio_fixture.h"

enum { SLOTS = 100, WINDOWS = 24, FRAMES = 2 };

static struct iio_fixture bench;

/* Codes within what the board may play, which is less than what the simulated converters can. */
static void make_codes(size_t count, uint32_t use, uint16_t *code)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t word[4];
        oac_rng_words(11, OAC_RNG_TEST, i, use, word);
        code[i] = (uint16_t)(2048u + word[0] % 1500u); /* 0 V and up: dark to bright */
    }
}

static void play(const char *on, uint32_t noise, float *readout)
{
    static uint16_t weight[SLOTS], client[WINDOWS * SLOTS];
    const struct oac_registry_request request = {
        .rig = &bench.rig, .rig_hash = bench.hash, .noise = noise, .seed = 5, .uri = bench.uri};
    struct oac_link link;
    struct oac_err err;
    uint64_t slot0[WINDOWS];
    cr_assert_eq(oac_registry_open(on, &request, &link, &err), OAC_OK, "%s", err.message);
    struct oac_workspace *workspace = oac_link_workspace_create(&link, &err);
    cr_assert_not_null(workspace);
    for (uint32_t f = 0; f < FRAMES; f++) {
        uint32_t handle;
        make_codes(SLOTS, 2 * f, weight);
        make_codes(WINDOWS * SLOTS, 2 * f + 1, client);
        for (size_t b = 0; b < WINDOWS; b++)
            slot0[b] = (f * WINDOWS + b) * 200u + 100u;
        const struct oac_weight_frame frame = {.rows = 1,
                                               .slots = SLOTS,
                                               .code = weight,
                                               .null_x_code =
                                                   (uint16_t)link.caps->client->code_safe};
        const struct oac_activation_frame windows = {
            .windows = WINDOWS, .code = client, .slot0 = slot0};
        struct oac_readouts out = {.code = readout + f * WINDOWS};
        cr_assert_eq(oac_link_load(&link, &frame, &handle, &err), OAC_OK, "%s", err.message);
        cr_assert_eq(oac_link_play(&link, handle, workspace, &windows, &out, &err), OAC_OK,
                     "%s", err.message);
    }
    oac_link_workspace_destroy(&link, workspace);
    oac_link_close(&link);
}

Test(iio_link, without_noise_readouts_are_the_simulator_s_but_for_rounding, .timeout = 120)
{
    static float iio[FRAMES * WINDOWS], wave[FRAMES * WINDOWS];
    struct oac_err err;
    const char *wrong = iio_fixture_open(&bench, 0, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
    play("iio", 0, iio);
    play("wave", 0, wave);
    double square = 0.0, most = 0.0;
    for (size_t i = 0; i < FRAMES * WINDOWS; i++) {
        const double apart = (double)iio[i] - (double)wave[i];
        square += apart * apart;
        most = fmax(most, fabs(apart));
    }
    /* A readout is the sum over S slots of the mean of R rounded samples: rounding alone leaves
     * sqrt(S/(12 R)) = 0.83 codes; the dark level that is taken off, the mean of some 4 R samples, S times
     * that of one, 100 * 0.29/sqrt(4 R) = 4.2. Twice both together is allowed: dark samples are alike. A full
     * slot is 1600 codes, a readout some 4e4. */
    const double sigma = hypot(0.83, 4.2);
    cr_expect_lt(sqrt(square / (FRAMES * WINDOWS)), 2.0 * sigma, "most %g, rms %g", most,
                 sqrt(square / (FRAMES * WINDOWS)));
    cr_log_info("rms %g, most %g codes", sqrt(square / (FRAMES * WINDOWS)), most);
    iio_fixture_kill(&bench);
}
#else
typedef int oac_no_libiio;
#endif
