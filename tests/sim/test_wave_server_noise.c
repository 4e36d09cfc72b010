/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise of the server's half, each kind alone. Estimates have 4 standard errors. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "sim/noise.h"
#include "sim/waveform/server_internal.h"
#include "tests/sim/server_fixture.h"

/* A steady weight at half transmission in a frame of 16 slots. */
static void half_light(struct server_fixture *f, uint32_t noise, const char *const *sets)
{
    server_open(f, noise, sets);
    server_frame(f, 16, 4, false);
    for (size_t k = 0; k < f->wave.bench->channels; k++)
        for (size_t n = 0; n < 16; n++)
            server_weight(f, k, n, 2048);
    server_build(f);
}

static double noiseless(const struct server_fixture *f, size_t k)
{
    return (double)f->frame.power[k * f->frame.samples + f->frame.samples / 2];
}

#define RIN "laser.rin_db_per_hz=-120", "laser.grid_hz=200e9"

Test(wave_server_noise, intensity_noise_is_real_and_leaves_the_field_s_phase)
{
    const char *const sets[] = {RIN, "weight_modulator.er_db=15", NULL};
    struct server_fixture f;
    half_light(&f, OAC_NOISE_RIN, sets);
    server_window(&f, 0, 77);
    double moved = 0.0;
    for (size_t i = 0; i < f.frame.samples; i++) {
        double re = (double)f.frame.field[2 * i], im = (double)f.frame.field[2 * i + 1];
        double cross = re * (double)f.field[2 * i + 1] - im * (double)f.field[2 * i];
        cr_assert_float_eq(cross / noiseless(&f, 0), 0.0, 5e-7); /* roundings alone */
        moved = fmax(moved, fabs(server_power_at(&f, 0, i) / noiseless(&f, 0) - 1.0));
    }
    cr_assert_gt(moved, 0.3); /* sigma is 0.2 */
    server_close(&f);
}

/* sums over `windows` windows of relative power - 1 of a sample and of a slot */
static void rin_moments(struct server_fixture *f, size_t windows, double *sample, double *slot)
{
    size_t count = 0, slots = 0;
    *sample = *slot = 0.0;
    for (size_t w = 0; w < windows; w++) {
        server_window(f, 0, 1000 * w);
        for (size_t n = 0; n < f->frame.slots; n++, slots++) {
            double mean = 0.0;
            for (size_t i = n * f->wave.grid.per_slot; i < (n + 1) * f->wave.grid.per_slot;
                 i++, count++) {
                double d = server_power_at(f, 0, i) / noiseless(f, 0) - 1.0;
                *sample += d * d;
                mean += d / (double)f->wave.grid.per_slot;
            }
            *slot += mean * mean;
        }
    }
    *sample /= (double)count;
    *slot /= (double)slots;
}

Test(wave_server_noise, intensity_noise_of_a_slot_does_not_depend_on_the_sample_rate)
{
    const char *const grids[] = {"wave.samples_per_slot=8", "wave.samples_per_slot=32"};
    for (size_t g = 0; g < 2; g++) {
        const char *const sets[] = {"laser.rin_db_per_hz=-135", grids[g], NULL};
        struct server_fixture f;
        half_light(&f, OAC_NOISE_RIN, sets);
        double rin = pow(10.0, -13.5), sample, slot;
        rin_moments(&f, 150, &sample, &slot);
        double slots = 150.0 * 16.0, samples = slots * (double)f.wave.grid.per_slot;
        cr_assert_float_eq(sample / (rin * f.wave.grid.rate_hz / 2.0), 1.0,
                           4.0 * sqrt(2.0 / samples));
        cr_assert_float_eq(slot / (rin / (2.0 * f.wave.slot_s)), 1.0, 4.0 * sqrt(2.0 / slots));
        server_close(&f);
    }
}

/* Correlation of the relative powers of two channels, channel 1 read `late` samples later. */
static double correlation(struct server_fixture *f, int64_t late)
{
    double xy = 0.0, xx = 0.0, yy = 0.0;
    float *first = calloc(2 * f->frame.samples, sizeof *first);
    for (uint64_t w = 0; w < 4; w++) {
        server_window(f, 0, 1000 * w);
        memcpy(first, f->field, 2 * f->frame.samples * sizeof *first);
        server_window(f, 1, 1000 * w);
        for (int64_t i = 0; i < (int64_t)f->frame.samples; i++) {
            if (i + late < 0 || i + late >= (int64_t)f->frame.samples)
                continue;
            double re = (double)first[2 * i], im = (double)first[2 * i + 1];
            double x = (re * re + im * im) / noiseless(f, 0) - 1.0;
            double y = server_power_at(f, 0, (size_t)(i + late)) / noiseless(f, 1) - 1.0;
            xy += x * y;
            xx += x * x;
            yy += y * y;
        }
    }
    free(first);
    return xy / sqrt(xx * yy);
}

