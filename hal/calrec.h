/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calibration record: everything the engine needs to turn real numbers into codes and readouts back
 * into real numbers. Nominal at open (made from the rig by the link), measured later.
 *
 * Modulator:  T(V) = T_on [ r + (1-r) cos^2( (pi/2)(V - V_peak)/V_pi ) ];  T_on of both modulators is
 *             inside gain_code, so transmissions here are relative to it: T/T_on in [r, 1].
 *             r = -1 states a drive on a subcarrier (docs/modem.md), whose codes are amplitudes: then
 *             T = cos(pi (V - V_peak)/V_pi) is the light's amplitude there in units of its largest, 0 at rest
 *             (V_pi/2 beside the peak) and 1 at the peak.
 * Readout:    lin(code[k]) = base[k] + launch * gain_code[k] * sum_j X[k,j] sum_n (Tw[j,n] Tx[n])
 *             base[k]      = offset_code[k] + slots * dark_code_per_slot[k] + gx_code_per_x[k] * sum_n Tx[n]
 *             lin(c)       = c + quadratic_per_code d^2 + cubic_per_code2 d^3,  d = c - offset_code[k]
 * with X the crosstalk, X[k,k] = 1: what the light of laser j adds to readout k, in units of what its own
 * laser adds there at equal transmission. j runs over every laser of the bench: those that carry a row of
 * the frame, and those that are parked at code_safe, whose constant Tw[j] = parked_t[j].
 * A pair (balanced) reads the difference of its detectors, each with the same X:
 *             lin(code[k]) = base[k] + launch * sum_j X[k,j] sum_n Tx[n] (gain_code[k] Tw+[j,n]
 *                                                                 - gain_minus_code[k] Tw-[j,n])
 * with Tw- = 1 + r - Tw+ the complementary output of the weight modulator; offset, dark and gx are then
 * those of the difference (offset_pair_code, ...).
 *
 * base[k] is what reads without any laser. A measurement at launch 1 that plays channel k while the
 * others are parked sees their leak in its slope against sum Tx: fitted gx = gx_code_per_x + gain_code[k]
 * sum_(j != k) X[k,j] parked_t[j]. oac_calrec_leak_code_per_x is that sum; take it off before storing.
 *
 * Units: codes are ADC code units. Validity: static curves, slots long against every time constant; a
 * converter that sums several conversions into a readout has no polynomial in the sum, its coefficients
 * are 0. */
#ifndef OAC_HAL_CALREC_H
#define OAC_HAL_CALREC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/link.h"

struct oac_curve {            /* one modulator */
    double vpi_v, vpeak_v, r; /* r in [0, 1), or -1: on a subcarrier */
};

struct oac_calrec_channel { /* zero: no offset, no light, perfectly linear, in use */
    struct oac_curve weight;
    double gain_code;          /* code per slot of Tw = Tx = 1 at launch 1 */
    double gain_minus_code;    /* the same of the pair's second detector; 0 without one */
    double offset_code;        /* at no light */
    double dark_code_per_slot; /* dark current, and light that no modulator gates */
    double gx_code_per_x; /* light gated by the client only (ASE of an amplifier before it) */
    double offset_pair_code, dark_pair_code_per_slot,
        gx_pair_code_per_x;    /* of the difference */
    double noise_code;         /* white readout sigma with no light; NAN unknown */
    double quadratic_per_code; /* of the readout's inverse, see lin above [1/code] */
    double cubic_per_code2;    /* [1/code^2] */
    bool excluded;             /* dead: carries no row; rows go to the other channels */
};

/* What was found on the way and serves error bars, tracking and the next calibration. All NAN until
 * measured. */
struct oac_calrec_finding {
    double parked_t; /* relative transmission at code_safe; NAN: what the curve says */
    double shot_code2_per_code; /* variance per code of light, in code^2 */
    double drift_code;          /* sigma of the slow part of a readout's noise */
    double drift_tau_s;         /* its correlation time */
    double delay_s;             /* light to ADC sample, against the bench's mean */
    double walkoff_s; /* arrival of the weights against channel 0, before any predelay */
    double reference_dark_code, reference_light_code; /* of the reference windows, see below */
};

