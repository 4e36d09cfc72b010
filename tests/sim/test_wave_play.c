/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Playing windows: both paths of the waveform engine against each other, drift against the analytic engine, and
 * the same bits however the work is cut. */

#include "tests/sim/wave_fixture.h"

#include "hal/modem.h"
#include "sim/analytic.h"

static const char *const RIGS[] = {"ideal", "netcast-local", "netcast-86km", "netcast-snspd",
                                   "bench-100"};
enum { RIG_COUNT = sizeof RIGS / sizeof RIGS[0] };

/* Single precision twice: samples, and a readout of up to 2^24 codes of which the light is the larger part. */
Test(wave_play, contraction_and_propagation_agree_without_noise_on_every_shipped_rig)
{
    for (size_t i = 0; i < RIG_COUNT; i++) {
        struct wave fast, slow;
        double a[100], b[100];
        wave_open_rig(&fast, RIGS[i], OAC_NOISE_NONE, false);
        wave_open_rig(&slow, RIGS[i], OAC_NOISE_NONE, true);
        size_t rows = fast.stream.caps->link.channels;
        for (int pair = 0; pair <= (fast.stream.caps->link.differential ? 1 : 0); pair++) {
            struct wave_window window = wave_pattern(&fast, rows, 24, 11);
            window.differential = pair;
            window.launch = 0.8f;
            wave_light(&fast, &window, 0, a);
            wave_light(&slow, &window, 0, b);
            double most = 0.0;
            for (size_t k = 0; k < rows; k++)
                most = fmax(most, fabs(b[k]));
            for (size_t k = 0; k < rows; k++)
                cr_expect_float_eq(a[k], b[k], 1e-5 * most, "%s, readout %zu: %.8g and %.8g",
                                   RIGS[i], k, a[k], b[k]);
            wave_pattern_free(&window);
        }
        wave_close(&fast);
        wave_close(&slow);
    }
}

static void moments(size_t count, size_t stride, const double *value, double *mean,
                    double *variance)
{
    double sum = 0.0, square = 0.0;
    for (size_t b = 0; b < count; b++)
        sum += value[b * stride];
    *mean = sum / (double)count;
    for (size_t b = 0; b < count; b++)
        square += (value[b * stride] - *mean) * (value[b * stride] - *mean);
    *variance = square / ((double)count - 1.0);
}

/* 10,000 windows each: the difference of means and of variances within 4 standard errors. */
Test(wave_play, contraction_and_propagation_have_the_same_statistics)
{
    enum { WINDOWS = 10000, ROWS = 2, SLOTS = 8 };
    static const char *const sets[] = {"channels=2",       "adc.bits=12",
                                       "adc.enob_bits=11", "receiver.read_noise_v=2e-6",
                                       "receiver.cds=no",  NULL};
    const uint32_t noise = OAC_NOISE_SHOT | OAC_NOISE_THERMAL | OAC_NOISE_READ | OAC_NOISE_ADC;
    static double fast[WINDOWS * ROWS], slow[WINDOWS * ROWS];
    static uint64_t slot0[WINDOWS];
    for (size_t b = 0; b < WINDOWS; b++)
        slot0[b] = b * 32;
    for (int path = 0; path < 2; path++) {
        struct wave w;
        wave_open(&w, noise, path, sets);
        struct wave_window window = wave_pattern(&w, ROWS, SLOTS, 12);
        wave_pattern_flat(&window, 3000, 3500);
        wave_play(&w, wave_load(&w, &window), &window, WINDOWS, slot0, path ? slow : fast,
                  NULL);
        wave_pattern_free(&window);
        wave_close(&w);
    }
    for (size_t k = 0; k < ROWS; k++) {
        double m1, v1, m2, v2;
        moments(WINDOWS, ROWS, fast + k, &m1, &v1);
        moments(WINDOWS, ROWS, slow + k, &m2, &v2);
        cr_expect_gt(v1, 0.2, "the noise is seen through %g codes", sqrt(v1));
        cr_expect_float_eq(m1, m2, 4.0 * sqrt((v1 + v2) / WINDOWS), "row %zu: %g and %g", k, m1,
                           m2);
        cr_expect_float_eq(v1 / v2, 1.0, 4.0 * sqrt(4.0 / WINDOWS), "row %zu: %g and %g", k, v1,
                           v2);
    }
}

/* A link of either engine with one frame and windows to play on it. */
struct bench {
    struct oac_rig rig;
    struct oac_link link;
    uint32_t handle;
};

enum { B_ROWS = 4, B_SLOTS = 20, B_WINDOWS = 24 };

