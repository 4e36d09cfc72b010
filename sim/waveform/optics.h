/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The light from the client's input to the detectors: client modulator, amplifier after it, demultiplexer.
 *
 *     F_k = E_k c_k(V_x), c_k the client's field transmission at wavelength k;  ASE added per polarisation
 *     demux: passband on the field, losses and crosstalk on powers:  p_k = sum_j X_kj sum_lanes |F_j|^2
 * Beats between wavelengths are left out (>= 100 GHz apart). ASE beyond the sampled band is added to the power
 * as its mean and its white equivalent. */
#ifndef OAC_SIM_WAVEFORM_OPTICS_H
#define OAC_SIM_WAVEFORM_OPTICS_H

#include "sim/waveform/engine.h"
#include "sim/waveform/server.h"

struct oac_wave_optics_scratch; /* one thread's */

enum oac_status oac_wave_optics_create(struct oac_waveform *self,
                                       struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_wave_optics_refresh(struct oac_waveform *self,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_wave_optics_destroy(struct oac_wave_optics *optics); /* NULL is fine */
uint32_t oac_wave_optics_memory_slots(const struct oac_waveform *self);

/* True when nothing after the client depends on the field or on randomness: a readout's light is then an inner
 * product with the client's power transmission (contraction.c). */
bool oac_wave_optics_memoryless(const struct oac_waveform *self);

/* The client's drive voltage in a window: volts (samples). Shows client.drive. */
void oac_wave_client_volts(const struct oac_waveform *self,
                           const struct oac_wave_window *window,
                           struct oac_wave_optics_scratch *scratch, float *volts);

/* Power at the detectors: power (outputs, channels, samples) [W]; fields of one channel at a time come from the
 * server. Shows client.field, amplifier.field, demux.power. Returns the mean ASE power per detector in
 * ase_w (samples-averaged), which photon accounting leaves out. */
void oac_wave_optics_window(const struct oac_waveform *self,
                            const struct oac_wave_window *window,
                            struct oac_wave_server_scratch *server,
                            struct oac_wave_optics_scratch *scratch, float *power,
                            double *ase_w);

/* The contraction: light[k * 2] = sum_i g_i p_k,i and light[k * 2 + 1] = sum_i g_i^2 p_k,i [W samples] of each
 * detector (outputs, channels, 2) for receive weights g (samples; the same for all). */
void oac_wave_contract(const struct oac_waveform *self, const struct oac_wave_window *window,
                       const float *g, struct oac_wave_optics_scratch *scratch, double *light);

/* The same of the payload alone, all of it alike and without the amplifier's noise: for photon accounting. Follows
 * oac_wave_contract of the same window. */
void oac_wave_signal(const struct oac_waveform *self, const struct oac_wave_window *window,
                     struct oac_wave_optics_scratch *scratch, double *light);

enum oac_status oac_wave_optics_scratch_create(const struct oac_waveform *self,
                                               struct oac_wave_optics_scratch **scratch,
                                               struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_wave_optics_scratch_fit(const struct oac_waveform *self, size_t slots,
                                            struct oac_wave_optics_scratch *scratch,
                                            struct oac_err *err) OAC_MUST_USE;
void oac_wave_optics_scratch_destroy(
    struct oac_wave_optics_scratch *scratch); /* NULL is fine */

#endif
