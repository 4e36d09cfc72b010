/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An open analytic engine and the arithmetic it is checked against, written out from docs/physics.md with
 * no function of sim: decibels, photon energies and transmissions are computed here from the rig's numbers.
 *
 *     mu[k<-j,n] = eta/(h nu_j) P_j L X[k,j] G T launch Tw_j[n] Tx_k[n]        [electrons per slot]
 * The plain bench has every imperfection off; a test switches on what it is about. */
#ifndef OAC_TESTS_SIM_ANALYTIC_FIXTURE_H
#define OAC_TESTS_SIM_ANALYTIC_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/constants.h"
#include "base/status.h"
#include "hal/link.h"
#include "sim/analytic.h"
#include "sim/noise.h"
#include "sim/rig.h"

#define ROWS_MAX  8
#define SLOTS_MAX 128

struct optics {
    struct oac_rig rig;
    struct oac_link link;
    struct oac_workspace *workspace;
};

struct pattern { /* one weight frame and one window's operand */
    size_t rows, slots;
    uint16_t weight[ROWS_MAX * SLOTS_MAX], x[SLOTS_MAX];
    bool differential;
    uint16_t null_x_code;
    float launch;
};

static const char *const PLAIN[] = {"name=oracle",
                                    "channels=4",
                                    "slot_rate_hz=1e9",
                                    "guard_slots=4",
                                    "slots_max=128",
                                    "laser.power_dbm=-29",
                                    "laser.power_max_dbm=1",
                                    "weight_dac.bits=12",
                                    "weight_dac.full_scale_v=1",
                                    "weight_modulator.vpi_v=1",
                                    "weight_modulator.bias_v=1",
                                    "client_dac.bits=12",
                                    "client_dac.full_scale_v=1",
                                    "client_modulator.vpi_v=1",
                                    "client_modulator.bias_v=1",
                                    "receiver.cds=yes",
                                    "adc.bits=20",
                                    "adc.full_scale_v=1",
                                    "receiver.capacitance_f=1e-12",
                                    NULL};

static inline void optics_set(struct oac_rig *rig, const char *const *sets)
{
    struct oac_err err;
    for (; sets && *sets; sets++)
        cr_assert_eq(oac_config_set(&oac_rig_table, *sets, rig, &err), OAC_OK, "%s",
                     err.message);
}

/* The plain bench plus `sets` (NULL-terminated). */
static inline void optics_open(struct optics *o, uint32_t noise, const char *const *sets)
{
    const uint8_t hash[32] = {0};
    struct oac_err err;
    memset(o, 0, sizeof *o);
    cr_assert_eq(oac_config_defaults(&oac_rig_table, &o->rig, &err), OAC_OK, "%s", err.message);
    optics_set(&o->rig, PLAIN);
    optics_set(&o->rig, sets);
    cr_assert_eq(oac_analytic_open(&o->rig, hash, noise, 20, NULL, &o->link, &err), OAC_OK,
                 "%s", err.message);
    o->workspace = o->link.ops->workspace_create(o->link.self, &err);
    cr_assert_not_null(o->workspace, "%s", err.message);
}

static inline void optics_close(struct optics *o)
{
    o->link.ops->workspace_destroy(o->link.self, o->workspace);
    o->link.ops->close(o->link.self);
}

static inline void optics_turn(struct optics *o, enum oac_setting setting, size_t channel,
                               double value)
{
    struct oac_err err;
    double readback;
    cr_assert_eq(o->link.ops->set(o->link.self, setting, channel, value, &readback, &err),
                 OAC_OK);
    cr_assert_float_eq(readback, value, 1e-12 * fabs(value) + 1e-18);
}

/* Codes spread over the whole range, the same for the same salt. */
static inline void pattern_fill(struct pattern *p, const struct optics *o, size_t rows,
                                size_t slots, uint32_t salt)
{
    memset(p, 0, sizeof *p);
    p->rows = rows;
    p->slots = slots;
    p->launch = 1.0f;
    uint32_t state = salt * 2654435761u + 12345u, weight_top, x_top;
    weight_top = 1u << o->rig.weight_dac.bits;
    x_top = 1u << o->rig.client_dac.bits;
    for (size_t i = 0; i < rows * slots; i++) {
        state = state * 1664525u + 1013904223u;
        p->weight[i] = (uint16_t)((state >> 12) % weight_top);
    }
    for (size_t n = 0; n < slots; n++) {
        state = state * 1664525u + 1013904223u;
        p->x[n] = (uint16_t)((state >> 12) % x_top);
    }
}

static inline uint32_t optics_load(struct optics *o, const struct pattern *p)
{
    struct oac_err err;
    uint32_t handle = 0;
    const struct oac_weight_frame frame = {.rows = p->rows,
                                           .slots = p->slots,
                                           .code = p->weight,
                                           .null_x_code = p->null_x_code,
                                           .differential = p->differential};
    cr_assert_eq(o->link.ops->load(o->link.self, &frame, &handle, &err), OAC_OK, "%s",
                 err.message);
    return handle;
}

/* Plays `windows` equal windows from slot `first` on; code (windows, rows), flag and photons may be NULL. */
static inline void optics_play(struct optics *o, uint32_t handle, const struct pattern *p,
                               size_t windows, uint64_t first, float *code, uint8_t *flag,
                               double *photons)
{
    struct oac_err err;
    uint16_t *x = calloc(windows * p->slots, sizeof *x);
    uint64_t *slot0 = calloc(windows, sizeof *slot0);
    float *launch = calloc(windows, sizeof *launch);
    for (size_t b = 0; b < windows; b++) {
        memcpy(x + b * p->slots, p->x, p->slots * sizeof *x);
        slot0[b] = first + b * (p->slots + (uint64_t)o->rig.guard_slots);
        launch[b] = p->launch;
    }
    const struct oac_activation_frame frame = {
        .windows = windows, .code = x, .slot0 = slot0, .launch = launch};
    struct oac_readouts readouts = {.code = code, .flag = flag, .photons = photons};
    cr_assert_eq(o->link.ops->play(o->link.self, handle, o->workspace, &frame, &readouts, &err),
                 OAC_OK, "%s", err.message);
    free(x);
    free(slot0);
    free(launch);
}

/* One window's readouts in output electrons. */
static inline void optics_electrons(struct optics *o, const struct pattern *p, uint64_t slot0,
                                    double *electrons);

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

static inline void optics_electrons(struct optics *o, const struct pattern *p, uint64_t slot0,
                                    double *electrons)
{
    struct oac_err err;
    float code[ROWS_MAX];
    uint32_t handle = optics_load(o, p);
    optics_play(o, handle, p, 1, slot0, code, NULL, NULL);
    for (size_t k = 0; k < p->rows; k++)
        electrons[k] = electrons_of_code(&o->rig, (double)code[k], p->slots);
    cr_assert_eq(o->link.ops->unload(o->link.self, handle, &err), OAC_OK);
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
