/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One level of base/kernel.h: compiled once per level with OAC_LEVEL set (cmake/levels.cmake).
 */
#include "base/kernel.h"
#include "base/simd.h"

#include "base/kernel_matmul.h"
#include "base/kernel_normals.h"

static size_t OAC_AT_LEVEL(compress)(size_t n, const float *x, uint16_t *index, float *value)
{
    size_t used = 0;
    size_t i = 0;
#if VECTOR == 16
    __m512i slot = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i step = _mm512_set1_epi32(16);
    for (; i + 16 <= n; i += 16) {
        __m512 v = _mm512_loadu_ps(x + i);
        __mmask16 keep = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        _mm512_storeu_ps(value + used, _mm512_maskz_compress_ps(keep, v));
        _mm256_storeu_si256((__m256i *)(void *)(index + used),
                            _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(keep, slot)));
        used += (size_t)__builtin_popcount(keep);
        slot = _mm512_add_epi32(slot, step);
    }
#elif VECTOR == 8
    for (; i + 8 <= n; i += 8) {
        __m256 v = _mm256_loadu_ps(x + i);
        unsigned keep =
            (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ));
        for (; keep; keep &= keep - 1) {
            size_t at = i + (size_t)__builtin_ctz(keep);
            index[used] = (uint16_t)at;
            value[used++] = x[at];
        }
    }
#endif
    for (; i < n; i++) {
        index[used] = (uint16_t)i;
        value[used] = x[i];
        used += x[i] != 0.0f;
    }
    return used;
}

static void OAC_AT_LEVEL(scale_bytes)(size_t n, const uint8_t *restrict byte, float scale,
                                      float *restrict x)
{
    size_t i = 0;
    for (; i + VECTOR <= n; i += VECTOR)
        store(x + i, load_u8(byte + i) * broadcast(scale));
    for (; i < n; i++)
        x[i] = (float)byte[i] * scale;
}

/* exp(x) = 2^k exp(r), |r| <= ln 2 / 2; Taylor to r^6 leaves 1.2e-7 relative. */
static void OAC_AT_LEVEL(exponential)(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        float k = __builtin_rintf(x[i] * 1.44269504f);
        float r = fma_f32(k, -0.693145752f, x[i]);
        r = fma_f32(k, -1.42860677e-6f, r);
        float series = fma_f32(r, 1.0f / 720.0f, 1.0f / 120.0f);
        series = fma_f32(r, series, 1.0f / 24.0f);
        series = fma_f32(r, series, 1.0f / 6.0f);
        series = fma_f32(r, series, 0.5f);
        series = fma_f32(r, series, 1.0f);
        series = fma_f32(r, series, 1.0f);
        int32_t scale_bits = ((int32_t)k + 127) << 23;
        float scale;
        memcpy(&scale, &scale_bits, sizeof scale);
        y[i] = series * scale;
    }
}

#define OAC_LEVEL_NUMBER_(level) OAC_LEVEL_##level
#define OAC_LEVEL_NUMBER(level)  OAC_LEVEL_NUMBER_(level)

extern const struct oac_kernel OAC_AT_LEVEL(oac_kernel);
const struct oac_kernel OAC_AT_LEVEL(oac_kernel) = {
    .level = OAC_TEXT(OAC_LEVEL),
    .number = OAC_LEVEL_NUMBER(OAC_LEVEL),
    .matmul = OAC_AT_LEVEL(matmul),
    .matmul_sparse = OAC_AT_LEVEL(matmul_sparse),
    .matmul_at = OAC_AT_LEVEL(matmul_at),
    .normals = OAC_AT_LEVEL(normals),
    .compress = OAC_AT_LEVEL(compress),
    .scale_bytes = OAC_AT_LEVEL(scale_bytes),
    .exponential = OAC_AT_LEVEL(exponential),
};
