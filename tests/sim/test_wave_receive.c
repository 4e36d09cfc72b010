/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/receiver_pole.h"
#include "tests/sim/receive_fixture.h"

static const double Q = OAC_ELEMENTARY_CHARGE_C;

/* ---- without noise ------------------------------------------------------------------------- */

Test(wave_receive, an_integrator_holds_the_electrons_of_its_gate)
{
    struct stand s;
    stand_open(&s, 16, OAC_NOISE_NONE, NULL);
    stand_pattern(&s, 1e5);
    stand_play(&s, 0);
    for (size_t k = 0; k < 3; k++) /* float codes: 2^-24 of 2^19 */
        cr_assert_float_eq(stand_readout(&s, k) / stand_sum(&s, 0, k), 1.0, 1e-6);
    stand_close(&s);
}

Test(wave_receive, gain_is_behind_the_receiver_and_offset_behind_the_gain)
{
    const char *sets[] = {"detector.gain_spread_db=1", "adc.offset_spread_v=1e-3",
                          "detector.dark_a=1e-6", NULL};
    struct stand s;
    stand_open(&s, 8, OAC_NOISE_NONE, sets);
    stand_pattern(&s, 1e5);
    s.window.motion.channel[1].gain = 1.25;
    s.self.panel.rx_gain[1] = 0.5;
    stand_play(&s, 0);
    double dark = 1e-6 / Q * 8e-9, bench = s.self.bench->channel[1].gain;
    double v = (stand_sum(&s, 0, 1) + dark) * Q / 1e-12 * 1.25 * 0.5 * bench +
               s.self.bench->channel[1].adc->offset_v;
    cr_assert(fabs(bench - 1.0) > 0.01);
    cr_assert_float_eq(stand_readout(&s, 1) * Q / 1e-12 / v, 1.0, 1e-6);
    stand_close(&s);
}

Test(wave_receive, a_pair_subtracts_with_its_mismatch_and_cancels_dark_current)
{
    const char *sets[] = {"detector.pair=yes", "weight_modulator.dual_output=yes",
                          "detector.pair_mismatch=0.1", "detector.dark_a=1e-6", NULL};
    struct stand s;
    stand_open(&s, 16, OAC_NOISE_NONE, sets);
    stand_pattern(&s, 1e5);
    stand_play(&s, 0);
    for (size_t k = 0; k < 3; k++) {
        double want = 1.05 * stand_sum(&s, 0, k) - 0.95 * stand_sum(&s, 1, k);
        cr_assert_float_eq(stand_readout(&s, k), want, 1e-6 * stand_sum(&s, 0, k));
    }
    s.frame.differential = false; /* the second detector is not read */
    stand_play(&s, 0);
    double dark = 1e-6 / Q * 16e-9;
    cr_assert_float_eq(stand_readout(&s, 0) / (1.05 * stand_sum(&s, 0, 0) + dark), 1.0, 1e-6);
    stand_close(&s);
}

/* A constant current i through droop d for a time t leaves (i/d)(1 - e^{-d t}); held, it droops on. */
Test(wave_receive, charge_droops_from_its_arrival_to_its_conversion)
{
    const char *sets[] = {"receiver.droop_per_s=3e7", NULL};
    struct stand s;
    stand_open(&s, 16, OAC_NOISE_NONE, sets);
    for (size_t n = 0; n < 16; n++)
        stand_light(&s, 0, 0, n, 1e4);
    stand_gate(&s, 5.3e-9, 17.77e-9);
    s.capture.picks = 3;
    s.pick[0] = 5;  /* before it opens */
    s.pick[1] = 12; /* open */
    s.pick[2] = 22; /* held */
    stand_play(&s, 0);
    double d = 3e7, i = 1e13;
    cr_assert_float_eq(stand_electrons(&s, s.rx[0]), 0.0, 1e-6);
    cr_assert_float_eq(stand_electrons(&s, s.rx[1]) / (i / d * -expm1(-d * (12e-9 - 5.3e-9))),
                       1.0, 2e-6);
    double close = i / d * -expm1(-d * (17.77e-9 - 5.3e-9));
    cr_assert_float_eq(stand_electrons(&s, s.rx[2]) / (close * exp(-d * (22e-9 - 17.77e-9))),
                       1.0, 2e-6);
    stand_close(&s);
}

