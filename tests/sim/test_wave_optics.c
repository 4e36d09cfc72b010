/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The light between the client's input and the detectors, seen through the engine's own points. */
#include "tests/sim/wave_fixture.h"

#define POINTS_MAX 64
#define VALUES_MAX 8192

struct seen { /* the last of each point: name, channel, lane */
    char name[24];
    size_t channel, samples;
    unsigned lane;
    bool complex_values;
    float value[VALUES_MAX];
};

struct album {
    size_t count;
    struct seen *seen;
};

static void keep(void *context, const struct oac_waveform_point *point)
{
    struct album *album = context;
    cr_assert_lt(album->count, POINTS_MAX);
    struct seen *seen = &album->seen[album->count++];
    size_t values = point->samples * (point->complex_values ? 2 : 1);
    cr_assert_leq(values, VALUES_MAX);
    snprintf(seen->name, sizeof seen->name, "%s", point->name);
    seen->channel = point->channel;
    seen->samples = point->samples;
    seen->lane = point->lane;
    seen->complex_values = point->complex_values;
    memcpy(seen->value, point->value, values * sizeof *point->value);
}

static const struct seen *find(const struct album *album, const char *name, size_t channel,
                               unsigned lane)
{
    for (size_t i = 0; i < album->count; i++) {
        const struct seen *seen = &album->seen[i];
        if (strcmp(seen->name, name) == 0 && seen->channel == channel && seen->lane == lane)
            return seen;
    }
    cr_assert(false, "nothing seen at %s, channel %zu, lane %u", name, channel, lane);
    return NULL;
}

static void watch(struct wave *w, const struct wave_window *window, struct album *album)
{
    struct oac_err err;
    uint64_t slot0 = 1000;
    double value[8];
    *album = (struct album){.seen = calloc(POINTS_MAX, sizeof *album->seen)};
    uint32_t handle = wave_load(w, window);
    oac_waveform_set_tap(&w->stream, keep, album);
    wave_play(w, handle, window, 1, &slot0, value, NULL);
    oac_waveform_set_tap(&w->stream, NULL, NULL);
    cr_assert_eq(oac_stream_unload(&w->stream, handle, &err), OAC_OK);
}

Test(wave_optics, points_come_in_the_order_of_the_light)
{
    static const char *const before[] = {"amplifier.position=before_client",
                                         "amplifier.gain_db=10", "channels=1", NULL};
    static const char *const after[] = {"amplifier.position=after_client",
                                        "amplifier.gain_db=10", "channels=1", NULL};
    static const char *const order[2][9] = {
        {"weight.drive", "weight.field", "fiber.field", "amplifier.field", "client.drive",
         "client.field", "demux.power", "detector.current", "receiver.output"},
        {"weight.drive", "weight.field", "fiber.field", "client.drive", "client.field",
         "amplifier.field", "demux.power", "detector.current", "receiver.output"}};
    for (size_t i = 0; i < 2; i++) {
        struct wave w;
        struct album album;
        wave_open(&w, OAC_NOISE_NONE, false, i ? after : before);
        struct wave_window window = wave_pattern(&w, 1, 16, 1);
        watch(&w, &window, &album);
        cr_assert_geq(album.count, 9);
        for (size_t p = 0; p < 9; p++)
            cr_expect_str_eq(album.seen[p].name, order[i][p], "point %zu is %s, not %s", p,
                             album.seen[p].name, order[i][p]);
        free(album.seen);
        wave_pattern_free(&window);
        wave_close(&w);
    }
}

