/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "sim/components/one_pole.h"
#include "sim/waveform/drive.h"
#include "tests/sim/server_fixture.h"
#include "tests/support/tmpdir.h"

#define SLOTS       40
#define SAMPLES_MAX (SLOTS * 32)

/* Volts of single precision: a few roundings of 1 V. */
static const double EXACT = 5e-7;

/* 1 V per code, slots of 1 s. */
static struct oac_dac volt_dac = {.bits = 4, .codes = 16, .lsb_v = 1.0};

static struct oac_wave_drive drive_of(size_t per_slot, double dac_tau_s, double modulator_tau_s)
{
    return (struct oac_wave_drive){
        .dac = &volt_dac,
        .per_slot = 1,
        .grid = {.per_slot = per_slot,
                 .rate_hz = (double)per_slot,
                 .dt_s = 1.0 / (double)per_slot},
        .dac_tau_s = dac_tau_s,
        .modulator_tau_s = modulator_tau_s,
    };
}

static void volts_of(const struct oac_wave_drive *drive, const uint16_t *code, double delay_s,
                     float *volts)
{
    static float work[SAMPLES_MAX + 2];
    oac_wave_drive_volts(drive, SLOTS, code, delay_s, NULL, NULL, work, volts);
}

/* Rest at 2 V, then a pattern, then rest at 3 V. */
static void pattern(uint16_t code[SLOTS])
{
    for (size_t n = 0; n < SLOTS; n++)
        code[n] = (uint16_t)(n < 12 ? 2 : n < 28 ? (n * 7 + 3) % 16 : 3);
}

/* The level at time t of the pattern delayed. */
static double staircase(const uint16_t *code, double t, double delay_s)
{
    double slot = floor(t - delay_s);
    slot = fmin(fmax(slot, 0.0), SLOTS - 1.0);
    return (double)code[(size_t)slot];
}

Test(wave_drive, an_instant_drive_holds_each_code_for_its_slot)
{
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.0);
    uint16_t code[SLOTS];
    float volts[SAMPLES_MAX];
    pattern(code);
    volts_of(&drive, code, 0.0, volts);
    for (size_t i = 0; i < SLOTS * 8; i++)
        cr_assert_eq(volts[i], (float)code[i / 8]);
}

Test(wave_drive, whole_samples_of_delay_move_it_and_it_rests_beyond_its_ends)
{
    const double delay_s[] = {0.375, -0.25, 5.125, -17.5, 100.0, -100.0};
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.0);
    uint16_t code[SLOTS];
    float volts[SAMPLES_MAX];
    pattern(code);
    for (size_t d = 0; d < sizeof delay_s / sizeof delay_s[0]; d++) {
        volts_of(&drive, code, delay_s[d], volts);
        for (size_t i = 0; i < SLOTS * 8; i++)
            cr_assert_eq(volts[i], (float)staircase(code, ((double)i + 0.5) / 8.0, delay_s[d]),
                         "delay %g s, sample %zu", delay_s[d], i);
    }
}

Test(wave_drive, a_sample_with_an_edge_in_it_is_the_mean_of_both_levels)
{
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.0);
    uint16_t code[SLOTS];
    float volts[SAMPLES_MAX];
    pattern(code);
    const double delay_s[] = {0.3 / 8.0, -2.7 / 8.0, (33.0 + 0.3) / 8.0};
    for (size_t d = 0; d < 3; d++) {
        volts_of(&drive, code, delay_s[d], volts);
        for (size_t i = 0; i < SLOTS * 8; i++) {
            double before = staircase(code, ((double)i + 0.01) / 8.0, delay_s[d]);
            double after = staircase(code, ((double)i + 0.99) / 8.0, delay_s[d]);
            cr_assert_float_eq(volts[i], before == after ? after : 0.3 * before + 0.7 * after,
                               16.0 * EXACT);
        }
    }
}

