/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An open analytic engine and one weight frame with one window to play on it. The plain bench has every
 * imperfection off; a test switches on what it is about. */
#ifndef OAC_TESTS_SIM_ANALYTIC_FIXTURE_H
#define OAC_TESTS_SIM_ANALYTIC_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/status.h"
#include "hal/link.h"
#include "sim/analytic.h"
#include "sim/noise.h"
#include "sim/rig.h"
#include "tests/sim/by_hand.h"

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
    cr_assert_eq(oac_analytic_open(&o->rig, hash, noise, 20, &o->link, &err), OAC_OK, "%s",
                 err.message);
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

#endif
