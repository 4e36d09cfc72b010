/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digital-to-analog converter: code -> voltage, sample and hold over the slot.
 *
 *     V(c) = min_v + lsb_v c + error_v[c],   lsb_v = full_scale_v/(2^bits - 1)
 * Noise beyond its steps: sigma_V = lsb_v sqrt( (4^(bits-ENOB) - 1)/12 ), independent per slot; it adds in
 * quadrature to the modulator's own drive noise.
 * Units: V. Validity: settled. Bandwidth and jitter are sim/waveform/drive.h's; the analytic engine puts a
 * bandwidth into the modulator's pole. Not modelled: glitches.
 * Source: ENOB from SINAD of a full-scale sine, IEEE Std 1241; the fixed error is converter_error.h's. */
#ifndef OAC_SIM_COMPONENTS_DAC_H
#define OAC_SIM_COMPONENTS_DAC_H

#include <stdint.h>

#include "base/status.h"

struct oac_rig_dac;

struct oac_dac {
    int bits;
    uint32_t codes; /* 2^bits */
    double min_v;   /* voltage of code 0 */
    double lsb_v;
    double *error_v; /* (codes) fixed, hidden; NULL: none */
};

/* Given the rig's DAC, the bench seed and the converter's number on the bench; frees with
 * oac_dac_destroy. */
enum oac_status oac_dac_create(const struct oac_rig_dac *params, uint64_t bench_seed,
                               uint32_t converter, struct oac_dac **dac,
                               struct oac_err *err) OAC_MUST_USE;
void oac_dac_destroy(struct oac_dac *dac); /* NULL is fine */

/* Nominal step [V]. Pure. */
double oac_dac_lsb_v(const struct oac_rig_dac *params);
/* Output voltage of a code < codes. Pure. */
double oac_dac_voltage(const struct oac_dac *dac, uint32_t code);
/* rms noise voltage beyond the steps, from ENOB. Pure. */
double oac_dac_noise_v(const struct oac_rig_dac *params);

#endif
