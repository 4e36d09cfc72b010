/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The oscilloscope of the waveform engine: a few slots of seeded random operands, seen at every named point.
 *
 *     window 0        operands uniform in 0..1: shown whole, all channels, every point
 *     windows 1 .. W  both operands dark or open at random, so that a slot's product is dark (3 of 4) or open:
 *                     eyes and spectra of one channel; played again without noise for the spectra
 * then the noise budget (experiments/scope_budget.h). Nothing here depends on the time of day or on threads. */
#ifndef OAC_EXPERIMENTS_SCOPE_H
#define OAC_EXPERIMENTS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "base/status.h"
#include "experiments/scope_budget.h"
#include "experiments/scope_eye.h"
#include "experiments/scope_spectrum.h"
#include "experiments/scope_trace.h"
#include "experiments/setup.h"

#define OAC_SCOPE_EYES    3u
#define OAC_SCOPE_SPECTRA 2u
#define OAC_SCOPE_POINTS  24u

struct oac_scope_options {
    struct oac_station_options station; /* `on` is not looked at; engine neither */
    size_t slots;                       /* of a window, >= 2 */
    size_t windows;                     /* of eyes and spectra; 0: none */
    size_t budget_windows;              /* 0: no budget */
    size_t channel;                     /* of eyes, spectra and the chain's picture */
};

struct oac_scope_level { /* one point of one channel in the slots of window 0 */
    const char *name;    /* of the recorder */
    char unit[16];       /* W for fields: |E|^2 */
    double rate_hz, mean, rms, low, high;
    size_t samples, lanes;
};

struct oac_scope_view {
    char rig_name[OAC_RUN_TEXT_BYTES], device_id[OAC_RUN_TEXT_BYTES];
    char rig_sha256[OAC_DIGEST_HEX_BYTES];
    char *rig_text;
    size_t channels, slots, windows, channel;
    double slot_s;
    uint64_t seed;
    char noise[64];
    bool aligned; /* the modem found its preamble; figures of `channel` */
    double delay_s, skew_s, skew_left_s;
    float *weight, *client; /* (channels, slots), (slots) transmissions of window 0 */
    struct oac_scope_recorder recorder;
    size_t levels;
    struct oac_scope_level level[OAC_SCOPE_POINTS];
    struct oac_scope_eye eye[OAC_SCOPE_EYES];
    struct oac_scope_spectrum spectrum[OAC_SCOPE_SPECTRA];
    struct oac_scope_budget budget;
};

/* Looks. The view is some kilobytes plus waveforms; zeroed on failure, else ended by oac_scope_view_fini.
 * Status: OAC_EINVAL for a channel or slots that the rig does not have; OAC_EINTERRUPTED. */
enum oac_status oac_scope_look(const struct oac_scope_options *options,
                               const struct oac_sink *sink, struct oac_scope_view *view,
                               struct oac_err *err) OAC_MUST_USE;
void oac_scope_view_fini(struct oac_scope_view *view); /* a zeroed one is fine */

/* HDF5, format "oac-scope", schema 1, whole or not at all:
 *   /points/NAME/value         (channel, lane, sample[, part]) of window 0; attributes rate_hz, start_s
 *   /operands/weight, client   (channel, slot), (slot) transmissions
 *   /eyes/NAME/density         (time, level); attributes low, high, opening, q, best_s
 *   /spectra/NAME/frequency_hz, density, density_clean
 *   /budget/wave, wave_error, sim, sim_error (source), attribute sources
 *   /rig, /options             as in a run */
enum oac_status oac_scope_write(const struct oac_scope_view *view, const char *path,
                                const char *command_line, struct oac_err *err) OAC_MUST_USE;

/* The four pictures PREFIX-chain, -eye, -spectrum, -budget with `extension` ("svg", "png"); those that there is
 * nothing to show for are left out. */
enum oac_status oac_scope_draw(const struct oac_scope_view *view, const char *prefix,
                               const char *extension, const struct oac_sink *sink,
                               struct oac_err *err) OAC_MUST_USE;

/* What a person reads: at most 80 columns. */
void oac_scope_report(const struct oac_scope_view *view, FILE *out);

#endif
