/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/augment.h"

#include <string.h>

#include "base/rng.h"
#include "models/sine.h"

/* One dark row and column before the image and two after it: a coordinate clamped to [-1, size] then
 * always has its four neighbours. */
#define BORDER 3u

#define PART 64u /* pixels of a row at a time */

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

/* One output row: first where each pixel comes from, which vectorises, then the four loads. */
static void sample_row(size_t cols, size_t ld, const float *source, float row0, float row_step,
                       float col0, float col_step, float last_row, float last_col, float *x)
{
    int32_t corner[PART];
    float down[PART], right[PART];
    for (size_t first = 0; first < cols; first += PART) {
        size_t n = cols - first < PART ? cols - first : PART;
        for (size_t c = 0; c < n; c++) {
            float v = (float)(int32_t)(first + c);
            float row = clamp(row0 + row_step * v, last_row);
            float col = clamp(col0 + col_step * v, last_col);
            int32_t i = (int32_t)row, j = (int32_t)col; /* floor: both are >= 0 */
            down[c] = row - (float)i;
            right[c] = col - (float)j;
            corner[c] = i * (int32_t)ld + j;
        }
        for (size_t c = 0; c < n; c++) {
            const float *p = source + corner[c];
            float above = p[0] + right[c] * (p[1] - p[0]);
            float below = p[ld] + right[c] * (p[ld + 1] - p[ld]);
            x[first + c] = above + down[c] * (below - above);
        }
    }
}

void oac_augment_image(const struct oac_augment *augment, uint64_t seed, uint64_t index,
                       size_t rows, size_t cols, const uint8_t *pixels, float scale,
                       float *scratch, float *x)
{
    const struct affine map = draw_affine(augment, seed, index, rows, cols);
    const float last_row = (float)(rows + 1), last_col = (float)(cols + 1);
    const float middle_row = 0.5f * (float)(rows - 1), middle_col = 0.5f * (float)(cols - 1);
    pad(rows, cols, pixels, scale, scratch);
    for (size_t r = 0; r < rows; r++) {
        float u = (float)r - middle_row;
        float row0 = map.m[0][0] * u - map.m[0][1] * middle_col + map.t[0];
        float col0 = map.m[1][0] * u - map.m[1][1] * middle_col + map.t[1];
        sample_row(cols, cols + BORDER, scratch, row0, map.m[0][1], col0, map.m[1][1], last_row,
                   last_col, x + r * cols);
    }
}
