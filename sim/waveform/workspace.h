/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread's memory for playing segments. Grows to the largest segment seen, then stays. */
#ifndef OAC_SIM_WAVEFORM_WORKSPACE_H
#define OAC_SIM_WAVEFORM_WORKSPACE_H

#include "sim/waveform/optics.h"
#include "sim/waveform/play.h"
#include "sim/waveform/receive.h"

struct oac_workspace {
    size_t slots; /* room for segments of that many */
    struct oac_wave_server_scratch *server;
    struct oac_wave_optics_scratch *optics;
    struct oac_wave_receiver_scratch *receiver;
    float *power; /* (outputs, channels, samples); NULL until something is propagated */
    struct {
        size_t rows, samples, first, count; /* of the segment; samples 0: nothing known */
        double *gate_s;                     /* (2 channels) its gates */
        bool same, plain;  /* g is every row's; takes the payload and nothing else */
        float *g, *square; /* (samples) receive weights, and their squares */
    } receive;             /* of the last capture: mostly the next one's too */
    double *light;         /* (outputs, channels, 2) */
    double *ase_w;         /* (channels) */
    struct oac_wave_motion motion;
    bool moved; /* motion is that of an epoch */
    uint64_t epoch;
    struct oac_drift_cursor *cursors; /* (3 channels + 1) */
};

/* Makes room for segments of that many slots. */
enum oac_status oac_wave_workspace_fit(const struct oac_waveform *self, size_t slots,
                                       size_t picks, struct oac_workspace *workspace,
                                       struct oac_err *err) OAC_MUST_USE;
/* Makes room for power, sample by sample. */
enum oac_status oac_wave_workspace_fit_power(const struct oac_waveform *self,
                                             struct oac_workspace *workspace,
                                             struct oac_err *err) OAC_MUST_USE;

/* Sets motion to where drift stands at a slot: the same path as the analytic engine's. */
void oac_wave_workspace_move(const struct oac_waveform *self, uint64_t slot0,
                             struct oac_workspace *workspace);

#endif
