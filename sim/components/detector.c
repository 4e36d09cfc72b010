/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/detector.h"

#include <math.h>

#include "base/constants.h"
#include "base/rng.h"
#include "base/units.h"
#include "sim/rig.h"

struct oac_detector oac_detector_from_rig(const struct oac_rig *rig)
{
    struct oac_detector detector = {
        .kind = rig->detector.kind,
        .quantum_efficiency = rig->detector.quantum_efficiency,
        .gain = 1.0,
        .excess_noise = 1.0,
        .pair_gain_plus = 1.0 + 0.5 * rig->detector.pair_mismatch,
        .pair_gain_minus = 1.0 - 0.5 * rig->detector.pair_mismatch,
    };
    if (detector.kind == OAC_DETECTOR_COUNTING) {
        detector.dark_per_s = rig->detector.dark_counts_hz;
        detector.dead_time_s = rig->detector.dead_time_s;
        return detector;
    }
    detector.dark_per_s = oac_detector_dark_electrons_per_s(rig->detector.dark_a);
    detector.surface_dark_per_s =
        oac_detector_dark_electrons_per_s(rig->detector.surface_dark_a);
    if (detector.kind == OAC_DETECTOR_APD) {
        detector.gain = rig->detector.gain;
        detector.excess_noise = rig->detector.excess_noise;
    }
    return detector;
}

double oac_detector_responsivity_a_per_w(double quantum_efficiency, double frequency_hz)
{
    return quantum_efficiency * OAC_ELEMENTARY_CHARGE_C / oac_photon_energy_j(frequency_hz);
}

double oac_detector_electrons_per_joule(double quantum_efficiency, double frequency_hz)
{
    return quantum_efficiency / oac_photon_energy_j(frequency_hz);
}

double oac_detector_dark_electrons_per_s(double dark_a)
{
    return dark_a / OAC_ELEMENTARY_CHARGE_C;
}

void oac_detector_dead_time_moments(double n, double dead_time_s, double slot_s, double *mean,
                                    double *variance)
{
    double busy = 1.0 + n * dead_time_s / slot_s;
    *mean = n / busy;
    *variance = n / (busy * busy * busy);
}

double oac_detector_count_events(const double *rate_per_s, size_t slots, double slot_s,
                                 double dead_time_s, uint64_t seed, uint64_t slot0,
                                 uint32_t lane)
{
    double now_s = 0.0;
    size_t slot = 0;
    uint32_t events = 0;
    while (slot < slots && events < OAC_DETECTOR_EVENTS_MAX - 1) {
        double u = oac_rng_uniform(seed, OAC_RNG_DEAD_TIME, slot0,
                                   lane * OAC_DETECTOR_EVENTS_MAX + events);
        double wait = -log(u); /* in expected arrivals */
        double left = rate_per_s[slot] * ((double)(slot + 1) * slot_s - now_s);
        while (wait >= left) {
            wait -= left;
            slot++;
            if (slot == slots)
                return (double)events;
            now_s = (double)slot * slot_s;
            left = rate_per_s[slot] * slot_s;
        }
        now_s += wait / rate_per_s[slot] + dead_time_s;
        events++;
        while (slot < slots && (double)(slot + 1) * slot_s <= now_s)
            slot++;
    }
    return (double)events;
}

bool oac_arrivals_next(struct oac_arrivals *a, double *at)
{
    if (a->sample >= a->samples || a->events >= OAC_DETECTOR_EVENTS_MAX - 1)
        return false;
    double wait = -log(oac_rng_uniform(a->seed, a->stream, a->index, a->sub + a->events));
    double left = (double)a->mean[a->sample] * ((double)(a->sample + 1) - a->now);
    while (wait >= left) {
        wait -= left;
        a->sample++;
        if (a->sample == a->samples)
            return false;
        a->now = (double)a->sample;
        left = (double)a->mean[a->sample];
    }
    *at = fmin(a->now + wait / (double)a->mean[a->sample], (double)(a->sample + 1));
    a->now = *at + a->dead_samples;
    a->events++;
    size_t ready = (size_t)a->now;
    if (ready > a->sample)
        a->sample = ready;
    return true;
}
