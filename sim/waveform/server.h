/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's half of a segment: codes -> volts -> light at the client's input.
 *
 *     E_k,o(t) = sqrt(P_k (1 + rin(t))) e^{i psi(t)} m_o(V_k(t)),  then the fiber (fiber.h) and, when it sits
 * there, the chain of amplifiers with their ASE. m_o are the field transmissions of the weight modulator's
 * outputs (sim/components/mzm.h).
 *
 * Intensity noise is real: it scales the power, one sequence for both outputs, of variance rin f_s/2 per sample;
 * 1/f noise below the window is one factor (sim/components/laser.h). A shared laser's lines read one sequence at
 * their walk-off. Phase noise is a Wiener process of variance 2 pi linewidth dt per sample.
 * A channel's walk-off and its pre-delay act together, on the drive, where a staircase is delayed exactly by any
 * time: through a linear fiber a delay commutes with everything but the laser's noise, which moves by less than
 * the walk-off that pre-delay leaves. The fiber's filter has only dispersion about the channel's own carrier; it
 * goes round in the segment (filter.h), which rests at both ends.
 * PMD likewise: two polarisations, the drive early and late by half the delay between the principal states.
 * Amplified spans: of a linear fiber, loss, gain and ASE are those of the chain at its end; a Kerr fiber goes
 * span by span. ASE is white over the sampled band, or over the amplifier's filter where that is narrower.
 * Not modelled: PMD together with a Kerr fiber; ASE of the second polarisation in the Kerr effect. */
#ifndef OAC_SIM_WAVEFORM_SERVER_H
#define OAC_SIM_WAVEFORM_SERVER_H

#include "sim/waveform/engine.h"

struct oac_wave_server_scratch; /* one thread's */

/* Filters and tables that follow from rig, bench, noise and settings; refreshed after a setting changed. Create
 * needs rig, bench, noise, panel and grid; it sets self->server (destroyed by the caller, also after a failure)
 * and self->polarisations: 2 with PMD or where ASE of two polarisations is drawn before the client, else 1. A
 * frame's lanes are its outputs times that, so it comes before any frame. */
enum oac_status oac_wave_server_create(struct oac_waveform *self,
                                       struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_wave_server_refresh(struct oac_waveform *self,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_wave_server_destroy(struct oac_wave_server *server); /* NULL is fine */

/* Slots of steady guard that outlast the server's memory at the present settings (poles, S21, dispersion,
 * walk-off left, PMD). */
uint32_t oac_wave_server_memory_slots(const struct oac_waveform *self);

/* Fills volts (without the slow bias), field, power (allocating them on first use) and light, without noise, at
 * the present settings. The scratch has been fitted to the frame's slots. */
enum oac_status oac_wave_server_build(const struct oac_waveform *self,
                                      struct oac_wave_frame *frame,
                                      struct oac_wave_server_scratch *scratch,
                                      struct oac_err *err) OAC_MUST_USE;

/* True when a window's server half is not launch * the built one: rin, drive, linewidth, jitter, drift of bias or
 * power, ASE before the client, SPM. */
bool oac_wave_server_varies(const struct oac_waveform *self);

/* The fields of one channel in one window, noise and launch included: field (lanes, 2 * samples). Shows
 * weight.drive, weight.field, fiber.field, amplifier.field. The frame has been built, the scratch fitted to its
 * slots. Pure but for the scratch. */
void oac_wave_server_window(const struct oac_waveform *self,
                            const struct oac_wave_window *window, size_t channel,
                            struct oac_wave_server_scratch *scratch, float *field);

enum oac_status oac_wave_server_scratch_create(const struct oac_waveform *self,
                                               struct oac_wave_server_scratch **scratch,
                                               struct oac_err *err) OAC_MUST_USE;
/* Makes ready for segments of that many slots: room, which only grows, and filters of their length, which all
 * threads share. Cheap when nothing changes. */
enum oac_status oac_wave_server_scratch_fit(const struct oac_waveform *self, size_t slots,
                                            struct oac_wave_server_scratch *scratch,
                                            struct oac_err *err) OAC_MUST_USE;
void oac_wave_server_scratch_destroy(
    struct oac_wave_server_scratch *scratch); /* NULL is fine */

#endif
