/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's half without noise; its noise is test_wave_server_noise.c's. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "hal/link.h"
#include "sim/analytic.h"
#include "sim/noise.h"
#include "sim/waveform/server_internal.h"
#include "tests/sim/server_fixture.h"

/* sqrt of 1 mW: what fields of the plain bench are measured against. */
static const double FULL = 0.0316227766;

Test(wave_server, a_still_weight_gives_the_modulator_s_field_times_the_path)
{
    const char *const sets[] = {"fiber.length_m=10e3",        "fiber.loss_db_per_km=0.2",
                                "weight_modulator.er_db=20",  "weight_modulator.il_db=3",
                                "weight_modulator.chirp=0.6", NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 12, 4, false);
    server_scatter(&f, 1);
    server_build(&f);
    for (size_t k = 0; k < 2; k++) {
        server_window(&f, k, 7);
        const struct oac_bench_channel *channel = &f.wave.bench->channel[k];
        for (size_t n = 0; n < f.frame.slots; n++) {
            uint16_t code = f.frame.code[k * f.frame.slots + n];
            double complex first;
            oac_mzm_field(&channel->weight, oac_dac_voltage(channel->weight_dac, code), &first,
                          NULL);
            first *= FULL * pow(10.0, -0.1);
            for (size_t i = n * 8; i < n * 8 + 8; i++) {
                cr_assert_float_eq(f.field[2 * i], creal(first), 1e-6 * FULL);
                cr_assert_float_eq(f.field[2 * i + 1], cimag(first), 1e-6 * FULL);
                cr_assert_float_eq(f.frame.power[k * f.frame.samples + i],
                                   creal(first * conj(first)), 2e-6 * FULL * FULL);
            }
        }
    }
    server_close(&f);
}

Test(wave_server, both_outputs_share_the_laser_s_light)
{
    const char *const sets[] = {"weight_modulator.dual_output=yes", "detector.pair=yes",
                                "weight_modulator.er_db=20", "adc.min_v=-0.5", NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 24, 4, true);
    server_scatter(&f, 2);
    server_build(&f);
    server_window(&f, 1, 7);
    for (size_t i = 0; i < f.frame.samples; i++) {
        cr_assert_float_eq(server_power_at(&f, 0, i) + server_power_at(&f, 1, i), 1.01e-3,
                           2e-9);
        cr_assert_float_eq(f.frame.power[2 * f.frame.samples + i], server_power_at(&f, 0, i),
                           1e-9);
    }
    server_close(&f);
}

/* ---- delay ---- */

#define WALK_OFF "fiber.length_m=86e3", "fiber.dispersion_ps_nm_km=17", "guard_slots=200"

Test(wave_server, a_precompensated_link_has_a_delay_of_exactly_nothing)
{
    const char *const sets[] = {WALK_OFF, "weight_modulator.bandwidth_hz=20e9", NULL};
    struct server_fixture straight, f;
    server_open(&straight, OAC_NOISE_NONE, sets + 3);
    server_open(&f, OAC_NOISE_NONE, sets);
    cr_assert(f.wave.bench->channel[0].delay_s > 1e-10);
    server_frame(&straight, 24, 4, false);
    server_scatter(&straight, 3);
    server_build(&straight);
    server_frame(&f, 24, 4, false);
    server_scatter(&f, 3);
    server_build(&f);
    cr_assert_arr_eq(f.frame.volts, straight.frame.volts,
                     2 * f.frame.samples * sizeof *f.frame.volts);
    server_close(&straight);
    server_close(&f);
}

/* Centre of the light of a lit slot [s]. */
static double centre_s(const struct server_fixture *f, size_t k)
{
    double sum = 0.0, first = 0.0;
    for (size_t i = 0; i < f->frame.samples; i++) {
        double p = (double)f->frame.power[k * f->frame.samples + i];
        sum += p;
        first += p * ((double)i + 0.5) * f->wave.grid.dt_s;
    }
    return first / sum;
}

