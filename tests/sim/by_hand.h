/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic that simulated light is checked against, written out from docs/physics.md with no function
 * of sim: decibels, photon energies and transmissions are computed here from the rig's numbers.
 *
 *     mu[k<-j,n] = eta/(h nu_j) P_j L X[k,j] G T launch Tw_j[n] Tx_k[n]        [electrons per slot] */
#ifndef OAC_TESTS_SIM_BY_HAND_H
#define OAC_TESTS_SIM_BY_HAND_H

#include <math.h>
#include <stddef.h>

#include "base/constants.h"
#include "sim/rig.h"

static inline double ratio_db(double db)
{
    return pow(10.0, db / 10.0);
}

/* Code -> output electrons of a window. */
static inline double electrons_of_code(const struct oac_rig *rig, double code, size_t slots)
{
    const double q = OAC_ELEMENTARY_CHARGE_C;
    if (rig->receiver.kind == OAC_RECEIVER_COUNTER)
        return code;
    double lsb_v = rig->adc.full_scale_v / (pow(2.0, (double)rig->adc.bits) - 1.0);
    if (rig->receiver.kind == OAC_RECEIVER_TIA) /* one conversion per slot, summed */
        return (code * lsb_v + (double)slots * rig->adc.min_v) /
               (rig->receiver.gain_v_per_a * q * rig->slot_rate_hz);
    return (code * lsb_v + rig->adc.min_v) * rig->receiver.capacitance_f / q;
}

static inline double line_hz(const struct oac_rig *rig, size_t k)
{
    return rig->laser.center_hz +
           ((double)k - 0.5 * ((double)rig->channels - 1.0)) * rig->laser.grid_hz;
}

static inline double dac_v(const struct oac_rig_dac *dac, double code)
{
    return dac->min_v + code * dac->full_scale_v / (pow(2.0, (double)dac->bits) - 1.0);
}

static inline double mzm_t(const struct oac_rig_modulator *m, double v, double vpi_scale)
{
    double r = pow(10.0, -m->er_db / 10.0), t_on = ratio_db(-m->il_db);
    double c = cos(0.5 * OAC_PI * (v - m->bias_v) / (m->vpi_v * vpi_scale));
    return t_on * (r + (1.0 - r) * c * c);
}

/* Exact mean and variance of the transmission under a normal voltage error:
 *     s = pi sigma_V/V_pi, th = pi (V - V_peak)/V_pi,
 *     E T = T_on [ r + (1-r)/2 (1 + cos th e^{-s^2/2}) ]
 *     Var T = T_on^2 (1-r)^2/4 [ (1 + cos 2th e^{-2 s^2})/2 - cos^2 th e^{-s^2} ] */
static inline void mzm_moments(const struct oac_rig_modulator *m, double v, double sigma_v,
                               double *mean, double *variance)
{
    double r = pow(10.0, -m->er_db / 10.0), t_on = ratio_db(-m->il_db);
    double s = OAC_PI * sigma_v / m->vpi_v, th = OAC_PI * (v - m->bias_v) / m->vpi_v;
    *mean = t_on * (r + (1.0 - r) / 2.0 * (1.0 + cos(th) * exp(-s * s / 2.0)));
    *variance =
        pow(t_on * (1.0 - r) / 2.0, 2.0) *
        ((1.0 + cos(2.0 * th) * exp(-2.0 * s * s)) / 2.0 - cos(th) * cos(th) * exp(-s * s));
}

static inline double mzm_complement_t(const struct oac_rig_modulator *m, double t)
{
    return ratio_db(-m->il_db) * (1.0 + pow(10.0, -m->er_db / 10.0)) - t;
}

/* The client's V_pi on channel k relative to the band's centre. */
static inline double client_vpi_scale(const struct oac_rig *rig, size_t k)
{
    return rig->client_modulator.vpi_tracks_wavelength ? rig->laser.center_hz / line_hz(rig, k)
                                                       : 1.0;
}

static inline double demux_x(const struct oac_rig *rig, size_t k, size_t j)
{
    size_t distance = k > j ? k - j : j - k;
    double down_db = distance == 0   ? 0.0
                     : distance == 1 ? rig->demux.adjacent_db
                                     : rig->demux.nonadjacent_db;
    return ratio_db(-rig->demux.il_db) * pow(10.0, -down_db / 10.0);
}

/* Electrons per slot, before APD gain, that line j would put on detector k if Tw = Tx = 1. */
static inline double full_electrons(const struct oac_rig *rig, size_t k, size_t j)
{
    double gain_db =
        rig->amplifier.position == OAC_AMPLIFIER_NONE ? 0.0 : rig->amplifier.gain_db;
    double path_db = gain_db - rig->fiber.length_m * 1e-3 * rig->fiber.loss_db_per_km -
                     rig->fiber.attenuator_db;
    double power_w = 1e-3 * ratio_db(rig->laser.power_dbm + path_db) * demux_x(rig, k, j);
    return rig->detector.quantum_efficiency * power_w /
           (OAC_PLANCK_J_S * line_hz(rig, j) * rig->slot_rate_hz);
}

/* ASE electrons per slot and mode at a detector when Tx = 1 (or after the client). */
static inline double ase_electrons(const struct oac_rig *rig, size_t k)
{
    if (rig->amplifier.position == OAC_AMPLIFIER_NONE)
        return 0.0;
    /* S = h nu (NF G - 1)/2; a mode lasts T in a band of 1/T: S electrons-worth of eta/(h nu). */
    double g = ratio_db(rig->amplifier.gain_db), nf = ratio_db(rig->amplifier.nf_db);
    return rig->detector.quantum_efficiency * 0.5 * (nf * g - 1.0) * demux_x(rig, k, k);
}

static inline double ase_modes(const struct oac_rig *rig)
{
    return (double)rig->amplifier.polarisations * rig->amplifier.bandwidth_hz /
           rig->slot_rate_hz;
}

/* Bulk dark electrons (or dark counts) per slot. */
static inline double dark_electrons(const struct oac_rig *rig)
{
    double per_s = rig->detector.kind == OAC_DETECTOR_COUNTING
                       ? rig->detector.dark_counts_hz
                       : rig->detector.dark_a / OAC_ELEMENTARY_CHARGE_C;
    return per_s / rig->slot_rate_hz;
}

#endif
