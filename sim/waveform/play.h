/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread playing segments: the parts of the engine strung together in the order of the light. */
#ifndef OAC_SIM_WAVEFORM_PLAY_H
#define OAC_SIM_WAVEFORM_PLAY_H

#include "sim/waveform/engine.h"
#include "sim/waveform/server.h"

/* sim/waveform/setup.c: everything that follows from self's rig, noise and seed. On failure what was made is left
 * for the caller to destroy. */
enum oac_status oac_wave_setup(struct oac_waveform *self, const uint8_t rig_hash[32],
                               struct oac_err *err) OAC_MUST_USE;

/* Makes a frame fit the present settings if it does not yet; any number of threads may ask. */
enum oac_status oac_wave_frame_refresh(struct oac_waveform *self, struct oac_wave_frame *frame,
                                       struct oac_wave_server_scratch *scratch,
                                       struct oac_err *err) OAC_MUST_USE;

/* The stream's play and its workspace (hal/stream.h). */
enum oac_status oac_wave_play(void *self, struct oac_workspace *workspace,
                              struct oac_stream_burst *burst, struct oac_err *err);
struct oac_workspace *oac_wave_workspace_create(void *self, struct oac_err *err);
void oac_wave_workspace_destroy(void *self, struct oac_workspace *workspace);

#endif