Test(wave_server, left_alone_the_longer_wavelength_arrives_later)
{
    const char *const sets[] = {WALK_OFF, "fiber.precompensate=no", NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 120, 40, false);
    for (size_t k = 0; k < 2; k++)
        for (size_t n = 55; n < 65; n++)
            server_weight(&f, k, n, 4095);
    server_build(&f);
    double apart_s = centre_s(&f, 0) - centre_s(&f, 1);
    double exact_s = f.wave.bench->channel[0].delay_s - f.wave.bench->channel[1].delay_s;
    cr_assert_float_eq(exact_s, 2.34e-9,
                       0.05e-9); /* 200 GHz over 86 km: a fifteenth of row 7 */
    /* an edge within a sample averages volts, not light: a part of 12.5 ps */
    cr_assert_float_eq(apart_s, exact_s, 4e-12, "%g %g", apart_s, exact_s);
    server_close(&f);
}

Test(wave_server, a_predelay_setting_moves_its_channel)
{
    struct server_fixture f;
    struct oac_err err;
    double readback;
    server_open(&f, OAC_NOISE_NONE, NULL);
    server_frame(&f, 60, 20, false);
    server_weight(&f, 0, 30, 4095);
    server_weight(&f, 1, 30, 4095);
    oac_panel_set(&f.wave.panel, OAC_PREDELAY_S, 1, 0.237e-9, &readback);
    cr_assert_eq(oac_wave_server_refresh(&f.wave, &err), OAC_OK);
    server_build(&f);
    /* within a sample the volts move, not the light: the centre is a little off the delay */
    cr_assert_float_eq(centre_s(&f, 1) - centre_s(&f, 0), 0.237e-9, 2e-12);
    server_close(&f);
}

/* ---- dispersion ---- */

/* Amplitude of the power's tone at f_hz over the middle 40 ns of channel 0. */
static double tone(const struct server_fixture *f, double f_hz)
{
    double re = 0.0, im = 0.0;
    size_t count = (size_t)llrint(40e-9 * f->wave.grid.rate_hz);
    size_t from = (f->frame.samples - count) / 2;
    for (size_t i = 0; i < count; i++) {
        double angle = 2.0 * OAC_PI * f_hz * (double)i * f->wave.grid.dt_s;
        re += (double)f->frame.power[from + i] * cos(angle);
        im -= (double)f->frame.power[from + i] * sin(angle);
    }
    return hypot(re, im) / (double)count;
}

static double tone_after(const char *const *sets, double f_hz)
{
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 72, 2, false);
    for (size_t i = 0; i < f.frame.slots * 64; i++) {
        double t = (double)i / 64e9;
        f.frame.code[i] =
            (uint16_t)lrint(2047.5 + 60.0 * sin(2.0 * OAC_PI * f_hz * t)); /* 1.5 % of V_pi */
    }
    server_build(&f);
    double amplitude = tone(&f, f_hz);
    server_close(&f);
    return amplitude;
}

/* Reference row 7. */
Test(wave_server, over_86_km_intensity_modulation_fades_with_its_null_at_6_53_ghz)
{
    const char *const sets[] = {"fiber.length_m=86e3",
                                "fiber.dispersion_ps_nm_km=17",
                                "slot_rate_hz=1e9",
                                "channels=1",
                                "wave.samples_per_slot=64",
                                "weight_dac.samples_per_slot=64",
                                NULL};
    struct oac_fiber fiber = {
        .length_m = 86e3, .center_hz = 193.4e12, .dispersion_s_per_m2 = 17e-6};
    for (double f_hz = 1e9; f_hz < 12e9; f_hz += 1.5e9) {
        double ratio = tone_after(sets, f_hz) / tone_after(sets + 2, f_hz);
        /* small signal: (pi/2 1.5 %)^2 and the code's steps */
        cr_assert_float_eq(ratio, oac_fiber_fading(&fiber, f_hz), 2e-3, "%g Hz: %g", f_hz,
                           ratio);
    }
    double full = tone_after(sets + 2, 6.525e9);
    cr_assert_lt(tone_after(sets, 6.525e9) / full, 0.005);
    cr_assert_gt(tone_after(sets, 6.4e9) / full, 0.04);
    cr_assert_gt(tone_after(sets, 6.65e9) / full, 0.04);
}

Test(wave_server, dispersion_conserves_energy)
{
    const char *const sets[] = {WALK_OFF, NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 128, 40, false);
    server_scatter(&f, 4);
    server_build(&f);
    for (size_t k = 0; k < 2; k++) {
        double after = 0.0, before = 0.0;
        const struct oac_bench_channel *channel = &f.wave.bench->channel[k];
        for (size_t n = 0; n < f.frame.slots; n++)
            before += 8e-3 * oac_mzm_transmission(
                                 &channel->weight,
                                 oac_dac_voltage(channel->weight_dac,
                                                 f.frame.code[k * f.frame.slots + n]));
        for (size_t i = 0; i < f.frame.samples; i++)
            after += (double)f.frame.power[k * f.frame.samples + i];
        cr_assert_float_eq(after / before, 1.0, 1e-5); /* single precision */
    }
    server_close(&f);
}

