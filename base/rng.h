/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomness is a function: every number is Philox4x32-10(seed, stream, index), nothing has
 * state.
 *
 *   key     = (seed low word, seed high word)
 *   counter = (index low word, index high word, sub, stream)
 *
 * `index` is absolute (a bench slot, an image number, a training step x sample), `sub` tells
 * draws of one index apart (channel group, attempt), `stream` says what the draw is for. Any
 * split over threads, batches or restarts therefore gives the same bits. Source: Salmon,
 * Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011); known- answer
 * vectors of its published distribution are in tests/base/test_rng.c. */
#ifndef OAC_BASE_RNG_H
#define OAC_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* One number per use; never reuse one, results would become correlated. */
enum oac_rng_stream {
    OAC_RNG_READOUT = 1,      /* electronics noise of a readout: index slot0, sub channel/4 */
    OAC_RNG_PHOTONS = 2,      /* exact photon counts: index slot0, sub channel */
    OAC_RNG_CLIENT_DRIVE = 3, /* client modulator voltage noise: index slot */
    OAC_RNG_SHARED_RIN = 4,   /* common laser intensity noise: index slot */
    OAC_RNG_RIN_LOW = 5, /* one gain factor per window and laser: index slot0, sub laser/4 */
    OAC_RNG_DRIFT = 6,   /* keyed with bench_seed */
    OAC_RNG_BENCH = 7,   /* hidden imperfections, keyed with bench_seed */
    OAC_RNG_DEAD_TIME = 8,
    OAC_RNG_SPLIT = 20, /* data set splits */
    OAC_RNG_INIT = 21,  /* initial weights */
    OAC_RNG_SHUFFLE = 22,
    OAC_RNG_AUGMENT = 23,
    OAC_RNG_TRAIN_NOISE = 24,
    OAC_RNG_OPERANDS = 30,    /* random operands of instruments (oac scope) */
    OAC_RNG_TWIN = 40,        /* start delays of the virtual bench: index playback */
    OAC_RNG_CALIBRATION = 41, /* codes that calibration plays */
    OAC_RNG_TEST = 100,       /* tests and benchmarks only, and above, below 0x10000 */
    OAC_RNG_WAVE = 0x10000,   /* the waveform engine, up to 0x1ffff: sim/waveform/engine.h */
};

/* out[4] = Philox4x32-10 of counter[4] under key[2]. Pure. */
void oac_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The four words for (seed, stream, index, sub). Pure. */
void oac_rng_words(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub,
                   uint32_t out[4]);

/* Uniform in the open interval (0,1), 53 bits from words 0 and 1. Pure. */
double oac_rng_uniform(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub);

/* One standard normal variate in double precision (Box-Muller on 53-bit uniforms). Pure. */
double oac_rng_normal(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub);

/* Exact Poisson variate of mean >= 0 [counts]: inversion below 10, the transformed rejection
 * PTRS of Hoermann (Insurance: Math. and Econ. 12, 39, 1993) above; attempts take sub, sub +
 * 2^16, ..., so keep sub < 2^16. mean above 2^31 or not finite returns NAN. Pure. */
double oac_rng_poisson(uint64_t seed, uint32_t stream, uint64_t index, uint32_t sub,
                       double mean);

/* A keyed permutation: writes a shuffle of 0..count-1 into order (count) [index]. count < 2^32.
 * Pure. */
void oac_rng_shuffle(uint64_t seed, uint32_t stream, uint64_t index, size_t count,
                     uint32_t *order);

#endif
