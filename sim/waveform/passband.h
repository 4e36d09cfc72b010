/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The demultiplexer's passband on the field of a channel.
 *
 *     gaussian    |H|^2 = exp(-ln 2 u^2)           u = 2 (f - detuning)/passband_hz
 *     flat        |H|^2 = exp(-ln 2 u^6)           third-order super-Gaussian
 *     lorentzian  H = 1/(1 + i u)                  |H|^2 = 1/(1 + u^2)
 * all of full width at half maximum passband_hz in power and 1 at their centre; the insertion loss is demux.h's.
 * The first two are taken without phase. Units: Hz. Source: definitions; docs/waveform.md. */
#ifndef OAC_SIM_WAVEFORM_PASSBAND_H
#define OAC_SIM_WAVEFORM_PASSBAND_H

#include <complex.h>
#include <stdbool.h>

#include "sim/rig.h"

/* False when the rig's demultiplexer passes everything alike. Pure. */
bool oac_wave_has_passband(const struct oac_rig *rig);

/* H(f) of struct oac_rig *context. Pure. */
double complex oac_wave_passband(const void *context, double f_hz);

#endif