/* The light of payload slot 0 reaches the ADC late; a gate as late sees all of it, one on time sees less. */
Test(wave_receive, a_hidden_delay_moves_the_light_against_the_gate)
{
    const char *sets[] = {"timing.adc_delay_s=0.33e-9", "timing.adc_delay_spread_s=0.05e-9",
                          NULL};
    struct stand s;
    stand_open(&s, 4, OAC_NOISE_NONE, sets);
    double delay = s.self.bench->channel[0].adc_delay_s;
    cr_assert(fabs(delay - 0.33e-9) > 1e-12 && fabs(delay - 0.33e-9) < 0.3e-9);
    stand_light(&s, 0, 0, 0, 1e5);
    stand_play(&s, 0);
    cr_assert_float_eq(stand_readout(&s, 0), 1e5, 0.2);
    stand_gate(&s, 4e-9, 5e-9);
    stand_play(&s, 0);
    cr_assert_float_eq(stand_readout(&s, 0), 1e5 * (1.0 - delay / 1e-9), 0.2);
    stand_gate(&s, 4e-9 + delay, 5e-9 + delay);
    stand_play(&s, 0);
    cr_assert_float_eq(stand_readout(&s, 0), 1e5, 0.2);
    stand_close(&s);
}

static void ways_agree(const char *const *sets, const char *what)
{
    struct stand s;
    stand_open(&s, 24, OAC_NOISE_NONE, sets);
    stand_pattern(&s, 2e4);
    stand_gate(&s, 3.51e-9, 27.234e-9);
    s.capture.picks = 2;
    s.pick[0] = 29;
    s.pick[1] = 31;
    stand_play(&s, 0);
    float sampled[6];
    memcpy(sampled, s.rx, sizeof sampled);
    stand_hold(&s, 0);
    for (size_t i = 0; i < 6; i++)
        cr_expect_float_eq(s.rx[i] / sampled[i], 1.0f, 1e-6, "%s: %zu: %.9g and %.9g", what, i,
                           (double)s.rx[i], (double)sampled[i]);
    stand_close(&s);
}

Test(wave_receive, the_short_way_holds_what_the_sampled_one_holds)
{
    const char *pole[] = {"detector.bandwidth_hz=0.3e9", "timing.adc_delay_s=0.41e-9", NULL};
    const char *droop[] = {"receiver.droop_per_s=2e7", "detector.dark_a=1e-6", NULL};
    const char *both[] = {"detector.pair=yes",
                          "weight_modulator.dual_output=yes",
                          "detector.pair_mismatch=0.1",
                          "receiver.droop_per_s=2e7",
                          "detector.bandwidth_hz=1e9",
                          "detector.kind=apd",
                          "detector.gain=3",
                          "detector.dark_a=1e-6",
                          "timing.adc_delay_s=0.41e-9",
                          NULL};
    ways_agree(NULL, "plain");
    ways_agree(pole, "pole");
    ways_agree(droop, "droop");
    ways_agree(both, "both");
}

Test(wave_receive, only_held_values_of_a_linear_receiver_take_the_short_way)
{
    const char *full[] = {"detector.saturation_a=1e-3", NULL};
    const char *tia[] = {"receiver.kind=tia", NULL};
    struct stand s;
    stand_open(&s, 8, OAC_NOISE_NONE, NULL);
    cr_assert(oac_wave_receiver_holds(&s.self, &s.window));
    s.pick[0] = GUARD + 7;
    cr_assert_not(oac_wave_receiver_holds(&s.self, &s.window));
    s.pick[0] = GUARD + 8; /* the gate closes just then */
    cr_assert(oac_wave_receiver_holds(&s.self, &s.window));
    stand_close(&s);
    stand_open(&s, 8, OAC_NOISE_NONE, full);
    cr_assert_not(oac_wave_receiver_holds(&s.self, &s.window));
    stand_close(&s);
    stand_open(&s, 8, OAC_NOISE_NONE, tia);
    stand_sample(&s, 0);
    cr_assert_not(oac_wave_receiver_holds(&s.self, &s.window));
    stand_close(&s);
}

