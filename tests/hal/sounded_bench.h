/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench that a modem must sound for its codes: peaks that many V_pi off, 2.3 slots of skew. */
#ifndef OAC_TESTS_HAL_SOUNDED_BENCH_H
#define OAC_TESTS_HAL_SOUNDED_BENCH_H

#include "tests/support/exact_stream.h"

static inline struct oac_exact_stream_options
sounded_bench(size_t channels, enum oac_receiver receiver, double peaks_off)
{
    return (struct oac_exact_stream_options){.channels = channels,
                                             .segment_slots_max = 120,
                                             .segments_max = 9,
                                             .receiver = receiver,
                                             .memory_slots = 4,
                                             .delay_slots_max = 4,
                                             .guard_slots = 5,
                                             .gate_step_slots =
                                                 receiver == OAC_SAMPLED ? 0.0 : 1.0 / 16.0,
                                             .range_code = 600.0, /* 60 open slots */
                                             .noise_code = 0.05,
                                             .delay_slots = 0.6,
                                             .skew_slots = -2.3,
                                             .peaks_off = peaks_off};
}

#endif
