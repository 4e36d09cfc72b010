/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "base/rng.h"
#include "sim/components/detector.h"
#include "sim/rig.h"

Test(detector, ideal_responsivity_at_1550_nm_is_1_25_a_per_w)
{
    double nu_hz = OAC_LIGHT_SPEED_M_PER_S / 1550e-9;
    cr_assert_float_eq(oac_detector_responsivity_a_per_w(1.0, nu_hz), 1.2502, 1e-4);
    cr_assert_float_eq(oac_detector_responsivity_a_per_w(0.8, nu_hz), 1.0001, 1e-4);
}

/* 0.128 aJ per photon at 1550 nm. */
Test(detector, one_photon_of_1550_nm_gives_one_electron)
{
    double nu_hz = OAC_LIGHT_SPEED_M_PER_S / 1550e-9;
    cr_assert_float_eq(oac_detector_electrons_per_joule(1.0, nu_hz) * 0.12816e-18, 1.0, 1e-4);
    cr_assert_float_eq(oac_detector_responsivity_a_per_w(0.7, nu_hz),
                       OAC_ELEMENTARY_CHARGE_C * oac_detector_electrons_per_joule(0.7, nu_hz),
                       1e-12);
}

Test(detector, a_nanoampere_is_6_24e9_electrons_per_second)
{
    cr_assert_float_eq(oac_detector_dark_electrons_per_s(1e-9) / 6.2415e9, 1.0, 1e-4);
}

Test(detector, only_an_apd_has_gain_and_only_a_counter_dead_time)
{
    struct oac_rig rig = {.channels = 1};
    rig.detector.gain = 10.0;
    rig.detector.excess_noise = 4.0;
    rig.detector.dark_a = 1e-9;
    rig.detector.dark_counts_hz = 100.0;
    rig.detector.dead_time_s = 50e-9;
    rig.detector.kind = OAC_DETECTOR_PIN;
    struct oac_detector pin = oac_detector_from_rig(&rig);
    rig.detector.kind = OAC_DETECTOR_APD;
    struct oac_detector apd = oac_detector_from_rig(&rig);
    rig.detector.kind = OAC_DETECTOR_COUNTING;
    struct oac_detector counting = oac_detector_from_rig(&rig);
    cr_assert(pin.gain == 1.0 && pin.excess_noise == 1.0 && pin.dead_time_s == 0.0);
    cr_assert(apd.gain == 10.0 && apd.excess_noise == 4.0 && apd.dead_time_s == 0.0);
    cr_assert(counting.gain == 1.0 && counting.dead_time_s == 50e-9);
    cr_assert(counting.dark_per_s == 100.0 && pin.dark_per_s > 1e9);
}

Test(detector, mismatch_is_the_difference_of_the_pair)
{
    struct oac_rig rig = {.channels = 1};
    rig.detector.pair_mismatch = 0.04;
    struct oac_detector pair = oac_detector_from_rig(&rig);
    cr_assert_float_eq(pair.pair_gain_plus - pair.pair_gain_minus, 0.04, 1e-15);
    cr_assert_float_eq(pair.pair_gain_plus + pair.pair_gain_minus, 2.0, 1e-15);
}

static void sample(double rate_per_s, size_t slots, double dead_time_s, unsigned runs,
                   double *mean, double *variance)
{
    double rate[64], sum = 0.0, sum2 = 0.0;
    for (size_t n = 0; n < slots; n++)
        rate[n] = rate_per_s;
    for (unsigned run = 0; run < runs; run++) {
        double count = oac_detector_count_events(rate, slots, 1e-6, dead_time_s, 4, run, 17);
        sum += count;
        sum2 += count * count;
    }
    *mean = sum / runs;
    *variance = sum2 / runs - *mean * *mean;
}

Test(detector, events_without_dead_time_are_poisson)
{
    enum { RUNS = 20000 };
    double mean, variance;
    sample(0.4e6, 32, 0.0, RUNS, &mean, &variance); /* 12.8 counts */
    cr_assert_float_eq(mean, 12.8, 4.0 * sqrt(12.8 / RUNS));
    /* fourth central moment of a Poisson: 3 m^2 + m */
    cr_assert_float_eq(variance, 12.8, 4.0 * sqrt((2.0 * 12.8 * 12.8 + 12.8) / RUNS));
}

Test(detector, events_follow_the_dead_time_formulas_over_a_long_window)
{
    enum { RUNS = 10000 };
    double mean, variance, formula_mean, formula_variance;
    double n = 5e6 * 64e-6; /* 320 arrivals, n tau/T = 0.25 */
    sample(5e6, 64, 50e-9, RUNS, &mean, &variance);
    oac_detector_dead_time_moments(n, 50e-9, 64e-6, &formula_mean, &formula_variance);
    /* the detector opens ready: up to half a dead time of arrivals more than in steady state */
    double opening = 0.5 * 5e6 * 50e-9;
    cr_assert_float_eq(mean, formula_mean, opening + 4.0 * sqrt(formula_variance / RUNS));
    cr_assert_float_eq(variance / formula_variance, 1.0, 0.01 + 4.0 * sqrt(2.0 / RUNS));
}

Test(detector, events_stay_within_their_slots)
{
    double rate[8] = {0.0};
    double total = 0.0;
    for (unsigned run = 0; run < 2000; run++) {
        rate[3] = 2e6;
        total += oac_detector_count_events(rate, 8, 1e-6, 0.0, 9, run, 0);
    }
    cr_assert_float_eq(total / 2000.0, 2.0, 4.0 * sqrt(2.0 / 2000.0));
    rate[3] = 0.0;
    cr_assert_eq(oac_detector_count_events(rate, 8, 1e-6, 0.0, 9, 0, 0), 0.0);
}

Test(detector, a_blind_detector_carries_over_into_the_next_slot)
{
    double rate[4] = {1e12, 1e12, 1e12, 1e12};
    /* one count opens, then one after each dead time of 1.5 slots: at 0, 1.5, 3.0 of 4 */
    cr_assert_eq(oac_detector_count_events(rate, 4, 1e-6, 1.5e-6, 1, 0, 0), 3.0);
}

Test(detector, counts_are_a_function_of_seed_window_and_lane)
{
    double rate[16];
    for (int n = 0; n < 16; n++)
        rate[n] = 3e6;
    double first = oac_detector_count_events(rate, 16, 1e-6, 1e-8, 5, 100, 2);
    unsigned same_seed = 0, same_lane = 0;
    for (unsigned i = 0; i < 20; i++) {
        cr_assert_eq(oac_detector_count_events(rate, 16, 1e-6, 1e-8, 5, 100, 2), first);
        same_seed += oac_detector_count_events(rate, 16, 1e-6, 1e-8, 6 + i, 100, 2) == first;
        same_lane += oac_detector_count_events(rate, 16, 1e-6, 1e-8, 5, 100, 3 + i) == first;
    }
    cr_assert(same_seed < 10 && same_lane < 10); /* one value has a probability of about 0.06 */
}