/* Mean of the output over every sample by fine steps of the poles' exact update. */
static void brute(const struct oac_wave_drive *drive, const uint16_t *code, double delay_s,
                  double *mean)
{
    enum { FINE = 4000 };
    size_t per_slot = drive->grid.per_slot;
    double h = drive->grid.dt_s / FINE, y = (double)code[0], z = y;
    for (int64_t i = -(int64_t)(20 * per_slot); i < (int64_t)(SLOTS * per_slot); i++) {
        double sum = 0.0;
        for (int s = 0; s < FINE; s++) {
            double t = ((double)i + (s + 0.5) / FINE) * drive->grid.dt_s;
            double u = staircase(code, t, delay_s), y0 = y, z0 = z;
            y = drive->dac_tau_s > 0.0 ? u + (y - u) * exp(-h / drive->dac_tau_s) : u;
            double middle = 0.5 * (y0 + y);
            z = drive->modulator_tau_s > 0.0
                    ? middle + (z - middle) * exp(-h / drive->modulator_tau_s)
                    : middle;
            sum += 0.5 * (z0 + z);
        }
        if (i >= 0)
            mean[i] = sum / FINE;
    }
}

Test(wave_drive, poles_follow_the_staircase_exactly_whatever_the_delay)
{
    static const struct {
        double dac_tau_s, modulator_tau_s, delay_s;
    } cases[] = {{0.0, 0.3, 0.0},  {0.25, 0.0, 0.0},  {0.25, 0.4, 0.0},     {0.4, 0.25, 0.05},
                 {0.3, 0.3, 0.33}, {0.0, 2.0, -1.77}, {0.7, 0.02, 3.14159}, {0.0, 0.01, -0.4}};
    static double exact[SAMPLES_MAX];
    uint16_t code[SLOTS];
    float volts[SAMPLES_MAX];
    pattern(code);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct oac_wave_drive drive = drive_of(4, cases[c].dac_tau_s, cases[c].modulator_tau_s);
        volts_of(&drive, code, cases[c].delay_s, volts);
        brute(&drive, code, cases[c].delay_s, exact);
        for (size_t i = 0; i < SLOTS * 4; i++) /* 4000 steps a sample: edges sit between two */
            cr_assert_float_eq(volts[i], exact[i], 4e-3, "case %zu, sample %zu: %g, %g", c, i,
                               (double)volts[i], exact[i]);
    }
}

/* Closed form, at sample rates at which a pole could not be sampled. */
Test(wave_drive, slot_means_are_the_one_pole_s_at_any_sample_rate)
{
    const size_t rates[] = {2, 8, 32};
    for (size_t r = 0; r < 3; r++)
        for (double tau_s = 0.003; tau_s < 5.0; tau_s *= 3.7) {
            struct oac_wave_drive drive = drive_of(rates[r], 0.0, tau_s);
            uint16_t code[SLOTS] = {0};
            float volts[SAMPLES_MAX];
            code[10] = 1;
            volts_of(&drive, code, 0.0, volts);
            for (size_t later = 0; later < 20; later++) {
                double mean = 0.0;
                for (size_t i = 0; i < rates[r]; i++)
                    mean += (double)volts[(10 + later) * rates[r] + i] / (double)rates[r];
                cr_assert_float_eq(mean, oac_one_pole_leak(tau_s, 1.0, later), EXACT);
            }
        }
}

Test(wave_drive, two_poles_commute)
{
    struct oac_wave_drive one = drive_of(8, 0.2, 0.9), other = drive_of(8, 0.9, 0.2);
    uint16_t code[SLOTS];
    float a[SAMPLES_MAX], b[SAMPLES_MAX];
    pattern(code);
    volts_of(&one, code, 0.123, a);
    volts_of(&other, code, 0.123, b);
    for (size_t i = 0; i < SLOTS * 8; i++)
        cr_assert_float_eq(a[i], b[i], 16.0 * EXACT);
}

Test(wave_drive, delay_and_poles_leave_the_area_of_a_pulse)
{
    for (double delay_s = -3.0; delay_s < 3.0; delay_s += 0.37) {
        struct oac_wave_drive drive = drive_of(8, 0.1, 0.4);
        uint16_t code[SLOTS] = {0};
        float volts[SAMPLES_MAX];
        double area = 0.0;
        code[12] = 5;
        volts_of(&drive, code, delay_s, volts);
        for (size_t i = 0; i < SLOTS * 8; i++)
            area += (double)volts[i] / 8.0;
        cr_assert_float_eq(area, 5.0, 1e-5);
    }
}

