/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/augment.h"

#include <string.h>

#include "base/rng.h"
#include "models/sine.h"

/* One dark row and column before the image and two after it: a coordinate clamped to [-1, size] then
 * always has its four neighbours. */
#define BORDER 3u

struct affine { /* source = m * (u, v) + t, in padded pixels */
    float m[2][2], t[2];
};

bool oac_augment_any(const struct oac_augment *augment)
{
    return augment->rotate_rad > 0.0 || augment->shift_px > 0.0 || augment->scale > 0.0 ||
           augment->shear > 0.0;
}

size_t oac_augment_scratch(size_t rows, size_t cols)
{
    return (rows + BORDER) * (cols + BORDER);
}

static double draw(uint64_t seed, uint64_t index, uint32_t sub, double amplitude)
{
    return amplitude * (2.0 * oac_rng_uniform(seed, OAC_RNG_AUGMENT, index, sub) - 1.0);
}

static struct affine draw_affine(const struct oac_augment *augment, uint64_t seed,
                                 uint64_t index, size_t rows, size_t cols)
{
    double angle = draw(seed, index, 0, augment->rotate_rad);
    double per_row = 1.0 / (1.0 + draw(seed, index, 3, augment->scale));
    double per_col = 1.0 / (1.0 + draw(seed, index, 4, augment->scale));
    double shear = draw(seed, index, 5, augment->shear);
    double c = oac_plain_cosine(angle), s = oac_plain_sine(angle);
    struct affine map;
    map.m[0][0] = (float)(c * per_row);
    map.m[0][1] = (float)((c * shear - s) * per_col);
    map.m[1][0] = (float)(s * per_row);
    map.m[1][1] = (float)((s * shear + c) * per_col);
    map.t[0] =
        (float)(1.0 + 0.5 * (double)(rows - 1) + draw(seed, index, 1, augment->shift_px));
    map.t[1] =
        (float)(1.0 + 0.5 * (double)(cols - 1) + draw(seed, index, 2, augment->shift_px));
    return map;
}

static float clamp(float x, float high)
{
    x = x > 0.0f ? x : 0.0f;
    return x < high ? x : high;
}

static void pad(size_t rows, size_t cols, const uint8_t *pixels, float scale, float *padded)
{
    size_t ld = cols + BORDER;
    memset(padded, 0, (rows + BORDER) * ld * sizeof *padded);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            padded[(r + 1) * ld + c + 1] = (float)pixels[r * cols + c] * scale;
}

void oac_augment_image(const struct oac_augment *augment, uint64_t seed, uint64_t index,
                       size_t rows, size_t cols, const uint8_t *pixels, float scale,
                       float *scratch, float *x)
{
    const struct affine map = draw_affine(augment, seed, index, rows, cols);
    const size_t ld = cols + BORDER;
    const float last_row = (float)(rows + 1), last_col = (float)(cols + 1);
    const float middle_row = 0.5f * (float)(rows - 1), middle_col = 0.5f * (float)(cols - 1);
    pad(rows, cols, pixels, scale, scratch);
    for (size_t r = 0; r < rows; r++) {
        float u = (float)r - middle_row;
        float row0 = map.m[0][0] * u + map.t[0], col0 = map.m[1][0] * u + map.t[1];
        for (size_t c = 0; c < cols; c++) {
            float v = (float)c - middle_col;
            float row = clamp(row0 + map.m[0][1] * v, last_row);
            float col = clamp(col0 + map.m[1][1] * v, last_col);
            int i = (int)row, j = (int)col; /* floor: both are >= 0 */
            float down = row - (float)i, right = col - (float)j;
            const float *p = scratch + (size_t)i * ld + (size_t)j;
            float above = p[0] + right * (p[1] - p[0]);
            float below = p[ld] + right * (p[ld + 1] - p[ld]);
            x[r * cols + c] = above + down * (below - above);
        }
    }
}
