/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One level of hal/code_kernel.h: compiled once per level with OAC_LEVEL set (cmake/levels.cmake). */
#include "hal/code_kernel.h"

#include "base/simd.h"

/* (asin(sqrt z)/sqrt z - 1)/z on 0..1/2: own Chebyshev fit of degree 6; the sine's inverse is then
 * within 5e-8 relative, before rounding. */
OAC_INLINE float asin_series(float z)
{
    float p = fma_f32(z, 0.0860375464f, -0.0501919128f);
    p = fma_f32(z, p, 0.0493071377f);
    p = fma_f32(z, p, 0.0251851995f);
    p = fma_f32(z, p, 0.0451061465f);
    p = fma_f32(z, p, 0.0749847814f);
    return fma_f32(z, p, 0.166666746f);
}

/* Selections go through integers: the bits of non-negative floats sort like the floats, negative floats are
 * negative integers, and gcc 12 vectorises integer minima and masks at every level. */
OAC_INLINE int32_t bits_of(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

OAC_INLINE float float_of(int32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

OAC_INLINE int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

OAC_INLINE int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static size_t OAC_AT_LEVEL(outside)(size_t n, const float *restrict x, float low, float high)
{
    uint32_t within = 0;
    for (size_t i = 0; i < n; i++)
        within += (x[i] >= low) & (x[i] <= high);
    return n - within;
}

/* Returns the largest bits of an operand: negative numbers and NaN have larger ones than any number > 0. */
OAC_INLINE uint32_t encode_fine(const struct oac_code_encoding *encoding, const bool tame,
                                size_t n, const float *restrict x, uint16_t *restrict code)
{
    const struct oac_code_encoding e = *encoding;
    const int32_t ceiling = bits_of(e.ceiling);
    const int32_t per_code = bits_of(e.per_code), bottom = bits_of(e.bottom),
                  top = bits_of(e.top);
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t operand = (uint32_t)bits_of(x[i]);
        largest = operand > largest ? operand : largest;
        int32_t u = bits_of(fma_f32(x[i], e.gain, e.bias));
        if (!tame)
            u = least(most(u, 0), ceiling);
        int32_t rest = bits_of(1.0f - float_of(u));
        float z = fma_f32(float_of(least(u, rest)), e.stretch, -e.shrink);
        z = float_of(most(bits_of(z), 0));
        float root = __builtin_sqrtf(z);
        float angle = fma_f32(root * z, asin_series(z), root);
        int32_t upper = -(int32_t)(u > rest);
        float slope = float_of(per_code ^ (upper & INT32_MIN));
        float from = float_of((upper & top) | (~upper & bottom));
        int32_t nearest = (int32_t)fma_f32(angle, slope, from);
        if (!tame)
            nearest = least(most(nearest, e.code_min), e.code_max);
        code[i] = (uint16_t)nearest;
    }
    return largest;
}

OAC_INLINE uint32_t encode_brief(const struct oac_code_encoding *encoding, const bool tame,
                                 size_t n, const float *restrict x, uint16_t *restrict code)
{
    const struct oac_code_encoding e = *encoding;
    const float *s = e.series;
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t operand = (uint32_t)bits_of(x[i]);
        largest = operand > largest ? operand : largest;
        float v = fma_f32(x[i], -e.gain_v, e.bias_v);
        if (!tame) {
            v = v > e.lowest_v ? v : e.lowest_v;
            v = v < e.highest_v ? v : e.highest_v;
        }
        float size = __builtin_fabsf(v);
        float root = __builtin_sqrtf(float_of(most(bits_of(1.0f - size), 0)));
        float p = fma_f32(size, s[6], s[5]);
        p = fma_f32(size, p, s[4]);
        p = fma_f32(size, p, s[3]);
        p = fma_f32(size, p, s[2]);
        p = fma_f32(size, p, s[1]);
        p = fma_f32(size, p, s[0]);
        int32_t from_middle = bits_of(fma_f32(root, p, -e.quarter));
        float signed_by_v = float_of(from_middle ^ (bits_of(v) & INT32_MIN));
        int32_t nearest = (int32_t)(e.middle + signed_by_v);
        if (!tame)
            nearest = least(most(nearest, e.code_min), e.code_max);
        code[i] = (uint16_t)nearest;
    }
    return largest;
}

static void OAC_AT_LEVEL(encode)(const struct oac_code_encoding *encoding, size_t n,
                                 const float *x, uint16_t *code)
{
    if (encoding->brief)
        encode_brief(encoding, false, n, x, code);
    else
        encode_fine(encoding, false, n, x, code);
}

static bool OAC_AT_LEVEL(encode_inside)(const struct oac_code_encoding *encoding, size_t n,
                                        const float *x, float high, uint16_t *code)
{
    uint32_t largest = encoding->brief ? encode_brief(encoding, true, n, x, code)
                                       : encode_fine(encoding, true, n, x, code);
    return largest <= (uint32_t)bits_of(high);
}

