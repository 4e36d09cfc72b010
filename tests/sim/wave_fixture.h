/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A waveform engine opened as a stream, and windows played on it without a modem: the test knows that nothing is
 * late. A window's readout is the value held at the gate's close, or the sum of the payload's samples. */
#ifndef OAC_TESTS_SIM_WAVE_FIXTURE_H
#define OAC_TESTS_SIM_WAVE_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hal/stream.h"
#include "sim/noise.h"
#include "sim/rig.h"
#include "sim/waveform/waveform.h"

struct wave {
    struct oac_rig rig;
    struct oac_stream stream;
    struct oac_workspace *workspace;
};

struct wave_window { /* codes per slot of the payload */
    size_t rows, slots;
    uint16_t *weight; /* (rows, slots) */
    uint16_t *client; /* (slots) */
    bool differential;
    float launch;
};

/* Four channels, no imperfection; a test switches on what it is about. */
static const char *const WAVE_PLAIN[] = {"channels=4",
                                         "slot_rate_hz=1e9",
                                         "guard_slots=8",
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

static inline size_t wave_count(const char *const *sets)
{
    size_t count = 0;
    while (sets && sets[count])
        count++;
    return count;
}

static inline void wave_start(struct wave *w, uint32_t noise, uint64_t seed, bool propagate)
{
    const uint8_t hash[32] = {0};
    const struct oac_waveform_options options = {.propagate = propagate};
    struct oac_err err;
    cr_assert_eq(oac_waveform_open(&w->rig, hash, noise, seed, &options, &w->stream, &err),
                 OAC_OK, "%s", err.message);
    w->workspace = w->stream.ops->workspace_create(w->stream.self, &err);
    cr_assert_not_null(w->workspace, "%s", err.message);
}

/* The plain bench plus `sets` (NULL-terminated; may be NULL). */
static inline void wave_open(struct wave *w, uint32_t noise, bool propagate,
                             const char *const *sets)
{
    struct oac_err err;
    memset(w, 0, sizeof *w);
    cr_assert_eq(oac_config_defaults(&oac_rig_table, &w->rig, &err), OAC_OK);
    for (size_t i = 0; i < wave_count(WAVE_PLAIN); i++)
        cr_assert_eq(oac_config_set(&oac_rig_table, WAVE_PLAIN[i], &w->rig, &err), OAC_OK, "%s",
                     err.message);
    for (size_t i = 0; i < wave_count(sets); i++)
        cr_assert_eq(oac_config_set(&oac_rig_table, sets[i], &w->rig, &err), OAC_OK, "%s",
                     err.message);
    wave_start(w, noise, 20, propagate);
}

/* A shipped rig. */
static inline void wave_open_rig(struct wave *w, const char *rig, uint32_t noise,
                                 bool propagate)
{
    struct oac_err err;
    memset(w, 0, sizeof *w);
    cr_assert_eq(oac_rig_read(rig, NULL, 0, &w->rig, NULL, &err), OAC_OK, "%s", err.message);
    wave_start(w, noise, 20, propagate);
}

static inline void wave_close(struct wave *w)
{
    w->stream.ops->workspace_destroy(w->stream.self, w->workspace);
    oac_stream_close(&w->stream);
}

/* Codes spread over the whole range, the same for the same salt. */
static inline struct wave_window wave_pattern(const struct wave *w, size_t rows, size_t slots,
                                              uint32_t salt)
{
    struct wave_window window = {.rows = rows,
                                 .slots = slots,
                                 .weight = calloc(rows * slots, sizeof(uint16_t)),
                                 .client = calloc(slots, sizeof(uint16_t)),
                                 .launch = 1.0f};
    uint32_t state = salt * 2654435761u + 12345u;
    for (size_t i = 0; i < rows * slots; i++) {
        state = state * 1664525u + 1013904223u;
        window.weight[i] = (uint16_t)((state >> 12) % (1u << w->rig.weight_dac.bits));
    }
    for (size_t n = 0; n < slots; n++) {
        state = state * 1664525u + 1013904223u;
        window.client[n] = (uint16_t)((state >> 12) % (1u << w->rig.client_dac.bits));
    }
    return window;
}

static inline void wave_pattern_free(struct wave_window *window)
{
    free(window->weight);
    free(window->client);
}

/* Every weight and every x at these codes. */
static inline void wave_pattern_flat(struct wave_window *window, uint16_t weight,
                                     uint16_t client)
{
    for (size_t i = 0; i < window->rows * window->slots; i++)
        window->weight[i] = weight;
    for (size_t n = 0; n < window->slots; n++)
        window->client[n] = client;
}

static inline size_t wave_guard(const struct wave *w)
{
    return w->stream.caps->memory_slots + w->stream.caps->delay_slots_max;
}

/* code (slots of the segment * per_slot): payload slot by slot between guards at `rest`. */
static inline void wave_hold(const struct wave *w, const uint16_t *payload, size_t slots,
                             size_t per_slot, uint16_t rest, uint16_t *code)
{
    size_t guard = wave_guard(w);
    for (size_t i = 0; i < (slots + 2 * guard) * per_slot; i++) {
        size_t slot = i / per_slot;
        code[i] = slot >= guard && slot < guard + slots ? payload[slot - guard] : rest;
    }
}

static inline uint32_t wave_load(struct wave *w, const struct wave_window *window)
{
    struct oac_err err;
    const struct oac_stream_caps *caps = w->stream.caps;
    size_t guard = wave_guard(w), slots = window->slots + 2 * guard;
    size_t length = slots * caps->weight_samples_per_slot;
    uint16_t *code = calloc(window->rows * length, sizeof *code);
    for (size_t k = 0; k < window->rows; k++)
        wave_hold(w, window->weight + k * window->slots, window->slots,
                  caps->weight_samples_per_slot, (uint16_t)caps->link.weight[k].code_safe,
                  code + k * length);
    const struct oac_stream_load load = {.slots = slots,
                                         .rows = window->rows,
                                         .weight = code,
                                         .first = guard,
                                         .count = window->slots,
                                         .differential = window->differential};
    uint32_t handle = 0;
    cr_assert_eq(oac_stream_load(&w->stream, &load, &handle, &err), OAC_OK, "%s", err.message);
    free(code);
    return handle;
}

/* Plays the window at each slot0 (count); value (count, rows) in ADC codes, photons (count) may be NULL. */
static inline void wave_play(struct wave *w, uint32_t handle, const struct wave_window *window,
                             size_t count, const uint64_t *slot0, double *value,
                             double *photons)
{
    struct oac_err err;
    const struct oac_stream_caps *caps = w->stream.caps;
    size_t guard = wave_guard(w), rows = window->rows;
    size_t length = (window->slots + 2 * guard) * caps->client_samples_per_slot;
    bool sampled = caps->link.receiver == OAC_SAMPLED;
    size_t first = guard * caps->readout_samples_per_slot;
    size_t picks = sampled ? window->slots * caps->readout_samples_per_slot : 1;
    uint16_t *client = calloc(length, sizeof *client);
    uint32_t *pick = calloc(picks, sizeof *pick);
    double *open_s = calloc(2 * rows, sizeof *open_s);
    float *rx = calloc(count * rows * picks, sizeof *rx);
    struct oac_stream_segment *segment = calloc(count, sizeof *segment);
    wave_hold(w, window->client, window->slots, caps->client_samples_per_slot,
              (uint16_t)caps->link.client->code_safe, client);
    for (size_t i = 0; i < picks; i++)
        pick[i] = (uint32_t)(sampled ? first + i
                                     : first + window->slots * caps->readout_samples_per_slot);
    for (size_t k = 0; k < rows; k++) {
        open_s[k] = (double)guard * caps->link.slot_s;
        open_s[rows + k] = (double)(guard + window->slots) * caps->link.slot_s;
    }
    const struct oac_stream_capture capture = {.gate_open_s = sampled ? NULL : open_s,
                                               .gate_close_s = sampled ? NULL : open_s + rows,
                                               .picks = picks,
                                               .pick = pick};
    for (size_t b = 0; b < count; b++)
        segment[b] = (struct oac_stream_segment){.handle = handle,
                                                 .client = client,
                                                 .slot0 = slot0[b],
                                                 .launch = window->launch,
                                                 .capture = &capture,
                                                 .rx = rx + b * rows * picks,
                                                 .photons = photons ? photons + b : NULL};
    for (size_t b = 0; b < count; b += 256) {
        struct oac_stream_burst burst = {.segments = count - b < 256 ? count - b : 256,
                                         .segment = segment + b};
        cr_assert_eq(oac_stream_play(&w->stream, w->workspace, &burst, &err), OAC_OK, "%s",
                     err.message);
        cr_assert_eq(burst.received, burst.segments);
    }
    for (size_t i = 0; i < count * rows; i++) {
        value[i] = 0.0;
        for (size_t p = 0; p < picks; p++)
            value[i] += (double)rx[i * picks + p];
    }
    free(client);
    free(pick);
    free(open_s);
    free(rx);
    free(segment);
}

/* One window's readouts (rows) in ADC codes, less what a dark bench gives. */
static inline void wave_light(struct wave *w, const struct wave_window *window, uint64_t slot0,
                              double *value)
{
    struct oac_err err;
    struct wave_window dark = *window;
    double *zero = calloc(window->rows, sizeof *zero);
    dark.launch = 0.0f;
    uint32_t handle = wave_load(w, window);
    wave_play(w, handle, &dark, 1, &slot0, zero, NULL);
    wave_play(w, handle, window, 1, &slot0, value, NULL);
    for (size_t k = 0; k < window->rows; k++)
        value[k] -= zero[k];
    cr_assert_eq(oac_stream_unload(&w->stream, handle, &err), OAC_OK);
    free(zero);
}

#endif
