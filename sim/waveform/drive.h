/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A converter's codes become the voltage at a modulator, sampled.
 *
 *     DAC: V(c) held for a DAC sample (fixed error included), edges displaced by the delay and by jitter
 *     noise: sigma_v z per DAC sample
 *     carrier (ports of I and Q): V = I cos(2 pi f t) - Q sin(2 pi f t) at the middle of each grid
 * sample, edges on
 *     whole grid samples, no pole; a code is then two, I and Q
 *     AC coupling: V minus its one-pole low-pass, settled on the first code before it; exact for a staircase
 *     bandwidth: one pole (DAC's and modulator's in turn), exact for a staircase; or S21 from a file
 * A sample is the mean of the voltage over its interval, so a staircase that no pole smooths is exact for any
 * delay, and the mean of a small signal is exact at any sample rate. Units: V, s. Validity: |jitter| below one
 * grid sample. Source: elementary; docs/waveform.md. */
#ifndef OAC_SIM_WAVEFORM_DRIVE_H
#define OAC_SIM_WAVEFORM_DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/components/dac.h"
#include "sim/waveform/engine.h"
#include "sim/waveform/filter.h"

struct oac_wave_drive { /* immutable once made */
    const struct oac_dac *dac;
    size_t per_slot; /* DAC samples; with a carrier twice as many values */
    struct oac_wave_grid grid;
    double dac_tau_s, modulator_tau_s; /* 0: instant */
    struct oac_filter *s21;            /* replaces the modulator's pole; NULL: none. Owned */
    double noise_v;                    /* rms per DAC sample; 0: off */
    double jitter_s;                   /* rms per DAC edge; 0: off */
    double coupling_tau_s;             /* of the high-pass; 0: DC-coupled */
    double carrier_hz;                 /* 0: none */
};

struct oac_wave_drive_draw { /* randomness of one window; zero: none */
    const float *noise;      /* (slots * per_slot) standard normals; NULL: none */
    const float *jitter;     /* the same */
};

/* Memory of its poles and S21 [s], to 1e-6 of a step; an AC coupling's, which is meant to be long, not counted.
 * Pure. */
double oac_wave_drive_memory_s(const struct oac_wave_drive *drive);

/* level (slots * per_slot) = the DAC's volts, noise included. */
void oac_wave_drive_levels(const struct oac_wave_drive *drive, size_t slots,
                           const uint16_t *code, const struct oac_wave_drive_draw *draw,
                           float *level);

/* True when nothing displaces or smooths the levels: each then is one value for grid.per_slot/per_slot samples.
 * Pure. */
bool oac_wave_drive_steps(const struct oac_wave_drive *drive, double delay_s);

/* Given code (slots * per_slot) and a delay [s] of either sign, writes volts (slots * grid.per_slot). Before the
 * first and after the last code the drive rests at it. work: (slots * grid.per_slot + 2) floats. */
void oac_wave_drive_volts(const struct oac_wave_drive *drive, size_t slots,
                          const uint16_t *code, double delay_s,
                          const struct oac_wave_drive_draw *draw,
                          struct oac_filter_scratch *scratch, float *work, float *volts);

/* The drive of a modulator from its rig section; reads the Touchstone file when there is one. `who` is the
 * section's name, for messages. Fini frees the filter. */
enum oac_status oac_wave_drive_init(const struct oac_waveform *self, const struct oac_dac *dac,
                                    const struct oac_rig_dac *dac_params,
                                    const struct oac_rig_modulator *modulator, const char *who,
                                    struct oac_wave_drive *drive,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_wave_drive_fini(struct oac_wave_drive *drive);

#endif