static void bench_open(struct bench *b, bool wave, uint32_t noise, const char *const *sets)
{
    const uint8_t hash[32] = {0};
    struct oac_err err;
    struct oac_stream stream;
    cr_assert_eq(oac_rig_read("netcast-86km", sets, wave_count(sets), &b->rig, NULL, &err),
                 OAC_OK, "%s", err.message);
    if (wave) {
        cr_assert_eq(oac_waveform_open(&b->rig, hash, noise, 7, NULL, &stream, &err), OAC_OK,
                     "%s", err.message);
        cr_assert_eq(oac_modem_open(&stream, NULL, &b->link, &err), OAC_OK, "%s", err.message);
    } else {
        cr_assert_eq(oac_analytic_open(&b->rig, hash, noise, 7, &b->link, &err), OAC_OK, "%s",
                     err.message);
    }
    uint16_t weight[B_ROWS * B_SLOTS];
    for (size_t i = 0; i < B_ROWS * B_SLOTS; i++)
        weight[i] = (uint16_t)(i * 7919 % 4096);
    const struct oac_weight_frame frame = {
        .rows = B_ROWS, .slots = B_SLOTS, .code = weight, .null_x_code = 341};
    cr_assert_eq(oac_link_load(&b->link, &frame, &b->handle, &err), OAC_OK, "%s", err.message);
}

/* Windows first .. first+count-1 of the bench's schedule. */
static void bench_play(struct bench *b, size_t first, size_t count, float *code)
{
    struct oac_err err;
    uint16_t x[B_WINDOWS * B_SLOTS];
    uint64_t slot0[B_WINDOWS];
    for (size_t i = 0; i < count * B_SLOTS; i++)
        x[i] = (uint16_t)((first * B_SLOTS + i) * 104729 % 4096);
    for (size_t i = 0; i < count; i++)
        slot0[i] = 1000000 + (first + i) * 3000000;
    const struct oac_activation_frame play = {.windows = count, .code = x, .slot0 = slot0};
    struct oac_readouts readouts = {.code = code};
    struct oac_workspace *workspace = oac_link_workspace_create(&b->link, &err);
    cr_assert_not_null(workspace, "%s", err.message);
    cr_assert_eq(oac_link_play(&b->link, b->handle, workspace, &play, &readouts, &err), OAC_OK,
                 "%s", err.message);
    oac_link_workspace_destroy(&b->link, workspace);
}

/* Everything else still, both engines must see a bench in the same place at the same time: 0.6 s between windows,
 * lasers that move by 0.3 % in 5 s. The engines differ by 1e-4 of full light where poles meet slots of 8
 * samples. */
Test(wave_play, drift_follows_the_analytic_engines_path)
{
    static const char *const sets[] = {"laser.drift_sigma=0.05",
                                       "detector.drift_sigma=0.02",
                                       "detector.drift_tau_s=5",
                                       "client_modulator.drift_sigma_v=0.2",
                                       "weight_modulator.drift_sigma_v=0.2",
                                       NULL};
    struct bench sim, wave;
    float a[B_WINDOWS * B_ROWS], b[B_WINDOWS * B_ROWS];
    double moved = 0.0, most = 0.0;
    bench_open(&sim, false, OAC_NOISE_DRIFT, sets);
    bench_open(&wave, true, OAC_NOISE_DRIFT, sets);
    bench_play(&sim, 0, B_WINDOWS, a);
    bench_play(&wave, 0, B_WINDOWS, b);
    oac_link_close(&sim.link);
    bench_open(&sim, false, OAC_NOISE_NONE, sets);
    float still[B_WINDOWS * B_ROWS];
    bench_play(&sim, 0, B_WINDOWS, still);
    double zero = -sim.rig.adc.min_v / sim.link.caps->readout[0].lsb_v;
    for (size_t i = 0; i < B_WINDOWS * B_ROWS; i++) {
        moved = fmax(moved, fabs((double)still[i] - (double)a[i]));
        most = fmax(most, fabs((double)a[i] - zero));
    }
    cr_assert_gt(moved, 0.05 * most, "the drift is there");
    for (size_t i = 0; i < B_WINDOWS * B_ROWS; i++)
        cr_expect_float_eq((double)a[i], (double)b[i], 2e-4 * most,
                           "readout %zu: %.8g and %.8g, still %.8g", i, (double)a[i],
                           (double)b[i], (double)still[i]);
    oac_link_close(&sim.link);
    oac_link_close(&wave.link);
}

