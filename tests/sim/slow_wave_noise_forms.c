/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise and the fiber's steps of the waveform engine against closed forms that know no samples. */
#include "hal/modem.h"
#include "tests/sim/wave_link.h"

#define SLOTS 8
#define ROWS  4

static void expect_variance(const struct sample *s, size_t k, double expected, const char *what)
{
    double v = sample_covariance(s, k, k), error = sample_covariance_error(s, k, k);
    cr_expect(fabs(v - expected) <= 4.0 * error,
              "%s, row %zu: variance %.6g, expected %.6g (%+.2f %%, %.1f standard errors)",
              what, k, v, expected, 100.0 * (v / expected - 1.0), (v - expected) / error);
}

/* ---- the noise of detector and receiver does not know the samples ---- */

static const char *const SAMPLES[] = {"wave.samples_per_slot=8", "wave.samples_per_slot=16",
                                      "wave.samples_per_slot=32"};

static void any_rate(const char *const *sets, const char *what)
{
    const uint32_t noise = OAC_NOISE_SHOT | OAC_NOISE_THERMAL | OAC_NOISE_READ;
    for (size_t i = 0; i < 3; i++) {
        const char *with[32] = {SAMPLES[i]};
        for (size_t n = 0; sets[n]; n++)
            with[n + 1] = sets[n];
        struct optics o;
        struct pattern p;
        char label[96];
        double mean[ROWS], variance[ROWS];
        snprintf(label, sizeof label, "%s, %s", what, SAMPLES[i]);
        wave_open(&o, noise, with, true);
        pattern_fill(&p, &o, ROWS, SLOTS, 3);
        wave_moments(&o, &p, noise, mean, variance);
        struct sample s = wave_sample(&o, &p, WAVE_WINDOWS);
        for (size_t k = 0; k < ROWS; k++)
            expect_variance(&s, k, variance[k], label);
        sample_free(&s);
        optics_close(&o);
    }
}

/* Each of the three holds a fifth of the variance or more. */
Test(wave_noise_forms, an_integrators_noise_is_that_of_its_window_at_any_sample_rate)
{
    const char *sets[] = {"laser.power_dbm=-26", "receiver.cds=no",
                          "receiver.read_noise_v=5e-5", "detector.dark_a=1e-8", NULL};
    any_rate(sets, "integrator");
}

Test(wave_noise_forms, a_tias_noise_is_that_of_its_slots_at_any_sample_rate)
{
    const char *sets[] = {"laser.power_dbm=-30",
                          "receiver.kind=tia",
                          "receiver.gain_v_per_a=1e5",
                          "receiver.in_a_per_rthz=4e-12",
                          "receiver.read_noise_v=3e-4",
                          "detector.dark_a=1e-8",
                          NULL};
    any_rate(sets, "tia");
}

/* White noise of the two-sided density N through a pole tau, integrated over T_w: N (T_w - tau
 * (1 - e^{-T_w/tau})).
 * Shot noise of a steady current I has N = q I, 5.7 % less here than without the pole, and the gate opens a pole's
 * delay later. */
Test(wave_noise_forms, a_detectors_pole_shapes_shot_noise_the_same_at_any_sample_rate)
{
    const double tau_s = 1.0 / (2.0 * OAC_PI * 0.35e9), window_s = SLOTS * 1e-9;
    for (size_t i = 0; i < 3; i++) {
        const char *sets[] = {SAMPLES[i], "detector.dark_a=1e-6",
                              "detector.bandwidth_hz=0.35e9", "guard_slots=16", NULL};
        struct optics o;
        struct pattern p = {.rows = ROWS, .slots = SLOTS, .launch = 1.0f};
        double expected = 1e-6 / OAC_ELEMENTARY_CHARGE_C *
                          (window_s - tau_s * (1.0 - exp(-window_s / tau_s)));
        wave_open(&o, OAC_NOISE_SHOT, sets, true);
        struct sample s = wave_sample(&o, &p, WAVE_WINDOWS);
        for (size_t k = 0; k < ROWS; k++)
            expect_variance(&s, k, expected, SAMPLES[i]);
        sample_free(&s);
        optics_close(&o);
    }
}

/* ---- ASE of spans ---- */

