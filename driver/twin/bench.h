/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The light behind the virtual boards of a bench: codes of their DACs in, codes of their ADCs out, through the
 * waveform engine.
 *
 *     board code -> volts (profile: v0 + lsb code) -> nearest code of the rig's DAC, within its limits
 *     -> waveform engine -> code of the rig's ADC -> volts -> nearest board code, saturating
 * A drive is one DAC of the rig: 0 .. channels-1 the weights, channels the client. A stretch is a run of whole
 * slots that is computed at once; guard slots before and after it carry what was and will be
 * played around it, so
 * that every memory of the bench is filled: a waveform cut into stretches is, without noise, the
 * waveform that was
 * not cut, to 1e-6 of a step (sim/waveform). Noise is drawn anew per stretch, so noise slower than
 * a stretch (drift,
 * low-frequency RIN) moves from stretch to stretch, not within one.
 * Ports of I and Q: two values a sample, wherever samples or scans of the rig are counted here and in playback.h.
 * Validity: sampled receivers (receiver.kind tia): an integrator's gate is not a port of any board here.
 * Threads: one at a time. */
#ifndef OAC_DRIVER_TWIN_BENCH_H
#define OAC_DRIVER_TWIN_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "driver/bench_boards.h"
#include "sim/rig.h"

#define OAC_TWIN_UNBOUND SIZE_MAX

struct oac_twin_bench_options {
    const struct oac_bench_boards *boards;
    const struct oac_rig *rig;
    const uint8_t *rig_hash; /* (32) */
    uint32_t noise;          /* mask of sim/noise.h */
    uint64_t seed;
};

struct oac_twin_ports { /* of one board */
    size_t drive_of[OAC_BOARD_PORTS_MAX], readout_of[OAC_BOARD_PORTS_MAX];
    double rate_hz[OAC_BOARD_PORTS_MAX]; /* what each runs at */
    double pace[OAC_BOARD_PORTS_MAX];    /* that over what the rig wants */
};

struct oac_twin_shape {
    size_t drives, readouts;   /* channels + 1, channels */
    uint32_t per_slot_readout; /* ADC values */
    size_t values;      /* of a sample, DAC's and ADC's: 2 where ports carry I and Q, I first */
    double pace;        /* of the drives: time on the line of scans is theirs */
    size_t guard_slots; /* on each side of a stretch */
    size_t stretch_slots_max; /* guards not counted */
    struct oac_twin_ports board[OAC_BENCH_BOARDS_MAX];
};

struct oac_twin_bench;

enum oac_status oac_twin_bench_create(const struct oac_twin_bench_options *options,
                                      struct oac_twin_bench **bench,
                                      struct oac_err *err) OAC_MUST_USE;
void oac_twin_bench_destroy(struct oac_twin_bench *bench); /* NULL is fine */

const struct oac_twin_shape *oac_twin_bench_shape(const struct oac_twin_bench *bench);
uint32_t oac_twin_bench_per_slot(const struct oac_twin_bench *bench, size_t drive);
/* The code that a drive rests at: the port's safe_v. */
uint16_t oac_twin_bench_idle(const struct oac_twin_bench *bench, size_t drive);

/* Board codes (count) of a drive as codes of the rig; returns how many were cut to its limits. */
size_t oac_twin_bench_drive(const struct oac_twin_bench *bench, size_t drive, size_t count,
                            const int32_t *board_code, uint16_t *rig_code);
/* The board code of 0 V at an input port, for those that nothing is connected to. */
uint16_t oac_twin_bench_zero(const struct oac_twin_bench *bench, size_t board, size_t port);

/* Where a drive's codes of a stretch of so many slots go, guards included. */
uint16_t *oac_twin_bench_place(struct oac_twin_bench *bench, size_t drive, size_t slots);
/* Computes the stretch whose codes are in place. slot0: absolute bench slot, never one used before.
 * out (readouts, slots * per_slot_readout): board codes. */
enum oac_status oac_twin_bench_render(struct oac_twin_bench *bench, uint64_t slot0,
                                      size_t slots, uint16_t *out,
                                      struct oac_err *err) OAC_MUST_USE;

#endif