struct oac_calrec {
    char origin[32];    /* "nominal" or "measured" */
    char device_id[80]; /* of the link it was measured through */
    char firmware[96];  /* of the same */
    char date_utc[32];  /* ISO 8601; "" unknown */
    bool forced;        /* taken over for a bench it was not measured on */
    uint8_t rig_hash[32];
    double slot_rate_hz; /* 0: unknown */
    uint64_t last_slot0; /* bench time the measurement ended at */
    double skew_s;       /* client's data after the weights, before any setting; NAN unknown */
    /* Windows of so many slots with weights and operands wide open (light) and operands null (dark), as
     * hal/reference.h plays them; 0: none was measured. */
    uint64_t reference_slots;
    struct oac_curve client;
    size_t channels;
    struct oac_calrec_channel *channel; /* (channels) */
    struct oac_calrec_finding *finding; /* (channels) */
    double *crosstalk; /* (channels, channels) X[k,j], row-major, diagonal 1; NULL: identity */
    struct oac_calrec_settings {
        double value[OAC_SETTINGS];
    } * setting; /* (channels) applied at open; NAN: leave alone */
};

/* A nominal record of zeros without crosstalk, findings and settings. */
enum oac_status oac_calrec_create(size_t channels, struct oac_calrec **calrec,
                                  struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_calrec_copy(const struct oac_calrec *from, struct oac_calrec **calrec,
                                struct oac_err *err) OAC_MUST_USE;
/* Makes room for the crosstalk, an identity, unless it is there. */
enum oac_status oac_calrec_need_crosstalk(struct oac_calrec *calrec,
                                          struct oac_err *err) OAC_MUST_USE;
void oac_calrec_destroy(struct oac_calrec *calrec); /* NULL is fine */

/* HDF5, format "oac-calibration"; every field with its unit (docs/calibration-record.md). Reading
 * validates ranges and finiteness, and leaves groups it does not know to those who wrote them. */
#define OAC_CALREC_FORMAT "oac-calibration"
#define OAC_CALREC_SCHEMA 2
enum oac_status oac_calrec_write(const struct oac_calrec *calrec, const char *path,
                                 const char *command_line, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_calrec_read(const char *path, struct oac_calrec **calrec,
                                struct oac_err *err) OAC_MUST_USE;
/* The same into, and from, a file that holds more: the fits of calibration/, the nominal record of a
 * recording. Provenance, format and schema are the caller's. */
struct oac_h5_writer;
struct oac_h5_file;
enum oac_status oac_calrec_put(const struct oac_calrec *calrec, struct oac_h5_writer *writer,
                               struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_calrec_get(const struct oac_h5_file *file, struct oac_calrec **calrec,
                               struct oac_err *err) OAC_MUST_USE;

/* Relative transmission of channel j's weight modulator, parked at code_safe of its port. Pure. */
double oac_calrec_parked_t(const struct oac_calrec *calrec, const struct oac_port *weight,
                           size_t j);
/* What all channels but k, parked, add to readout k per unit of sum Tx at launch 1; weight (channels) are
 * the ports. differential: to the difference of k's pair. Pure. */
double oac_calrec_leak_code_per_x(const struct oac_calrec *calrec,
                                  const struct oac_port *weight, size_t k, bool differential);

/* lin of the equations above, with d taken from offset_code. Pure. */
static inline double oac_calrec_linear(const struct oac_calrec_channel *channel,
                                       double offset_code, double code)
{
    double d = code - offset_code;
    return code + d * d * (channel->quadratic_per_code + d * channel->cubic_per_code2);
}

/* Relative transmission of a curve at v_v [V]. Pure. */
double oac_curve_transmission(const struct oac_curve *curve, double v_v);
/* What is left of the light at opening 0: r, or nothing on a subcarrier. Pure. */
double oac_curve_floor(const struct oac_curve *curve);
/* The voltage [V] in the half period that ends at V_peak where the relative transmission is t; t is
 * clamped to [r, 1]. On the falling side (V >= V_peak) when `falling`. Pure. */
double oac_curve_voltage(const struct oac_curve *curve, double t, int falling);

#endif