/* Single precision: 1e-5 of energy. */
Test(wave_optics, an_open_client_and_a_lossless_demux_keep_all_energy)
{
    static const char *const sets[] = {"client_modulator.er_db=none",
                                       "client_modulator.il_db=0", "demux.il_db=0",
                                       "client_modulator.chirp=0.7", NULL};
    struct wave w;
    struct album album;
    wave_open(&w, OAC_NOISE_NONE, false, sets);
    struct wave_window window = wave_pattern(&w, 4, 16, 2);
    size_t guard = wave_guard(&w) * (size_t)w.rig.wave.samples_per_slot;
    for (size_t n = 0; n < window.slots; n++)
        window.client[n] = 4095;
    watch(&w, &window, &album);
    for (size_t k = 0; k < 4; k++) {
        const struct seen *in = find(&album, "fiber.field", k, 0),
                          *out = find(&album, "demux.power", k, 0);
        double sent = 0.0, arrived = 0.0;
        for (size_t i = guard; i < in->samples - guard; i++) {
            sent += (double)in->value[2 * i] * (double)in->value[2 * i] +
                    (double)in->value[2 * i + 1] * (double)in->value[2 * i + 1];
            arrived += (double)out->value[i];
        }
        cr_expect_float_eq(arrived / sent, 1.0, 1e-5, "channel %zu: %.8f", k, arrived / sent);
    }
    free(album.seen);
    wave_pattern_free(&window);
    wave_close(&w);
}

Test(wave_optics, readouts_without_noise_are_linear_in_the_launch_power)
{
    static const char *const sets[] = {"demux.passband_hz=2e9", "amplifier.position=none",
                                       NULL};
    struct wave w;
    double full[4], half[4];
    wave_open(&w, OAC_NOISE_NONE, true, sets);
    struct wave_window window = wave_pattern(&w, 4, 32, 3);
    wave_light(&w, &window, 0, full);
    window.launch = 0.25f;
    wave_light(&w, &window, 0, half);
    for (size_t k = 0; k < 4; k++) /* readouts are single precision, some 1e4 codes over 1e5 */
        cr_expect_float_eq(half[k] / full[k], 0.25, 1e-5, "channel %zu: %.8f", k,
                           half[k] / full[k]);
    wave_pattern_free(&window);
    wave_close(&w);
}

Test(wave_optics, a_dark_client_leaks_its_extinction)
{
    static const char *const sets[] = {"client_modulator.er_db=20", NULL};
    struct wave w;
    double open[4], dark[4];
    wave_open(&w, OAC_NOISE_NONE, true, sets);
    struct wave_window window = wave_pattern(&w, 4, 32, 4);
    wave_pattern_flat(&window, 4095, 4095);
    wave_light(&w, &window, 0, open);
    wave_pattern_flat(&window, 4095, 0);
    wave_light(&w, &window, 0, dark);
    for (size_t k = 0; k < 4; k++) /* codes of 1e-5 of the open ones, single precision */
        cr_expect_float_eq(dark[k] / open[k], 0.01, 1e-5, "channel %zu: %.8f", k,
                           dark[k] / open[k]);
    wave_pattern_free(&window);
    wave_close(&w);
}

/* Steady light half a width off a passband's centre. The window's edges are blurred by the filter's memory, some
 * 0.1 ns of 64 ns, evenly for a filter without delay: 1e-3. */
Test(wave_optics, half_the_power_passes_half_a_width_beside_the_passband)
{
    static const char *const shapes[] = {"demux.passband_shape=gaussian",
                                         "demux.passband_shape=flat",
                                         "demux.passband_shape=lorentzian"};
    for (size_t i = 0; i < 3; i++) {
        double centre[4], beside[4];
        for (size_t off = 0; off < 2; off++) {
            const char *const sets[] = {shapes[i], "demux.passband_hz=6e9",
                                        off ? "demux.detuning_hz=3e9" : "demux.detuning_hz=0",
                                        "wave.samples_per_slot=16", NULL};
            struct wave w;
            wave_open(&w, OAC_NOISE_NONE, true, sets);
            struct wave_window window = wave_pattern(&w, 4, 64, 5);
            for (size_t n = 0; n < 64; n++)
                window.client[n] = 4095;
            for (size_t c = 0; c < 4 * 64; c++)
                window.weight[c] = 4095;
            struct album album;
            watch(&w, &window, &album);
            const struct seen *power = find(&album, "demux.power", 0, 0);
            (off ? beside : centre)[0] = (double)power->value[power->samples / 2];
            free(album.seen);
            wave_pattern_free(&window);
            wave_close(&w);
        }
        cr_expect_float_eq(beside[0] / centre[0], 0.5, 1e-3, "%s: %.6f", shapes[i],
                           beside[0] / centre[0]);
    }
}

