/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Amplified spontaneous emission where the light of one wavelength meets its detector, beside what the field
 * itself carries.
 *
 * The amplifier's optical filter is rectangular, B_o wide; a sampled envelope shows B_s = min(B_o, f_s) of it.
 *     in the field      complex white noise of density S in B_s, per polarisation the field has
 *     other             a second polarisation that carries no signal: the power |noise|^2 in B_s
 *     outside           |f| between f_s/2 and B_o/2, as its analytic white equivalent: power of mean
 *                       m S int |H|^2 df and variance m S^2 int |H|^4 df f_s per sample
 * H is the demultiplexer's passband, m the polarisations. With the `ase` noise off all of it is its mean. Before
 * the client everything is gated by the client's transmission. Units: W, W/Hz, Hz.
 * Validity: physics.md's: beats of light outside the sampled band with light inside it are faster than any
 * receiver here. Source: docs/physics.md, "ase". */
#ifndef OAC_SIM_WAVEFORM_ASE_H
#define OAC_SIM_WAVEFORM_ASE_H

#include <stdbool.h>

#include "sim/waveform/engine.h"
#include "sim/waveform/filter.h"

struct oac_wave_ase { /* of a bench; densities are each channel's own */
    int position;     /* enum oac_amplifier_position */
    bool on;          /* drawn; else only its mean counts */
    bool in_field;    /* this part adds the noise of the field's own polarisations */
    bool other;       /* a polarisation beyond the field's */
    double polarisations;
    double whole_hz;          /* int |H|^2 df over B_o */
    double inside_hz;         /* over B_s */
    double outside_hz;        /* over the rest */
    double outside2_hz;       /* int |H|^4 df over the rest */
    struct oac_filter *band;  /* limits white noise to B_o; NULL: B_o exceeds f_s */
    double *density_w_per_hz; /* (channels) one polarisation, at the demultiplexer's input;
                                     before the client: at the client's input */
};

/* passband and context: H(f), passband NULL: 1. */
enum oac_status oac_wave_ase_init(const struct oac_waveform *self, oac_response passband,
                                  const void *context, struct oac_wave_ase *ase,
                                  struct oac_err *err) OAC_MUST_USE;
void oac_wave_ase_fini(struct oac_wave_ase *ase);

/* Mean power [W] of channel j behind the passband; times the client's transmission when before it. Pure. */
double oac_wave_ase_mean_w(const struct oac_wave_ase *ase, size_t j);
/* rms per real component of a field sample [sqrt(W)], before `band`. Pure. */
double oac_wave_ase_field_sigma(const struct oac_waveform *self, const struct oac_wave_ase *ase,
                                size_t j);
/* Mean [W] and rms [W] per sample of what lies outside the sampled band. Pure. */
double oac_wave_ase_outside_w(const struct oac_wave_ase *ase, size_t j);
double oac_wave_ase_outside_sigma_w(const struct oac_waveform *self,
                                    const struct oac_wave_ase *ase, size_t j);

#endif