/* Power of channel 1 over the payload, of a frame with guards of that many slots. */
static void payload_power(struct server_fixture *f, size_t guard, float *power)
{
    enum { PAYLOAD = 100 };
    server_frame(f, PAYLOAD + 2 * guard, guard, false);
    server_scatter(f, 4);
    server_build(f);
    memcpy(power, f->frame.power + f->frame.samples + guard * f->wave.grid.per_slot,
           PAYLOAD * f->wave.grid.per_slot * sizeof *power);
    server_frame_free(f);
}

/* Segments of 8 * 196, 8 * 420 and 8 * 198 samples go round in 1600, 3840 and 1600: light that rests for as long
 * as the fiber remembers cannot tell. 3e-6 of the full power is what single precision leaves. */
Test(wave_server, the_length_of_a_segment_does_not_change_its_light)
{
    const char *const sets[] = {"fiber.length_m=20e3", "fiber.dispersion_ps_nm_km=17",
                                "fiber.precompensate=yes", "guard_slots=200", NULL};
    enum { SAMPLES = 800 };
    static const struct {
        size_t guard, circle;
    } cases[] = {{48, 1600}, {160, 3840}, {49, 1600}};
    struct server_fixture f;
    float first[SAMPLES], power[SAMPLES];
    server_open(&f, OAC_NOISE_NONE, sets);
    cr_assert_leq(oac_wave_server_memory_slots(&f.wave), cases[0].guard);
    payload_power(&f, cases[0].guard, first);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        payload_power(&f, cases[c].guard, power);
        cr_assert_eq(oac_filter_block(f.scratch->dispersion[1]), cases[c].circle);
        for (size_t i = 0; i < SAMPLES; i++)
            cr_assert_float_eq(power[i], first[i], 3e-6 * FULL * FULL, "%zu %zu %g %g", c, i,
                               power[i], first[i]);
    }
    server_frame(&f, 180, 40, false); /* for close */
    server_close(&f);
}

/* ---- bandwidth: reference row 8 ---- */

static double leak(const char *slot_rate, const char *grid, size_t per_slot)
{
    const char *const sets[] = {slot_rate, grid, "weight_modulator.bandwidth_hz=20e9", NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 30, 10, false);
    server_weight(&f, 0, 15, 4095);
    server_build(&f);
    double sum = 0.0;
    for (size_t i = 16 * per_slot; i < 17 * per_slot; i++)
        sum += (double)f.frame.power[i] / (double)per_slot;
    server_close(&f);
    return sum / 1e-3;
}

/* Full swing: a sample's light is that of its mean voltage, so what is left of the grid falls as its square. */
static double leak_of_a_fine_grid(const char *slot_rate)
{
    double coarse = leak(slot_rate, "wave.samples_per_slot=64", 64);
    double fine = leak(slot_rate, "wave.samples_per_slot=128", 128);
    return (4.0 * fine - coarse) / 3.0;
}

Test(wave_server, an_isolated_full_swing_weight_leaks_6_56_percent_and_13_1)
{
    cr_assert_float_eq(leak_of_a_fine_grid("slot_rate_hz=10e9"), 0.0656, 0.5e-4);
    cr_assert_float_eq(leak_of_a_fine_grid("slot_rate_hz=20e9"), 0.131, 5e-4);
    cr_assert_float_eq(leak("slot_rate_hz=10e9", "wave.samples_per_slot=64", 64), 0.0656, 2e-4);
}

/* ---- settings ---- */