Test(wave_optics, a_neighbours_light_leaks_by_the_crosstalk)
{
    static const char *const sets[] = {"demux.adjacent_db=20", "demux.nonadjacent_db=30",
                                       "demux.il_db=3", "laser.grid_hz=200e9", NULL};
    struct wave w;
    struct oac_err err;
    double value[4], readback;
    wave_open(&w, OAC_NOISE_NONE, true, sets);
    for (size_t k = 0; k < 4; k++)
        if (k != 1)
            cr_assert_eq(
                w.stream.ops->set(w.stream.self, OAC_LASER_ON, k, 0.0, &readback, &err),
                OAC_OK);
    struct wave_window window = wave_pattern(&w, 4, 32, 6);
    wave_pattern_flat(&window, 4095, 4095);
    wave_light(&w, &window, 0, value);
    /* every detector counts the photons of line 1 */
    cr_expect_float_eq(value[0] / value[1], 1e-2, 1e-5);
    cr_expect_float_eq(value[2] / value[1], 1e-2, 1e-5);
    cr_expect_float_eq(value[3] / value[1], 1e-3, 1e-5);
    wave_pattern_free(&window);
    wave_close(&w);
}

Test(wave_optics, skew_moves_the_clients_data_by_its_time)
{
    static const char *const late[] = {"timing.skew_s=1e-9", NULL};
    struct wave w;
    double value[4], want[4];
    wave_open(&w, OAC_NOISE_NONE, true, NULL);
    struct wave_window window = wave_pattern(&w, 4, 32, 7);
    window.client[31] = 0; /* what leaves the window meets the guard, which is dark */
    for (size_t k = 0; k < 4; k++)
        window.weight[k * 32] = 0;
    struct wave_window moved = wave_pattern(&w, 4, 32, 7);
    for (size_t k = 0; k < 4; k++)
        moved.weight[k * 32] = 0;
    moved.client[0] = 0;
    for (size_t n = 1; n < 32; n++)
        moved.client[n] = window.client[n - 1];
    wave_light(&w, &moved, 0, want);
    wave_close(&w);
    wave_open(&w, OAC_NOISE_NONE, true, late);
    wave_light(&w, &window, 0, value);
    for (size_t k = 0; k < 4; k++)
        cr_expect_float_eq(value[k] / want[k], 1.0, 1e-5, "channel %zu", k);
    wave_pattern_free(&window);
    wave_pattern_free(&moved);
    wave_close(&w);
}

/* An amplifier behind the client, no signal: its noise alone. Mean m S B_o T and variance (m S^2 B_o T) in
 * electrons, whether the filter is wider than the sampled band or narrower. */