Test(wave_drive, several_conversions_a_slot_each_hold_their_own_code)
{
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.0);
    drive.per_slot = 4;
    uint16_t code[SLOTS * 4];
    float volts[SAMPLES_MAX];
    for (size_t j = 0; j < SLOTS * 4; j++)
        code[j] = (uint16_t)(j * 5 % 16);
    volts_of(&drive, code, 0.0, volts);
    for (size_t i = 0; i < SLOTS * 8; i++)
        cr_assert_eq(volts[i], (float)code[i / 2]);
}

Test(wave_drive, the_fixed_error_of_the_dac_is_in_its_volts)
{
    double error_v[16];
    for (size_t c = 0; c < 16; c++)
        error_v[c] = 0.01 * (double)(c % 5);
    struct oac_dac bent = volt_dac;
    bent.error_v = error_v;
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.0);
    drive.dac = &bent;
    uint16_t code[SLOTS];
    float volts[SAMPLES_MAX];
    pattern(code);
    volts_of(&drive, code, 0.0, volts);
    for (size_t i = 0; i < SLOTS * 8; i++)
        cr_assert_float_eq(volts[i], (double)code[i / 8] + error_v[code[i / 8]], 16.0 * EXACT);
}

Test(wave_drive, jitter_displaces_each_edge_by_its_own_draw)
{
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.0);
    drive.jitter_s = 0.05; /* 0.4 samples */
    uint16_t code[SLOTS] = {0};
    float volts[SAMPLES_MAX], work[SAMPLES_MAX + 2], z[SLOTS] = {0};
    code[10] = 1;
    z[10] = 1.5f;  /* rises 0.075 s late */
    z[11] = -0.5f; /* falls 0.025 s early */
    const struct oac_wave_drive_draw draw = {.jitter = z};
    oac_wave_drive_volts(&drive, SLOTS, code, 0.0, &draw, NULL, work, volts);
    for (size_t i = 0; i < SLOTS * 8; i++) {
        double exact = i == 80 ? 0.4 : i > 80 && i < 87 ? 1.0 : i == 87 ? 0.8 : 0.0;
        cr_assert_float_eq(volts[i], exact, EXACT, "sample %zu", i);
    }
}

Test(wave_drive, noise_is_one_draw_per_conversion_and_goes_through_the_poles)
{
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.5);
    drive.noise_v = 0.125;
    uint16_t code[SLOTS] = {0}, quiet[SLOTS] = {0};
    float volts[SAMPLES_MAX], exact[SAMPLES_MAX], work[SAMPLES_MAX + 2], z[SLOTS] = {0};
    z[20] = 8.0f;
    quiet[20] = 1; /* 0.125 V x 8 */
    const struct oac_wave_drive_draw draw = {.noise = z};
    oac_wave_drive_volts(&drive, SLOTS, code, 0.0, &draw, NULL, work, volts);
    volts_of(&drive, quiet, 0.0, exact);
    cr_assert_arr_eq(volts, exact, SLOTS * 8 * sizeof *volts);
}

Test(wave_drive, memory_ends_where_a_step_is_down_to_a_millionth)
{
    struct oac_wave_drive drive = drive_of(8, 0.0, 0.7);
    double memory_s = oac_wave_drive_memory_s(&drive);
    cr_assert_float_eq(exp(-memory_s / 0.7), 1e-6, 1e-12);
}

