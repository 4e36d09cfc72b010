/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The few vector operations the per-level code needs, for the level it is being compiled for: VECTOR floats per
 * register; fma() fuses exactly where the level has the instruction (v3, v4, aarch64), rounds twice on v1;
 * load_u8, load_u16 convert VECTOR integers, load_u32_wide VECTOR / 2. Include only from *_impl.h files
 * (cmake/levels.cmake). */
#ifndef OAC_BASE_SIMD_H
#define OAC_BASE_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OAC_PASTE_(a, b)   a##_##b
#define OAC_PASTE(a, b)    OAC_PASTE_(a, b)
#define OAC_AT_LEVEL(name) OAC_PASTE(name, OAC_LEVEL) /* matmul -> matmul_v3 */
#define OAC_TEXT_(a)       #a
#define OAC_TEXT(a)        OAC_TEXT_(a)

#define OAC_INLINE static inline __attribute__((always_inline))

#if defined(__FMA__) || defined(__aarch64__)
#define OAC_HAS_FMA 1
#endif

OAC_INLINE float fma_f32(float a, float b, float c)
{
#ifdef OAC_HAS_FMA
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

#if defined(__AVX512F__)
#include <immintrin.h>
#define VECTOR 16
typedef __m512 vector_f32;
typedef uint64_t vector_u64 __attribute__((vector_size(64)));
OAC_INLINE vector_f32 load(const float *p)
{
    return _mm512_loadu_ps(p);
}
OAC_INLINE void store(float *p, vector_f32 v)
{
    _mm512_storeu_ps(p, v);
}
OAC_INLINE vector_f32 broadcast(float x)
{
    return _mm512_set1_ps(x);
}
OAC_INLINE vector_f32 fma_vector(vector_f32 a, vector_f32 b, vector_f32 c)
{
    return _mm512_fmadd_ps(a, b, c);
}
OAC_INLINE vector_u64 multiply_low(vector_u64 a, vector_u64 b)
{
    return (vector_u64)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}
OAC_INLINE vector_u64 load_u32_wide(const uint32_t *p)
{
    return (vector_u64)_mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)p));
}

OAC_INLINE vector_f32 load_u8(const uint8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
OAC_INLINE vector_f32 load_u16(const uint16_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)));
}

#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define VECTOR 8
typedef __m256 vector_f32;
typedef uint64_t vector_u64 __attribute__((vector_size(32)));
OAC_INLINE vector_f32 load(const float *p)
{
    return _mm256_loadu_ps(p);
}
OAC_INLINE void store(float *p, vector_f32 v)
{
    _mm256_storeu_ps(p, v);
}
OAC_INLINE vector_f32 broadcast(float x)
{
    return _mm256_set1_ps(x);
}
OAC_INLINE vector_f32 fma_vector(vector_f32 a, vector_f32 b, vector_f32 c)
{
    return _mm256_fmadd_ps(a, b, c);
}
OAC_INLINE vector_u64 multiply_low(vector_u64 a, vector_u64 b)
{
    return (vector_u64)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}
OAC_INLINE vector_u64 load_u32_wide(const uint32_t *p)
{
    return (vector_u64)_mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)p));
}
OAC_INLINE vector_f32 load_u8(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
OAC_INLINE vector_f32 load_u16(const uint16_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)));
}

#else
#if defined(__SSE2__)
#include <immintrin.h>
#endif
#define VECTOR 4
typedef float vector_f32 __attribute__((vector_size(16)));
typedef uint64_t vector_u64 __attribute__((vector_size(16)));
OAC_INLINE vector_f32 load(const float *p)
{
    vector_f32 v;
    memcpy(&v, p, sizeof v);
    return v;
}
OAC_INLINE void store(float *p, vector_f32 v)
{
    memcpy(p, &v, sizeof v);
}
OAC_INLINE vector_f32 broadcast(float x)
{
    return (vector_f32){x, x, x, x};
}
OAC_INLINE vector_f32 fma_vector(vector_f32 a, vector_f32 b, vector_f32 c)
{
#ifdef OAC_HAS_FMA
    for (int i = 0; i < VECTOR; i++)
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
#else
    return a * b + c;
#endif
}
OAC_INLINE vector_u64 multiply_low(vector_u64 a, vector_u64 b)
{
#if defined(__SSE2__)
    return (vector_u64)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}
OAC_INLINE vector_u64 load_u32_wide(const uint32_t *p)
{
    return (vector_u64){p[0], p[1]};
}
OAC_INLINE vector_f32 load_u8(const uint8_t *p)
{
    return (vector_f32){(float)p[0], (float)p[1], (float)p[2], (float)p[3]};
}
OAC_INLINE vector_f32 load_u16(const uint16_t *p)
{
    return (vector_f32){(float)p[0], (float)p[1], (float)p[2], (float)p[3]};
}
#endif
#endif
