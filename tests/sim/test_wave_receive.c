/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/detector.h"
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

/* ---- noise: a few thousand windows; slow_wave_receive.c has many ---------------------------------- */

#define FEW 3000u

static void both_ways(const char *const *sets, uint32_t noise, double slot_electrons,
                      double (*variance)(const struct stand *s), const char *what)
{
    struct stand s;
    stand_open(&s, 16, noise, sets);
    stand_pattern(&s, slot_electrons);
    double mean = stand_sum(&s, 0, 0) - (s.frame.differential ? stand_sum(&s, 1, 0) : 0.0);
    mean *= s.self.bench->detector.gain;
    struct moments m = stand_moments(&s, 0, FEW, false, 0);
    expect_moments(&m, mean, variance(&s), what);
    m = stand_moments(&s, 0, FEW, true, 0);
    expect_moments(&m, mean, variance(&s), what);
    stand_close(&s);
}

static double shot_of_pair(const struct stand *s) /* dark current cancels, its noise does not */
{
    double dark = s->self.rig.detector.dark_a / Q * (double)s->slots * s->self.slot_s;
    return stand_sum(s, 0, 0) + stand_sum(s, 1, 0) + 2.0 * dark;
}
static double shot_of_apd(const struct stand *s)
{
    return 100.0 * 4.0 * stand_sum(s, 0, 0);
}
static double reset(const struct stand *s)
{
    return OAC_BOLTZMANN_J_PER_K * s->self.rig.temperature_k * 1e-12 / (Q * Q);
}
static double read_twice(const struct stand *s)
{
    (void)s;
    return 2.0 * pow(1e-3 * 1e-12 / Q, 2.0);
}
static double step(const struct stand *s)
{
    double lsb = oac_adc_lsb_v(&s->self.rig) * 1e-12 / Q;
    return lsb * lsb * 16.0 / 12.0;
}

Test(wave_receive, noise_of_a_held_value_is_that_of_the_variance_table)
{
    const char *pair[] = {"detector.pair=yes", "weight_modulator.dual_output=yes", "channels=1",
                          "detector.dark_a=2e-6", NULL};
    const char *apd[] = {"detector.kind=apd", "detector.gain=10", "detector.excess_noise=4",
                         "channels=1", NULL};
    const char *plain[] = {"channels=1", NULL};
    const char *cds[] = {"channels=1", "receiver.cds=yes", "receiver.read_noise_v=1e-3", NULL};
    const char *coarse[] = {"channels=1", "adc.bits=10", "adc.enob_bits=8", "adc.min_v=-0.5",
                            NULL};
    both_ways(pair, OAC_NOISE_SHOT, 5e3, shot_of_pair, "shot of a pair");
    both_ways(apd, OAC_NOISE_SHOT, 1e2, shot_of_apd, "shot of an apd");
    both_ways(plain, OAC_NOISE_THERMAL, 5e3, reset, "reset");
    both_ways(cds, OAC_NOISE_READ | OAC_NOISE_THERMAL, 5e3, read_twice, "double sampling");
    both_ways(coarse, OAC_NOISE_ADC, 5e3, step, "adc");
}

Test(wave_receive, few_electrons_come_whole)
{
    const char *sets[] = {"channels=1", NULL};
    struct stand s;
    stand_open(&s, 16, OAC_NOISE_SHOT, sets);
    stand_pattern(&s, 0.3);
    for (int hold = 0; hold < 2; hold++) {
        struct moments m = stand_moments(&s, 0, FEW, hold, 0);
        expect_moments(&m, stand_sum(&s, 0, 0), stand_sum(&s, 0, 0), hold ? "held" : "sampled");
        double n = stand_readout(&s, 0);
        cr_assert_float_eq(n, round(n),
                           1e-2); /* code 2^19 in a float is 0.2 electrons: 1e-6 V */
    }
    stand_close(&s);
}

