/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One level of sim/readout.h: compiled once per level with OAC_LEVEL set (cmake/levels.cmake). Sums over
 * rows run in 16 fixed lanes, so that they do not depend on the vector width. */
#include "sim/readout.h"

#include <math.h>

#include "base/simd.h"
#include "sim/readout_pack.h"

#define SUM_LANES OAC_PACK_LANES

/* Sums over the rows of one window, in lanes. */
struct window_sums {
    float shot[SUM_LANES], least[SUM_LANES];
    int32_t saturated[SUM_LANES];
};

#define PACKED(name) (OAC_PACK_##name * SUM_LANES)

/* SUM_LANES rows from k0, whose constants p leads to; `counted` of them are real, the others padding. */
OAC_INLINE void window_lanes(size_t k0, const size_t counted, const float *restrict p,
                             const struct oac_readout_window *w, const bool has_v,
                             const bool has_a, const bool has_z, const bool clip,
                             const bool round, float *restrict code,
                             struct window_sums *restrict sums)
{
    const float l = w->launch, l2 = l * l, x1 = w->x1, x2 = w->x2, lx1 = l * x1;
    for (size_t i = 0; i < SUM_LANES; i++) {
        size_t k = k0 + i;
        float signal = l * (p[PACKED(BASE) + i] + w->s1[k]);
        float shot = fma_f32(p[PACKED(SHOT_S) + i], signal, p[PACKED(SHOT_X) + i] * lx1);
        float mean = signal + fma_f32(p[PACKED(GX) + i], x1, p[PACKED(FIXED) + i]);
        float var = fma_f32(p[PACKED(SHOT_GAIN) + i], shot, p[PACKED(FIXED_VAR) + i]);
        var = fma_f32(p[PACKED(GX_VAR) + i], x1, var);
        var = fma_f32(fma_f32(p[PACKED(SIGNAL2_VAR) + i], signal, p[PACKED(SIGNAL_VAR) + i]),
                      signal, var);
        if (has_v)
            var = fma_f32(l2, p[PACKED(BASE_V) + i] + w->v[k], var);
        if (has_a)
            var = fma_f32(l, p[PACKED(BASE_A) + i] + w->a[k],
                          fma_f32(p[PACKED(X2_VAR) + i], x2, var));
        float scale = w->code_per_electron[k];
        float u = fma_f32(scale, mean, p[PACKED(CODE0) + i]);
        if (has_z) {
            float v = fma_f32(scale * scale, var, p[PACKED(CODE_VAR) + i]);
            u = fma_f32(w->z[k], __builtin_sqrtf(v > 0.0f ? v : 0.0f), u);
        }
        if (clip) {
            float low = p[PACKED(LOW_CODE) + i], high = p[PACKED(HIGH_CODE) + i];
            sums->saturated[i] += (u < low) | (u > high);
            u = u < low ? low : u;
            u = u > high ? high : u;
        }
        code[k] = round ? __builtin_rintf(u) : u;
        sums->shot[i] += shot;
        float least = i < counted ? shot : INFINITY;
        sums->least[i] = least < sums->least[i] ? least : sums->least[i];
    }
}

/* Halves the lanes until one is left. */
OAC_INLINE void fold_lanes(struct window_sums *sums, const int half)
{
    for (int i = 0; i < half; i++) {
        float other = sums->least[i + half];
        sums->least[i] = other < sums->least[i] ? other : sums->least[i];
        sums->shot[i] += sums->shot[i + half];
        sums->saturated[i] += sums->saturated[i + half];
    }
}

