/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products of base/kernel.h. Included by kernel_impl.h only.
 *
 * A block keeps R rows x V registers of outputs in registers while n runs in order, so each
 * output is the sum over n = 0, 1, ... whatever the block, the level or the batch. Accumulating
 * into C continues that order when n is cut into pieces that fit a cache. */

/* Slots per piece: a piece of W, 64 x 112 floats, stays in a first-level cache of 32 KiB. */
#define SPARSE_PIECE 64
#define SPARSE_ROWS  64

#define UNROLL _Pragma("GCC unroll 32")

OAC_INLINE void block(const size_t R, const size_t V, size_t inner, const float *a,
                      size_t a_row, size_t a_step, const float *w, size_t ldw, float *c,
                      size_t ldc)
{
    vector_f32 sum[12][8];
    UNROLL for (size_t r = 0; r < R; r++)
    {
        UNROLL for (size_t v = 0; v < V; v++) sum[r][v] = load(c + r * ldc + v * VECTOR);
    }
    for (size_t n = 0; n < inner; n++) {
        vector_f32 weight[8];
        UNROLL for (size_t v = 0; v < V; v++) weight[v] = load(w + n * ldw + v * VECTOR);
        UNROLL for (size_t r = 0; r < R; r++)
        {
            vector_f32 x = broadcast(a[r * a_row + n * a_step]);
            UNROLL for (size_t v = 0; v < V; v++) sum[r][v] =
                fma_vector(x, weight[v], sum[r][v]);
        }
    }
    UNROLL for (size_t r = 0; r < R; r++)
    {
        UNROLL for (size_t v = 0; v < V; v++) store(c + r * ldc + v * VECTOR, sum[r][v]);
    }
}

/* All rows of one panel of V registers, R rows at a time. */
OAC_INLINE void panel(const size_t R, const size_t V, size_t rows, size_t inner, const float *a,
                      size_t a_row, size_t a_step, const float *w, size_t ldw, float *c,
                      size_t ldc)
{
    size_t r = 0;
    for (; r + R <= rows; r += R)
        block(R, V, inner, a + r * a_row, a_row, a_step, w, ldw, c + r * ldc, ldc);
    if (R > 4 && r + 4 <= rows) {
        block(4, V, inner, a + r * a_row, a_row, a_step, w, ldw, c + r * ldc, ldc);
        r += 4;
    }
    for (; r < rows; r++)
        block(1, V, inner, a + r * a_row, a_row, a_step, w, ldw, c + r * ldc, ldc);
}