#if VECTOR == 16
/* A permutation takes 64 codes from two registers: four of them, and the byte's two upper bits choose. */
OAC_INLINE __m512i look_up_32(const __m512i *part, __m512i byte)
{
    __mmask32 odd = _mm512_test_epi16_mask(byte, _mm512_set1_epi16(0x40));
    __mmask32 upper = _mm512_test_epi16_mask(byte, _mm512_set1_epi16(0x80));
    __m512i q[4];
    for (int i = 0; i < 4; i++)
        q[i] = _mm512_permutex2var_epi16(part[2 * i], byte, part[2 * i + 1]);
    return _mm512_mask_blend_epi16(upper, _mm512_mask_blend_epi16(odd, q[0], q[1]),
                                   _mm512_mask_blend_epi16(odd, q[2], q[3]));
}
#endif

static void OAC_AT_LEVEL(look_up)(size_t n, const uint16_t *restrict table,
                                  const uint8_t *restrict byte, uint16_t *restrict code)
{
    size_t i = 0;
#if VECTOR == 16
    __m512i part[8];
    memcpy(part, table, sizeof part);
    for (; i + 32 <= n; i += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(byte + i));
        _mm512_storeu_si512(code + i, look_up_32(part, _mm512_cvtepu8_epi16(bytes)));
    }
#endif
    for (; i < n; i++)
        code[i] = table[byte[i]];
}

/* highest[] = max(highest[], value[] - min), which wraps to a large number below min. */
#define WITHIN 32
OAC_INLINE void raise(uint16_t *highest, const uint16_t *value, uint16_t min)
{
    for (size_t i = 0; i < WITHIN; i++) {
        uint16_t above = (uint16_t)(value[i] - min);
        highest[i] = above > highest[i] ? above : highest[i];
    }
}

static bool OAC_AT_LEVEL(within)(size_t n, const uint16_t *value, uint16_t min, uint16_t max)
{
    uint16_t highest[WITHIN] = {0};
    size_t i = 0;
    for (; i + WITHIN <= n; i += WITHIN)
        raise(highest, value + i, min);
    if (n >= WITHIN) /* the rest in one step, some of it for the second time */
        raise(highest, value + n - WITHIN, min);
    else
        for (; i < n; i++)
            highest[i] = (uint16_t)(value[i] - min);
    uint16_t above = 0;
    for (i = 0; i < WITHIN; i++)
        above = highest[i] > above ? highest[i] : above;
    return above <= (uint16_t)(max - min);
}

static size_t OAC_AT_LEVEL(descents)(size_t n, const uint16_t *value)
{
    uint32_t count = 0;
    for (size_t i = 1; i < n; i++)
        count += value[i] <= value[i - 1];
    return count;
}

/* Four codes a load: gathers are slower than scalar loads here. */
static int64_t OAC_AT_LEVEL(sum)(size_t n, const int32_t *table, const uint16_t *code)
{
    int64_t even = 0, odd = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        uint64_t four;
        memcpy(&four, code + i, sizeof four);
        even += (int64_t)table[four & 0xffff] + table[four >> 32 & 0xffff];
        odd += (int64_t)table[four >> 16 & 0xffff] + table[four >> 48];
    }
    for (; i < n; i++)
        even += table[code[i]];
    return even + odd;
}

static void OAC_AT_LEVEL(constants)(size_t rows, const double *const columns[5], double power,
                                    double launch, double x, double *restrict gain,
                                    double *restrict zero)
{
    const double *a = columns[0], *c = columns[1], *d = columns[2], *f = columns[3],
                 *h = columns[4];
    const double scale = power / launch;
    for (size_t k = 0; k < rows; k++) {
        gain[k] = scale * a[k];
        zero[k] = (c[k] + launch * d[k]) + x * (f[k] + launch * h[k]);
    }
}

static void OAC_AT_LEVEL(decode)(size_t rows, const float *restrict code,
                                 const double *restrict gain, const double *restrict zero,
                                 bool add, float *restrict y)
{
    if (add)
        for (size_t k = 0; k < rows; k++)
            y[k] = (float)((double)y[k] + gain[k] * ((double)code[k] - zero[k]));
    else
        for (size_t k = 0; k < rows; k++)
            y[k] = (float)(gain[k] * ((double)code[k] - zero[k]));
}

extern const struct oac_code_kernel OAC_AT_LEVEL(oac_code_kernel);
const struct oac_code_kernel OAC_AT_LEVEL(oac_code_kernel) = {
    .level = OAC_TEXT(OAC_LEVEL),
    .outside = OAC_AT_LEVEL(outside),
    .encode = OAC_AT_LEVEL(encode),
    .encode_inside = OAC_AT_LEVEL(encode_inside),
    .look_up = OAC_AT_LEVEL(look_up),
    .within = OAC_AT_LEVEL(within),
    .descents = OAC_AT_LEVEL(descents),
    .sum = OAC_AT_LEVEL(sum),
    .constants = OAC_AT_LEVEL(constants),
    .decode = OAC_AT_LEVEL(decode),
};
