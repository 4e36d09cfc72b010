/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detectors, receivers and converters: optical power becomes ADC samples.
 *
 *     electrons in a sample  n = M (eta/(h nu) p dt + dark dt) + shot,
 *                            variance M^2 F (signal + bulk dark) + surface
 *     detector: one pole, saturation at saturation_a; pair: difference of the two
 *     integrator: Q' = i - droop Q while the gate is open, reset noise, read noise, saturation;
 *     TIA: gain, input noise, one pole, saturation;  counter: Poisson events with dead time
 *     ADC: sample at t + jitter, offset, fixed error, noise, rounding, clipping
 * The variance of shot noise, thermal noise and so of a readout does not depend on the sample rate: noise is
 * drawn per sample with a variance in proportion to its duration.
 * Conventions. Light at t reaches ADC k at t + adc_delay_k. Droop acts from an electron's arrival to its
 * conversion, held or not. A TIA's conversion i is the mean over i T_c .. (i + 1) T_c, T_c =
 * T/samples_per_slot, behind its poles; its own noise is drawn on the ADC's clock. Saturation clips a
 * detector's light current, an integrator's running charge, a conversion's volts. The bench's electrical
 * gain (hidden spread, drift, rx_gain) stands between receiver and ADC, so that it scales electronics noise
 * too, as in the analytic engine. Electrons are drawn one by one without gain and below 1e4 a segment; a
 * counter's always, up to 5e5. Double sampling is the receiver's: one conversion, no reset noise, twice the
 * variance of read noise.
 * Where the receiver is linear up to its held value, that value is an inner product of the power with receive
 * weights g, and its shot noise is one normal variate of the exact variance: what runs unless somebody watches
 * (a tap), asks for the running value, or a detector saturates. A saturating receiver clips the held value there.
 * Not modelled: 1/f noise, pile-up, bandwidth of a counter's detector, noise of an aperture's jitter on noise. */
#ifndef OAC_SIM_WAVEFORM_RECEIVE_H
#define OAC_SIM_WAVEFORM_RECEIVE_H

#include "sim/waveform/engine.h"

struct oac_wave_receiver_scratch; /* one thread's */

enum oac_status oac_wave_receiver_create(struct oac_waveform *self,
                                         struct oac_err *err) OAC_MUST_USE;
void oac_wave_receiver_destroy(struct oac_wave_receiver *receiver); /* NULL is fine */
uint32_t oac_wave_receiver_memory_slots(const struct oac_waveform *self);

/* True when every pick of the segment is one held value behind a linear receiver. Pure. */
bool oac_wave_receiver_holds(const struct oac_waveform *self,
                             const struct oac_wave_window *window);

/* Receive weights g (samples) of readout k: what part of a sample's electrons is held at the end. Needs
 * receiver_holds. *same (may be NULL): g is the same for all readouts. */
void oac_wave_receiver_weights(const struct oac_waveform *self,
                               const struct oac_wave_window *window, size_t channel, float *g,
                               bool *same);

/* Held readouts from contracted light (outputs, channels, 2) [W samples], see oac_wave_contract: fills the
 * segment's rx, flag. Single photons are counted exactly (Poisson) where the mean is below 1e4;
 * a counter's always. */
void oac_wave_receiver_hold(const struct oac_waveform *self,
                            const struct oac_wave_window *window, const double *light,
                            struct oac_wave_receiver_scratch *scratch);

/* The sampled receiver: power (outputs, channels, samples) [W] -> the segment's rx, flag. Shows
 * detector.current, receiver.output, adc.code. */
void oac_wave_receiver_window(const struct oac_waveform *self,
                              const struct oac_wave_window *window, const float *power,
                              struct oac_wave_receiver_scratch *scratch);

enum oac_status oac_wave_receiver_scratch_create(const struct oac_waveform *self,
                                                 struct oac_wave_receiver_scratch **scratch,
                                                 struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_wave_receiver_scratch_fit(const struct oac_waveform *self, size_t slots,
                                              size_t picks,
                                              struct oac_wave_receiver_scratch *scratch,
                                              struct oac_err *err) OAC_MUST_USE;
void oac_wave_receiver_scratch_destroy(
    struct oac_wave_receiver_scratch *scratch); /* NULL is fine */

#endif
