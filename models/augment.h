/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small affine distortions of training images, so that a network sees each digit a little differently in
 * every epoch.
 *
 * An output pixel at (u, v) from the image's centre takes the bilinear interpolation of the source at
 *     (R(angle) H(shear) diag(1/s_r, 1/s_c)) (u, v) + shift,   zero outside the image,
 * with angle, shear, s_r - 1, s_c - 1 and the two shifts uniform in +- the amplitudes below. The six draws
 * are keyed (seed, OAC_RNG_AUGMENT, index): nothing has state. */
#ifndef OAC_MODELS_AUGMENT_H
#define OAC_MODELS_AUGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oac_augment {   /* amplitudes; all 0: images as they are */
    double rotate_rad; /* <= 1 */
    double shift_px;
    double scale; /* relative, < 1 */
    double shear;
};

bool oac_augment_any(const struct oac_augment *augment);

/* Floats of scratch that oac_augment_image needs for images of (rows, cols). */
size_t oac_augment_scratch(size_t rows, size_t cols);

/* x (rows, cols) = the distorted `pixels` (rows, cols) times `scale`. index: epoch x samples + sample. */
void oac_augment_image(const struct oac_augment *augment, uint64_t seed, uint64_t index,
                       size_t rows, size_t cols, const uint8_t *pixels, float scale,
                       float *scratch, float *x);

#endif
