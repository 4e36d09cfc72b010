/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a virtual board should show: the same DAC words as one uncut segment of the waveform engine. */
#ifndef OAC_TESTS_DRIVER_TWIN_UNCUT_H
#define OAC_TESTS_DRIVER_TWIN_UNCUT_H

#include "base/rng.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"
#include "tests/driver/twin_fixture.h"

enum { TWIN_PER_SLOT = 9, TWIN_SCANS = 12 };

/* Native words of volts that stay for a slot, between dark and open: 12 bits, 4 up. */
static inline void twin_words(uint64_t seed, size_t slots, int16_t *word)
{
    for (size_t i = 0; i < slots; i++) {
        double v = 5.0 * oac_rng_uniform(seed, OAC_RNG_TEST, i, 0);
        int code = (int)((5.0 - v) * 4095.0 / 10.0) - 2048;
        for (size_t j = 0; j < TWIN_PER_SLOT; j++)
            word[i * TWIN_PER_SLOT + j] = (int16_t)(code * 16);
    }
}

/* What one uncut segment gives: scans of the slots, guards around them. */
static inline void twin_uncut(const struct twin_fixture *fixture, size_t slots,
                              const int16_t *a, const int16_t *b, size_t *lead, int16_t **scan)
{
    static const uint8_t hash[32] = {0};
    struct oac_stream stream = {0};
    struct oac_err err;
    twin_require(oac_waveform_open(&fixture->rig, hash, OAC_NOISE_ADC, 7, NULL, &stream, &err),
                 &err);
    const struct oac_stream_caps *caps = stream.caps;
    const size_t guard = (size_t)caps->memory_slots + caps->delay_slots_max + 4;
    const size_t all = slots + 2 * guard, samples = all * TWIN_PER_SLOT,
                 picks = all * TWIN_SCANS;
    uint16_t *code[2];
    for (size_t d = 0; d < 2; d++) {
        code[d] = malloc(samples * sizeof *code[d]);
        for (size_t i = 0; i < samples; i++) {
            bool inside = i >= guard * TWIN_PER_SLOT && i < (guard + slots) * TWIN_PER_SLOT;
            int word = inside ? (d ? b : a)[i - guard * TWIN_PER_SLOT] : 0;
            double v = 5.0 - (word / 16 + 2048) * 10.0 / 4095.0;
            const struct oac_port *port = d ? caps->link.client : &caps->link.weight[0];
            code[d][i] =
                (uint16_t)((inside ? v : 0.0) / port->lsb_v - port->v0_v / port->lsb_v + 0.5);
        }
    }
    uint32_t *pick = malloc(picks * sizeof *pick), handle;
    float *rx = malloc(picks * sizeof *rx);
    for (size_t i = 0; i < picks; i++)
        pick[i] = (uint32_t)i;
    const struct oac_stream_load load = {
        .slots = all, .rows = 1, .weight = code[0], .first = guard, .count = slots};
    twin_require(oac_stream_load(&stream, &load, &handle, &err), &err);
    const struct oac_stream_capture taken = {.picks = picks, .pick = pick};
    const struct oac_stream_segment segment = {.handle = handle,
                                               .client = code[1],
                                               .slot0 = 1,
                                               .launch = 1.0f,
                                               .capture = &taken,
                                               .rx = rx};
    struct oac_stream_burst burst = {.segments = 1, .segment = &segment};
    struct oac_workspace *workspace = stream.ops->workspace_create(stream.self, &err);
    twin_require(oac_stream_play(&stream, workspace, &burst, &err), &err);
    *scan = malloc(picks * sizeof **scan);
    const struct oac_port *port = caps->link.readout;
    const struct oac_board_port *to = &fixture->board.port[2];
    for (size_t i = 0; i < picks; i++) {
        double v = port->v0_v + port->lsb_v * (double)rx[i];
        (*scan)[i] = (int16_t)((int)((v - to->v0_v) / to->lsb_v + 0.5) - 2048);
    }
    *lead = guard * TWIN_SCANS;
    stream.ops->workspace_destroy(stream.self, workspace);
    oac_stream_close(&stream);
    free(code[0]);
    free(code[1]);
    free(pick);
    free(rx);
}

#endif
