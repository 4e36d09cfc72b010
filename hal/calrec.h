/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calibration record: everything the engine needs to turn real numbers into codes and readouts back
 * into real numbers. Nominal at open (made from the rig by the link), measured later.
 *
 * Modulator:  T(V) = T_on [ r + (1-r) cos^2( (pi/2)(V - V_peak)/V_pi ) ];  T_on of both modulators is
 *             inside gain_code, so transmissions here are relative to it: T/T_on in [r, 1].
 *             r = -1 states a drive on a subcarrier (docs/modem.md), whose codes are amplitudes: then
 *             T = cos(pi (V - V_peak)/V_pi) is the light's amplitude there in units of its largest, 0 at rest
 *             (V_pi/2 beside the peak) and 1 at the peak.
 * Readout:    code[k] = offset_code[k] + slots * dark_code_per_slot[k]
 *                     + gx_code_per_x[k] * sum_n Tx[n]
 *                     + launch * gain_code[k] * sum_n (Tw[k,n] Tx[n])            (rails, offset)
 *                     + launch * sum_n Tx[n] (gain_code[k] Tw+ - gain_minus_code[k] Tw-) (balanced)
 * with Tw- = 1 + r - Tw+ the complementary output of the weight modulator. In a differential frame
 * offset, dark and gx are those of the pair's difference (offset_pair_code, ...).
 * Units: codes are ADC code units. Validity: static curves, slots long against every time constant. */
#ifndef OAC_HAL_CALREC_H
#define OAC_HAL_CALREC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_curve {            /* one modulator */
    double vpi_v, vpeak_v, r; /* r in [0, 1), or -1: on a subcarrier */
};

struct oac_calrec_channel {
    struct oac_curve weight;
    double gain_code;          /* code per slot of Tw = Tx = 1 at launch 1 */
    double gain_minus_code;    /* the same of the pair's second detector; 0 without one */
    double offset_code;        /* at no light */
    double dark_code_per_slot; /* dark current, and light that no modulator gates */
    double gx_code_per_x; /* light gated by the client only (ASE of an amplifier before it) */
    double offset_pair_code, dark_pair_code_per_slot,
        gx_pair_code_per_x; /* of the difference */
    double noise_code;      /* readout sigma with no light, for error bars; NAN unknown */
};

struct oac_calrec {
    char origin[32]; /* "nominal" or "measured" */
    char device_id[64];
    uint8_t rig_hash[32];
    uint64_t last_slot0; /* bench time the measurement ended at */
    struct oac_curve client;
    size_t channels;
    struct oac_calrec_channel *channel; /* (channels) */
};

enum oac_status oac_calrec_create(size_t channels, struct oac_calrec **calrec,
                                  struct oac_err *err) OAC_MUST_USE;
void oac_calrec_destroy(struct oac_calrec *calrec); /* NULL is fine */

/* HDF5, format "oac-calibration"; every field with its unit. Reading validates ranges and finiteness. */
enum oac_status oac_calrec_write(const struct oac_calrec *calrec, const char *path,
                                 const char *command_line, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_calrec_read(const char *path, struct oac_calrec **calrec,
                                struct oac_err *err) OAC_MUST_USE;

/* The same fields as part of another file of oac, under the same names. */
struct oac_h5_writer;
struct oac_h5_file;
enum oac_status oac_calrec_put(struct oac_h5_writer *writer, const struct oac_calrec *calrec,
                               struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_calrec_get(const struct oac_h5_file *file, struct oac_calrec **calrec,
                               struct oac_err *err) OAC_MUST_USE;

/* Relative transmission of a curve at v_v [V]. Pure. */
double oac_curve_transmission(const struct oac_curve *curve, double v_v);
/* What is left of the light at opening 0: r, or nothing on a subcarrier. Pure. */
double oac_curve_floor(const struct oac_curve *curve);
/* The voltage [V] in the half period that ends at V_peak where the relative transmission is t; t is
 * clamped to [r, 1]. On the falling side (V >= V_peak) when `falling`. Pure. */
double oac_curve_voltage(const struct oac_curve *curve, double t, int falling);

#endif
