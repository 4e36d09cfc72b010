/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/kernel.h"
#include "base/rng.h"
#include "sim/waveform/field.h"

#define N 1003 /* not a multiple of any vector or lane count */

static const char *const LEVELS[] = {"v1", "v3", "v4", "native"};
enum { LEVEL_COUNT = 4 };

/* NULL when this processor or build lacks the level. */
static const struct oac_field_kernel *level(const char *name)
{
    struct oac_err err;
    return oac_kernel_select(name, &err) == OAC_OK ? oac_field_kernel() : NULL;
}

static void normals(uint32_t stream, size_t n, float *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = (float)oac_rng_normal(7, OAC_RNG_TEST + stream, i, 0);
}

/* The equations of field.h in double precision at the angle a [turns]; out (4): both outputs. */
static void oracle(const struct oac_field_modulator *m, double a, double out[4])
{
    double c = cos(2.0 * OAC_PI * a), s = sin(2.0 * OAC_PI * a);
    double cc = cos(2.0 * OAC_PI * (double)m->chirp * a);
    double cs = sin(2.0 * OAC_PI * (double)m->chirp * a);
    double re[2] = {c, s}, im[2] = {(double)m->s * s, -(double)m->s * c};
    for (int o = 0; o < 2; o++) {
        out[2 * o] = (double)m->amplitude * (re[o] * cc - im[o] * cs);
        out[2 * o + 1] = (double)m->amplitude * (re[o] * cs + im[o] * cc);
    }
}

/* With turns_per_v 1 the kernel's angle is the input itself, so all of the error is sine's and cosine's. */
static double modulate_error(const struct oac_field_kernel *kernel, float reach)
{
    const struct oac_field_modulator m = {.amplitude = 0.8f, .s = 0.1f, .turns_per_v = 1.0f};
    float a[N], first[2 * N], second[2 * N];
    double worst = 0.0, exact[4];
    for (size_t i = 0; i < N; i++)
        a[i] = reach * (2.0f * (float)i / (float)(N - 1) - 1.0f);
    kernel->modulate(N, a, &m, first, second);
    for (size_t i = 0; i < N; i++) {
        oracle(&m, (double)a[i], exact);
        for (int j = 0; j < 2; j++) {
            worst = fmax(worst, fabs((double)first[2 * i + j] - exact[j]));
            worst = fmax(worst, fabs((double)second[2 * i + j] - exact[2 + j]));
        }
    }
    return worst / (double)m.amplitude;
}

Test(field_kernel, both_outputs_are_within_3e_7_of_libm_up_to_a_thousand_turns)
{
    const float reach[] = {0.01f, 0.6f, 3.0f, 999.0f};
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        for (int r = 0; kernel && r < 4; r++)
            cr_assert(modulate_error(kernel, reach[r]) < 3e-7, "%s, %g turns: %g", LEVELS[l],
                      (double)reach[r], modulate_error(kernel, reach[r]));
    }
}

Test(field_kernel, chirp_turns_both_outputs_by_the_common_phase)
{
    const struct oac_field_modulator m = {
        .amplitude = 1.0f, .s = 0.05f, .chirp = -0.75f, .turns_per_v = 1.0f};
    float a[N], first[2 * N], second[2 * N];
    double exact[4];
    for (size_t i = 0; i < N; i++)
        a[i] = (float)i / 512.0f - 0.9f; /* chirp a is exact in single precision too */
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        if (!kernel)
            continue;
        kernel->modulate(N, a, &m, first, second);
        for (size_t i = 0; i < N; i++) {
            oracle(&m, (double)a[i], exact);
            /* two circles, and 1.4 turns of phase rounded to 6e-8 of itself */
            cr_assert_float_eq(first[2 * i], exact[0], 1e-6);
            cr_assert_float_eq(first[2 * i + 1], exact[1], 1e-6);
            cr_assert_float_eq(second[2 * i], exact[2], 1e-6);
            cr_assert_float_eq(second[2 * i + 1], exact[3], 1e-6);
        }
    }
}