Test(wave_server_noise, lasers_hum_alone_and_a_comb_s_lines_together)
{
    struct server_fixture f;
    const char *const alone[] = {RIN, NULL}, *const comb[] = {RIN, "laser.shared=yes", NULL};
    half_light(&f, OAC_NOISE_RIN, alone);
    cr_assert_float_eq(correlation(&f, 0), 0.0, 4.0 / sqrt(4.0 * 128.0));
    server_close(&f);
    half_light(&f, OAC_NOISE_RIN, comb);
    cr_assert_gt(correlation(&f, 0), 0.99999);
    server_close(&f);
}

/* Channel 1, the higher frequency, arrives earlier: what channel 0 shows at i it showed `ahead` before. */
Test(wave_server_noise, a_comb_s_hum_walks_off_with_its_lines)
{
    const char *const sets[] = {RIN, "laser.shared=yes", "fiber.length_m=10e3",
                                "fiber.dispersion_ps_nm_km=17", NULL};
    struct server_fixture f;
    half_light(&f, OAC_NOISE_RIN, sets);
    /* without the filter, which would mix neighbouring samples */
    f.scratch->dispersion[0] = f.scratch->dispersion[1] = NULL;
    const struct oac_bench_channel *channel = f.wave.bench->channel;
    int64_t ahead = llrint((channel[0].delay_s - channel[1].delay_s) * f.wave.grid.rate_hz);
    cr_assert_eq(ahead, 22); /* 272.5 ps at 80 GS/s */
    cr_assert_gt(correlation(&f, -ahead), 0.99999);
    cr_assert_lt(fabs(correlation(&f, 0)), 4.0 / sqrt(4.0 * 128.0));
    server_close(&f);
}

Test(wave_server_noise, slow_intensity_noise_is_one_factor_a_window)
{
    const char *const sets[] = {"laser.rin_db_per_hz=-150", "laser.rin_corner_hz=1e10",
                                "laser.rin_min_hz=1e3", NULL};
    enum { WINDOWS = 2000 };
    struct server_fixture f;
    half_light(&f, OAC_NOISE_RIN, sets);
    double sum = 0.0, square = 0.0;
    for (uint64_t w = 0; w < WINDOWS; w++) {
        server_window(&f, 0, 1000 * w);
        double mean = 0.0;
        for (size_t i = 0; i < f.frame.samples; i++)
            mean += server_power_at(&f, 0, i) / noiseless(&f, 0) / (double)f.frame.samples;
        sum += mean - 1.0;
        square += (mean - 1.0) * (mean - 1.0);
    }
    double window_s = 8.0 * f.wave.slot_s, whole_s = 16.0 * f.wave.slot_s;
    double variance = 1e-15 * 1e10 * log(1.0 / (window_s * 1e3)) + 1e-15 / (2.0 * whole_s);
    cr_assert_float_eq(square / WINDOWS / variance, 1.0, 4.0 * sqrt(2.0 / WINDOWS));
    cr_assert_float_eq(sum / WINDOWS, 0.0, 4.0 * sqrt(variance / WINDOWS));
    server_close(&f);
}