static void same_bits_however_cut(uint32_t noise)
{
    struct bench b;
    float all[B_WINDOWS * B_ROWS], cut[B_WINDOWS * B_ROWS], one[B_ROWS];
    bench_open(&b, true, noise, NULL);
    bench_play(&b, 0, B_WINDOWS, all);
    for (size_t first = 0, part = 1; first < B_WINDOWS; first += part, part = part % 5 + 1) {
        part = first + part > B_WINDOWS ? B_WINDOWS - first : part;
        bench_play(&b, first, part, cut + first * B_ROWS);
    }
    cr_expect_arr_eq(all, cut, sizeof all, "another batch split");
    bench_play(&b, 17, 1, one);
    cr_expect_arr_eq(one, all + 17 * B_ROWS, sizeof one, "one window alone");
    oac_link_close(&b.link);
}

Test(wave_play, batches_and_selections_change_no_bit_when_propagated)
{
    same_bits_however_cut(OAC_NOISE_ALL);
}

Test(wave_play, batches_and_selections_change_no_bit_when_contracted)
{
    same_bits_however_cut(OAC_NOISE_SHOT | OAC_NOISE_THERMAL | OAC_NOISE_READ | OAC_NOISE_ADC);
}

Test(wave_play, opening_again_gives_the_same_bits)
{
    float first[B_WINDOWS * B_ROWS], again[B_WINDOWS * B_ROWS];
    for (int i = 0; i < 2; i++) {
        struct bench b;
        bench_open(&b, true, OAC_NOISE_ALL, NULL);
        bench_play(&b, 0, 6, i ? again : first);
        oac_link_close(&b.link);
    }
    cr_expect_arr_eq(first, again, 6 * B_ROWS * sizeof *first);
}

Test(wave_play, a_setting_moved_and_put_back_gives_the_same_bits)
{
    struct bench b;
    struct oac_err err;
    float before[6 * B_ROWS], moved[6 * B_ROWS], after[6 * B_ROWS];
    double readback, power_dbm;
    bench_open(&b, true, OAC_NOISE_NONE, NULL);
    bench_play(&b, 0, 6, before);
    cr_assert_eq(oac_link_get(&b.link, OAC_LASER_DBM, 1, &power_dbm, &err), OAC_OK);
    cr_assert_eq(oac_link_set(&b.link, OAC_LASER_DBM, 1, power_dbm - 3.0, &readback, &err),
                 OAC_OK);
    bench_play(&b, 0, 6, moved);
    cr_assert_eq(oac_link_set(&b.link, OAC_LASER_DBM, 1, power_dbm, &readback, &err), OAC_OK);
    bench_play(&b, 0, 6, after);
    cr_expect_lt(moved[1], before[1], "frames are rebuilt");
    cr_expect_arr_eq(before, after, sizeof before);
    oac_link_close(&b.link);
}

/* Photons are those of the payload: as many as the analytic engine counts, and as the account sums up. */
Test(wave_play, both_paths_and_the_analytic_engine_count_the_same_photons)
{
    struct oac_err err;
    double photons[3];
    for (int i = 0; i < 3; i++) {
        struct bench b;
        float code[B_ROWS];
        uint16_t x[B_SLOTS];
        uint64_t slot0 = 5000;
        bench_open(&b, i > 0, i == 2 ? OAC_NOISE_LINEWIDTH | OAC_NOISE_RIN : OAC_NOISE_NONE,
                   NULL);
        for (size_t n = 0; n < B_SLOTS; n++)
            x[n] = (uint16_t)(n * 104729 % 4096);
        const struct oac_activation_frame play = {.windows = 1, .code = x, .slot0 = &slot0};
        struct oac_readouts readouts = {.code = code, .photons = &photons[i]};
        struct oac_workspace *workspace = oac_link_workspace_create(&b.link, &err);
        cr_assert_eq(oac_link_play(&b.link, b.handle, workspace, &play, &readouts, &err),
                     OAC_OK, "%s", err.message);
        struct oac_account account;
        oac_link_account(&b.link, &account);
        cr_expect_eq(account.windows, 1);
        cr_expect_float_eq(account.detected_photons, photons[i], 1e-9 * photons[i]);
        oac_link_workspace_destroy(&b.link, workspace);
        oac_link_close(&b.link);
    }
    cr_expect_float_eq(photons[1] / photons[0], 1.0, 5e-4, "%g and %g", photons[1], photons[0]);
    cr_expect_float_eq(photons[2] / photons[0], 1.0, 5e-4, "%g and %g", photons[2], photons[0]);
}