OAC_INLINE uint32_t window_rows(size_t rows, size_t padded, const struct oac_readout_rows *p,
                                const struct oac_readout_window *w, const bool has_v,
                                const bool has_a, const bool has_z, const bool clip,
                                const bool round, float *restrict code, float *shot_sum,
                                float *shot_min)
{
    struct window_sums sums = {.shot = {0}};
    for (int i = 0; i < SUM_LANES; i++)
        sums.least[i] = INFINITY;
    const float *packed = p->packed;
    size_t k = 0;
    for (; k + SUM_LANES <= rows; k += SUM_LANES, packed += OAC_READOUT_ROW_ARRAYS * SUM_LANES)
        window_lanes(k, SUM_LANES, packed, w, has_v, has_a, has_z, clip, round, code, &sums);
    for (; k < padded; k += SUM_LANES, packed += OAC_READOUT_ROW_ARRAYS * SUM_LANES)
        window_lanes(k, k < rows ? rows - k : 0, packed, w, has_v, has_a, has_z, clip, round,
                     code, &sums);
    fold_lanes(&sums, 8);
    fold_lanes(&sums, 4);
    fold_lanes(&sums, 2);
    fold_lanes(&sums, 1);
    *shot_sum = sums.shot[0];
    *shot_min = sums.least[0];
    return (uint32_t)sums.saturated[0];
}

/* Compiled once per combination, so that the inner loop has no branch. */
OAC_INLINE uint32_t window_finished(size_t rows, size_t padded,
                                    const struct oac_readout_rows *p,
                                    const struct oac_readout_window *w, const bool has_v,
                                    const bool has_a, const bool has_z,
                                    const struct oac_readout_finish *finish, float *code,
                                    float *shot_sum, float *shot_min)
{
    if (finish->raw)
        return window_rows(rows, padded, p, w, has_v, has_a, has_z, false, false, code,
                           shot_sum, shot_min);
    if (finish->round)
        return window_rows(rows, padded, p, w, has_v, has_a, has_z, true, true, code, shot_sum,
                           shot_min);
    return window_rows(rows, padded, p, w, has_v, has_a, has_z, true, false, code, shot_sum,
                       shot_min);
}

static uint32_t OAC_AT_LEVEL(window)(size_t rows, size_t padded,
                                     const struct oac_readout_rows *p,
                                     const struct oac_readout_window *w,
                                     const struct oac_readout_finish *finish, float *code,
                                     float *shot_sum, float *shot_min)
{
    if (!w->z)
        return window_finished(rows, padded, p, w, false, false, false, finish, code, shot_sum,
                               shot_min);
    if (w->a)
        return window_finished(rows, padded, p, w, true, true, true, finish, code, shot_sum,
                               shot_min);
    if (w->v)
        return window_finished(rows, padded, p, w, true, false, true, finish, code, shot_sum,
                               shot_min);
    return window_finished(rows, padded, p, w, false, false, true, finish, code, shot_sum,
                           shot_min);
}

static void OAC_AT_LEVEL(lookup)(size_t n, const float *restrict table,
                                 const uint16_t *restrict code, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = table[code[i]];
}

/* cos(2 pi t) for any t: own Chebyshev fit of degree 6 in t^2 on |t| <= 1/2, 3e-7 in single precision. */
OAC_INLINE float cos_turns(float turns)
{
    float t = turns - __builtin_rintf(turns);
    float q = t * t;
    float c = fma_f32(q, 6.528658390045166f, -25.967599868774414f);
    c = fma_f32(q, c, 60.16762924194336f);
    c = fma_f32(q, c, -85.45014190673828f);
    c = fma_f32(q, c, 64.93911743164062f);
    c = fma_f32(q, c, -19.73920440673828f);
    return fma_f32(q, c, 1.0f);
}

OAC_INLINE void transmit_round(size_t n, const uint16_t *restrict code,
                               const struct oac_transmission *curve, float *restrict t)
{
    const struct oac_transmission p = *curve;
    for (size_t i = 0; i < n; i++) {
        float turns = fma_f32((float)(int32_t)code[i], p.turns_per_code, p.turns0);
        t[i] = fma_f32(p.beta, cos_turns(turns), p.alpha) - p.null;
    }
}

OAC_INLINE vector_f32 slope_vector(const struct oac_transmission *p, vector_f32 code)
{
    vector_f32 t = fma_vector(code, broadcast(p->slope_per_code), broadcast(p->slope0));
    vector_f32 q = t * t;
    vector_f32 sine = broadcast(p->series[OAC_SLOPE_TERMS - 1]);
    for (int i = OAC_SLOPE_TERMS - 1; i-- > 0;)
        sine = fma_vector(q, sine, broadcast(p->series[i]));
    return t * sine - broadcast(p->slope_null);
}

