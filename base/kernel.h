/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic that decides how fast oac is, chosen at run time for the processor at hand.
 *
 * base/kernel_impl.h is plain C compiled once per level (x86-64-v1, -v3, -v4; one level
 * elsewhere); this header's table points to the best level the processor has, or to the one a
 * user fixed (`--kernel v3`). Bits are promised per level: no sum depends on the batch size,
 * the thread count or the vector width, so v3 and v4, which both fuse multiply and add, agree
 * as well; v1 rounds twice.
 *
 * All kernels are pure (arrays in, arrays out), arrays do not alias, and matrices are row-major
 * with an explicit leading dimension in elements. Weight matrices are stored slot-major,
 * W[n][k], with ld a multiple of OAC_KERNEL_PAD and zero in the padding. */
#ifndef OAC_BASE_KERNEL_H
#define OAC_BASE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OAC_KERNEL_PAD 16u

/* Other tables that are compiled per level are arrays with these as their indices. */
enum oac_level { OAC_LEVEL_v1, OAC_LEVEL_v3, OAC_LEVEL_v4, OAC_LEVEL_native = 0 };

struct oac_kernel {
    const char *level; /* "v1", "v3", "v4"; "native" off x86-64 */
    enum oac_level number;

    /* C (rows, cols; ldc) += A (rows, inner; lda) * W (inner, cols; ldw). cols counts padded
     * columns (a multiple of OAC_KERNEL_PAD). Each output is summed over n = 0, 1, ... in
     * order. */
    void (*matmul)(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
                   const float *w, size_t ldw, float *c, size_t ldc);

    /* The same sum over the listed entries only: row b has entries begin[b] .. begin[b+1]-1,
     * each of a slot index[e] < inner (ascending within a row) and a value[e]. Skipping a zero
     * changes no bit of the result: the sum equals matmul's exactly. */
    void (*matmul_sparse)(size_t rows, size_t cols, size_t inner, const uint32_t *begin,
                          const uint16_t *index, const float *value, const float *w, size_t ldw,
                          float *c, size_t ldc);

    /* C (rows, cols; ldc) += A^T (inner, rows; lda)^T * W (inner, cols; ldw): for training. */
    void (*matmul_at)(size_t rows, size_t cols, size_t inner, const float *a, size_t lda,
                      const float *w, size_t ldw, float *c, size_t ldc);

    /* Standard normals: z (count, 4 * blocks). Row i draws blocks of four from
     * (seed, stream, index[i], sub = 0 .. blocks-1), Box-Muller on 32-bit uniforms: |z|
     * <= 6.77, and within 1e-5 of the same formula in double precision. */
    void (*normals)(uint64_t seed, uint32_t stream, size_t count, const uint64_t *index,
                    uint32_t blocks, float *z);

    /* The list of entries that are not zero: index (<= n), value (<= n); returns how many. n <=
     * 65535. The arrays must have room for n + OAC_KERNEL_PAD entries. */
    size_t (*compress)(size_t n, const float *x, uint16_t *index, float *value);

    /* x[i] = scale byte[i] */
    void (*scale_bytes)(size_t n, const uint8_t *byte, float scale, float *x);

    /* y[i] = exp(x[i]), for softmax in training: x in [-87, 88], relative error < 3e-7. */
    void (*exponential)(size_t n, const float *x, float *y);
};

/* The level in use: the best this processor has, until oac_kernel_select() says otherwise. */
const struct oac_kernel *oac_kernel(void);

/* Fixes the level by name ("v1", "v3", "v4", "native", "auto"); OAC_EUNSUPPORTED when the
 * processor or build lacks it, naming those it has. Call once, before threads start. */
enum oac_status oac_kernel_select(const char *level, struct oac_err *err) OAC_MUST_USE;

#endif
