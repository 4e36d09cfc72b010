/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/h5_child.h"

#define MAX_RANK 4

/* Which of our types holds every value of a stored one; false when none does. */
static bool choose_type(hid_t stored, H5T_class_t class, enum oac_h5_type *type)
{
    size_t bytes = H5Tget_size(stored);
    if (class == H5T_FLOAT) {
        *type = bytes == 4 ? OAC_H5_F32 : OAC_H5_F64;
        return bytes == 4 || bytes == 8;
    }
    if (bytes < 1 || bytes > 8)
        return false;
    if (H5Tget_sign(stored) == H5T_SGN_2)
        *type = OAC_H5_I64;
    else
        *type = bytes == 1   ? OAC_H5_U8
                : bytes == 2 ? OAC_H5_U16
                : bytes <= 4 ? OAC_H5_U32
                             : OAC_H5_U64;
    return true;
}

/* Data that lie in other files (external storage, virtual data sets) would let a file read any other. */
static bool lies_elsewhere(hid_t data_set)
{
    hid_t creation = H5Dget_create_plist(data_set);
    bool elsewhere = creation < 0 || H5Pget_external_count(creation) != 0 ||
                     H5Pget_layout(creation) == H5D_VIRTUAL;
    H5Pclose(creation);
    return elsewhere;
}

/* Fills dims, rank, bytes of the record; sends the reason when it cannot. */
static bool measure(struct oac_h5_child *child, hid_t space, size_t element_bytes,
                    struct oac_h5_record *record)
{
    hsize_t dims[H5S_MAX_RANK];
    int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    if (rank < 0 || rank > MAX_RANK)
        return oac_h5_child_fail(child, OAC_EUNSUPPORTED, "%s: rank %d, at most %d is accepted",
                                 child->path, rank, MAX_RANK);
    uint64_t bytes = element_bytes;
    bool fits = true;
    for (int i = 0; i < rank; i++) {
        record->dims[i] = dims[i];
        fits = fits && !__builtin_mul_overflow(bytes, dims[i], &bytes);
    }
    if (!fits || bytes > child->array_budget)
        return oac_h5_child_fail(
            child, OAC_EINVAL, "%s: too large; all arrays together may have at most %zu bytes",
            child->path, child->max_bytes);
    record->rank = (uint32_t)rank;
    record->bytes = bytes;
    child->array_budget -= (size_t)bytes;
    return true;
}

static bool send_numbers(struct oac_h5_child *child, hid_t data_set, hid_t stored, hid_t space,
                         H5T_class_t class)
{
    enum oac_h5_type type;
    if (!choose_type(stored, class, &type))
        return oac_h5_child_fail(child, OAC_EUNSUPPORTED,
                                 "%s: numbers of %zu bytes are not accepted; store float32",
                                 child->path, H5Tget_size(stored));
    if (lies_elsewhere(data_set))
        return oac_h5_child_fail(child, OAC_EUNSUPPORTED,
                                 "%s: its data lie in another file; store them in this one",
                                 child->path);
    struct oac_h5_record record = {.kind = OAC_H5_RECORD_ARRAY, .type = (uint32_t)type};
    if (!measure(child, space, oac_h5_type_bytes(type), &record))
        return false;
    void *data = calloc(record.bytes + 1, 1);
    if (!data)
        return oac_h5_child_fail(child, OAC_ENOMEM, "%s: cannot allocate %llu bytes",
                                 child->path, (unsigned long long)record.bytes);
    if (record.bytes > 0 &&
        H5Dread(data_set, oac_h5_memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        return oac_h5_child_fail(child, OAC_EPARSE, "%s: its data cannot be read", child->path);
    bool sent = oac_h5_child_send(child, record, child->path, "", data);
    free(data);
    return sent;
}

bool oac_h5_child_array(struct oac_h5_child *child, hid_t data_set)
{
    hid_t stored = H5Dget_type(data_set), space = H5Dget_space(data_set);
    if (stored < 0 || space < 0)
        return oac_h5_child_fail(child, OAC_EPARSE, "%s: its type or shape cannot be read",
                                 child->path);
    H5T_class_t class = H5Tget_class(stored);
    bool numeric = class == H5T_INTEGER || class == H5T_FLOAT;
    bool sent = true; /* texts, compounds, references and empty ones are skipped */
    if (numeric && H5Sget_simple_extent_type(space) != H5S_NULL)
        sent = send_numbers(child, data_set, stored, space, class);
    H5Sclose(space);
    H5Tclose(stored);
    return sent;
}
