/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One level of sim/waveform/field.h: compiled once per level with OAC_LEVEL set (cmake/levels.cmake). Sums run
 * in 16 fixed lanes, so that they do not depend on the vector width. */
#include "sim/waveform/field.h"

#include "base/simd.h"

#define SUM_LANES 16

/* The nearest whole number, |x| < 2^22: rintf, but v1 has it without a call. */
OAC_INLINE float nearest(float x)
{
    const float shift = 12582912.0f; /* 1.5 2^23 */
    return (x + shift) - shift;
}

/* Polynomials in q = f^2 on |f| <= 1/4, interpolated by us at Chebyshev nodes; 1.4e-7 in single precision. */
OAC_INLINE float sine_near(float f, float q)
{
    float s = fma_f32(q, 39.7598267f, -76.5811691f);
    s = fma_f32(q, s, 81.602478f);
    s = fma_f32(q, s, -41.3416824f);
    s = fma_f32(q, s, 6.28318548f);
    return f * s;
}

OAC_INLINE float cosine_near(float q)
{
    float c = fma_f32(q, -25.2181625f, 60.179039f);
    c = fma_f32(q, c, -85.4553604f);
    c = fma_f32(q, c, 64.9393845f);
    c = fma_f32(q, c, -19.7392082f);
    return fma_f32(q, c, 1.0f);
}

/* sin and cos of 2 pi turns. turns = half_turns/2 + f with |f| <= 1/4, without rounding; an odd number of
 * half turns turns both signs. */
OAC_INLINE void circle(float turns, float *sine, float *cosine)
{
    float half_turns = nearest(2.0f * turns);
    float f = turns - 0.5f * half_turns;
    float odd = 0.5f * half_turns - nearest(0.5f * half_turns); /* 0 or +-1/2 */
    float sign = 1.0f - 8.0f * (odd * odd);
    float q = f * f;
    *sine = sign * sine_near(f, q);
    *cosine = sign * cosine_near(q);
}

/* Compiled per combination, so that the inner loop has no branch. */
OAC_INLINE void modulate_outputs(size_t n, const float *restrict volts,
                                 const struct oac_field_modulator p, const int both,
                                 const int chirped, float *restrict out, float *restrict second)
{
    for (size_t i = 0; i < n; i++) {
        float turns = fma_f32(p.turns_per_v, volts[i], p.turns0);
        float sine, cosine;
        circle(turns, &sine, &cosine);
        float re = p.amplitude * cosine, im = p.amplitude * (p.s * sine);
        float re2 = p.amplitude * sine, im2 = -p.amplitude * (p.s * cosine);
        if (chirped) {
            float s, c;
            circle(p.chirp * turns, &s, &c);
            float turned = fma_f32(re, c, -im * s);
            im = fma_f32(re, s, im * c);
            re = turned;
            turned = fma_f32(re2, c, -im2 * s);
            im2 = fma_f32(re2, s, im2 * c);
            re2 = turned;
        }
        out[2 * i] = re;
        out[2 * i + 1] = im;
        if (both) {
            second[2 * i] = re2;
            second[2 * i + 1] = im2;
        }
    }
}

static void OAC_AT_LEVEL(modulate)(size_t n, const float *volts,
                                   const struct oac_field_modulator *modulator, float *out,
                                   float *second)
{
    const int chirped = modulator->chirp != 0.0f;
    if (second && chirped)
        modulate_outputs(n, volts, *modulator, 1, 1, out, second);
    else if (second)
        modulate_outputs(n, volts, *modulator, 1, 0, out, second);
    else if (chirped)
        modulate_outputs(n, volts, *modulator, 0, 1, out, NULL);
    else
        modulate_outputs(n, volts, *modulator, 0, 0, out, NULL);
}

static void OAC_AT_LEVEL(repeat)(size_t levels, size_t hold, const float *restrict level,
                                 float *restrict field)
{
    for (size_t j = 0; j < levels; j++) {
        const float re = level[2 * j], im = level[2 * j + 1];
        size_t i = 0;
        for (; i + 8 <= hold; i += 8, field += 16)
            for (size_t k = 0; k < 8; k++) {
                field[2 * k] = re;
                field[2 * k + 1] = im;
            }
        for (; i < hold; i++, field += 2) {
            field[0] = re;
            field[1] = im;
        }
    }
}

/* T = amplitude^2 (1 - (1 - r) sin^2 2 pi a): half a turn does not matter. */
static void OAC_AT_LEVEL(transmit)(size_t n, const float *restrict volts,
                                   const struct oac_field_modulator *modulator,
                                   float *restrict t)
{
    const struct oac_field_modulator p = *modulator;
    const float on = p.amplitude * p.amplitude;
    const float swing = on * (1.0f - p.s * p.s);
    for (size_t i = 0; i < n; i++) {
        float turns = fma_f32(p.turns_per_v, volts[i], p.turns0);
        float f = turns - 0.5f * nearest(2.0f * turns);
        float sine = sine_near(f, f * f);
        t[i] = fma_f32(-swing, sine * sine, on);
    }
}

