/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One level of sim/readout.h: compiled once per level with OAC_LEVEL set (cmake/levels.cmake). Sums over
 * rows run in 16 fixed lanes, so that they do not depend on the vector width. */
#include "sim/readout.h"

#include <math.h>

#include "base/simd.h"

#define SUM_LANES 16

OAC_INLINE uint32_t window_rows(size_t rows, size_t padded, const struct oac_readout_rows *p,
                                const struct oac_readout_window *w, const bool has_v,
                                const bool has_a, const bool has_z, const bool clip,
                                const bool round, float *restrict code, float *shot_sum,
                                float *shot_min)
{
    const float l = w->launch, l2 = l * l, x1 = w->x1, x2 = w->x2;
    float sum[SUM_LANES] = {0}, least[SUM_LANES];
    uint32_t saturated[SUM_LANES] = {0};
    for (int i = 0; i < SUM_LANES; i++)
        least[i] = INFINITY;
    for (size_t k0 = 0; k0 < padded; k0 += SUM_LANES) {
        for (size_t i = 0; i < SUM_LANES; i++) {
            size_t k = k0 + i;
            float s = p->base[k] + w->s1[k];
            float shot = l * fma_f32(p->shot_s[k], s, p->shot_x[k] * x1);
            float mean = fma_f32(l, s, fma_f32(p->gx[k], x1, p->fixed[k]));
            float var = fma_f32(p->shot_gain[k], shot, p->fixed_var[k]);
            var = fma_f32(p->gx_var[k], x1, var);
            var = fma_f32(p->signal_var[k], l * s, var);
            var = fma_f32(p->signal2_var[k], l2 * (s * s), var);
            if (has_v)
                var = fma_f32(l2, p->base_v[k] + w->v[k], var);
            if (has_a)
                var = fma_f32(l, p->base_a[k] + w->a[k], fma_f32(p->x2_var[k], x2, var));
            float scale = w->code_per_electron[k];
            float u = fma_f32(scale, mean, p->code0[k]);
            if (has_z) {
                float v = fma_f32(scale * scale, var, p->code_var[k]);
                u = fma_f32(w->z[k], __builtin_sqrtf(v > 0.0f ? v : 0.0f), u);
            }
            if (clip) {
                float low = p->low_code[k], high = p->high_code[k];
                saturated[i] += (u < low) | (u > high);
                u = u < low ? low : u;
                u = u > high ? high : u;
            }
            code[k] = round ? __builtin_rintf(u) : u;
            sum[i] += shot;
            float counted = k < rows ? shot : INFINITY;
            least[i] = counted < least[i] ? counted : least[i];
        }
    }
    uint32_t count = 0;
    float total = 0.0f, minimum = INFINITY;
    for (int i = 0; i < SUM_LANES; i++) {
        count += saturated[i];
        total += sum[i];
        minimum = least[i] < minimum ? least[i] : minimum;
    }
    *shot_sum = total;
    *shot_min = minimum;
    return count;
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

static void OAC_AT_LEVEL(transmit)(size_t n, const uint16_t *restrict code,
                                   const struct oac_transmission *curve, float *restrict out)
{
    const struct oac_transmission p = *curve;
    for (size_t i = 0; i < n; i++) {
        float turns = fma_f32((float)(int32_t)code[i], p.turns_per_code, p.turns0);
        out[i] = fma_f32(p.beta, cos_turns(turns), p.alpha) - p.null;
    }
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

static void OAC_AT_LEVEL(dead_time)(size_t slots, size_t padded, const float *restrict w,
                                    size_t ldw, const float *restrict x, float launch,
                                    float dark, float dead, float *restrict mean,
                                    float *restrict variance, float *peak)
{
    float highest[SUM_LANES] = {0};
    for (size_t k0 = 0; k0 < padded; k0 += SUM_LANES) {
        float m[SUM_LANES] = {0}, v[SUM_LANES] = {0};
        for (size_t n = 0; n < slots; n++) {
            float light = launch * x[n];
            for (size_t i = 0; i < SUM_LANES; i++) {
                float rate = fma_f32(light, w[n * ldw + k0 + i], dark);
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
