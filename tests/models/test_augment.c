/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/augment.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "models/sine.h"

#define ROWS 12u
#define COLS 9u

/* A bright blob of 3 x 3 pixels around (5, 4), so that small moves keep it inside. */
static void blob(uint8_t pixels[ROWS * COLS])
{
    memset(pixels, 0, ROWS * COLS);
    for (size_t r = 4; r <= 6; r++)
        for (size_t c = 3; c <= 5; c++)
            pixels[r * COLS + c] = 200;
}

static void distort(const struct oac_augment *augment, uint64_t index, const uint8_t *pixels,
                    float *x)
{
    float scratch[(ROWS + 3) * (COLS + 3)];
    cr_assert_leq(oac_augment_scratch(ROWS, COLS), sizeof scratch / sizeof scratch[0]);
    oac_augment_image(augment, 1, index, ROWS, COLS, pixels, 0.5f, scratch, x);
}

Test(augment, amplitudes_of_zero_leave_the_image)
{
    struct oac_augment none = {0};
    uint8_t pixels[ROWS * COLS];
    float x[ROWS * COLS];
    for (size_t i = 0; i < ROWS * COLS; i++)
        pixels[i] = (uint8_t)(i * 37);
    distort(&none, 3, pixels, x);
    cr_assert(!oac_augment_any(&none));
    for (size_t i = 0; i < ROWS * COLS; i++)
        cr_assert_float_eq(x[i], 0.5 * pixels[i], 1e-3, "pixel %zu", i); /* 200 x a few 2^-24 */
}

static double weigh(const float *x, double *row, double *col)
{
    double sum = 0.0;
    *row = *col = 0.0;
    for (size_t i = 0; i < ROWS * COLS; i++) {
        sum += (double)x[i];
        *row += (double)x[i] * (double)(i / COLS);
        *col += (double)x[i] * (double)(i % COLS);
    }
    *row /= sum;
    *col /= sum;
    return sum;
}

Test(augment, a_shift_moves_the_centre_of_mass_within_its_amplitude_and_keeps_the_light)
{
    struct oac_augment shift = {.shift_px = 2.0};
    uint8_t pixels[ROWS * COLS];
    float x[ROWS * COLS];
    double row, col, far = 0.0;
    blob(pixels);
    for (uint64_t i = 0; i < 200; i++) {
        distort(&shift, i, pixels, x);
        /* Bilinear weights of a shift sum to 1: light is kept to rounding. */
        cr_assert_float_eq(weigh(x, &row, &col), 900.0, 1e-2);
        cr_assert(fabs(row - 5.0) <= 2.001 && fabs(col - 4.0) <= 2.001, "%g %g", row, col);
        far = fmax(far, fabs(row - 5.0));
    }
    cr_assert_gt(far, 1.8); /* 200 uniform draws all below 0.9 of the amplitude: 1e-9 */
}

Test(augment, a_scale_changes_the_area_within_its_amplitude)
{
    struct oac_augment scale = {.scale = 0.2};
    uint8_t pixels[ROWS * COLS];
    float x[ROWS * COLS];
    double row, col, least = INFINITY, most = 0.0;
    blob(pixels);
    for (uint64_t i = 0; i < 300; i++) {
        distort(&scale, i, pixels, x);
        double sum = weigh(x, &row, &col);
        least = fmin(least, sum);
        most = fmax(most, sum);
    }
    /* Areas of (0.8 .. 1.2)^2; sampling a 3-pixel blob blurs the ends by a few percent. */
    cr_assert(least > 0.6 * 900.0 && least < 0.8 * 900.0, "%g", least);
    cr_assert(most > 1.2 * 900.0 && most < 1.5 * 900.0, "%g", most);
}

Test(augment, a_rotation_turns_a_bar_about_the_centre)
{
    struct oac_augment rotate = {.rotate_rad = 0.5};
    uint8_t pixels[ROWS * COLS] = {0};
    float x[ROWS * COLS];
    double most = 0.0;
    for (size_t r = 2; r < 10; r++)
        pixels[r * COLS + 4] = 200;
    for (uint64_t i = 0; i < 100; i++) {
        double slope = 0.0, size = 0.0;
        distort(&rotate, i, pixels, x);
        for (size_t p = 0; p < ROWS * COLS; p++) {
            double v = (double)(p / COLS) - 5.5, u = (double)(p % COLS) - 4.0;
            slope += (double)x[p] * u * v;
            size += (double)x[p] * v * v;
        }
        double angle = fabs(atan(slope / size));
        cr_assert_lt(angle, 0.52, "%g", angle);
        most = fmax(most, angle);
    }
    cr_assert_gt(most, 0.42);
}

Test(augment, the_same_index_gives_the_same_bits_and_another_does_not)
{
    struct oac_augment all = {.rotate_rad = 0.2, .shift_px = 1.0, .scale = 0.1, .shear = 0.1};
    uint8_t pixels[ROWS * COLS];
    float x[ROWS * COLS], again[ROWS * COLS];
    blob(pixels);
    distort(&all, 41, pixels, x);
    distort(&all, 41, pixels, again);
    cr_assert_eq(memcmp(x, again, sizeof x), 0);
    distort(&all, 42, pixels, again);
    cr_assert_neq(memcmp(x, again, sizeof x), 0);
}

Test(augment, extreme_shifts_read_nothing_outside_the_image)
{
    struct oac_augment far = {
        .shift_px = 1000.0, .scale = 0.9, .shear = 5.0, .rotate_rad = 1.0};
    uint8_t pixels[ROWS * COLS];
    float x[ROWS * COLS];
    memset(pixels, 255, sizeof pixels);
    for (uint64_t i = 0; i < 200; i++) { /* the sanitizer is the judge */
        distort(&far, i, pixels, x);
        for (size_t p = 0; p < ROWS * COLS; p++)
            cr_assert(x[p] >= -1e-3f && x[p] <= 127.51f);
    }
}

Test(sine, agrees_with_libm_to_the_stated_error)
{
    for (double x = -OAC_PI; x <= OAC_PI; x += 0.01)
        cr_assert_float_eq(oac_plain_sine(x), sin(x), fabs(x) < 1.58 ? 1e-11 : 1e-6, "%g", x);
    for (double x = 0.0; x <= OAC_PI; x += 0.01)
        cr_assert_float_eq(oac_plain_cosine(x), cos(x), 1e-11, "%g", x);
}
