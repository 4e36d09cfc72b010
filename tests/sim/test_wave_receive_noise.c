/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise of the waveform engine's receivers over a few thousand windows; slow_wave_receive.c has many. */
#include "sim/components/detector.h"
#include "tests/sim/receive_fixture.h"

static const double Q = OAC_ELEMENTARY_CHARGE_C;

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

Test(wave_receive_noise, noise_of_a_held_value_is_that_of_the_variance_table)
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

Test(wave_receive_noise, few_electrons_come_whole)
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
Test(wave_receive_noise, noise_of_a_conversion_does_not_depend_on_the_grid)
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

Test(wave_receive_noise, a_counter_counts_poisson_in_its_gate_alone)
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

Test(wave_receive_noise, dead_time_blinds_between_samples)
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

Test(wave_receive_noise, arrivals_are_those_of_the_event_simulation)
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