/* Spans whose gain makes up for their loss add equal ASE each: with s spans, open weights and an open client
 *     mean N (mu + s e m), variance N (2 mu s e + s^2 e^2 m),  e electrons per mode and slot of one amplifier */
static void spans(const char *length, const char *count, double s, double mean[ROWS])
{
    const char *sets[] = {length,
                          count,
                          "fiber.loss_db_per_km=0.2",
                          "laser.power_dbm=-38",
                          "amplifier.position=before_client",
                          "amplifier.gain_db=10",
                          "amplifier.nf_db=6",
                          "amplifier.bandwidth_hz=20e9",
                          NULL};
    struct optics o;
    struct pattern p;
    wave_open(&o, OAC_NOISE_ASE, sets, false);
    pattern_fill(&p, &o, ROWS, SLOTS, 1);
    for (size_t i = 0; i < ROWS * SLOTS; i++)
        p.weight[i] = i < ROWS / 2 * SLOTS ? 4095 : 0; /* half the rows are dark */
    for (size_t n = 0; n < SLOTS; n++)
        p.x[n] = 4095;
    struct sample sample = wave_sample(&o, &p, WAVE_WINDOWS);
    for (size_t k = 0; k < ROWS; k++) {
        double light = 1e-3 * ratio_db(o.rig.laser.power_dbm) *
                       o.rig.detector.quantum_efficiency /
                       (OAC_PLANCK_J_S * line_hz(&o.rig, k) * o.rig.slot_rate_hz);
        double mu = k < ROWS / 2 ? light : 0.0, e = s * ase_electrons(&o.rig, k);
        double modes = ase_modes(&o.rig), expected = SLOTS * (mu + e * modes);
        double variance = SLOTS * (2.0 * mu * e + e * e * modes);
        mean[k] = sample_mean(&sample, k);
        cr_expect_float_eq(
            mean[k], expected, 4.0 * sqrt(variance / WAVE_WINDOWS) + 1e-6 * expected,
            "%s, row %zu: mean %.8g, expected %.8g", count, k, mean[k], expected);
        expect_variance(&sample, k, variance, count);
    }
    sample_free(&sample);
    optics_close(&o);
}

Test(wave_noise_forms, two_amplified_spans_give_twice_the_ase_of_one)
{
    double one[ROWS], two[ROWS];
    spans("fiber.length_m=50e3", "amplifier.spans=1", 1.0, one);
    spans("fiber.length_m=100e3", "amplifier.spans=2", 2.0, two);
    for (size_t k = ROWS / 2; k < ROWS; k++)
        cr_expect_float_eq(two[k] / one[k], 2.0, 0.01, "row %zu: %g", k, two[k] / one[k]);
}

/* ---- intensity noise is real ---- */

struct hum {
    double power, power2, turned;
    size_t samples;
};

static void hear_hum(void *context, const struct oac_waveform_point *point)
{
    struct hum *hum = context;
    if (strcmp(point->name, "weight.field") != 0 || point->slot0 >= WAVE_SYNC_SLOT0)
        return;
    for (size_t i = 0; i < point->samples; i++) {
        double t = point->start_s + ((double)i + 0.5) / point->rate_hz;
        double re = (double)point->value[2 * i], im = (double)point->value[2 * i + 1];
        double power = re * re + im * im;
        if (t < 0.0 || t > SLOTS * 1e-9)
            continue;
        hum->power += power;
        hum->power2 += power * power;
        hum->turned = fmax(hum->turned, fabs(im) / sqrt(power));
        hum->samples++;
    }
}

/* Every sample's power carries rin fs/2, its phase nothing: complex noise of the same power would turn it by
 * half of sqrt(rin fs/2) = 4.5 % rms. Steady open weights. */
Test(wave_noise_forms, intensity_noise_is_real)
{
    const char *sets[] = {"laser.rin_db_per_hz=-123", NULL};
    struct optics o;
    struct pattern p;
    struct hum hum = {0};
    double e[ROWS];
    wave_open(&o, OAC_NOISE_RIN, sets, false);
    oac_waveform_set_tap(oac_modem_stream(&o.link), hear_hum, &hum);
    pattern_fill(&p, &o, ROWS, SLOTS, 1);
    for (size_t i = 0; i < ROWS * SLOTS; i++)
        p.weight[i] = 4095;
    for (uint64_t window = 0; window < 200; window++)
        optics_electrons(&o, &p, 100 * window, e);
    double n = (double)hum.samples, mean = hum.power / n;
    double variance = hum.power2 / n / (mean * mean) - 1.0;
    double expected = 0.5 * ratio_db(-123.0) * 8e9;
    cr_assert_gt(hum.samples, 50000);
    cr_expect_float_eq(variance, expected, 4.0 * sqrt(2.0 / n) * expected, "%g, expected %g",
                       variance, expected);
    cr_expect_leq(hum.turned, 1e-6, "turned by %g rad", hum.turned);
    optics_close(&o);
}

