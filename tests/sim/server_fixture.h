/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's half alone: a bench, its panel and one frame, without client and receiver. The plain bench has
 * every imperfection off; a test switches on what it is about. */
#ifndef OAC_TESTS_SIM_SERVER_FIXTURE_H
#define OAC_TESTS_SIM_SERVER_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "sim/waveform/server.h"

struct server_fixture {
    struct oac_waveform wave;
    struct oac_wave_server_scratch *scratch;
    struct oac_wave_frame frame;
    struct oac_stream_segment segment;
    struct oac_wave_window window;
    struct oac_wave_motion_channel motion[8];
    float *field; /* (lanes, 2 * samples) of the window last asked for */
};

static const char *const SERVER_PLAIN[] = {"name=server",
                                           "channels=2",
                                           "slot_rate_hz=1e10",
                                           "guard_slots=64",
                                           "slots_max=128",
                                           "wave.samples_per_slot=8",
                                           "laser.power_dbm=0",
                                           "laser.power_max_dbm=30",
                                           "laser.grid_hz=200e9",
                                           "weight_dac.bits=12",
                                           "weight_dac.full_scale_v=1",
                                           "weight_modulator.vpi_v=1",
                                           "weight_modulator.bias_v=1",
                                           "client_dac.bits=12",
                                           "client_dac.full_scale_v=1",
                                           "client_modulator.vpi_v=1",
                                           "client_modulator.bias_v=1",
                                           "adc.bits=20",
                                           NULL};

static inline void server_sets(struct oac_rig *rig, const char *const *sets)
{
    struct oac_err err;
    for (; sets && *sets; sets++)
        cr_assert_eq(oac_config_set(&oac_rig_table, *sets, rig, &err), OAC_OK, "%s",
                     err.message);
}

/* The plain bench plus `sets` (NULL-terminated). */
static inline void server_open(struct server_fixture *f, uint32_t noise,
                               const char *const *sets)
{
    const uint8_t hash[32] = {0};
    struct oac_err err;
    memset(f, 0, sizeof *f);
    struct oac_waveform *wave = &f->wave;
    cr_assert_eq(oac_config_defaults(&oac_rig_table, &wave->rig, &err), OAC_OK, "%s",
                 err.message);
    server_sets(&wave->rig, SERVER_PLAIN);
    server_sets(&wave->rig, sets);
    cr_assert_eq(oac_rig_check(&wave->rig, &err), OAC_OK, "%s", err.message);
    wave->noise = noise;
    wave->seed = 11;
    wave->slot_s = 1.0 / wave->rig.slot_rate_hz;
    wave->grid.per_slot = (size_t)wave->rig.wave.samples_per_slot;
    wave->grid.rate_hz = wave->rig.slot_rate_hz * (double)wave->grid.per_slot;
    wave->grid.dt_s = 1.0 / wave->grid.rate_hz;
    cr_assert_eq(oac_bench_create(&wave->rig, &wave->bench, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_panel_init(&wave->panel, &wave->rig, wave->bench, noise, "wave", "test",
                                hash, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(oac_wave_server_create(wave, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_wave_server_scratch_create(wave, &f->scratch, &err), OAC_OK);
    for (size_t k = 0; k < 8; k++)
        f->motion[k] = (struct oac_wave_motion_channel){.power = 1.0, .gain = 1.0};
}

/* A frame of `slots` slots at code_safe, guards of `guard` slots included. */
static inline void server_frame(struct server_fixture *f, size_t slots, size_t guard,
                                bool differential)
{
    struct oac_waveform *wave = &f->wave;
    size_t levels = slots * (size_t)wave->rig.weight_dac.samples_per_slot;
    f->frame = (struct oac_wave_frame){
        .rows = wave->bench->channels,
        .slots = slots,
        .samples = slots * wave->grid.per_slot,
        .first = guard,
        .count = slots - 2 * guard,
        .differential = differential,
        .outputs = differential ? 2 : 1,
        .lanes = (differential ? 2 : 1) * wave->polarisations,
    };
    f->frame.code = calloc(wave->bench->channels * levels, sizeof *f->frame.code);
    for (size_t k = 0; k < wave->bench->channels; k++)
        for (size_t i = 0; i < levels; i++)
            f->frame.code[k * levels + i] = (uint16_t)wave->panel.caps.weight[k].code_safe;
    f->field = calloc(2 * f->frame.lanes * f->frame.samples, sizeof *f->field);
    f->segment = (struct oac_stream_segment){.slot0 = 1000, .launch = 1.0f};
    f->window = (struct oac_wave_window){
        .frame = &f->frame, .segment = &f->segment, .motion = {.channel = f->motion}};
}

static inline void server_weight(struct server_fixture *f, size_t channel, size_t slot,
                                 uint16_t code)
{
    size_t per_slot = (size_t)f->wave.rig.weight_dac.samples_per_slot;
    for (size_t i = 0; i < per_slot; i++)
        f->frame.code[(channel * f->frame.slots + slot) * per_slot + i] = code;
}

/* Payload codes spread over the range, the same for the same salt. */
static inline void server_scatter(struct server_fixture *f, uint32_t salt)
{
    uint32_t state = salt * 2654435761u + 12345u;
    for (size_t k = 0; k < f->wave.bench->channels; k++)
        for (size_t n = 0; n < f->frame.count; n++) {
            state = state * 1664525u + 1013904223u;
            server_weight(f, k, f->frame.first + n,
                          (uint16_t)((state >> 12) % (1u << f->wave.rig.weight_dac.bits)));
        }
}

static inline void server_build(struct server_fixture *f)
{
    struct oac_err err;
    cr_assert_eq(oac_wave_server_scratch_fit(&f->wave, f->frame.slots, f->scratch, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(oac_wave_server_build(&f->wave, &f->frame, f->scratch, &err), OAC_OK, "%s",
                 err.message);
}

/* f->field of one channel in the window that begins at slot0. */
static inline void server_window(struct server_fixture *f, size_t channel, uint64_t slot0)
{
    f->segment.slot0 = slot0;
    oac_wave_server_window(&f->wave, &f->window, channel, f->scratch, f->field);
}

static inline double server_power_at(const struct server_fixture *f, unsigned lane, size_t i)
{
    const float *e = f->field + 2 * (lane * f->frame.samples + i);
    return (double)e[0] * (double)e[0] + (double)e[1] * (double)e[1];
}

static inline void server_frame_free(struct server_fixture *f)
{
    free(f->frame.code);
    free(f->frame.volts);
    free(f->frame.field);
    free(f->frame.power);
    free(f->field);
}

static inline void server_close(struct server_fixture *f)
{
    server_frame_free(f);
    oac_wave_server_scratch_destroy(f->scratch);
    oac_wave_server_destroy(f->wave.server);
    oac_panel_fini(&f->wave.panel);
    oac_bench_destroy(f->wave.bench);
}

#endif
