/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receivers: switched integrator, transimpedance amplifier with a boxcar, photon counter.
 *
 * Everything in electrons of one window T_w at the detector's output:
 *     integrator  reset noise  k_B T C/q^2, none with correlated double sampling (CDS)
 *                 read noise   (read_noise_v C/q)^2, twice that with CDS (two samples)
 *                 volts per electron  q/C
 *     TIA         input noise  i_n^2 T_w/(2 q^2)   (i_n [A/rtHz] one-sided through a boxcar of T_w)
 *                 read noise   (read_noise_v/(volts per electron))^2 of one conversion
 *                 volts per electron  g q/T_w      (the boxcar's mean voltage)
 *     counter     one "volt" is one count; no electronics noise
 * A saturating integrator stops at saturation_v of either sign.
 * Units: F, K, V, A/rtHz, electrons. Validity: linear below saturation; 1/f is not modelled, droop is
 * sim/waveform/receive.h's.
 * Source: Sludds et al., Science 378, 270 (2022), sigma_th = sqrt(k_B T C)/q; white noise through a boxcar:
 * variance of the charge i_n^2/2 T_w. docs/physics.md, "thermal" and "read". */
#ifndef OAC_SIM_COMPONENTS_RECEIVER_H
#define OAC_SIM_COMPONENTS_RECEIVER_H

struct oac_rig;

struct oac_receiver_figures {
    double volts_per_electron;
    double thermal_electrons2;   /* variance */
    double read_electrons2;      /* variance */
    double saturation_electrons; /* +inf: none */
};

/* Reset noise sqrt(k_B T C)/q [electrons rms]. Pure. */
double oac_receiver_ktc_electrons(double capacitance_f, double temperature_k);

/* Output-referred read noise of an integrator, read_noise_v C/q [electrons rms]. Pure. */
double oac_receiver_read_electrons(double read_noise_v, double capacitance_f);

/* Variance [electrons^2] of a TIA's input noise over a boxcar of window_s. Pure. */
double oac_receiver_tia_electrons2(double in_a_per_rthz, double window_s);

/* All of it for windows of window_s [s] on this rig. Pure. */
struct oac_receiver_figures oac_receiver_figures(const struct oac_rig *rig, double window_s);

#endif