/* ---- the split step ---- */

struct light {
    double re, im, power;
};

static void look(void *context, const struct oac_waveform_point *point)
{
    struct light *light =
        context; /* before and behind the fiber, in the middle of the window */
    bool behind = strcmp(point->name, "fiber.field") == 0;
    if ((!behind && strcmp(point->name, "weight.field") != 0) ||
        point->slot0 >= WAVE_SYNC_SLOT0)
        return;
    size_t i = (size_t)((0.5 * SLOTS / 1e9 - point->start_s) * point->rate_hz);
    double re = (double)point->value[2 * i], im = (double)point->value[2 * i + 1];
    light[behind] = (struct light){re, im, re * re + im * im};
}

static double steady_light(const char *const *sets, struct light light[2])
{
    struct optics o;
    struct pattern p;
    double e[ROWS];
    wave_open(&o, OAC_NOISE_NONE, sets, false);
    oac_waveform_set_tap(oac_modem_stream(&o.link), look, light);
    pattern_fill(&p, &o, 1, SLOTS, 1);
    for (size_t n = 0; n < SLOTS; n++) {
        p.weight[n] = 4095;
        p.x[n] = 4095;
    }
    optics_electrons(&o, &p, 0, e);
    optics_close(&o);
    return e[0];
}

#define SPAN                                                                 \
    "channels=1", "fiber.loss_db_per_km=0.2", "receiver.capacitance_f=1e-9", \
        "laser.power_max_dbm=20"

#define DISPERSION "fiber.dispersion_ps_nm_km=17" /* without, nothing is split */

/* Lengths and steps that do not divide each other; a Kerr coefficient too small to matter. */
Test(wave_noise_forms, the_split_step_loses_no_fraction_of_a_span)
{
    static const char *const lengths[] = {"fiber.length_m=47000", "fiber.length_m=86123"};
    static const char *const steps[] = {"fiber.steps_per_span=1", "fiber.steps_per_span=7",
                                        "fiber.steps_per_span=100"};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < 3; i++) {
            const char *kerr[] = {SPAN,       lengths[l], steps[i], "fiber.gamma_per_w_km=1e-6",
                                  DISPERSION, NULL};
            const char *linear[] = {SPAN, lengths[l], DISPERSION, NULL};
            struct light a[2], b[2];
            double split = steady_light(kerr, a), whole = steady_light(linear, b);
            double km = l ? 86.123 : 47.0, left = ratio_db(-0.2 * km);
            cr_expect_float_eq(a[1].power / a[0].power, left, 1e-5 * left,
                               "%s, %s: %.8g of the light is left, expected %.8g", lengths[l],
                               steps[i], a[1].power / a[0].power, left);
            cr_expect_float_eq(split, whole, 1e-5 * whole, "%s, %s: %.9g e-, linear %.9g e-",
                               lengths[l], steps[i], split, whole);
        }
}

/* Steady light of P turns its own phase by gamma P L_eff, L_eff = (1 - e^{-alpha L})/alpha: 13 dBm in 50 km of
 * 0.2 dB/km and 1.3 /(W km): 1.3 x 19.9526 mW x 19.54324 km = 0.506921 rad. */
Test(wave_noise_forms, steady_light_turns_its_own_phase_by_gamma_p_l_eff)
{
    const char *sets[] = {SPAN, "laser.power_dbm=13", "fiber.length_m=50e3",
                          "fiber.gamma_per_w_km=1.3", NULL};
    struct light light[2];
    steady_light(sets, light);
    double turned = fabs(atan2(light[1].im, light[1].re) - atan2(light[0].im, light[0].re));
    cr_expect_float_eq(turned, 0.506921, 1e-3, "%g rad", turned);
}