/* A row or two: W comes from the second-level cache and is walked through once, in its order. */
OAC_INLINE void product_of_few(size_t rows, size_t cols, size_t inner, const float *a,
                               size_t a_row, size_t a_step, const float *w, size_t ldw,
                               float *c, size_t ldc)
{
    size_t k = 0;
#if VECTOR == 16
    for (; k + 128 <= cols; k += 128)
        panel(1, 8, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
    if (k + 112 <= cols) {
        panel(1, 7, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
        k += 112;
    }
#endif
    for (; k + 4 * VECTOR <= cols; k += 4 * VECTOR)
        panel(1, 4, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
    for (; k + 2 * VECTOR <= cols; k += 2 * VECTOR)
        panel(1, 2, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
    for (; k < cols; k += VECTOR)
        panel(1, 1, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
}

OAC_INLINE void product(size_t rows, size_t cols, size_t inner, const float *a, size_t a_row,
                        size_t a_step, const float *w, size_t ldw, float *c, size_t ldc)
{
    size_t k = 0;
    if (rows < 4) {
        product_of_few(rows, cols, inner, a, a_row, a_step, w, ldw, c, ldc);
        return;
    }
#if VECTOR == 16
    for (; k + 64 <= cols; k += 64)
        panel(6, 4, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
    if (k + 48 <= cols) {
        panel(8, 3, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
        k += 48;
    }
    if (k + 32 <= cols) {
        panel(12, 2, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
        k += 32;
    }
    if (k < cols)
        panel(12, 1, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
#elif VECTOR == 8
    for (; k < cols; k += 16)
        panel(6, 2, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
#else
    for (; k < cols; k += 16)
        panel(2, 4, rows, inner, a, a_row, a_step, w + k, ldw, c + k, ldc);
#endif
}

static void OAC_AT_LEVEL(matmul)(size_t rows, size_t cols, size_t inner, const float *a,
                                 size_t lda, const float *w, size_t ldw, float *c, size_t ldc)
{
    product(rows, cols, inner, a, lda, 1, w, ldw, c, ldc);
}

static void OAC_AT_LEVEL(matmul_at)(size_t rows, size_t cols, size_t inner, const float *a,
                                    size_t lda, const float *w, size_t ldw, float *c,
                                    size_t ldc)
{
    product(rows, cols, inner, a, 1, lda, w, ldw, c, ldc);
}

/* One row's entries from e on whose slot is below `end`; returns the first entry not taken. */
OAC_INLINE uint32_t sparse_row(const size_t V, uint32_t e, uint32_t last, uint32_t end,
                               const uint16_t *index, const float *value, const float *w,
                               size_t ldw, float *c)
{
    vector_f32 sum[8];
    UNROLL for (size_t v = 0; v < V; v++) sum[v] = load(c + v * VECTOR);
    for (; e < last && index[e] < end; e++) {
        const float *weight = w + (size_t)index[e] * ldw;
        vector_f32 x = broadcast(value[e]);
        UNROLL for (size_t v = 0; v < V; v++) sum[v] =
            fma_vector(x, load(weight + v * VECTOR), sum[v]);
    }
    UNROLL for (size_t v = 0; v < V; v++) store(c + v * VECTOR, sum[v]);
    return e;
}

/* A panel of V registers for a group of at most SPARSE_ROWS rows, piece by piece. */
OAC_INLINE void sparse_panel(const size_t V, size_t rows, size_t inner, const uint32_t *begin,
                             const uint16_t *index, const float *value, const float *w,
                             size_t ldw, float *c, size_t ldc)
{
    uint32_t cursor[SPARSE_ROWS];
    for (size_t b = 0; b < rows; b++)
        cursor[b] = begin[b];
    size_t piece = rows < 8 ? inner : SPARSE_PIECE;
    for (size_t n = 0; n < inner; n += piece)
        for (size_t b = 0; b < rows; b++)
            cursor[b] = sparse_row(V, cursor[b], begin[b + 1], (uint32_t)(n + piece), index,
                                   value, w, ldw, c + b * ldc);
}

OAC_INLINE void sparse_group(size_t rows, size_t cols, size_t inner, const uint32_t *begin,
                             const uint16_t *index, const float *value, const float *w,
                             size_t ldw, float *c, size_t ldc)
{
    size_t k = 0;
#if VECTOR == 16
    for (; k + 128 <= cols; k += 128)
        sparse_panel(8, rows, inner, begin, index, value, w + k, ldw, c + k, ldc);
    if (k + 112 <= cols) {
        sparse_panel(7, rows, inner, begin, index, value, w + k, ldw, c + k, ldc);
        k += 112;
    }
#endif
    for (; k + 4 * VECTOR <= cols; k += 4 * VECTOR)
        sparse_panel(4, rows, inner, begin, index, value, w + k, ldw, c + k, ldc);
    for (; k + 2 * VECTOR <= cols; k += 2 * VECTOR)
        sparse_panel(2, rows, inner, begin, index, value, w + k, ldw, c + k, ldc);
    for (; k < cols; k += VECTOR)
        sparse_panel(1, rows, inner, begin, index, value, w + k, ldw, c + k, ldc);
}

static void OAC_AT_LEVEL(matmul_sparse)(size_t rows, size_t cols, size_t inner,
                                        const uint32_t *begin, const uint16_t *index,
                                        const float *value, const float *w, size_t ldw,
                                        float *c, size_t ldc)
{
    for (size_t b = 0; b < rows; b += SPARSE_ROWS) {
        size_t group = rows - b < SPARSE_ROWS ? rows - b : SPARSE_ROWS;
        sparse_group(group, cols, inner, begin + b, index, value, w, ldw, c + b * ldc, ldc);
    }
}
