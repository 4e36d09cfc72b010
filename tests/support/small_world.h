/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A data set and a network small enough for a sanitized test, and real enough to be classified: 8 x 8
 * images of four classes, each a seeded pattern with noise, and a 64-16-4 network of their templates.
 * Programs that call it link oac_models. */
#ifndef OAC_TESTS_SUPPORT_SMALL_WORLD_H
#define OAC_TESTS_SUPPORT_SMALL_WORLD_H

#include <stddef.h>

#include "tests/support/tmpdir.h"

#define OAC_SMALL_IMAGES  200u
#define OAC_SMALL_SIDE    8u
#define OAC_SMALL_CLASSES 4u

struct oac_small_world {
    char dir[OAC_TEST_DIR_BYTES];        /* holds everything */
    char data[OAC_TEST_DIR_BYTES + 16];  /* directory with t10k-images-idx3-ubyte and labels */
    char model[OAC_TEST_DIR_BYTES + 16]; /* native network with x_scale and x_mean */
    char
        wide[OAC_TEST_DIR_BYTES + 16]; /* native network of 100 inputs: does not fit the data */
};

/* Makes the files in a fresh directory; fails the test when it cannot. */
void oac_small_world_make(struct oac_small_world *world);
void oac_small_world_remove(const struct oac_small_world *world);

#endif
