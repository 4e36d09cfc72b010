/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/npy.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/npy_header.h"

#define DEFAULT_BYTES 1073741824u
#define WRITTEN_HEADER \
    128u /* magic, version, length, dictionary; NumPy aligns data to 64 bytes */

/* The element's bits as an unsigned number, whatever byte order it has. */
static uint64_t load_bits(const unsigned char *element, size_t bytes, bool big_endian)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes; i++)
        bits = bits << 8 | element[big_endian ? i : bytes - 1 - i];
    return bits;
}

static float load_float(const unsigned char *element, const struct oac_npy_header *header)
{
    uint64_t bits = load_bits(element, header->element_bytes, header->big_endian);
    if (header->kind == 'f' && header->element_bytes == 4) {
        uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return value;
    }
    if (header->kind == 'f') {
        double value;
        memcpy(&value, &bits, sizeof value);
        return (float)value; /* IEC 60559: beyond the range it is infinite, refused below */
    }
    if (header->kind == 'b')
        return bits != 0;
    if (header->kind == 'i') {
        unsigned shift = 64 - 8 * (unsigned)header->element_bytes;
        uint64_t sign = (uint64_t)1 << (63 - shift);
        bits = (bits ^ sign) - sign; /* sign extension */
        int64_t value;
        memcpy(&value, &bits, sizeof value);
        return (float)value;
    }
    return (float)bits;
}

/* Converts all elements into row-major `data`; the first that is not finite is an error. */
static enum oac_status convert(const unsigned char *elements,
                               const struct oac_npy_header *header, float *data,
                               struct oac_err *err)
{
    size_t rows = header->dims[0], columns = header->dims[1];
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            size_t stored = header->fortran_order ? c * rows + r : r * columns + c;
            float value = load_float(elements + stored * header->element_bytes, header);
            if (isfinite(value)) {
                data[r * columns + c] = value;
                continue;
            }
            char index[64];
            snprintf(index, sizeof index, header->rank == 1 ? "%zu" : "%zu, %zu", r, c);
            return oac_fail(err, OAC_EINVAL, "value [%s] is %g, expected finite float32", index,
                            (double)value);
        }
    }
    return OAC_OK;
}

static enum oac_status parse(const char *file, size_t bytes, struct oac_npy *array,
                             struct oac_err *err)
{
    struct oac_npy_header header;
    size_t count, data_bytes;
    enum oac_status status = oac_npy_header_parse(file, bytes, &header, err);
    if (!status)
        status = oac_size_product(header.dims[0], header.dims[1], "array", &count, err);
    if (!status)
        status = oac_size_product(count, header.element_bytes, "array", &data_bytes, err);
    if (status)
        return status;
    if (data_bytes != bytes - header.data_offset)
        return oac_fail(err, OAC_EPARSE, "%zu bytes of data, expected %zu for its shape",
                        bytes - header.data_offset, data_bytes);
    float *data = oac_alloc(count, sizeof *data, "array", err);
    if (!data)
        return OAC_ENOMEM;
    status = convert((const unsigned char *)file + header.data_offset, &header, data, err);
    if (status) {
        free(data);
        return status;
    }
    *array = (struct oac_npy){.rank = header.rank,
                              .dims = {header.dims[0], header.dims[1]},
                              .count = count,
                              .data = data};
    return OAC_OK;
}

enum oac_status oac_npy_read(const char *path, size_t max_bytes, struct oac_npy *array,
                             struct oac_err *err)
{
    char *file;
    size_t bytes;
    enum oac_status status =
        oac_file_read(path, max_bytes ? max_bytes : DEFAULT_BYTES, &file, &bytes, err);
    if (status)
        return status;
    status = parse(file, bytes, array, err);
    if (status)
        oac_fail_within(err, "%s", path);
    free(file);
    return status;
}

void oac_npy_fini(struct oac_npy *array)
{
    free(array->data);
    *array = (struct oac_npy){0};
}

/* Puts the header of one or two dimensions into `file`, padded with blanks and a newline. */
static void write_header(char file[WRITTEN_HEADER], size_t rank, const size_t *dims)
{
    static const char start[] = "\x93NUMPY\x01\x00\x76\x00"; /* version 1.0, 118 bytes follow */
    char shape[64];
    if (rank == 1)
        snprintf(shape, sizeof shape, "(%zu,)", dims[0]);
    else
        snprintf(shape, sizeof shape, "(%zu, %zu)", dims[0], dims[1]);
    memset(file, ' ', WRITTEN_HEADER);
    memcpy(file, start, 10);
    int used = snprintf(file + 10, WRITTEN_HEADER - 10,
                        "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    file[10 + used] = ' ';
    file[WRITTEN_HEADER - 1] = '\n';
}

static void store_little_endian(float value, char *element)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (unsigned i = 0; i < 4; i++)
        element[i] = (char)(bits >> (8 * i));
}

enum oac_status oac_npy_write_f32(const char *path, size_t rank, const size_t *dims,
                                  const float *data, struct oac_err *err)
{
    if (rank != 1 && rank != 2)
        return oac_fail(err, OAC_EINVAL, "%s: rank %zu, expected 1 or 2", path, rank);
    size_t count, bytes;
    enum oac_status status =
        oac_size_product(dims[0], rank == 2 ? dims[1] : 1, path, &count, err);
    if (!status)
        status = oac_size_product(count + WRITTEN_HEADER / 4, 4, path, &bytes, err);
    if (status)
        return status;
    char *file = oac_alloc(bytes, 1, path, err);
    if (!file)
        return OAC_ENOMEM;
    write_header(file, rank, dims);
    for (size_t i = 0; i < count; i++)
        store_little_endian(data[i], file + WRITTEN_HEADER + 4 * i);
    status = oac_file_write(path, file, bytes, err);
    free(file);
    return status;
}