Test(wave_server, laser_bias_launch_and_drift_act_as_they_say)
{
    struct server_fixture f;
    struct oac_err err;
    double readback;
    server_open(&f, OAC_NOISE_NONE, NULL);
    server_frame(&f, 12, 4, false);
    server_scatter(&f, 5);
    oac_panel_set(&f.wave.panel, OAC_LASER_DBM, 0, 3.0, &readback);
    oac_panel_set(&f.wave.panel, OAC_BIAS_WEIGHT_V, 0, 0.11, &readback);
    oac_panel_set(&f.wave.panel, OAC_LASER_ON, 1, 0.0, &readback);
    cr_assert_eq(oac_wave_server_refresh(&f.wave, &err), OAC_OK);
    server_build(&f);
    f.segment.launch = 2.0f;
    f.motion[0] = (struct oac_wave_motion_channel){.power = 0.9, .gain = 1.0, .bias_v = 0.03};
    server_window(&f, 0, 7);
    const struct oac_bench_channel *channel = &f.wave.bench->channel[0];
    for (size_t i = 0; i < f.frame.samples; i++) {
        double v = oac_dac_voltage(channel->weight_dac, f.frame.code[i / 8]);
        double scale = 1e-3 * pow(10.0, 0.3);
        cr_assert_float_eq(f.frame.power[i],
                           scale * oac_mzm_transmission(&channel->weight, v + 0.11), 4e-9);
        cr_assert_float_eq(server_power_at(&f, 0, i),
                           1.8 * scale * oac_mzm_transmission(&channel->weight, v + 0.08),
                           8e-9);
        cr_assert_eq(f.frame.power[f.frame.samples + i], 0.0f);
    }
    server_close(&f);
}

/* ---- light ---- */

static void same_light(uint32_t noise, bool differential, const char *const *sets)
{
    const uint8_t hash[32] = {0};
    struct server_fixture f;
    struct oac_err err;
    struct oac_link link;
    struct oac_frame_light light;
    uint16_t code[2 * 16];
    uint32_t handle;
    server_open(&f, noise, sets);
    server_frame(&f, 24, 4, differential);
    server_scatter(&f, 6);
    server_build(&f);
    for (size_t k = 0; k < 2; k++)
        memcpy(code + 16 * k, f.frame.code + 24 * k + 4, 16 * sizeof *code);
    cr_assert_eq(oac_analytic_open(&f.wave.rig, hash, noise, 1, &link, &err), OAC_OK, "%s",
                 err.message);
    const struct oac_weight_frame frame = {
        .rows = 2, .slots = 16, .code = code, .differential = differential};
    cr_assert_eq(link.ops->load(link.self, &frame, &handle, &err), OAC_OK);
    cr_assert_eq(link.ops->light(link.self, handle, &light, &err), OAC_OK);
    cr_assert_float_eq(f.frame.light.launched_j / light.launched_j, 1.0, 1e-12);
    cr_assert_float_eq(f.frame.light.client_in_j / light.client_in_j, 1.0, 1e-12);
    cr_assert_float_eq(f.frame.light.photons_preweight / light.photons_preweight, 1.0, 1e-12);
    link.ops->close(link.self);
    server_close(&f);
}

Test(wave_server, light_is_counted_as_the_analytic_engine_counts_it)
{
    const char *const plain[] = {"fiber.length_m=40e3",
                                 "fiber.loss_db_per_km=0.2",
                                 "laser.power_spread_db=1",
                                 "weight_modulator.drive_noise_v=0.05",
                                 "client_modulator.il_db=4",
                                 "demux.il_db=2",
                                 "detector.quantum_efficiency=0.7",
                                 "amplifier.position=before_client",
                                 "amplifier.gain_db=10",
                                 "amplifier.spans=3",
                                 NULL};
    const char *const pair[] = {"weight_modulator.dual_output=yes", "detector.pair=yes",
                                "weight_modulator.er_db=20",        "adc.min_v=-0.5",
                                "detector.pair_mismatch=0.1",       NULL};
    same_light(OAC_NOISE_NONE, false, plain);
    same_light(OAC_NOISE_DRIVE, false, plain);
    same_light(OAC_NOISE_NONE, true, pair);
}

/* ---- PMD ---- */