Test(wave_server_noise, linewidth_turns_the_phase_by_a_wiener_process_and_leaves_the_power)
{
    const char *const sets[] = {"laser.linewidth_hz=10e6", NULL};
    enum { WINDOWS = 60 };
    struct server_fixture f;
    half_light(&f, OAC_NOISE_LINEWIDTH, sets);
    double step = 0.0, far = 0.0;
    size_t n = f.frame.samples;
    for (uint64_t w = 0; w < WINDOWS; w++) {
        server_window(&f, 0, 1000 * w);
        double walk = 0.0;
        for (size_t i = 0; i < n; i++) {
            cr_assert_float_eq(server_power_at(&f, 0, i) / noiseless(&f, 0), 1.0, 2e-6);
            if (i == 0)
                continue;
            const float *e = f.field + 2 * i, *b = f.field + 2 * (i - 1);
            double turned = atan2((double)e[1] * (double)b[0] - (double)e[0] * (double)b[1],
                                  (double)e[0] * (double)b[0] + (double)e[1] * (double)b[1]);
            step += turned * turned;
            walk += turned;
        }
        far += walk * walk;
    }
    double variance = 2.0 * OAC_PI * 10e6 * f.wave.grid.dt_s;
    double steps = WINDOWS * (double)(n - 1);
    cr_assert_float_eq(step / steps / variance, 1.0, 4.0 * sqrt(2.0 / steps));
    cr_assert_float_eq(far / WINDOWS / (variance * (double)(n - 1)), 1.0,
                       4.0 * sqrt(2.0 / WINDOWS));
    server_close(&f);
}

Test(wave_server_noise, drive_noise_gives_a_slot_the_modulator_s_own_moments)
{
    const char *const sets[] = {"weight_modulator.drive_noise_v=0.08", "slots_max=1024", NULL};
    struct server_fixture f;
    half_light(&f, OAC_NOISE_DRIVE, sets);
    const struct oac_bench_channel *channel = &f.wave.bench->channel[0];
    double mean, variance, sum = 0.0, square = 0.0, next = 0.0, before = 0.0;
    oac_mzm_drive_moments(&channel->weight, oac_dac_voltage(channel->weight_dac, 2048), 0.08,
                          &mean, &variance);
    enum { WINDOWS = 300 };
    for (uint64_t w = 0; w < WINDOWS; w++) {
        server_window(&f, 0, 1000 * w);
        for (size_t n = 0; n < 16; n++) {
            double d = server_power_at(&f, 0, 8 * n) / 1e-3 - mean;
            cr_assert_eq(server_power_at(&f, 0, 8 * n), server_power_at(&f, 0, 8 * n + 7));
            sum += d;
            square += d * d;
            next += n > 0 ? d * before : 0.0;
            before = d;
        }
    }
    double slots = WINDOWS * 16.0;
    cr_assert_float_eq(sum / slots, 0.0, 4.0 * sqrt(variance / slots));
    cr_assert_float_eq(square / slots / variance, 1.0, 4.0 * sqrt(2.0 / slots));
    cr_assert_float_eq(next / slots / variance, 0.0, 4.0 / sqrt(slots));
    server_close(&f);
}

/* ---- ASE ---- */

#define EDFA "amplifier.position=before_client", "amplifier.gain_db=20", "amplifier.nf_db=5"

/* Mean over windows of what each lane's power exceeds the noiseless one by. */
static void ase_power(struct server_fixture *f, size_t windows, double *excess)
{
    for (unsigned lane = 0; lane < f->frame.lanes; lane++)
        excess[lane] = 0.0;
    for (uint64_t w = 0; w < windows; w++) {
        server_window(f, 0, 1000 * w);
        for (unsigned lane = 0; lane < f->frame.lanes; lane++)
            for (size_t i = 0; i < 2 * f->frame.samples; i++) {
                double d = (double)f->field[2 * lane * f->frame.samples + i] -
                           (double)f->frame.field[2 * lane * f->frame.samples + i];
                excess[lane] += d * d / (double)(windows * f->frame.samples);
            }
    }
}

Test(wave_server_noise, ase_fills_the_sampled_band_in_both_polarisations)
{
    const char *const sets[] = {EDFA, NULL};
    struct server_fixture f;
    double excess[2];
    half_light(&f, OAC_NOISE_ASE, sets);
    cr_assert_eq(f.wave.polarisations, 2);
    ase_power(&f, 60, excess);
    double exact = f.wave.bench->channel[0].ase_w_per_hz * f.wave.grid.rate_hz;
    for (unsigned lane = 0; lane < 2; lane++)
        cr_assert_float_eq(excess[lane] / exact, 1.0, 4.0 / sqrt(60.0 * 128.0));
    server_close(&f);
    const char *const polarised[] = {EDFA, "amplifier.polarisations=1", NULL};
    half_light(&f, OAC_NOISE_ASE, polarised);
    cr_assert_eq(f.wave.polarisations, 1);
    server_close(&f);
    half_light(&f, OAC_NOISE_NONE, sets);
    cr_assert_eq(f.wave.polarisations, 1);
    server_close(&f);
}

