/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise of single readouts: through a board over TCP it is what it is in the simulator behind it.
 *
 * A residual is a readout less the same window's without any noise (wave, nothing rounded). Of N
 * residuals each, the ratio of the two standard deviations has a standard error of 1/sqrt(N): N =
 * 12,800 makes the 5 % that are asked for 5.7 of them. Bias drift is left out: it moves all windows
 * together, over minutes, so that one run is one draw of it and its size here would be chance. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "driver/registry.h"
#include "tests/driver/iio_process.h"

enum { SLOTS = 200, WINDOWS = 256, FRAMES = 50, READOUTS = WINDOWS * FRAMES };

static struct iio_process bench;
static struct iio_fixture here; /* rig and board alone: the bench is another process */

/* 0 V and up: from dark to bright, within what the board may play. */
static void make_codes(size_t count, uint32_t use, uint16_t *code)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t word[4];
        oac_rng_words(11, OAC_RNG_TEST, i, use, word);
        code[i] = (uint16_t)(2048u + word[0] % 1500u);
    }
}

static void play_frame(struct oac_link *link, struct oac_workspace *workspace, uint32_t f,
                       float *readout)
{
    static uint16_t weight[SLOTS], client[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    uint32_t handle;
    struct oac_err err;
    make_codes(SLOTS, 2 * f, weight);
    make_codes(WINDOWS * SLOTS, 2 * f + 1, client);
    for (size_t b = 0; b < WINDOWS; b++)
        slot0[b] = (f * WINDOWS + b) * 300u + 100u;
    const struct oac_weight_frame frame = {.rows = 1,
                                           .slots = SLOTS,
                                           .code = weight,
                                           .null_x_code =
                                               (uint16_t)link->caps->client->code_safe};
    const struct oac_activation_frame windows = {
        .windows = WINDOWS, .code = client, .slot0 = slot0};
    struct oac_readouts out = {.code = readout};
    cr_assert_eq(oac_link_load(link, &frame, &handle, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_link_play(link, handle, workspace, &windows, &out, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_link_unload(link, handle, &err), OAC_OK, "%s", err.message);
}

static void play(const char *on, uint32_t noise, float *readout)
{
    const struct oac_registry_request request = {
        .rig = &here.rig, .rig_hash = here.hash, .noise = noise, .seed = 1, .uri = bench.uri};
    struct oac_link link;
    struct oac_err err;
    cr_assert_eq(oac_registry_open(on, &request, &link, &err), OAC_OK, "%s", err.message);
    struct oac_workspace *workspace = oac_link_workspace_create(&link, &err);
    cr_assert_not_null(workspace);
    for (uint32_t f = 0; f < FRAMES; f++)
        play_frame(&link, workspace, f, readout + f * WINDOWS);
    oac_link_workspace_destroy(&link, workspace);
    oac_link_close(&link);
}

static double sigma(const float *noisy, const float *silent, double *mean)
{
    double sum = 0.0, square = 0.0;
    for (size_t i = 0; i < READOUTS; i++)
        sum += (double)noisy[i] - (double)silent[i];
    *mean = sum / READOUTS;
    for (size_t i = 0; i < READOUTS; i++)
        square += pow((double)noisy[i] - (double)silent[i] - *mean, 2.0);
    return sqrt(square / (READOUTS - 1));
}

Test(iio_sigma, residuals_through_a_board_are_as_wide_as_the_simulator_s, .timeout = 600)
{
    static float iio[READOUTS], wave[READOUTS], silent[READOUTS];
    const uint32_t noise = OAC_NOISE_ALL & ~(uint32_t)OAC_NOISE_DRIFT;
    struct oac_err err;
    double iio_mean, wave_mean;
    cr_assert_null(iio_fixture_describe(&here, &err));
    cr_assert(iio_process_start(&bench, noise, NULL));
    play("iio", noise, iio);
    play("wave", noise, wave);
    play("wave", OAC_NOISE_NONE, silent);
    const double of_iio = sigma(iio, silent, &iio_mean);
    const double of_wave = sigma(wave, silent, &wave_mean);
    cr_log_info("sigma %.3f on iio, %.3f on wave, ratio %.4f; means %.3f and %.3f codes",
                of_iio, of_wave, of_iio / of_wave, iio_mean, wave_mean);
    cr_expect_leq(fabs(of_iio / of_wave - 1.0), 0.05, "%g on iio, %g on wave", of_iio, of_wave);
    iio_process_signal(&bench, SIGKILL);
}
#else
typedef int oac_no_libiio;
#endif