/* A TIA's conversion: i_n^2 g^2/(2 T_c), the same on every grid and for a delay between its steps. */
Test(wave_receive, noise_of_a_conversion_does_not_depend_on_the_grid)
{
    static const char *const GRIDS[] = {"wave.samples_per_slot=8", "wave.samples_per_slot=32",
                                        "wave.samples_per_slot=6"};
    for (size_t i = 0; i < 3; i++) {
        const char *sets[] = {"receiver.kind=tia",
                              "receiver.in_a_per_rthz=1e-11",
                              "receiver.gain_v_per_a=1e5",
                              "adc.samples_per_slot=4",
                              "channels=1",
                              "timing.adc_delay_s=0.0431e-9",
                              GRIDS[i],
                              NULL};
        struct stand s;
        stand_open(&s, 1, OAC_NOISE_THERMAL, sets);
        s.capture.picks = 1;
        s.pick[0] = 18;
        struct moments m = stand_moments(&s, 0, FEW, false, 0);
        double conversion_s = 0.25e-9,
               share = 0.25; /* stand_readout adds up a slot's quarter */
        double current = 1e-22 / (2.0 * conversion_s), slot = current * 1e-18 / (Q * Q);
        expect_moments(&m, 0.0, slot * share * share, GRIDS[i]);
        stand_close(&s);
    }
}

/* ---- counters ----------------------------------------------------------------------------------- */

static const char *const COUNTER[] = {"detector.kind=counting", "receiver.kind=counter",
                                      "channels=1", "detector.dark_counts_hz=1e7", NULL};

Test(wave_receive, a_counter_counts_poisson_in_its_gate_alone)
{
    struct stand s;
    stand_open(&s, 16, OAC_NOISE_SHOT | OAC_NOISE_ADC | OAC_NOISE_THERMAL, COUNTER);
    stand_pattern(&s, 2.0);
    for (size_t i = 0; i < 8; i++)
        s.power[i] = 1e12f; /* before the gate */
    double mean = stand_sum(&s, 0, 0) - 1e3 + 0.16;
    for (int hold = 0; hold < 2; hold++) {
        struct moments m = stand_moments(&s, 0, FEW, hold, 0);
        expect_moments(&m, mean, mean, hold ? "held" : "sampled");
        cr_assert_eq(s.rx[0], rintf(s.rx[0]));
    }
    stand_close(&s);
}

Test(wave_receive, dead_time_blinds_between_samples)
{
    struct stand s;
    const char *sets[] = {"detector.kind=counting", "receiver.kind=counter", "channels=1",
                          "detector.dead_time_s=0.31e-9", NULL};
    stand_open(&s, 200, OAC_NOISE_SHOT, sets);
    for (size_t n = 0; n < 200; n++)
        stand_light(&s, 0, 0, n, 0.5);
    cr_assert_not(oac_wave_receiver_holds(&s.self, &s.window));
    double mean, variance;
    oac_detector_dead_time_moments(100.0, 0.31e-9, 200e-9, &mean, &variance);
    struct moments m = stand_moments(&s, 0, FEW, false, 0);
    /* the detector opens ready: half a dead time's arrivals more than in steady state; (n tau/T)^2/N apart */
    cr_assert_float_eq(m.mean, mean + 0.5 * 0.155 / (1.155 * 1.155) * 0.155,
                       4.0 * m.mean_se + 0.08);
    cr_assert_float_eq(m.variance / variance, 1.0, 0.01 + 4.0 * m.variance_se / variance);
    s.self.noise = OAC_NOISE_NONE;
    stand_close(&s);
    stand_open(&s, 200, OAC_NOISE_NONE, sets);
    for (size_t n = 0; n < 200; n++)
        stand_light(&s, 0, 0, n, 0.5);
    stand_play(&s, 0);
    cr_assert_float_eq(stand_readout(&s, 0), mean, 1e-4 * mean);
    stand_close(&s);
}

Test(wave_receive, arrivals_are_those_of_the_event_simulation)
{
    float mean[64];
    double rate[64];
    for (size_t i = 0; i < 64; i++) {
        mean[i] = 0.25f * (float)(i % 7);
        rate[i] = (double)mean[i] / 1e-6;
    }
    for (uint64_t window = 0; window < 50; window++) {
        struct oac_arrivals a = {.mean = mean,
                                 .samples = 64,
                                 .dead_samples = 1.7,
                                 .seed = 4,
                                 .index = window,
                                 .stream = OAC_RNG_DEAD_TIME};
        double at, last = -1.7, count = 0.0;
        while (oac_arrivals_next(&a, &at)) {
            cr_assert(at >= last + 1.7 - 1e-9 && at <= 64.0);
            cr_assert(mean[(size_t)at] > 0.0f);
            last = at;
            count += 1.0;
        }
        cr_assert_eq(count, oac_detector_count_events(rate, 64, 1e-6, 1.7e-6, 4, window, 0));
    }
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
