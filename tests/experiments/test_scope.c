/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "experiments/plot.h"
#include "experiments/scope.h"
#include "sim/noise.h"
#include "tests/support/tmpdir.h"

#define SLOTS    16u
#define WINDOWS  12u
#define PER_SLOT 8u
#define SLOT_S   1e-9

static const double PI = 3.14159265358979323846;

/* Windows 1 .. WINDOWS of one real point, value[window][sample], from the first slot on. */
static void record(struct oac_scope_recorder *r, const char *name, const float *value)
{
    *r = (struct oac_scope_recorder){.slot0 = 100, .stride = 50, .windows = WINDOWS + 1};
    for (size_t w = 1; w <= WINDOWS; w++) {
        const struct oac_waveform_point point = {
            .name = name,
            .unit = "A",
            .slot0 = 100 + 50 * w,
            .rate_hz = PER_SLOT / SLOT_S,
            .samples = SLOTS * PER_SLOT,
            .value = value + (w - 1) * SLOTS * PER_SLOT,
        };
        oac_scope_record(r, &point);
    }
}

static bool bits[WINDOWS * SLOTS];
static float wave[WINDOWS * SLOTS * PER_SLOT];

static void choose_bits(void)
{
    for (size_t i = 0; i < WINDOWS * SLOTS; i++)
        bits[i] = oac_rng_uniform(1, OAC_RNG_TEST, i, 0) < 0.5;
}

/* ---- recorder ---- */

Test(scope, a_segment_that_is_no_window_is_let_go)
{
    struct oac_scope_recorder r = {.slot0 = 100, .stride = 50, .windows = 2};
    const float value[4] = {1, 2, 3, 4};
    struct oac_waveform_point point = {
        .name = "detector.current", .unit = "A", .rate_hz = 1e9, .samples = 4, .value = value};

    for (uint64_t slot0 = 0; slot0 < 300; slot0++) {
        point.slot0 = slot0;
        oac_scope_record(&r, &point);
    }
    cr_expect_eq(r.count, 2, "windows at 100 and 150 only, not %zu", r.count);
    cr_assert_not_null(oac_scope_find(&r, "detector.current", 1, 0, 0));
    cr_expect_null(oac_scope_find(&r, "detector.current", 1, 1, 0));
    oac_scope_recorder_fini(&r);
}

/* ---- eyes ---- */

Test(scope, an_eye_of_clean_slots_is_fully_open)
{
    struct oac_scope_recorder r;
    struct oac_scope_eye eye;
    struct oac_err err;

    choose_bits();
    for (size_t i = 0; i < WINDOWS * SLOTS * PER_SLOT; i++)
        wave[i] = bits[i / PER_SLOT] ? 3e-6f : 1e-6f;
    record(&r, "detector.current", wave);
    cr_assert_eq(
        oac_scope_eye_fold(&r, "detector.current", 0, SLOT_S, WINDOWS, SLOTS, bits, &eye, &err),
        OAC_OK, "%s", err.message);
    cr_expect_float_eq(eye.opening, 1.0, 1e-6, "%g", eye.opening); /* floats of 1e-7 */
    cr_expect_float_eq(eye.open_mean, 3e-6, 1e-12);
    cr_expect_float_eq(eye.dark_mean, 1e-6, 1e-12);
    cr_expect(eye.best_s > 0.0 && eye.best_s < SLOT_S, "inside the slot, not at %g s",
              eye.best_s);
    oac_scope_eye_fini(&eye);
    oac_scope_recorder_fini(&r);
}

/* A pole of tau = T: at the end of a slot a lone open slot has reached 1 - 1/e and a lone dark one 1/e, so
 * the worst opening, after long runs, is 1 - 2/e = 0.264 of full swing, never less. */
Test(scope, intersymbol_interference_closes_an_eye_by_its_closed_form)
{
    struct oac_scope_recorder r;
    struct oac_scope_eye eye;
    struct oac_err err;
    double keep = exp(-1.0 / PER_SLOT);

    choose_bits();
    for (size_t w = 0; w < WINDOWS; w++) {
        double level = 0.0;
        for (size_t i = 0; i < SLOTS * PER_SLOT; i++) {
            double to = bits[w * SLOTS + i / PER_SLOT] ? 1.0 : 0.0;
            wave[w * SLOTS * PER_SLOT + i] = (float)level;
            level = to + (level - to) * keep;
        }
    }
    record(&r, "detector.current", wave);
    cr_assert_eq(
        oac_scope_eye_fold(&r, "detector.current", 0, SLOT_S, WINDOWS, SLOTS, bits, &eye, &err),
        OAC_OK, "%s", err.message);
    double swing = eye.open_mean - eye.dark_mean, worst = (1.0 - 2.0 / exp(1.0)) / swing;
    /* 192 random bits hold runs of five and more: e^-5 = 0.7 %; the moment is a grid of 1/32 slot */
    cr_expect(eye.opening > worst - 0.05 && eye.opening < worst + 0.08, "%g against %g",
              eye.opening, worst);
    cr_expect_float_eq(eye.best_s, SLOT_S, 0.05 * SLOT_S, "the end of the slot, not %g",
                       eye.best_s);
    oac_scope_eye_fini(&eye);
    oac_scope_recorder_fini(&r);
}

