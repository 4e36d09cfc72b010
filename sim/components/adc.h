/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analog-to-digital converter: voltage -> code.
 *
 *     u    = (v + offset_v - min_v)/lsb_v + noise_lsb z           z ~ N(0,1), drawn by the caller
 *     code = clip( round( u + error_lsb[nearest code] ), 0, 2^bits - 1 ),   lsb_v = full_scale_v/(2^bits - 1)
 * noise_lsb = sqrt( (4^(bits-ENOB) - 1)/12 ) is added before rounding; rounding itself is done, not added.
 * A counter is an ADC of lsb 1 count and min 0 whose "volts" are counts.
 * Units: V, lsb. Validity: the input is held. Not modelled here: aperture jitter, missing codes beyond DNL.
 * Source: IEEE Std 1241 for ENOB; the fixed error is converter_error.h's. */
#ifndef OAC_SIM_COMPONENTS_ADC_H
#define OAC_SIM_COMPONENTS_ADC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct oac_rig;

struct oac_adc {
    int bits;
    uint32_t codes; /* 2^bits */
    double min_v;   /* voltage of code 0 */
    double lsb_v;
    double offset_v;   /* hidden, fixed */
    double noise_lsb;  /* rms, beyond rounding */
    double *error_lsb; /* (codes) fixed, hidden; NULL: none */
};

/* Given the rig (its adc section, and whether the receiver counts), the channel's hidden offset
 * [V] and the converter's number on the bench; frees with oac_adc_destroy. */
enum oac_status oac_adc_create(const struct oac_rig *rig, double offset_v, uint32_t converter,
                               struct oac_adc **adc, struct oac_err *err) OAC_MUST_USE;
void oac_adc_destroy(struct oac_adc *adc); /* NULL is fine */

/* Nominal step [V], or 1 count. Pure. */
double oac_adc_lsb_v(const struct oac_rig *rig);
/* Voltage of code 0; 0 counts for a counter. Pure. */
double oac_adc_min_v(const struct oac_rig *rig);
/* rms noise beyond rounding [lsb]. Pure. */
double oac_adc_noise_lsb(const struct oac_rig *rig);

/* In code units, neither rounded nor clipped nor noisy: what a link with adc noise off returns.
 * The fixed error belongs to conversion and is left out. Pure. */
double oac_adc_linear(const struct oac_adc *adc, double v_v);

/* The code for v_v [V] and a standard normal z; *clipped (may be NULL) says whether the input
 * lay outside the range. Pure. */
double oac_adc_convert(const struct oac_adc *adc, double v_v, double z, bool *clipped);

#endif
