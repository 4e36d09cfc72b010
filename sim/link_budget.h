/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rig's light is worth, on paper: the power budget of one wavelength in dB, and one readout of a
 * window whose every transmission is 1, in electrons and volts.
 *
 *     P_detector = P_laser - IL_weight - loss_fiber + G - IL_client - IL_demux          [dB]
 *     electrons per slot = eta P_detector T/(h nu);  volts = M electrons (volts per electron)
 *     noise: shot sqrt(M^2 F n + M^2 F n_dark + n_surface), reset, read: docs/physics.md
 *     rin: M sqrt( rin/(2 T) N n_slot^2 + (N n_slot)^2 v ),  v the variance of a window's gain (laser.h)
 * Units: dBm, dB, W, s, electrons (rms for noises), V. Validity: nominal components at the band's centre,
 * no crosstalk, no drift, full-width slots. Pure; sim/analytic.h is the real thing. */
#ifndef OAC_SIM_LINK_BUDGET_H
#define OAC_SIM_LINK_BUDGET_H

#include <stddef.h>

struct oac_rig;

struct oac_link_budget {
    /* one wavelength, every modulator at its peak */
    double laser_dbm, weight_il_db, fiber_loss_db, amplifier_gain_db, client_il_db, demux_il_db;
    double detector_dbm, detector_w;

    /* the link */
    double latency_s;      /* propagation */
    double walkoff_s;      /* between the first and the last wavelength */
    double fading_null_hz; /* +inf: none */

    /* one slot */
    double slot_s, photons_per_slot, electrons_per_slot, dark_electrons_per_slot;

    /* one readout of `slots` slots, before the APD's gain where electrons are signal */
    size_t slots;
    double mean_product_max; /* of w x over a window, when the receiver or the ADC is full */
    double window_s, signal_electrons, readout_v, saturation_v;
    double adc_min_v, adc_max_v, adc_step_electrons; /* at the detector's output: after M */
    double shot_electrons, thermal_electrons, read_electrons, rin_electrons; /* rms, after M */
};

/* Given a checked rig and slots > 0. */
struct oac_link_budget oac_link_budget(const struct oac_rig *rig, size_t slots);

#endif
