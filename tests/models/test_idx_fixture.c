/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models/idx_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "tests/support/tmpdir.h"

struct bytes fixture_idx(size_t rank, const uint32_t *dims, uint8_t (*element)(size_t))
{
    size_t elements = 1;
    for (size_t i = 0; i < rank; i++)
        elements *= dims[i];
    struct bytes idx = {malloc(4 + 4 * rank + elements), 4 + 4 * rank + elements};
    cr_assert(idx.data != NULL);
    memcpy(idx.data, (uint8_t[]){0, 0, 8, (uint8_t)rank}, 4);
    for (size_t i = 0; i < rank; i++) {
        for (size_t byte = 0; byte < 4; byte++)
            idx.data[4 + 4 * i + byte] = (uint8_t)(dims[i] >> (24 - 8 * byte));
    }
    for (size_t i = 0; i < elements; i++)
        idx.data[4 + 4 * rank + i] = element(i);
    return idx;
}

struct bytes fixture_gzip(struct bytes plain)
{
    z_stream z = {0};
    cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    struct bytes packed = {NULL, deflateBound(&z, plain.count)};
    packed.data = malloc(packed.count);
    cr_assert(packed.data != NULL);
    z.next_in = plain.data;
    z.avail_in = (uInt)plain.count;
    z.next_out = packed.data;
    z.avail_out = (uInt)packed.count;
    cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed.count = z.total_out;
    deflateEnd(&z);
    return packed;
}

void fixture_put(const char *directory, const char *name, struct bytes bytes)
{
    char path[2 * OAC_TEST_DIR_BYTES];
    mkdir(directory, 0777);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    oac_test_file_put(path, bytes.data, bytes.count);
}

static uint32_t part_pixels, part_classes;

static uint8_t pixel(size_t i)
{
    const size_t image = i / part_pixels, place = i % part_pixels;
    return (uint8_t)(place == 0 ? image / 256 : place == 1 ? image % 256 : place);
}

static uint8_t label(size_t i)
{
    return (uint8_t)(i % part_classes);
}

void fixture_part(const char *directory, const char *part, uint32_t count, uint32_t rows,
                  uint32_t cols, uint32_t classes)
{
    char name[64];
    part_pixels = rows * cols;
    part_classes = classes;
    struct bytes images = fixture_idx(3, (uint32_t[]){count, rows, cols}, pixel);
    struct bytes labels = fixture_idx(1, (uint32_t[]){count}, label);
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    fixture_put(directory, name, images);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    fixture_put(directory, name, labels);
    free(images.data);
    free(labels.data);
}
