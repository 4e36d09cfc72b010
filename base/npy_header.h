/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a .npy file: a Python dictionary as text (npy*.c only). */
#ifndef OAC_BASE_NPY_HEADER_H
#define OAC_BASE_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define OAC_NPY_HEADER_BYTES 65536u

struct oac_npy_header {
    char kind;            /* 'f', 'i', 'u', 'b' */
    size_t element_bytes; /* 1, 2, 4, 8 */
    bool big_endian, fortran_order;
    size_t rank, dims[2]; /* rank 1: dims[1] = 1 */
    size_t data_offset;   /* of the first element in the file */
};

/* Parses the header of a whole file in memory, NUL-terminated. *err does not name the file. */
enum oac_status oac_npy_header_parse(const char *file, size_t bytes,
                                     struct oac_npy_header *header,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