/* ---- sampled receivers ----------------------------------------------------------------------- */

/* Conversions of a slot average to the slot's current whatever their number, also when it does not divide the
 * grid's, and a delay of one conversion moves them by one. */
Test(wave_receive, boxcars_of_a_tia_tile_the_slot)
{
    static const char *const RATES[] = {"adc.samples_per_slot=1", "adc.samples_per_slot=4",
                                        "adc.samples_per_slot=12", "adc.samples_per_slot=20"};
    for (size_t i = 0; i < 4; i++) {
        const char *sets[] = {"receiver.kind=tia", RATES[i], NULL};
        struct stand s;
        stand_open(&s, 8, OAC_NOISE_NONE, sets);
        stand_pattern(&s, 1e4);
        stand_sample(&s, 0);
        stand_play(&s, 0);
        cr_assert_float_eq(stand_readout(&s, 1) / stand_sum(&s, 0, 1), 1.0, 2e-6, "%s",
                           RATES[i]);
        double conversion_s = 1e-9 / (double)s.self.caps.readout_samples_per_slot;
        float before = s.rx[0];
        s.self.bench->channel[0].adc_delay_s = conversion_s;
        stand_sample(&s, 1);
        stand_play(&s, 0);
        cr_assert_float_eq(s.rx[0], before, 1e-6f * before);
        s.self.bench->channel[0].adc_delay_s = 0.37e-9; /* no step of any grid */
        stand_sample(&s, 0);
        for (size_t p = 0; p < s.capture.picks;
             p++) /* from the guard before to the one after */
            s.pick[p] = (uint32_t)(s.frame.first * s.self.caps.readout_samples_per_slot + p);
        stand_light(&s, 0, 0, 7, 0.0);
        stand_play(&s, 0);
        cr_assert_float_eq(stand_readout(&s, 0) / stand_sum(&s, 0, 0), 1.0, 2e-6, "%s late",
                           RATES[i]);
        stand_close(&s);
    }
}

/* A step through a pole tau, averaged over the k-th conversion behind it. */
Test(wave_receive, a_tia_settles_as_one_pole)
{
    const char *sets[] = {"receiver.kind=tia", "adc.samples_per_slot=8",
                          "receiver.bandwidth_hz=0.4e9", NULL};
    struct stand s;
    stand_open(&s, 8, OAC_NOISE_NONE, sets);
    for (size_t n = 0; n < 8; n++)
        stand_light(&s, 0, 0, n, 1e4);
    stand_sample(&s, 0);
    stand_play(&s, 0);
    double tau = 1.0 / (2.0 * OAC_PI * 0.4e9), h = 0.125e-9;
    for (size_t p = 0; p < 40; p++) {
        double want =
            1.0 - tau / h * (exp(-h * (double)p / tau) - exp(-h * (double)(p + 1) / tau));
        cr_assert_float_eq(stand_electrons(&s, s.rx[p]) / 1e4, want, 1e-5);
    }
    stand_close(&s);
}

/* A conversion inside a rise of one slot moves by the difference of the currents at its ends. */
Test(wave_receive, jitter_of_a_conversion_is_the_slope_of_its_current)
{
    enum { WINDOWS = 4000 };
    const char *sets[] = {"receiver.kind=tia", "adc.samples_per_slot=1", "adc.jitter_s=5e-12",
                          "channels=1", NULL};
    struct stand s;
    stand_open(&s, 3, OAC_NOISE_JITTER, sets);
    stand_light(&s, 0, 0, 1, 1e5);
    for (size_t i = 4 * 8; i < 5 * 8; i++) /* a ramp up to slot 1, which ends in the dark */
        s.power[i] = (float)(1e5 / 1e-9 * ((double)(i - 32) + 0.5) / 8.0);
    s.capture.picks = 1;
    s.pick[0] = 4;
    struct moments m = stand_moments(&s, 0, WINDOWS, false, 0);
    /* leaves 1/32 (mean of 0 and 1/16) and enters 31/32: (1e5/1e-9)(30/32) electrons per s, as at 8 a slot */
    double slope = 1e14 * (0.5 * (15.0 / 16.0 + 1.0) - 0.5 * (1.0 / 16.0));
    expect_moments(&m, 0.5e5, pow(5e-12 * slope, 2.0), "jitter");
    stand_close(&s);
}