Test(field_kernel, transmission_is_the_power_of_the_first_output_whatever_the_chirp)
{
    struct oac_field_modulator m = {
        .amplitude = 0.9f, .s = 0.07f, .chirp = 1.3f, .turns0 = 0.2f, .turns_per_v = -0.15f};
    float v[N], t[N], field[2 * N], power[N];
    for (size_t i = 0; i < N; i++)
        v[i] = 0.013f * (float)i - 6.0f;
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        if (!kernel)
            continue;
        memset(power, 0, sizeof power);
        kernel->transmit(N, v, &m, t);
        kernel->modulate(N, v, &m, field, NULL);
        kernel->add_power(N, 1.0f, field, power);
        for (size_t i = 0; i < N; i++)
            cr_assert_float_eq(t[i], power[i], 6e-7); /* twice a field's error */
    }
}

Test(field_kernel, both_outputs_together_carry_the_same_power_at_every_voltage)
{
    const struct oac_field_modulator m = {
        .amplitude = 0.9f, .s = 0.2f, .chirp = 0.4f, .turns_per_v = 0.25f};
    float v[N], first[2 * N], second[2 * N], power[N];
    for (size_t i = 0; i < N; i++)
        v[i] = 0.01f * (float)i;
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        if (!kernel)
            continue;
        memset(power, 0, sizeof power);
        kernel->modulate(N, v, &m, first, second);
        kernel->add_power(N, 1.0f, first, power);
        kernel->add_power(N, 1.0f, second, power);
        for (size_t i = 0; i < N; i++)
            cr_assert_float_eq(power[i], 0.81 * 1.04, 1e-6);
    }
}

Test(field_kernel, intensity_scales_power_and_leaves_the_phase)
{
    float z[N], field[2 * N], before[2 * N];
    normals(0, N, z);
    normals(1, 2 * N, before);
    z[5] = -100.0f; /* power cannot fall below nothing */
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        if (!kernel)
            continue;
        memcpy(field, before, sizeof field);
        kernel->intensity(N, 0.5f, 0.1f, z, field);
        for (size_t i = 0; i < N; i++) {
            double factor = fmax(0.0, 0.5 * (1.0 + 0.1 * (double)z[i]));
            cr_assert_float_eq(field[2 * i], (double)before[2 * i] * sqrt(factor), 1e-6);
            cr_assert_float_eq(field[2 * i + 1], (double)before[2 * i + 1] * sqrt(factor),
                               1e-6);
        }
        memcpy(field, before, sizeof field);
        kernel->intensity(N, 0.25f, 0.1f, NULL, field);
        for (size_t i = 0; i < 2 * N; i++)
            cr_assert_eq(field[i], 0.5f * before[i]);
    }
}

Test(field_kernel, rotation_and_product_are_complex_products)
{
    float turns[N], field[2 * N], before[2 * N], other[2 * N];
    normals(2, N, turns);
    normals(3, 2 * N, before);
    normals(4, 2 * N, other);
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        if (!kernel)
            continue;
        memcpy(field, before, sizeof field);
        kernel->rotate(N, turns, field);
        for (size_t i = 0; i < N; i++) {
            double c = cos(2.0 * OAC_PI * (double)turns[i]);
            double s = sin(2.0 * OAC_PI * (double)turns[i]);
            double re = (double)before[2 * i], im = (double)before[2 * i + 1];
            cr_assert_float_eq(field[2 * i], re * c - im * s, 3e-6); /* |field| < 5 */
            cr_assert_float_eq(field[2 * i + 1], re * s + im * c, 3e-6);
        }
        memcpy(field, before, sizeof field);
        kernel->multiply(N, other, field);
        for (size_t i = 0; i < N; i++) {
            double re = (double)before[2 * i], im = (double)before[2 * i + 1];
            double c = (double)other[2 * i], s = (double)other[2 * i + 1];
            cr_assert_float_eq(field[2 * i], re * c - im * s, 3e-6);
            cr_assert_float_eq(field[2 * i + 1], re * s + im * c, 3e-6);
        }
    }
}

