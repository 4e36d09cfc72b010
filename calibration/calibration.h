/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration: what has been measured of one bench, step by step, every step with its fits.
 *
 *     code[k] = offset[k] + N dark[k] + sum_j gain[k,j] sum_n Tw_j[n] Tx_j[n]      N slots, launch 1
 *
 * gain[k,k] is that of channel k's own laser, gain[k,j] what laser j leaves on detector k. Curves are in
 * volts at the modulator, that is DAC plus slow bias: what a bias moves is the code's voltage, never the curve.
 *
 * oac_calibrate_measure runs the steps in this order; each uses what those before it found:
 *   timing       two codes slid over each other: are windows cut off?
 *   faults       each laser alone, one frame over and over: what is broken (calibration/diagnose.h)
 *   first light  lasers off, two lengths of window: offset and dark. Then a coarse grid of weight and
 *                client voltages: where every modulator's curve is, how much light there is, how long a
 *                window may be
 *   delay        one pattern against another, slid slot by slot: weights' delay to the client's data
 *   weights      random codes under a row of slow biases, all channels at once: curves, gains, crosstalk
 *   client       the same of the client, all channels listening
 *   linearity    the same light for 1, 2, .. N slots
 *   gain         random known vectors
 *   pairs        weights at their nulls, read by the difference of detector pairs where there are some
 *   noise        one frame over and over: Allan deviation, effective bits
 *   verification other random vectors, in no fit */
#ifndef OAC_CALIBRATION_CALIBRATION_H
#define OAC_CALIBRATION_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "calibration/diagnose.h"
#include "calibration/fit.h"
#include "calibration/fit_noise.h"
#include "hal/calrec.h"
#include "hal/link.h"

struct oac_calibrate_options {
    uint64_t slot0; /* bench slot to start at */
    uint64_t seed;  /* of the codes that are played */
    size_t biases;  /* slow bias settings of a sweep */
    size_t codes;   /* states at each of them */
    size_t repeats; /* windows of each state */
    size_t vectors; /* windows of random vectors; as many again, a half, to verify */
    size_t noise_windows;
    /* called after every step, NULL: nobody wants to know; a failure ends the calibration */
    enum oac_status (*stepped)(void *context, struct oac_err *err);
    void *context;
    bool keep_all;       /* a broken channel ends the calibration; else a few are left out */
    bool spare_settings; /* leave biases, skew and pre-delays as they are */
};
struct oac_calibrate_options oac_calibrate_defaults(void);

struct oac_calibration_channel {
    bool excluded;            /* broken: nothing below was measured */
    enum oac_diagnosis fault; /* of an excluded one */
    struct oac_curve weight;  /* volts at the modulator */
    double client_vpi_v;      /* the client's at this wavelength */
    double weight_bias_v;     /* slow bias to work at */
    double predelay_s;
    double offset_code, dark_code_per_slot;
    double full_code; /* per slot of its own laser: gain[k,k] */
    double full_sigma_code;
    double open_code; /* per slot of all lasers with everything open: what fills the readout */
    double late_slots, late_sigma_slots; /* of the weights after the client's data, as found */
    double vector_gain,
        vector_gain_sigma; /* random vectors: readout per prediction, 1 but for errors */
    double vector_offset_code;
    /* Of a detector pair: its second gain relative to gain[k,k], and the difference without light. */
    double minus_gain, minus_gain_sigma, offset_pair_code, dark_pair_code_per_slot;
    double quadratic_per_code,
        cubic_per_code2; /* of hal/calrec.h; 0 unless beyond 5 standard errors */
    double nonlinearity; /* largest deviation from a line, relative to full scale */
    /* of fresh vectors, relative to full scale; noise, drift: rms that each alone would leave; spread: of the
     * products */
    double verify_rms, verify_bias, verify_noise, verify_drift, verify_spread;
    double variance[3]; /* [code^2] readout noise: v0 + v1 s + v2 s^2 of the signal s [code] */
    struct oac_noise_figures dark_noise, bright_noise;
    struct oac_fit dark_fit, weight_fit, delay_fit, linearity_fit, gain_fit, pair_fit;
};

struct oac_calibration {
    size_t channels;
    size_t slots;      /* of a window that fills the readout */
    size_t edge_slots; /* at either end of a window: weights may be those between windows */
    struct oac_curve client; /* at band centre */
    size_t excluded;         /* channels that were left out */
    char faults[600];        /* why, in one line; "" */
    double client_bias_v, skew_s;
    uint64_t gains_slot;  /* when gains were fitted */
    double aligned_slots; /* of late_slots: what was set before any light was measured */
    struct oac_calibration_channel *channel; /* (channels) */
    double *gain;                            /* (channels, channels) code per slot */
    double *gain_sigma;                      /* (channels, channels) */
    double *crosstalk;                       /* (channels, channels) gain[k,j]/gain[k,k] */
    double *unmix;                           /* (channels, channels) its inverse */
    double condition;           /* of crosstalk: how much unmixing amplifies errors */
    struct oac_fit *client_fit; /* (client_blocks) see fit_client.h */
    size_t client_blocks;
    double *allan_dark,
        *allan_bright; /* (channels, allan_count) deviation of means of 1, 2, 4, .. windows [code] */
    size_t allan_count;
    double weights_client_v;            /* the client's voltage while weights were swept */
    uint16_t client_open, *weight_open; /* (channels) the codes nearest to the peaks */
    uint64_t first_slot0, last_slot0, saturated;
    struct oac_account spent; /* by this calibration */
    double tolerated; /* gains and levels may move by so much, says a certificate; else 0 */
};

enum oac_status oac_calibration_create(size_t channels, struct oac_calibration **calibration,
                                       struct oac_err *err) OAC_MUST_USE;
void oac_calibration_destroy(struct oac_calibration *calibration); /* NULL is fine */

/* Measures the bench behind `link`. Settings stay where the calibration's record needs them (biases,
 * delays); all others are as they were, also after a failure. Status: OAC_EMISSED when the bench cannot be
 * calibrated (no light, a channel that does not answer), OAC_EINTERRUPTED, or the link's. */
enum oac_status oac_calibrate_measure(struct oac_link *link,
                                      const struct oac_calibrate_options *options,
                                      const struct oac_sink *sink,
                                      struct oac_calibration **calibration,
                                      struct oac_err *err) OAC_MUST_USE;

/* The record that an engine works with, in volts of the DACs at the biases that were left set. */
enum oac_status oac_calibration_record(const struct oac_calibration *calibration,
                                       const struct oac_link_caps *caps,
                                       struct oac_calrec **calrec,
                                       struct oac_err *err) OAC_MUST_USE;

#endif