Test(wave_server, pmd_parts_the_light_between_two_states_that_arrive_apart)
{
    const char *const sets[] = {"channels=1", "fiber.length_m=100e3", "fiber.pmd_ps_rtkm=2",
                                "bench_seed=7", NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    cr_assert_eq(f.wave.polarisations, 2);
    server_frame(&f, 40, 10, false);
    server_weight(&f, 0, 20, 4095);
    server_build(&f);
    double sum[2] = {0.0}, first[2] = {0.0};
    for (unsigned lane = 0; lane < 2; lane++)
        for (size_t i = 0; i < f.frame.samples; i++) {
            const float *e = f.frame.field + 2 * (lane * f.frame.samples + i);
            double p = (double)e[0] * (double)e[0] + (double)e[1] * (double)e[1];
            sum[lane] += p;
            first[lane] += p * (double)i * f.wave.grid.dt_s;
        }
    const struct oac_wave_server_channel *part = &f.wave.server->channel[0];
    double share = part->state[0].amplitude * part->state[0].amplitude;
    cr_assert(share > 0.1 && share < 0.9, "a seed that splits the light: %g", share);
    cr_assert_float_eq(sum[0] / (sum[0] + sum[1]), share, 1e-2);
    double apart_s = part->state[0].delay_s - part->state[1].delay_s;
    cr_assert(apart_s > 5e-12, "%g", apart_s);
    cr_assert_float_eq(first[0] / sum[0] - first[1] / sum[1], apart_s, 3e-12);
    server_close(&f);
}

/* Maxwell: mean pmd sqrt(L), standard deviation of a draw 0.42 of it. */
Test(wave_server, delay_between_the_states_is_maxwell_s_over_benches)
{
    enum { SEEDS = 50, CHANNELS = 8 };
    double sum = 0.0, square = 0.0, share = 0.0;
    for (int seed = 0; seed < SEEDS; seed++) {
        char text[32];
        snprintf(text, sizeof text, "bench_seed=%d", seed);
        const char *const sets[] = {"channels=8", "fiber.length_m=25e3",
                                    "fiber.pmd_ps_rtkm=0.2", text, NULL};
        struct server_fixture f;
        server_open(&f, OAC_NOISE_NONE, sets);
        for (size_t k = 0; k < CHANNELS; k++) {
            const struct oac_wave_server_channel *part = &f.wave.server->channel[k];
            double delay_s = part->state[0].delay_s - part->state[1].delay_s;
            sum += delay_s / 1e-12;
            square += pow(delay_s / 1e-12, 2);
            share += part->state[0].amplitude * part->state[0].amplitude;
        }
        server_close(&f);
    }
    const double n = SEEDS * CHANNELS;
    cr_assert_float_eq(sum / n, 1.0, 4.0 * 0.422 / sqrt(n));
    /* <x^2> = 3 pi/8 of the squared mean; its standard deviation is sqrt(2/3) of it */
    cr_assert_float_eq(square / n, 3.0 * OAC_PI / 8.0,
                       4.0 * 3.0 * OAC_PI / 8.0 * sqrt(2.0 / 3.0 / n));
    cr_assert_float_eq(share / n, 0.5, 4.0 * sqrt(1.0 / 12.0 / n));
}

/* ---- Kerr ---- */

#define KERR \
    "channels=1", "fiber.length_m=60e3", "fiber.gamma_per_w_km=1.3", "laser.power_dbm=10"

Test(wave_server, self_phase_modulation_follows_the_launch)
{
    const char *const sets[] = {KERR, "fiber.loss_db_per_km=0.2", NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 12, 4, false);
    server_weight(&f, 0, 6, 4095);
    server_build(&f);
    cr_assert(oac_wave_server_varies(&f.wave));
    double alpha = 0.2e-3 * log(10.0) / 10.0, effective_m = (1.0 - exp(-alpha * 60e3)) / alpha;
    for (double launch = 0.5; launch < 5.0; launch *= 2.0) {
        f.segment.launch = (float)launch;
        server_window(&f, 0, 7);
        const float *e = f.field + 2 * (6 * 8 + 4);
        double phase_rad = atan2(-(double)e[1], (double)e[0]);
        cr_assert_float_eq(phase_rad, 1.3e-3 * launch * 1e-2 * effective_m, 1e-6);
        cr_assert_float_eq(server_power_at(&f, 0, 6 * 8 + 4), launch * 1e-2 * pow(10.0, -1.2),
                           1e-8);
    }
    server_close(&f);
}

Test(wave_server, amplified_spans_add_up_their_self_phase_modulation)
{
    const char *const sets[] = {KERR,
                                "fiber.loss_db_per_km=0.2",
                                "fiber.attenuator_db=3",
                                "amplifier.position=before_client",
                                "amplifier.spans=3",
                                "amplifier.gain_db=5",
                                NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    server_frame(&f, 12, 4, false);
    server_weight(&f, 0, 6, 4095);
    server_build(&f);
    double alpha = 0.2e-3 * log(10.0) / 10.0, effective_m = (1.0 - exp(-alpha * 20e3)) / alpha;
    const float *e =
        f.frame.field + 2 * (6 * 8 + 4); /* each span loses 5 dB and gets them back */
    cr_assert_float_eq(atan2(-(double)e[1], (double)e[0]), 3.0 * 1.3e-3 * 1e-2 * effective_m,
                       1e-6);
    cr_assert_float_eq(f.frame.power[6 * 8 + 4], 1e-2, 1e-8);
    server_close(&f);
}

Test(wave_server, a_kerr_fiber_at_low_power_is_the_linear_one)
{
    const char *const sets[] = {"channels=1",
                                WALK_OFF,
                                "laser.power_dbm=-60",
                                "fiber.steps_per_span=4",
                                "fiber.gamma_per_w_km=1.3",
                                NULL};
    struct server_fixture f, linear;
    server_open(&f, OAC_NOISE_NONE, sets);
    const char *const off[] = {"channels=1", WALK_OFF, "laser.power_dbm=-60", NULL};
    server_open(&linear, OAC_NOISE_NONE, off);
    server_frame(&f, 128, 50, false);
    server_scatter(&f, 8);
    server_build(&f);
    server_frame(&linear, 128, 50, false);
    server_scatter(&linear, 8);
    server_build(&linear);
    for (size_t i = 0; i < 2 * f.frame.samples; i++)
        cr_assert_float_eq(f.frame.field[i], linear.frame.field[i], 2e-5 * sqrt(1e-9));
    server_close(&f);
    server_close(&linear);
}

/* ---- memory ---- */

/* A payload between guards of memory_slots begins and ends in the steady field. */
static void settles(const char *const *sets)
{
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    size_t guard = oac_wave_server_memory_slots(&f.wave);
    server_frame(&f, 2 * guard + 30, guard, false);
    server_scatter(&f, 9);
    server_build(&f);
    size_t channels = f.wave.bench->channels, last = f.frame.samples - 1;
    for (size_t k = 0; k < channels; k++) {
        const float *power = f.frame.power + k * f.frame.samples;
        double steady =
            1e-3 * oac_mzm_transmission(&f.wave.bench->channel[k].weight,
                                        oac_dac_voltage(f.wave.bench->channel[k].weight_dac,
                                                        f.frame.code[k * f.frame.slots]));
        /* to 1e-6 of a step of the drive; the filters' ends to 1e-3.5 of the field */
        cr_assert_float_eq(power[0], steady, 2e-3 * 2e-3, "%s: %g", sets[0], (double)power[0]);
        cr_assert_float_eq(power[last], steady, 2e-3 * 2e-3, "%s: %g", sets[0],
                           (double)power[last]);
    }
    server_close(&f);
}

Test(wave_server, guards_of_its_memory_leave_a_segment_s_ends_at_rest)
{
    const char *const pole[] = {"weight_modulator.bandwidth_hz=2e9",
                                "weight_dac.bandwidth_hz=3e9", NULL};
    const char *const walk[] = {WALK_OFF, "fiber.precompensate=no", NULL};
    const char *const pmd[] = {"fiber.length_m=100e3", "fiber.pmd_ps_rtkm=10", NULL};
    settles(pole);
    settles(walk);
    settles(pmd);
}

Test(wave_server, an_instant_bench_needs_no_guard)
{
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, NULL);
    cr_assert_eq(oac_wave_server_memory_slots(&f.wave), 0);
    cr_assert_not(oac_wave_server_varies(&f.wave));
    server_close(&f);
}

/* What both engines take from the bench: gain and ASE of a chain are its total. */
Test(wave_server, the_bench_knows_a_chain_of_amplifiers_by_its_end)
{
    const char *const sets[] = {
        "fiber.length_m=100e3", "fiber.loss_db_per_km=0.2", "amplifier.position=before_client",
        "amplifier.gain_db=10", "amplifier.spans=2",        NULL};
    struct server_fixture f;
    server_open(&f, OAC_NOISE_NONE, sets);
    const struct oac_bench *bench = f.wave.bench;
    cr_assert_float_eq(bench->amplifier.gain, 100.0, 1e-10);
    double stage =
        oac_amplifier_stage_ase_w_per_hz(&bench->amplifier, bench->channel[1].frequency_hz);
    cr_assert_float_eq(bench->channel[1].ase_w_per_hz / stage, 2.0, 1e-12);
    server_close(&f);
}
