/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IDX files made by the tests themselves, written from the format's description. */
#ifndef OAC_TESTS_MODELS_IDX_FIXTURE_H
#define OAC_TESTS_MODELS_IDX_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t count;
};

/* Header and elements; element i is `element(i)`. The caller frees with free(x.data). */
struct bytes fixture_idx(size_t rank, const uint32_t *dims, uint8_t (*element)(size_t));

/* The same as a gzip file. */
struct bytes fixture_gzip(struct bytes plain);

/* Puts `directory/name`, making the directory; frees nothing. */
void fixture_put(const char *directory, const char *name, struct bytes bytes);

/* A data set of rows x cols images in directory: the two files of a part ("t10k" or "train"), raw. Image i has
 * pixels i/256 and i%256 in its first two bytes and label i % classes. */
void fixture_part(const char *directory, const char *part, uint32_t count, uint32_t rows,
                  uint32_t cols, uint32_t classes);

#endif
