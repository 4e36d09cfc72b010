/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The per-image arithmetic of the hardware layer: operand to code, checks of code lists, readout to y.
 * hal/code_kernel_impl.h is compiled once per processor level; the level is the one of base/kernel.h.
 * All functions are pure. A value's code depends on the value alone, never on its place in an array. */
#ifndef OAC_HAL_CODE_KERNEL_H
#define OAC_HAL_CODE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How operands become codes of one modulator (hal/code_map.h makes it, with the derivation):
 *   u = clamp(x gain + bias, 0, ceiling)
 *   a = asin sqrt(stretch m - shrink), m = min(u, 1-u): half the angle from the nearer extremum
 *   code = clamp(trunc(u < 1/2 ? bottom + per_code a : top - per_code a), code_min, code_max)
 * The half that rounds to nearest is inside bottom and top.
 *
 * A converter of few codes (`brief`) takes a shorter way to them, with |v| instead of m:
 *   v = clamp(bias_v - x gain_v, lowest_v, highest_v) = stretch (1 - 2u)
 *   code = trunc(middle + sign(v) (sqrt(max(1-|v|, 0)) series(|v|) - quarter)), clamped as above
 * where sqrt(1-|v|) series(|v|) is acos |v| and quarter is pi/2, both in codes. */
#define OAC_CODE_SERIES 7
struct oac_code_encoding {
    float gain, bias, ceiling;
    float stretch, shrink;
    float per_code, bottom, top;
    int32_t code_min, code_max;
    bool reaches_ends; /* the last clamp cannot act */
    bool brief;
    float gain_v, bias_v, lowest_v, highest_v;
    float middle, quarter, series[OAC_CODE_SERIES];
};

struct oac_code_kernel {
    const char *level;

    /* How many x[i] are not in [low, high]; NaN is not. */
    size_t (*outside)(size_t n, const float *x, float low, float high);

    /* code[i] of x[i], i < n. */
    void (*encode)(const struct oac_code_encoding *encoding, size_t n, const float *x,
                   uint16_t *code);

    /* The same codes, sooner, when the encoding reaches_ends and every x[i] is in [0, high], where 0 and
     * high are operands that no clamp acts on. False, and codes without meaning, when an x[i] is not (nor
     * for -0, which is as well for a quick test). */
    bool (*encode_inside)(const struct oac_code_encoding *encoding, size_t n, const float *x,
                          float high, uint16_t *code);

    /* code[i] = table[byte[i]], of 256 codes. */
    void (*look_up)(size_t n, const uint16_t *table, const uint8_t *byte, uint16_t *code);

    /* True when every value[i], i < n, is within [min, max]. */
    bool (*within)(size_t n, const uint16_t *value, uint16_t min, uint16_t max);

    /* How many i in 1..n-1 have value[i] <= value[i-1]. */
    size_t (*descents)(size_t n, const uint16_t *value);

    /* Sum over i of table[code[i]]: exact, whatever the order. */
    int64_t (*sum)(size_t n, const int32_t *table, const uint16_t *code);

    /* gain[k] = power a[k]/launch;  zero[k] = c[k] + launch d[k] + x (f[k] + launch h[k]):
     * the constants of hal/decoding.h at one window's launch power and sum x. */
    void (*constants)(size_t rows, const double *const columns[5], double power, double launch,
                      double x, double *gain, double *zero);

    /* y[k] = gain[k] (code[k] - zero[k]), or added to y[k] when `add`. */
    void (*decode)(size_t rows, const float *code, const double *gain, const double *zero,
                   bool add, float *y);
};

/* The level that base/kernel.h uses now. */
const struct oac_code_kernel *oac_code_kernel(void);

#endif