/* ---- limits --------------------------------------------------------------------------------- */

Test(wave_receive, whatever_is_full_says_so)
{
    const char *detector[] = {"detector.saturation_a=1e-6", NULL};
    const char *receiver[] = {"receiver.saturation_v=1e-3", NULL};
    const char *adc[] = {"adc.full_scale_v=0.001", NULL};
    const char *tia[] = {"receiver.kind=tia", "receiver.saturation_v=1e-3", NULL};
    struct stand s;
    double slot = 1e-6 / Q * 1e-9; /* electrons of a slot at 1 uA */
    stand_open(&s, 4, OAC_NOISE_NONE, detector);
    stand_light(&s, 0, 0, 0, 1.5 * slot);
    stand_light(&s, 0, 1, 0, 0.9 * slot);
    stand_play(&s, 0);
    cr_assert_float_eq(stand_readout(&s, 0) / slot, 1.0, 1e-5);
    cr_assert_float_eq(stand_readout(&s, 1) / slot, 0.9, 1e-5);
    cr_assert(s.flag[0] == OAC_FLAG_SATURATED && s.flag[1] == 0);
    stand_close(&s);

    stand_open(&s, 4, OAC_NOISE_NONE, receiver);
    stand_light(&s, 0, 0, 0, 7e3); /* 1.12 mV on 1 pF */
    stand_light(&s, 0, 1, 0, 6e3);
    stand_play(&s, 0);
    cr_assert_float_eq(stand_readout(&s, 0), 1e-3 * 1e-12 / Q, 0.1);
    cr_assert(s.flag[0] == OAC_FLAG_SATURATED && s.flag[1] == 0);
    stand_hold(&s, 0);
    cr_assert_float_eq(stand_readout(&s, 0), 1e-3 * 1e-12 / Q, 0.1);
    cr_assert(s.flag[0] == OAC_FLAG_SATURATED && s.flag[1] == 0);
    stand_close(&s);

    stand_open(&s, 4, OAC_NOISE_ADC, adc);
    stand_light(&s, 0, 0, 0, 7e3);
    stand_light(&s, 0, 1, 0, 6e3);
    stand_play(&s, 0);
    cr_assert(s.flag[0] == OAC_FLAG_SATURATED && s.flag[1] == 0);
    cr_assert_eq(s.rx[0], (float)((1 << 20) - 1));
    stand_close(&s);

    stand_open(&s, 4, OAC_NOISE_NONE, tia);
    stand_light(&s, 0, 0, 0, 7e3); /* 1.12 uA through 1 kOhm */
    stand_light(&s, 0, 1, 0, 6e3);
    stand_sample(&s, 0);
    stand_play(&s, 0);
    cr_assert_float_eq(stand_electrons(&s, s.rx[0]), 1e-3 / 1e3 * 1e-9 / Q, 0.1);
    cr_assert(s.flag[0] == OAC_FLAG_SATURATED && s.flag[1] == 0);
    stand_close(&s);
}

/* ---- order and taps --------------------------------------------------------------------------- */

Test(wave_receive, a_window_is_a_function_of_its_slot)
{
    const char *sets[] = {"receiver.kind=tia", "receiver.in_a_per_rthz=1e-11",
                          "detector.bandwidth_hz=1e9", "adc.samples_per_slot=2", NULL};
    const char *integrator[] = {"receiver.read_noise_v=1e-3", NULL};
    for (int kind = 0; kind < 2; kind++) {
        struct stand s;
        stand_open(&s, 8, OAC_NOISE_ALL, kind ? integrator : sets);
        if (!kind)
            stand_sample(&s, 0);
        stand_pattern(&s, 1e4);
        size_t bytes = 3 * s.capture.picks * sizeof(float);
        float first[3 * 16], again[3 * 16];
        stand_play(&s, 1000);
        memcpy(first, s.rx, bytes);
        stand_play(&s, 77);
        cr_assert_neq(memcmp(first, s.rx, bytes), 0);
        stand_play(&s, 1000);
        memcpy(again, s.rx, bytes);
        cr_assert_eq(memcmp(first, again, bytes), 0);
        if (kind) {
            stand_hold(&s, 1000);
            memcpy(first, s.rx, bytes);
            stand_hold(&s, 5);
            stand_hold(&s, 1000);
            cr_assert_eq(memcmp(first, s.rx, bytes), 0);
        }
        stand_close(&s);
    }
}

