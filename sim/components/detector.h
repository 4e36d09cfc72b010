/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Photodetectors: PIN, APD, photon counting; single or as a balanced pair.
 *
 *     R = eta q/(h nu) [A/W];  electrons per joule eta/(h nu)
 *     bulk dark current is multiplied, surface dark current is not:
 *         mean M (n + n_bulk) + n_surface,   variance M^2 F (n + n_bulk) + n_surface
 *     pair: gains 1 + mismatch/2 and 1 - mismatch/2
 * Counting with a non-paralysable dead time tau and n expected arrivals in a slot T >> tau:
 *     mean n/(1 + n tau/T),   variance n/(1 + n tau/T)^3      (renewal theory)
 * Units: A/W, 1/s, s, electrons. Validity: the two formulas within tau << T and n tau/T < 0.1; beyond, the
 * event simulation below is exact. Not modelled: afterpulsing, pile-up.
 * Source: F = <m^2>/<m>^2, McIntyre 1966; J. W. Mueller, Nucl. Instrum. Methods 112, 47 (1973). */
#ifndef OAC_SIM_COMPONENTS_DETECTOR_H
#define OAC_SIM_COMPONENTS_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oac_rig;

struct oac_detector {
    int kind; /* enum oac_detector_kind */
    double quantum_efficiency;
    double gain, excess_noise; /* M, F; 1 and 1 except for an APD */
    double dark_per_s; /* electrons (or counts) per second before gain, multiplied by it */
    double surface_dark_per_s; /* electrons per second, not multiplied */
    double dead_time_s;        /* 0: none */
    double pair_gain_plus, pair_gain_minus;
};

struct oac_detector oac_detector_from_rig(const struct oac_rig *rig);

/* R [A/W]; eta/(h nu) [electrons/J]; dark current [A] -> [electrons/s]. Pure. */
double oac_detector_responsivity_a_per_w(double quantum_efficiency, double frequency_hz);
double oac_detector_electrons_per_joule(double quantum_efficiency, double frequency_hz);
double oac_detector_dark_electrons_per_s(double dark_a);

/* Mean and variance of the registered counts of one slot of slot_s [s] with n expected
 * arrivals. Pure. */
void oac_detector_dead_time_moments(double n, double dead_time_s, double slot_s, double *mean,
                                    double *variance);

#define OAC_DETECTOR_LANES_MAX  4096u
#define OAC_DETECTOR_EVENTS_MAX (1u << 20)

/* Exact simulation of one window: rate_per_s (slots) [1/s] is constant within each slot of
 * slot_s, the detector is ready when the window opens, every registered event blinds it for
 * dead_time_s. `lane` (below OAC_DETECTOR_LANES_MAX) tells detectors apart: event e draws
 * (seed, OAC_RNG_DEAD_TIME, slot0, lane * 2^20 + e). Returns the number of counts, at most
 * OAC_DETECTOR_EVENTS_MAX - 1. Pure. */
double oac_detector_count_events(const double *rate_per_s, size_t slots, double slot_s,
                                 double dead_time_s, uint64_t seed, uint64_t slot0,
                                 uint32_t lane);

/* The same event by event, at rates that change from sample to sample: times of registered arrivals, ascending.
 * Event e draws (seed, stream, index, sub + e). Fill all but the last three and call next until it says false. */
struct oac_arrivals {
    const float *mean; /* (samples) expected arrivals in each, >= 0 */
    size_t samples;
    double dead_samples; /* dead time, in samples; 0: none */
    uint64_t seed, index;
    uint32_t stream, sub;
    double
        now; /* state, zero at the start: when it is ready again, in samples; events so far */
    size_t sample;
    uint32_t events;
};
/* *at: time of the next arrival in samples from the first; false: none within the samples, or
 * OAC_DETECTOR_EVENTS_MAX - 1 were registered. */
bool oac_arrivals_next(struct oac_arrivals *arrivals, double *at);

#endif