Test(wave_server_noise, a_narrow_optical_filter_lets_its_own_share_of_ase_pass)
{
    const char *const sets[] = {EDFA, "amplifier.bandwidth_hz=20e9", NULL};
    struct server_fixture f;
    double excess[2];
    half_light(&f, OAC_NOISE_ASE, sets);
    ase_power(&f, 200, excess);
    double exact = f.wave.bench->channel[0].ase_w_per_hz * 20e9;
    /* 32 independent samples in a window; the filter's edges are 1/128 of the band wide */
    cr_assert_float_eq((excess[0] + excess[1]) / (2.0 * exact), 1.0,
                       4.0 / sqrt(2.0 * 200.0 * 32.0) + 0.03);
    server_close(&f);
}

Test(wave_server_noise, two_amplified_spans_give_twice_the_ase_of_one)
{
    const char *const one[] = {EDFA, "fiber.length_m=50e3", "fiber.loss_db_per_km=0.4", NULL};
    const char *const two[] = {EDFA, "fiber.length_m=100e3", "fiber.loss_db_per_km=0.4",
                               "amplifier.spans=2", NULL};
    struct server_fixture f;
    double single[2], twice[2];
    half_light(&f, OAC_NOISE_ASE, one);
    cr_assert_float_eq(noiseless(&f, 0), 0.5e-3, 1e-6); /* 20 dB lost, 20 dB won */
    ase_power(&f, 60, single);
    server_close(&f);
    half_light(&f, OAC_NOISE_ASE, two);
    cr_assert_float_eq(noiseless(&f, 0), 0.5e-3, 1e-6);
    ase_power(&f, 60, twice);
    server_close(&f);
    /* the same normals in both: exact but for rounding against the signal */
    cr_assert_float_eq(twice[0] / single[0], 2.0, 1e-2);
    cr_assert_float_eq(twice[1] / single[1], 2.0, 1e-5);
}

Test(wave_server_noise, spans_of_a_kerr_fiber_draw_their_ase_apart)
{
    const char *const sets[] = {EDFA,
                                "fiber.length_m=100e3",
                                "fiber.loss_db_per_km=0.4",
                                "amplifier.spans=2",
                                "fiber.gamma_per_w_km=1e-9",
                                "amplifier.polarisations=1",
                                NULL};
    struct server_fixture f;
    double excess[1];
    half_light(&f, OAC_NOISE_ASE, sets);
    ase_power(&f, 60, excess);
    double exact = f.wave.bench->channel[0].ase_w_per_hz * f.wave.grid.rate_hz;
    cr_assert_float_eq(excess[0] / exact, 1.0, 4.0 / sqrt(60.0 * 128.0));
    server_close(&f);
}

/* ---- determinism ---- */

#define EVERYTHING                                                                       \
    RIN, EDFA, "weight_modulator.drive_noise_v=0.01", "weight_dac.jitter_s=1e-12",       \
        "laser.linewidth_hz=1e6", "fiber.length_m=20e3", "fiber.dispersion_ps_nm_km=17", \
        "weight_modulator.bandwidth_hz=20e9"

Test(wave_server_noise, a_window_s_bits_do_not_depend_on_what_was_played_before)
{
    const char *const sets[] = {EVERYTHING, NULL};
    struct server_fixture f;
    struct oac_err err;
    half_light(&f, OAC_NOISE_ALL, sets);
    size_t floats = 2 * f.frame.lanes * f.frame.samples;
    float *first = calloc(floats, sizeof *first);
    server_window(&f, 1, 4242);
    memcpy(first, f.field, floats * sizeof *first);
    server_window(&f, 0, 99);
    cr_assert(memcmp(first, f.field, floats * sizeof *first) != 0);
    cr_assert_eq(oac_wave_server_scratch_fit(&f.wave, 200, f.scratch, &err), OAC_OK);
    cr_assert_eq(oac_wave_server_scratch_fit(&f.wave, f.frame.slots, f.scratch, &err), OAC_OK);
    server_window(&f, 1, 4242);
    cr_assert_arr_eq(first, f.field, floats * sizeof *first);
    free(first);
    server_close(&f);
}

static void nobody(void *context, const struct oac_waveform_point *point)
{
    (void)context;
    (void)point;
}