static void ase_alone(const char *bandwidth, double bandwidth_hz, const char *position)
{
    enum { WINDOWS = 2000, SLOTS = 32 };
    const char *const sets[] = {"amplifier.gain_db=30",
                                "amplifier.nf_db=6",
                                bandwidth,
                                position,
                                "channels=1",
                                "detector.quantum_efficiency=1",
                                "client_modulator.er_db=none",
                                "adc.full_scale_v=0.2",
                                NULL};
    struct wave w;
    struct oac_err err;
    double readback, value[WINDOWS], zero, sum = 0.0, square = 0.0;
    uint64_t slot0[WINDOWS];
    wave_open(&w, OAC_NOISE_ASE, true, sets);
    cr_assert_eq(w.stream.ops->set(w.stream.self, OAC_LASER_ON, 0, 0.0, &readback, &err),
                 OAC_OK);
    struct wave_window window = wave_pattern(&w, 1, SLOTS, 8);
    wave_pattern_flat(&window, 0, 4095);
    for (size_t b = 0; b < WINDOWS; b++)
        slot0[b] = b * 64;
    uint32_t handle = wave_load(&w, &window);
    wave_play(&w, handle, &window, WINDOWS, slot0, value, NULL);
    zero = -w.rig.adc.min_v / w.stream.caps->link.readout[0].lsb_v;
    for (size_t b = 0; b < WINDOWS; b++)
        sum += value[b] - zero;
    double mean = sum / WINDOWS;
    for (size_t b = 0; b < WINDOWS; b++)
        square += (value[b] - zero - mean) * (value[b] - zero - mean);
    double variance = square / (WINDOWS - 1);
    const double q = 1.602176634e-19, gain = 1000.0, nf = pow(10.0, 0.6);
    double density = (nf * gain - 1.0) / 2.0; /* S/(h nu): electrons per second and hertz */
    double window_s = SLOTS * 1e-9, m = 2.0;
    double code = q / w.rig.receiver.capacitance_f / w.stream.caps->link.readout[0].lsb_v;
    double demux = pow(10.0, -w.rig.demux.il_db / 10.0);
    double client =
        strstr(position, "before") ? pow(10.0, -w.rig.client_modulator.il_db / 10.0) : 1.0;
    double scale = density * demux * client * code;
    double want = m * scale * bandwidth_hz * window_s;
    double want_variance = m * scale * scale * bandwidth_hz * window_s;
    cr_expect_float_eq(mean, want, 4.0 * sqrt(want_variance / WINDOWS) + 1e-5 * want,
                       "mean %g, not %g codes", mean, want);
    cr_expect_float_eq(variance / want_variance, 1.0, 4.0 * sqrt(2.2 / WINDOWS),
                       "variance %g of what it should be", variance / want_variance);
    wave_pattern_free(&window);
    wave_close(&w);
}

Test(wave_optics, amplifier_noise_wider_than_the_sampled_band_has_its_mean_and_variance)
{
    ase_alone("amplifier.bandwidth_hz=50e9", 50e9, "amplifier.position=after_client");
    ase_alone("amplifier.bandwidth_hz=50e9", 50e9, "amplifier.position=before_client");
}

Test(wave_optics, amplifier_noise_narrower_than_the_sampled_band_has_its_mean_and_variance)
{
    ase_alone("amplifier.bandwidth_hz=5e9", 5e9, "amplifier.position=after_client");
}

Test(wave_optics, without_the_ase_noise_its_mean_light_stays)
{
    static const char *const sets[] = {"amplifier.position=after_client",
                                       "amplifier.gain_db=20", "amplifier.bandwidth_hz=100e9",
                                       NULL};
    struct wave w, still;
    double drawn[4], mean[4];
    uint64_t slot0 = 0;
    wave_open(&w, OAC_NOISE_ASE, true, sets);
    wave_open(&still, OAC_NOISE_NONE, false, sets);
    struct wave_window window = wave_pattern(&w, 4, 100, 9);
    wave_pattern_flat(&window, 0, 0);
    wave_play(&w, wave_load(&w, &window), &window, 1, &slot0, drawn, NULL);
    wave_play(&still, wave_load(&still, &window), &window, 1, &slot0, mean, NULL);
    double zero = -w.rig.adc.min_v / w.stream.caps->link.readout[0].lsb_v;
    for (size_t k = 0; k < 4; k++) /* sqrt(2 B_o T) = 141 modes: 4 sigma are 2.9 % */
        cr_expect_float_eq((drawn[k] - zero) / (mean[k] - zero), 1.0, 0.03, "channel %zu: %g",
                           k, (drawn[k] - zero) / (mean[k] - zero));
    wave_pattern_free(&window);
    wave_close(&w);
    wave_close(&still);
}
