/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NumPy's .npy files: matrices and vectors in and out of oac as float32.
 *
 * Read: format versions 1 to 3; floats of 4 and 8 bytes, integers of 1 to 8 bytes and booleans, of either
 * byte order, each rounded to the nearest float; rank 1 or 2; C or Fortran order (transposed while reading).
 * Every value must be finite after rounding. Not read: half and extended precision, complex numbers,
 * structures, objects, empty arrays.
 * Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays". */
#ifndef OAC_BASE_NPY_H
#define OAC_BASE_NPY_H

#include <stddef.h>

#include "base/status.h"

struct oac_npy {
    size_t rank, dims[2]; /* rank 1: dims[1] = 1 */
    size_t count;         /* dims[0] * dims[1] */
    float *data;          /* (dims[0], dims[1]) row-major */
};

/* Reads `path` of at most max_bytes (0: 1 GiB). The caller frees with oac_npy_fini(). A bad value is named by
 * its index. On failure *array is untouched. */
enum oac_status oac_npy_read(const char *path, size_t max_bytes, struct oac_npy *array,
                             struct oac_err *err) OAC_MUST_USE;

/* Frees the data and zeroes the struct; a zeroed one is fine. */
void oac_npy_fini(struct oac_npy *array);

/* Writes data (dims[0]) or (dims[0], dims[1]) as '<f4' in C order, whole or not at all. rank 1 or 2. */
enum oac_status oac_npy_write_f32(const char *path, size_t rank, const size_t *dims,
                                  const float *data, struct oac_err *err) OAC_MUST_USE;

#endif