Test(scope, an_eye_of_a_point_that_was_not_recorded_is_empty)
{
    struct oac_scope_recorder r;
    struct oac_scope_eye eye;
    struct oac_err err;

    record(&r, "detector.current", wave);
    cr_assert_eq(
        oac_scope_eye_fold(&r, "fiber.field", 0, SLOT_S, WINDOWS, SLOTS, bits, &eye, &err),
        OAC_OK);
    cr_expect_null(eye.density);
    cr_expect(isnan(eye.opening));
    oac_scope_eye_fini(&eye);
    oac_scope_recorder_fini(&r);
}

/* ---- spectra ---- */

Test(scope, a_one_sided_spectrum_holds_the_power_of_a_sine)
{
    struct oac_scope_recorder r;
    struct oac_scope_spectrum s;
    struct oac_err err;
    double power = 0.0;

    for (size_t i = 0; i < WINDOWS * SLOTS * PER_SLOT; i++)
        wave[i] = 7.0f + 2.0f * (float)sin(2.0 * PI * 10.0 * (double)(i % 128) / 128.0);
    record(&r, "detector.current", wave);
    cr_assert_eq(oac_scope_spectrum_make(&r, &r, "detector.current", 0, WINDOWS, SLOTS * SLOT_S,
                                         &s, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(s.count, SLOTS * PER_SLOT / 2 + 1);
    cr_expect_str_eq(s.unit, "A^2/Hz");
    size_t top = 0;
    for (size_t m = 0; m < s.count; m++) {
        power += s.density[m] * s.frequency_hz[1];
        top = s.density[m] > s.density[top] ? m : top;
    }
    cr_expect_eq(top, 10, "10 periods in the window, not %zu", top);
    cr_expect_float_eq(power, 2.0, 2e-5, "A^2/2 = 2, the constant left out: %g",
                       power); /* f32 */
    oac_scope_spectrum_fini(&s);
    oac_scope_recorder_fini(&r);
}

Test(scope, a_two_sided_spectrum_tells_the_sides_apart)
{
    static float field[2 * 128];
    struct oac_scope_trace trace = {
        .rate_hz = 128.0, .complex_values = true, .samples = 128, .value = field};
    const struct oac_scope_trace *traces[] = {&trace};
    double density[128];
    struct oac_err err;

    for (size_t i = 0; i < 128; i++) { /* e^{-2 pi i 20 n/128}: 20 Hz below the carrier */
        field[2 * i] = (float)cos(2.0 * PI * 20.0 * (double)i / 128.0);
        field[2 * i + 1] = -(float)sin(2.0 * PI * 20.0 * (double)i / 128.0);
    }
    cr_assert_eq(oac_scope_welch(traces, 1, 0.0, 1.0, 128, density, &err), OAC_OK, "%s",
                 err.message);
    size_t top = 0;
    double power = 0.0;
    for (size_t m = 0; m < 128; m++) {
        top = density[m] > density[top] ? m : top;
        power += density[m];
    }
    cr_expect_eq(top, 64 - 20);
    cr_expect_float_eq(power, 1.0, 1e-5); /* |E|^2 = 1, f32 */
}

/* ---- pictures ---- */

static void plot_line(const char *path, enum oac_status expected, struct oac_err *err)
{
    const double table[] = {0, 1, 1, 2, 2, NAN, 3, 1};
    struct oac_plot *plot;

    cr_assert_eq(oac_plot_create(&plot, err), OAC_OK, "%s", err->message);
    cr_assert_eq(oac_plot_table(plot, "line", 4, 2, table, err), OAC_OK, "%s", err->message);
    oac_plot_say(plot, "plot 'line' using 1:2 with lines title 'one line'\n");
    cr_expect_eq(oac_plot_draw(plot, path, 400, 300, err), expected, "%s", err->message);
    oac_plot_destroy(plot);
}

Test(plot, a_picture_is_drawn_whole_under_any_file_name)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 64], *text;
    struct oac_err err;
    size_t bytes;

    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "it's \"$(touch x)\" `y`.svg", path);
    plot_line(path, OAC_OK, &err);
    cr_assert_eq(oac_file_read(path, 1 << 20, &text, &bytes, &err), OAC_OK, "%s", err.message);
    cr_expect_not_null(strstr(text, "<svg"));
    cr_expect_not_null(strstr(text, "one line"));
    cr_expect_not_null(strstr(text, "</svg>"));
    cr_expect_eq(oac_test_dir_entries(dir), 1);
    free(text);
    oac_test_dir_remove(dir);
}