struct seen {
    unsigned current, output, code;
    double last;
};

static void look(void *context, const struct oac_waveform_point *point)
{
    struct seen *seen = context;
    if (point->channel != 1)
        return;
    seen->current += strcmp(point->name, "detector.current") == 0;
    seen->code += strcmp(point->name, "adc.code") == 0;
    if (strcmp(point->name, "receiver.output") == 0) {
        seen->output++;
        seen->last = (double)point->value[point->samples - 1];
    }
}

Test(wave_receive, a_tap_sees_the_chain_and_changes_nothing)
{
    static const char *const KINDS[][3] = {
        {"receiver.kind=integrator", "detector.kind=pin", NULL},
        {"receiver.kind=tia", "detector.kind=pin", NULL},
        {"receiver.kind=counter", "detector.kind=counting", NULL}};
    for (size_t i = 0; i < 3; i++) {
        struct stand s;
        struct seen seen = {0};
        stand_open(&s, 8, OAC_NOISE_SHOT | OAC_NOISE_THERMAL, KINDS[i]);
        if (i == 1)
            stand_sample(&s, 0);
        stand_pattern(&s, 3e1);
        size_t bytes = 3 * s.capture.picks * sizeof(float);
        float plain[3 * 8];
        stand_play(&s, 4);
        memcpy(plain, s.rx, bytes);
        s.self.tap = look;
        s.self.tap_context = &seen;
        stand_play(&s, 4);
        cr_assert_eq(memcmp(plain, s.rx, bytes), 0);
        cr_assert(seen.current == 1 && seen.output == 1 && seen.code == 1);
        cr_assert_not(i != 1 && oac_wave_receiver_holds(&s.self, &s.window));
        if (i != 1) { /* what is held is what is converted */
            double v =
                (double)s.rx[1] * oac_adc_lsb_v(&s.self.rig) + oac_adc_min_v(&s.self.rig);
            cr_assert_float_eq(seen.last, v, 1e-6);
        }
        stand_close(&s);
    }
}

/* ---- the pole ------------------------------------------------------------------------------------- */

Test(receiver_pole, conserves_charge_and_its_adjoint_weighs_the_inputs)
{
    enum { N = 400 };
    struct oac_receiver_pole pole = oac_receiver_pole_make(7.3, 1.0);
    float x[N] = {0.0f}, weight[N], y[N];
    double sum = 0.0, in = 0.0, out = 0.0, weighed = 0.0;
    for (size_t i = 0; i < N; i++) {
        x[i] = i > 20 && i < 200 ? (float)((i * 37) % 11) : 0.0f;
        weight[i] = i % 3 == 1 ? 0.4f : 1.0f;
        sum += (double)x[i];
    }
    memcpy(y, x, sizeof y);
    oac_receiver_pole_apply(&pole, 0.0, N, y);
    for (size_t i = 0; i < N; i++) {
        out += (double)y[i];
        weighed += (double)weight[i] * (double)y[i];
    }
    oac_receiver_pole_adjoint(&pole, N, weight);
    for (size_t i = 0; i < N; i++)
        in += (double)weight[i] * (double)x[i];
    cr_assert_float_eq(out / sum, 1.0, 1e-6); /* e^-27 of it is still to come */
    cr_assert_float_eq(in / weighed, 1.0, 1e-6);
    cr_assert_float_eq(y[21], (float)(x[21] * (1.0 - 7.3 * -expm1(-1.0 / 7.3))), 1e-6);
}