/* What the rig makes of it: 10 GHz slots, two conversions each. */
Test(wave_drive, the_rig_s_poles_noise_and_jitter_arrive)
{
    const char *const sets[] = {"weight_dac.samples_per_slot=2",
                                "weight_dac.bandwidth_hz=40e9",
                                "weight_dac.enob_bits=8",
                                "weight_dac.jitter_s=1e-12",
                                "weight_modulator.bandwidth_hz=1e13",
                                "weight_modulator.drive_noise_v=0.01",
                                NULL};
    struct server_fixture f;
    struct oac_err err;
    struct oac_wave_drive drive;
    server_open(&f, OAC_NOISE_ALL, sets);
    cr_assert_eq(oac_wave_drive_init(&f.wave, f.wave.bench->channel[0].weight_dac,
                                     &f.wave.rig.weight_dac, &f.wave.rig.weight_modulator,
                                     "weight_modulator", &drive, &err),
                 OAC_OK);
    cr_assert_eq(drive.per_slot, 2);
    cr_assert_float_eq(drive.dac_tau_s, oac_one_pole_tau_s(40e9), 1e-20);
    /* 16 fs in a slot of 100 ps is above the limit of 1e-4 */
    cr_assert_float_eq(drive.modulator_tau_s, oac_one_pole_tau_s(1e13), 1e-20);
    cr_assert_eq(drive.jitter_s, 1e-12);
    double dac_v = oac_dac_noise_v(&f.wave.rig.weight_dac);
    cr_assert_float_eq(drive.noise_v, sqrt(2.0 * 1e-4 + dac_v * dac_v), 1e-12);
    oac_wave_drive_fini(&drive);
    f.wave.noise = OAC_NOISE_NONE;
    f.wave.slot_s = 1e-9; /* now it is below */
    cr_assert_eq(oac_wave_drive_init(&f.wave, f.wave.bench->channel[0].weight_dac,
                                     &f.wave.rig.weight_dac, &f.wave.rig.weight_modulator,
                                     "weight_modulator", &drive, &err),
                 OAC_OK);
    cr_assert_eq(drive.modulator_tau_s, 0.0);
    cr_assert_eq(drive.noise_v, 0.0);
    cr_assert_eq(drive.jitter_s, 0.0);
    oac_wave_drive_fini(&drive);
    server_close(&f);
}

/* A file that tabulates one pole of 10 GHz, as far as 320 GS/s can show. */
static void put_pole(const char *path)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fprintf(file, "# GHz S RI R 50\n");
    for (double f_ghz = 0.05; f_ghz < 170.0; f_ghz += f_ghz < 5.0 ? 0.05 : 0.5) {
        double x = f_ghz / 10.0, scale = 1.0 / (1.0 + x * x);
        fprintf(file, "%.6f 0 0 %.12f %.12f 0 0 0 0\n", f_ghz, scale, -x * scale);
    }
    fclose(file);
}

Test(wave_drive, a_measured_response_that_is_one_pole_acts_as_one_pole)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 32], set[OAC_TEST_DIR_BYTES + 64];
    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "pole.s2p", path);
    put_pole(path);
    snprintf(set, sizeof set, "weight_modulator.s21_file=%s", path);
    const char *const measured[] = {"channels=1", "wave.samples_per_slot=32", set, NULL};
    const char *const exact[] = {"channels=1", "wave.samples_per_slot=32",
                                 "weight_modulator.bandwidth_hz=10e9", NULL};
    struct server_fixture f, pole;
    server_open(&f, OAC_NOISE_NONE, measured);
    server_open(&pole, OAC_NOISE_NONE, exact);
    cr_assert_gt(oac_wave_server_memory_slots(&f.wave), 0);
    server_frame(&f, 60, 20, false);
    server_scatter(&f, 3);
    server_build(&f);
    server_frame(&pole, 60, 20, false);
    server_scatter(&pole, 3);
    server_build(&pole);
    for (size_t n = 0; n < 60; n++) {
        double a = 0.0, b = 0.0;
        for (size_t i = 32 * n; i < 32 * (n + 1); i++) {
            a += (double)f.frame.volts[i] / 32.0;
            b += (double)pole.frame.volts[i] / 32.0;
        }
        /* what folds back from beyond 160 GHz, of steps of 1 V */
        cr_assert_float_eq(a, b, 3e-3, "slot %zu: %g, %g", n, a, b);
    }
    server_close(&f);
    server_close(&pole);
    oac_test_dir_remove(dir);
}