Test(plot, a_missing_gnuplot_is_one_line_that_says_what_to_install)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 64];
    struct oac_err err;

    oac_test_dir_make(dir);
    cr_assert_eq(setenv("PATH", dir, 1), 0);
    oac_test_dir_path(dir, "picture.svg", path);
    plot_line(path, OAC_ENOTFOUND, &err);
    cr_expect_not_null(strstr(err.message, "gnuplot-nox"), "%s", err.message);
    cr_expect_null(strchr(err.message, '\n'));
    cr_expect_eq(oac_test_dir_entries(dir), 0, "nothing is left behind");
    oac_test_dir_remove(dir);
}

Test(plot, a_script_that_gnuplot_refuses_is_an_error_with_its_words)
{
    char dir[OAC_TEST_DIR_BYTES], path[OAC_TEST_DIR_BYTES + 64];
    struct oac_plot *plot;
    struct oac_err err;

    oac_test_dir_make(dir);
    oac_test_dir_path(dir, "picture.svg", path);
    cr_assert_eq(oac_plot_create(&plot, &err), OAC_OK);
    oac_plot_say(plot, "plot 'nothing-here' using 1:2\n");
    cr_expect_eq(oac_plot_draw(plot, path, 400, 300, &err), OAC_EIO);
    cr_expect_not_null(strstr(err.message, "No data in plot"), "%s", err.message);
    cr_expect_eq(oac_test_dir_entries(dir), 0);
    oac_plot_destroy(plot);
    oac_test_dir_remove(dir);
}

/* ---- the whole ---- */

static const char *const quick[] = {"channels=2", "slots_max=64"};

static struct oac_scope_options options(uint32_t noise)
{
    return (struct oac_scope_options){
        .station = {.rig = "ideal", .sets = quick, .set_count = 2, .noise = noise, .seed = 3},
        .slots = SLOTS,
        .windows = 8,
        .budget_windows = 0,
        .channel = 1,
    };
}

Test(scope, every_point_of_the_chain_is_seen_at_its_rate_over_all_slots)
{
    static const char *const names[] = {"weight.drive",     "weight.field",    "fiber.field",
                                        "client.drive",     "client.field",    "demux.power",
                                        "detector.current", "receiver.output", "adc.code"};
    struct oac_scope_options o = options(OAC_NOISE_NONE);
    struct oac_scope_view view;
    struct oac_err err;

    cr_assert_eq(oac_scope_look(&o, NULL, &view, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(view.levels, sizeof names / sizeof names[0], "%zu points", view.levels);
    for (size_t i = 0; i < view.levels; i++) {
        const struct oac_scope_level *l = &view.level[i];
        cr_expect_str_eq(l->name, names[i]);
        double needed =
            strcmp(names[i], "adc.code") == 0 ? 1.0 : SLOTS * view.slot_s * l->rate_hz;
        cr_expect(l->rate_hz > 0.0 && (double)l->samples >= needed, /* a held integrator: one */
                  "%s: %zu samples at %g Hz", l->name, l->samples, l->rate_hz);
        cr_expect(isfinite(l->mean) && l->rms >= fabs(l->mean) * (1.0 - 1e-6), "%s", l->name);
    }
    cr_expect_geq(view.eye[2].opening, 0.99, "a bench without any memory or noise: %g",
                  view.eye[2].opening); /* codes of 12 bits and more */
    oac_scope_view_fini(&view);
}

Test(scope, shot_noise_alone_has_the_analytic_variance)
{
    struct oac_scope_options o = options(OAC_NOISE_SHOT);
    struct oac_scope_budget b;
    struct oac_err err;

    cr_assert_eq(oac_scope_budget_make(&o.station, SLOTS, 300, NULL, &b, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(b.rows, 2, "shot, and all");
    const struct oac_scope_budget_row *row = &b.row[0];
    double ratio = row->wave_electrons2 / row->sim_electrons2;
    /* both are 300 windows x 2 channels of a normal variate: sqrt(2 x 2/600) = 8 %; 4 of that */
    cr_expect_float_eq(ratio, 1.0, 0.33, "%g", ratio);
    /* Poisson: the variance is the mean */
    cr_expect_float_eq(row->wave_electrons2 / b.signal_electrons, 1.0, 0.25, "%g e^2 of %g e",
                       row->wave_electrons2, b.signal_electrons);
}

Test(scope, a_channel_that_the_rig_does_not_have_is_refused)
{
    struct oac_scope_options o = options(OAC_NOISE_NONE);
    struct oac_scope_view view;
    struct oac_err err;

    o.channel = 2;
    cr_expect_eq(oac_scope_look(&o, NULL, &view, &err), OAC_EINVAL);
    cr_expect_not_null(strstr(err.message, "0 to 1"), "%s", err.message);
}
