/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the receiver of the waveform engine: what its parts hand to each other.
 *
 * Order of a readout: light -> electrons per sample (receive_detector.c) -> integrator (receive_integrator.c),
 * boxcars of a TIA (receive_tia.c) or counts (receive_counter.c) -> codes (receive_converter.c). The held value
 * behind a linear receiver has a short way of its own (receive_hold.c).
 * Times inside are in samples of the segment's light ("places"): a gate at t on the ADC's clock is the place
 * (t - delay_k)/dt. Units: electrons before the receiver, V behind it. */
#ifndef OAC_SIM_WAVEFORM_RECEIVE_STATE_H
#define OAC_SIM_WAVEFORM_RECEIVE_STATE_H

#include "sim/components/receiver.h"
#include "sim/components/receiver_pole.h"
#include "sim/waveform/engine.h"
#include "sim/waveform/receive.h"

/* Below this mean electrons are drawn one by one (Poisson). */
#define OAC_WAVE_FEW_ELECTRONS 1e4

/* Length of a radio's filter, in its own samples; odd, so that it has a middle one. */
#define OAC_WAVE_MIXER_SAMPLES ((size_t)13)

struct oac_wave_receiver { /* immutable */
    int kind;              /* enum oac_receiver_kind */
    double detector_tau_s, receiver_tau_s, droop_per_s;
    double volts_per_electron; /* integrator, counter */
    double volts_per_a;        /* TIA */
    double saturation_v;       /* +inf: none */
    double reset_electrons;    /* rms of a gate's opening; 0: off */
    double read_v;             /* rms of a conversion; 0: off */
    double tia_electrons2_per_s;
    double jitter_s;
    double coupling_tau_s;      /* of the high-pass before the ADC; 0: DC-coupled */
    double mixer_hz, mixer_rad; /* readouts of I and Q; 0: none */
    double *mixer_tap; /* (OAC_WAVE_MIXER_SAMPLES * samples of a conversion); NULL: none */
    bool shot, converts;
    bool countable; /* no gain: few electrons follow Poisson */
    /* of dark current, all of it output electrons per second */
    double dark_mean, dark_variance; /* of one detector */
};

struct oac_wave_receiver_scratch {
    float *z, *x, *y;      /* (samples) normals, electrons per sample, anything */
    float *plus, *minus;   /* (samples) light on the ADC's clock */
    float *g;              /* (samples) receive weights */
    double *volt;          /* (picks) */
    float *slope, *jitter; /* (picks) electrons per s; normals */
    float *z_read, *z_adc; /* (channels, picks) */
    float *z_row;          /* (channels) */
    struct oac_wave_gate_sums {
        double open, close; /* places */
        size_t samples;
        double first, second; /* sums of g and g^2 */
    } * sums;                 /* (channels) of the last gate seen */
    size_t samples, picks;
};

/* One readout of one window. */
struct oac_wave_row {
    size_t k;
    bool pair;
    double plus, minus;  /* electrons per joule on each detector, before avalanche gain */
    double gain, excess; /* M, F */
    double limit_plus_w, limit_minus_w; /* detector saturation; +inf: none */
    double dark_mean, dark_variance;    /* output electrons and their variance, per second */
    double volts;                       /* gain behind the receiver: hidden, drift, setting */
    double delay_s;
};
struct oac_wave_row oac_wave_row_of(const struct oac_waveform *self,
                                    const struct oac_wave_window *window, size_t k);

/* sim/waveform/receive_detector.c ----------------------------------------------------------- */

struct oac_wave_light { /* on one row's detectors, for n samples of step_s */
    size_t n;
    double step_s;
    const float *plus, *minus; /* [W]; minus NULL without a pair */
    uint64_t slot0;
};

/* x (n) output electrons per sample, through the detector's pole. noisy: shot noise, and `more` of white variance
 * [electrons^2 per s] if it meets no pole. Returns whether a detector saturated. */
bool oac_wave_detect(const struct oac_waveform *self, const struct oac_wave_row *row,
                     const struct oac_wave_light *light, bool noisy, double more,
                     struct oac_wave_receiver_scratch *scratch, float *x);

/* sim/waveform/receive_integrator.c ---------------------------------------------------------- */

struct oac_wave_gate {
    double open, close; /* places, within the segment */
};
struct oac_wave_gate oac_wave_gate_of(const struct oac_waveform *self,
                                      const struct oac_wave_window *window,
                                      const struct oac_wave_row *row);
/* Place of ADC sample i. */
double oac_wave_place(const struct oac_waveform *self, const struct oac_wave_row *row,
                      uint32_t pick);

/* What part of an electron of sample i is there at the gate's close, no pole: weight (samples). */
void oac_wave_gate_weights(double droop_per_sample, const struct oac_wave_gate *gate,
                           size_t samples, float *weight);

/* volt (picks): running values from x (samples) electrons. Returns whether it saturated. */
bool oac_wave_integrate(const struct oac_waveform *self, const struct oac_wave_window *window,
                        const struct oac_wave_row *row, const float *x,
                        struct oac_wave_receiver_scratch *scratch);

/* sim/waveform/receive_tia.c: volt (picks) from the light on the detectors, power as in
 * oac_wave_receiver_window. sim/waveform/receive_counter.c: the same, of counts. */
bool oac_wave_transimpede(const struct oac_waveform *self, const struct oac_wave_window *window,
                          const struct oac_wave_row *row, const struct oac_wave_light *light,
                          struct oac_wave_receiver_scratch *scratch);
bool oac_wave_count(const struct oac_waveform *self, const struct oac_wave_window *window,
                    const struct oac_wave_row *row, const struct oac_wave_light *light,
                    struct oac_wave_receiver_scratch *scratch);

/* sim/waveform/receive_converter.c: the receiver's volts, read noise, saturation, gain, conversion -> rx, flag
 * of row k. z_read, z_adc (picks), NULL: none. saturated: known to be so already. */
void oac_wave_convert(const struct oac_waveform *self, const struct oac_wave_window *window,
                      const struct oac_wave_row *row, const double *volt, const float *z_read,
                      const float *z_adc, bool saturated);

/* Blocks of four normals that cover n. */
static inline size_t oac_wave_blocks(size_t n)
{
    return (n + 3) / 4;
}

#endif
