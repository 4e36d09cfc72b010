/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optical amplifiers (EDFA) with an optical filter: gain, noise figure, amplified spontaneous emission.
 *
 *     NF = 2 n_sp (G-1)/G + 1/G   =>   n_sp = (NF G - 1)/(2 (G-1))
 *     ASE, one polarisation, at the output:   S = n_sp h nu (G-1) = h nu (NF G - 1)/2   [W/Hz],  0 at G = 1
 * A chain of n spans of fiber of transmission t, each followed by one amplifier: gain G^n, and at its end
 *     S_n = S (1 + t G + (t G)^2 + ... + (t G)^(n-1)),     n S where each amplifier makes up for its span
 * In electrons of one window at a detector of responsivity R behind power loss l (S there is l S):
 *     mean         m_pol (R S/q) T_w int H df
 *     signal-ASE   2 M^2 (R S/q) sum mu
 *     ASE-ASE      M^2 m_pol (R S/q)^2 T_w B_2,   B_2 = int H^2 df
 * H is the filter's power response. The rig states one noise bandwidth: a rectangular (flat) filter, for which
 * int H df = int H^2 df = bandwidth_hz.
 * Units: linear, W/Hz, Hz. Validity: G >= 1, B_2 T >> 1; saturation and tilt are not modelled. An amplifier
 * that is not there has gain 1 and no ASE.
 * Source: E. Desurvire, Erbium-Doped Fiber Amplifiers (1994), ch. 2; docs/physics.md, "ase". */
#ifndef OAC_SIM_COMPONENTS_AMPLIFIER_H
#define OAC_SIM_COMPONENTS_AMPLIFIER_H

struct oac_rig;

struct oac_amplifier {
    int position;      /* enum oac_amplifier_position */
    double gain;       /* of all stages together, power ratio >= 1 */
    double stage_gain; /* of one */
    unsigned stages;   /* amplifiers in a row, each behind its span; 1 but before the client */
    double span_transmission; /* of the fiber between two of them, power */
    double noise_figure;      /* linear */
    double bandwidth_hz;      /* of the rectangular filter */
    double polarisations;     /* of ASE that reach the detector: 1 or 2 */
};

struct oac_amplifier oac_amplifier_from_rig(const struct oac_rig *rig);

/* Spontaneous emission factor of a stage; >= 1 for a physical amplifier; 0 at gain 1. Pure. */
double oac_amplifier_n_sp(const struct oac_amplifier *amplifier);

/* Spectral density of ASE in one polarisation [W/Hz] at frequency_hz: at the end of the chain, and of one stage
 * at its own output. Pure. */
double oac_amplifier_ase_w_per_hz(const struct oac_amplifier *amplifier, double frequency_hz);
double oac_amplifier_stage_ase_w_per_hz(const struct oac_amplifier *amplifier,
                                        double frequency_hz);

/* int H df and int H^2 df [Hz]. Pure. */
double oac_amplifier_bandwidth_hz(const struct oac_amplifier *amplifier);
double oac_amplifier_bandwidth2_hz(const struct oac_amplifier *amplifier);

#endif