/* The short way of a window whose modulator does not change, against the whole way. */
Test(wave_server_noise, laser_noise_on_the_built_field_is_laser_noise_at_the_laser)
{
    const char *const sets[] = {
        RIN, EDFA, "laser.linewidth_hz=1e6", "fiber.length_m=20e3", "fiber.loss_db_per_km=0.2",
        NULL};
    struct server_fixture f;
    half_light(&f, OAC_NOISE_ALL, sets);
    size_t floats = 2 * f.frame.lanes * f.frame.samples;
    float *brief = calloc(floats, sizeof *brief);
    server_window(&f, 1, 4242);
    memcpy(brief, f.field, floats * sizeof *brief);
    f.wave.tap = nobody;
    server_window(&f, 1, 4242);
    for (size_t i = 0; i < floats; i++)
        cr_assert_float_eq(brief[i], f.field[i], 1e-6 * sqrt(noiseless(&f, 1)));
    free(brief);
    server_close(&f);
}

/* Without poles a drive is a staircase; who looks at it (a tap) gets every sample. */
Test(wave_server_noise, a_staircase_gives_the_same_bits_by_levels_and_by_samples)
{
    const char *const sets[] = {"weight_modulator.drive_noise_v=0.01",
                                "weight_modulator.chirp=0.5",
                                "weight_modulator.er_db=20",
                                "weight_modulator.dual_output=yes",
                                "detector.pair=yes",
                                "adc.min_v=-1",
                                "adc.full_scale_v=2",
                                NULL};
    for (int both = 0; both < 2; both++) {
        struct server_fixture f;
        server_open(&f, OAC_NOISE_DRIVE, sets);
        server_frame(&f, 29, 4, both);
        server_scatter(&f, 9);
        server_build(&f);
        size_t floats = 2 * f.frame.lanes * f.frame.samples;
        float *levels = calloc(floats, sizeof *levels);
        server_window(&f, 1, 4242);
        memcpy(levels, f.field, floats * sizeof *levels);
        f.wave.tap = nobody;
        server_window(&f, 1, 4242);
        cr_assert_arr_eq(levels, f.field, floats * sizeof *levels);
        free(levels);
        server_close(&f);
    }
}

struct seen {
    char names[256];
    size_t samples;
    double start_s;
};

static void note(void *context, const struct oac_waveform_point *point)
{
    struct seen *seen = context;
    strcat(seen->names, point->name);
    strcat(seen->names, " ");
    seen->samples = point->samples;
    seen->start_s = point->start_s;
}

Test(wave_server_noise, a_tap_sees_every_point_in_the_order_of_the_light)
{
    const char *const sets[] = {EDFA, "amplifier.polarisations=1", NULL};
    struct server_fixture f;
    struct seen seen = {0};
    half_light(&f, OAC_NOISE_NONE, sets);
    f.wave.tap = note;
    f.wave.tap_context = &seen;
    server_window(&f, 0, 1);
    cr_assert_str_eq(seen.names, "weight.drive weight.field fiber.field amplifier.field ");
    cr_assert_eq(seen.samples, 128);
    cr_assert_float_eq(seen.start_s, -4e-10, 1e-20);
    server_close(&f);
}

Test(wave_server_noise, each_source_alone_makes_windows_differ)
{
    static const struct {
        uint32_t noise;
        const char *set;
    } cases[] = {{OAC_NOISE_RIN, "laser.rin_db_per_hz=-140"},
                 {OAC_NOISE_DRIVE, "weight_modulator.drive_noise_v=0.01"},
                 {OAC_NOISE_DRIVE, "weight_dac.enob_bits=7"},
                 {OAC_NOISE_JITTER, "weight_dac.jitter_s=1e-12"},
                 {OAC_NOISE_LINEWIDTH, "laser.linewidth_hz=1e6"},
                 {OAC_NOISE_DRIFT, "laser.drift_sigma=0.01"},
                 {OAC_NOISE_DRIFT, "weight_modulator.drift_sigma_v=0.01"}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const char *const sets[] = {cases[c].set, NULL};
        struct server_fixture f;
        server_open(&f, cases[c].noise, sets);
        cr_assert(oac_wave_server_varies(&f.wave), "%s", cases[c].set);
        server_close(&f);
        server_open(&f, OAC_NOISE_ALL & ~cases[c].noise, sets);
        cr_assert_not(oac_wave_server_varies(&f.wave), "%s", cases[c].set);
        server_close(&f);
    }
}
