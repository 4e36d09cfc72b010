/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's half of a segment: codes -> volts -> light at the client's input.
 *
 *     E_k,o(t) = sqrt(P_k (1 + rin(t))) e^{i psi(t)} m_o(V_k(t)),  then the fiber (fiber.h) and, when it sits
 * there, the chain of amplifiers with their ASE. m_o are the field transmissions of the weight modulator's
 * outputs (sim/components/mzm.h). */
#ifndef OAC_SIM_WAVEFORM_SERVER_H
#define OAC_SIM_WAVEFORM_SERVER_H

#include "sim/waveform/engine.h"

struct oac_wave_server_scratch; /* one thread's */

/* Filters and tables that follow from rig, bench, noise and settings; refreshed after a setting changed. */
enum oac_status oac_wave_server_create(struct oac_waveform *self,
                                       struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_wave_server_refresh(struct oac_waveform *self,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_wave_server_destroy(struct oac_wave_server *server); /* NULL is fine */

/* Slots of steady guard that outlast the server's memory (poles, S21, dispersion, walk-off left, skew). */
uint32_t oac_wave_server_memory_slots(const struct oac_waveform *self);

/* Fills volts, field, power (allocating them on first use) and light, without noise, at the present settings. */
enum oac_status oac_wave_server_build(const struct oac_waveform *self,
                                      struct oac_wave_frame *frame,
                                      struct oac_wave_server_scratch *scratch,
                                      struct oac_err *err) OAC_MUST_USE;

/* True when a window's server half is not launch * the built one: rin, drive, linewidth, jitter, drift of bias or
 * power, ASE before the client, SPM. */
bool oac_wave_server_varies(const struct oac_waveform *self);

/* The fields of one channel in one window, noise and launch included: field (lanes, 2 * samples). Shows
 * weight.drive, weight.field, fiber.field, amplifier.field. Pure but for the scratch. */
void oac_wave_server_window(const struct oac_waveform *self,
                            const struct oac_wave_window *window, size_t channel,
                            struct oac_wave_server_scratch *scratch, float *field);

enum oac_status oac_wave_server_scratch_create(const struct oac_waveform *self,
                                               struct oac_wave_server_scratch **scratch,
                                               struct oac_err *err) OAC_MUST_USE;
/* Makes room for segments of that many slots. */
enum oac_status oac_wave_server_scratch_fit(const struct oac_waveform *self, size_t slots,
                                            struct oac_wave_server_scratch *scratch,
                                            struct oac_err *err) OAC_MUST_USE;
void oac_wave_server_scratch_destroy(
    struct oac_wave_server_scratch *scratch); /* NULL is fine */

#endif