static void OAC_AT_LEVEL(intensity)(size_t n, float factor, float sigma,
                                    const float *restrict z, float *restrict field)
{
    if (!z) {
        const float scale = __builtin_sqrtf(factor > 0.0f ? factor : 0.0f);
        for (size_t i = 0; i < 2 * n; i++)
            field[i] *= scale;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float power = factor * fma_f32(sigma, z[i], 1.0f);
        float scale = __builtin_sqrtf(power > 0.0f ? power : 0.0f);
        field[2 * i] *= scale;
        field[2 * i + 1] *= scale;
    }
}

static void OAC_AT_LEVEL(rotate)(size_t n, const float *restrict turns, float *restrict field)
{
    for (size_t i = 0; i < n; i++) {
        float s, c, re = field[2 * i], im = field[2 * i + 1];
        circle(turns[i], &s, &c);
        field[2 * i] = fma_f32(re, c, -im * s);
        field[2 * i + 1] = fma_f32(re, s, im * c);
    }
}

static void OAC_AT_LEVEL(multiply)(size_t n, const float *restrict other, float *restrict field)
{
    for (size_t i = 0; i < n; i++) {
        float re = field[2 * i], im = field[2 * i + 1];
        float c = other[2 * i], s = other[2 * i + 1];
        field[2 * i] = fma_f32(re, c, -im * s);
        field[2 * i + 1] = fma_f32(re, s, im * c);
    }
}

static void OAC_AT_LEVEL(add_noise)(size_t n, float sigma, const float *restrict z,
                                    float *restrict field)
{
    for (size_t i = 0; i < 2 * n; i++)
        field[i] = fma_f32(sigma, z[i], field[i]);
}

static void OAC_AT_LEVEL(add_power)(size_t n, float scale, const float *restrict field,
                                    float *restrict power)
{
    for (size_t i = 0; i < n; i++) {
        float re = field[2 * i], im = field[2 * i + 1];
        power[i] = fma_f32(scale, fma_f32(re, re, im * im), power[i]);
    }
}

static void OAC_AT_LEVEL(add_scaled)(size_t n, float a, const float *restrict x,
                                     float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = fma_f32(a, x[i], out[i]);
}

OAC_INLINE double lanes_sum(const double *lane)
{
    double sum = 0.0;
    for (int i = 0; i < SUM_LANES; i++)
        sum += lane[i];
    return sum;
}

static void contract_flat(size_t n, const float *restrict p, const float *restrict t,
                          double sums[2])
{
    double lane[SUM_LANES] = {0};
    size_t whole = n - n % SUM_LANES;
    for (size_t at = 0; at < whole; at += SUM_LANES)
        for (size_t i = 0; i < SUM_LANES; i++)
            lane[i] += (double)(p[at + i] * t[at + i]);
    for (size_t i = whole; i < n; i++)
        lane[i - whole] += (double)(p[i] * t[i]);
    sums[0] = sums[1] = lanes_sum(lane);
}

static void OAC_AT_LEVEL(contract)(size_t n, const float *restrict p, const float *restrict t,
                                   const float *restrict g, double sums[2])
{
    if (!g) {
        contract_flat(n, p, t, sums);
        return;
    }
    double first[SUM_LANES] = {0}, second[SUM_LANES] = {0};
    size_t whole = n - n % SUM_LANES;
    for (size_t at = 0; at < whole; at += SUM_LANES)
        for (size_t i = 0; i < SUM_LANES; i++) {
            float held = p[at + i] * t[at + i] * g[at + i];
            first[i] += (double)held;
            second[i] += (double)(held * g[at + i]);
        }
    for (size_t i = whole; i < n; i++) {
        float held = p[i] * t[i] * g[i];
        first[i - whole] += (double)held;
        second[i - whole] += (double)(held * g[i]);
    }
    sums[0] = lanes_sum(first);
    sums[1] = lanes_sum(second);
}

extern const struct oac_field_kernel OAC_AT_LEVEL(oac_field_kernel);
const struct oac_field_kernel OAC_AT_LEVEL(oac_field_kernel) = {
    .modulate = OAC_AT_LEVEL(modulate),
    .repeat = OAC_AT_LEVEL(repeat),
    .transmit = OAC_AT_LEVEL(transmit),
    .intensity = OAC_AT_LEVEL(intensity),
    .rotate = OAC_AT_LEVEL(rotate),
    .multiply = OAC_AT_LEVEL(multiply),
    .add_noise = OAC_AT_LEVEL(add_noise),
    .add_power = OAC_AT_LEVEL(add_power),
    .add_scaled = OAC_AT_LEVEL(add_scaled),
    .contract = OAC_AT_LEVEL(contract),
};
