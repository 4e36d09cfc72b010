/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lasers: one line per channel on a frequency grid, with relative intensity noise.
 *
 *     nu_k = center_hz + (k - (C-1)/2) grid_hz
 *     P_k  = P 10^(spread_db_k/10)
 *     RIN  S(f) = rin (1 + corner/f) for f > rin_min     [1/Hz], one-sided
 * The white part acts inside a window as (rin/2) int p^2 dt. The part above white that lies below 1/T_w is one
 * gain factor per window, of variance
 *     int_{rin_min}^{1/T_w} rin corner/f df = rin corner ln( 1/(T_w rin_min) )   (0 if negative)
 * Units: W, Hz, 1/Hz. Validity: 1/f noise between 1/T_w and the slot rate, beyond its white level, is
 * neglected; gain factors of neighbouring windows are drawn independently. Not modelled here: linewidth, which
 * only fiber and multipath turn into intensity (sim/waveform/server.h).
 * Source: docs/physics.md, variance table, "rin". */
#ifndef OAC_SIM_COMPONENTS_LASER_H
#define OAC_SIM_COMPONENTS_LASER_H

#include <stddef.h>

struct oac_rig;

struct oac_laser {
    size_t channels;
    double power_w; /* nominal, per channel, before the weight modulator */
    double center_hz, grid_hz;
    double rin_per_hz; /* one-sided, linear; 0: none */
    double rin_corner_hz, rin_min_hz;
};

struct oac_laser oac_laser_from_rig(const struct oac_rig *rig);

/* Optical frequency [Hz] of channel < channels. Pure. */
double oac_laser_frequency_hz(const struct oac_laser *laser, size_t channel);

/* Power [W] of a line that is spread_db off nominal. Pure. */
double oac_laser_power_w(const struct oac_laser *laser, double spread_db);

/* Variance of the relative gain of one window of window_s [s]. Pure. */
double oac_laser_gain_variance(const struct oac_laser *laser, double window_s);

#endif