OAC_INLINE void transmit_slope(size_t n, const uint16_t *restrict code,
                               const struct oac_transmission *curve, float *restrict t)
{
    const struct oac_transmission p = *curve;
    size_t i = 0;
    for (; i + VECTOR <= n; i += VECTOR)
        store(t + i, slope_vector(&p, load_u16(code + i)));
    if (i < n && n >= VECTOR) { /* the rest in one step, some of it for the second time */
        store(t + n - VECTOR, slope_vector(&p, load_u16(code + n - VECTOR)));
        return;
    }
    uint16_t last[VECTOR] = {0};
    float rest[VECTOR];
    memcpy(last, code + i, (n - i) * sizeof *last);
    store(rest, slope_vector(&p, load_u16(last)));
    memcpy(t + i, rest, (n - i) * sizeof *rest);
}

static void OAC_AT_LEVEL(transmit)(size_t n, const uint16_t *code,
                                   const struct oac_transmission *curve, float *t)
{
    if (curve->slope)
        transmit_slope(n, code, curve, t);
    else
        transmit_round(n, code, curve, t);
}

static void OAC_AT_LEVEL(disturb)(size_t n, const float *restrict turns,
                                  const struct oac_transmission *curve, float shift,
                                  float sigma, const float *restrict z, float gain,
                                  const float *restrict z_gain, float *restrict out)
{
    const struct oac_transmission p = *curve;
    for (size_t i = 0; i < n; i++) {
        float noisy = z ? fma_f32(sigma, z[i], turns[i] + shift) : turns[i] + shift;
        float t = fma_f32(p.beta, cos_turns(noisy), p.alpha);
        if (z_gain)
            t *= fma_f32(gain, z_gain[i], 1.0f);
        out[i] = t - p.null;
    }
}

static void OAC_AT_LEVEL(square)(size_t n, const float *restrict t, float null,
                                 float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = t[i] * (t[i] + 2.0f * null);
}

static void OAC_AT_LEVEL(dead_time)(size_t slots, size_t padded, size_t ldw,
                                    const struct oac_readout_light *restrict l, float launch,
                                    float dark, float dead, float *restrict mean,
                                    float *restrict variance, float *peak)
{
    float highest[SUM_LANES] = {0};
    for (size_t k0 = 0; k0 < padded; k0 += SUM_LANES) {
        float m[SUM_LANES] = {0}, v[SUM_LANES] = {0};
        for (size_t n = 0; n < slots; n++) {
            const float *w = l->w + n * ldw + k0, *wd = l->wd ? l->wd + n * ldw + k0 : w;
            float light = launch * l->x[n], bent = l->wd ? launch * l->xd[n] : 0.0f;
            for (size_t i = 0; i < SUM_LANES; i++) {
                float rate = fma_f32(bent, wd[i], fma_f32(light, w[i], dark));
                float live = 1.0f / fma_f32(rate, dead, 1.0f);
                float counted = rate * live;
                m[i] += counted;
                v[i] = fma_f32(counted * live, live, v[i]);
                highest[i] = rate > highest[i] ? rate : highest[i];
            }
        }
        for (size_t i = 0; i < SUM_LANES; i++) {
            mean[k0 + i] = m[i];
            variance[k0 + i] = v[i];
        }
    }
    for (int i = 0; i < SUM_LANES; i++)
        *peak = highest[i] > *peak ? highest[i] : *peak;
}

extern const struct oac_readout_kernel OAC_AT_LEVEL(oac_readout_kernel);
const struct oac_readout_kernel OAC_AT_LEVEL(oac_readout_kernel) = {
    .window = OAC_AT_LEVEL(window),
    .lookup = OAC_AT_LEVEL(lookup),
    .transmit = OAC_AT_LEVEL(transmit),
    .disturb = OAC_AT_LEVEL(disturb),
    .square = OAC_AT_LEVEL(square),
    .dead_time = OAC_AT_LEVEL(dead_time),
};
