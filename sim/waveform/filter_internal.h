/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a filter is made of; for the filter_*.c beside this header only.
 *
 * A kernel convolves block by block: it loads `block` samples from `lead` before the first output wanted, the
 * waveform's first and last value continued, transforms them, multiplies, transforms back and keeps `useful`.
 * `blocks` is overlap-save with an impulse response of finite support. `whole` convolves a whole waveform
 * circularly; its step removes the jump from the last value to the first: with s[j] a smooth rise from 0 to 1
 * over the circle, D = x[last] - x[0] and S = h * s for an s that stays 0 before and 1 after,
 *     y = circular(h, x - D s) + D S.
 * Its circle is as long as the block, or shorter: then the block holds the linear convolution of one circle with
 * one of h, whose tail is folded back. That is how a length with large prime factors, whose own transform would
 * take five times as long or more, is convolved circularly and exactly by twice the work. */
#ifndef OAC_SIM_WAVEFORM_FILTER_INTERNAL_H
#define OAC_SIM_WAVEFORM_FILTER_INTERNAL_H

#include "base/fft.h"
#include "sim/waveform/filter.h"

struct oac_filter_kernel {
    size_t block, lead, useful;
    size_t circle; /* period of a whole kernel */
    struct oac_fft *forward, *backward;
    struct oac_fft_f *forward_f, *backward_f;
    double *spectrum;  /* (bins, re im), 1/block folded in; bins = block, or block/2 + 1 */
    float *spectrum_f; /* the same in single precision */
    double *step;      /* s (circle); NULL: blocks */
    float *step_f;
    double *response; /* S (circle, 1 or 2 for complex) */
    float *response_f;
};

struct oac_filter {
    bool real, identity;
    size_t memory, segment;
    struct oac_filter_kernel blocks;
    struct oac_filter_kernel whole; /* block 0: there is none */
};

struct oac_filter_scratch { /* (reals) each; single precision uses the same memory */
    size_t reals;
    double *input, *work;
    double *carry; /* overlap of the next block, saved before the output may overwrite it */
};

struct
    oac_filter_level { /* filter_apply_impl.h for one processor level; arguments as in filter.h */
    void (*apply)(const struct oac_filter *filter, struct oac_filter_scratch *scratch, size_t n,
                  const double *in, double *out);
    void (*apply_f)(const struct oac_filter *filter, struct oac_filter_scratch *scratch,
                    size_t n, const float *in, float *out);
};

/* The response on a grid, and what follows from it. */
struct oac_filter_design {
    size_t n;         /* points of the grid */
    double *response; /* (n, re im) at f = k fs/n, k = 0 .. n/2, then the negative ones */
    double *impulse;  /* (n, re im), sum over its support = H(0); negative times at the end */
    bool identity;
    bool whole;    /* the response rings beyond the memory: circular over a waveform */
    bool lossless; /* |H| = 1 */
    size_t memory;
    size_t before, after; /* support of the impulse response used by overlap-save */
};

/* Fills design; on failure nothing is left to free. */
enum oac_status oac_filter_design_init(const struct oac_filter_spec *spec,
                                       struct oac_filter_design *design,
                                       struct oac_err *err) OAC_MUST_USE;
void oac_filter_design_fini(struct oac_filter_design *design);

/* values (n, re im) = the response at the n frequencies of a transform of n points. */
enum oac_status oac_filter_sample(const struct oac_filter_spec *spec, size_t n, double *values,
                                  struct oac_err *err) OAC_MUST_USE;

enum oac_status oac_filter_kernel_blocks(const struct oac_filter_spec *spec,
                                         const struct oac_filter_design *design,
                                         struct oac_filter_kernel *kernel,
                                         struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_filter_kernel_whole(const struct oac_filter_spec *spec,
                                        const struct oac_filter_design *design,
                                        struct oac_filter_kernel *kernel,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_filter_kernel_fini(struct oac_filter_kernel *kernel); /* zeroed is fine */

#endif