Test(field_kernel, contraction_sums_light_and_squares_of_the_receive_weights)
{
    float p[N], t[N], g[N];
    double sum = 0.0, square = 0.0, flat = 0.0, sums[2];
    normals(5, N, p);
    normals(6, N, t);
    normals(7, N, g);
    for (size_t i = 0; i < N; i++) {
        double light = (double)p[i] * (double)t[i];
        sum += light * (double)g[i];
        square += light * (double)g[i] * (double)g[i];
        flat += light;
    }
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        if (!kernel)
            continue;
        kernel->contract(N, p, t, g, sums);
        cr_assert_float_eq(sums[0], sum, 1e-5); /* 1000 products rounded to 6e-8 */
        cr_assert_float_eq(sums[1], square, 1e-5);
        kernel->contract(N, p, t, NULL, sums);
        cr_assert_float_eq(sums[0], flat, 1e-5);
        cr_assert_eq(sums[1], sums[0]);
    }
}

/* Runs every entry of a level into out. */
static size_t everything(const struct oac_field_kernel *kernel, float *out)
{
    const struct oac_field_modulator m = {
        .amplitude = 0.9f, .s = 0.07f, .chirp = 0.3f, .turns0 = 0.2f, .turns_per_v = 0.4f};
    float *field = out, *second = out + 2 * N, *t = out + 4 * N;
    float z[N], zz[2 * N], g[N];
    double sums[2];
    normals(8, N, z);
    normals(9, 2 * N, zz);
    normals(10, N, g);
    kernel->modulate(N, z, &m, field, second);
    kernel->transmit(N, z, &m, t);
    kernel->intensity(N, 0.9f, 0.2f, g, field);
    kernel->rotate(N, g, field);
    kernel->multiply(N, second, field);
    kernel->add_noise(N, 0.3f, zz, field);
    kernel->add_power(N, 0.7f, field, t);
    kernel->add_scaled(N, 0.7f, g, t);
    kernel->contract(N, t, z, g, sums);
    memcpy(out + 5 * N, sums, sizeof sums);
    return 5 * N + 4; /* two doubles are four floats */
}

Test(field_kernel, levels_that_fuse_give_the_same_bits)
{
    static float v3[5 * N + 4], v4[5 * N + 4];
    const struct oac_field_kernel *kernel = level("v3");
    if (!kernel)
        cr_skip_test("a processor of kernel level v3 is needed");
    size_t count = everything(kernel, v3);
    kernel = level("v4");
    if (!kernel)
        cr_skip_test("a processor of kernel level v4 is needed");
    everything(kernel, v4);
    cr_assert_arr_eq(v3, v4, count * sizeof *v3);
}

Test(field_kernel, the_level_without_fused_products_is_close)
{
    static float v1[5 * N + 4], v3[5 * N + 4];
    const struct oac_field_kernel *kernel = level("v1");
    if (!kernel)
        cr_skip_test("only x86-64 has levels");
    everything(kernel, v1);
    kernel = level("v3");
    if (!kernel)
        cr_skip_test("a processor of kernel level v3 is needed");
    everything(kernel, v3);
    for (size_t i = 0; i < 5 * N; i++)
        cr_assert_float_eq(v1[i], v3[i], 5e-6);
}

Test(field_kernel, repeat_holds_every_level)
{
    static const size_t holds[] = {1, 3, 8, 21};
    for (int l = 0; l < LEVEL_COUNT; l++) {
        const struct oac_field_kernel *kernel = level(LEVELS[l]);
        for (size_t h = 0; kernel && h < 4; h++) {
            enum { HELD = 37 };
            float z[2 * HELD], field[2 * HELD * 21 + 1] = {0};
            normals(1, 2 * HELD, z);
            kernel->repeat(HELD, holds[h], z, field);
            for (size_t i = 0; i < 2 * HELD * holds[h]; i++)
                cr_assert_eq(field[i], z[2 * (i / (2 * holds[h])) + i % 2]);
            cr_assert_eq(field[2 * HELD * holds[h]], 0.0f); /* and nothing behind */
        }
    }
}
