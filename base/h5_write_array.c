/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/alloc.h"
#include "base/h5_internal.h"

#define MAX_RANK       4u
#define COMPRESS_BYTES 65536u  /* smaller ones are stored as they are */
#define CHUNK_BYTES    262144u /* fits HDF5's chunk cache of 1 MiB several times */
#define DEFLATE_LEVEL  4u

static hid_t file_type(enum oac_h5_type type)
{
    switch (type) {
    case OAC_H5_F32:
        return H5T_IEEE_F32LE;
    case OAC_H5_F64:
        return H5T_IEEE_F64LE;
    case OAC_H5_U8:
        return H5T_STD_U8LE;
    case OAC_H5_U16:
        return H5T_STD_U16LE;
    case OAC_H5_U32:
        return H5T_STD_U32LE;
    case OAC_H5_U64:
        return H5T_STD_U64LE;
    case OAC_H5_I64:
        return H5T_STD_I64LE;
    }
    return H5I_INVALID_HID;
}

/* Cuts the dimensions from the first until a chunk is small. */
static void choose_chunk(size_t rank, const hsize_t *dims, size_t element_bytes, hsize_t *chunk)
{
    hsize_t bytes = element_bytes;
    for (size_t i = 0; i < rank; i++) {
        chunk[i] = dims[i];
        bytes *= dims[i];
    }
    for (size_t i = 0; i < rank; i++) {
        while (chunk[i] > 1 && bytes > CHUNK_BYTES) {
            bytes = bytes / chunk[i] * ((chunk[i] + 1) / 2);
            chunk[i] = (chunk[i] + 1) / 2;
        }
    }
}

/* Copies name `index` of a comma-separated list; false when it is empty, too long or not there. */
static bool name_at(const char *names, size_t index, char name[OAC_H5_NAME_BYTES])
{
    for (; index > 0; index--) {
        names = strchr(names, ',');
        if (!names)
            return false;
        names++;
    }
    size_t length = strcspn(names, ",");
    if (length == 0 || length >= OAC_H5_NAME_BYTES)
        return false;
    memcpy(name, names, length);
    name[length] = '\0';
    return true;
}

/* The labels that other programs show (HDF5 Dimension Scales specification): DIMENSION_LABELS, one
 * variable-length text per dimension, and the same as one text that is easy to read back. */
static enum oac_status write_dimensions(hid_t data_set, size_t rank, const char *dim_names,
                                        struct oac_err *err)
{
    char names[MAX_RANK][OAC_H5_NAME_BYTES];
    const char *labels[MAX_RANK];
    for (size_t i = 0; i < rank; i++) {
        name_at(dim_names, i, names[i]);
        labels[i] = names[i];
    }
    hsize_t count = rank;
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, NULL);
    H5Tset_size(type, H5T_VARIABLE);
    enum oac_status status =
        oac_h5_write_attribute(data_set, "DIMENSION_LABELS", type, type, space, labels, err);
    H5Sclose(space);
    H5Tclose(type);
    if (status)
        return status;
    return oac_h5_write_text(data_set, "dimensions", dim_names, err);
}

static enum oac_status check_request(const char *path, enum oac_h5_type type, size_t rank,
                                     const size_t *dims, const char *dim_names, size_t *bytes,
                                     struct oac_err *err)
{
    char name[OAC_H5_NAME_BYTES];
    if (path[0] != '/' || path[1] == '\0' || strlen(path) >= OAC_H5_NAME_BYTES)
        return oac_fail(err, OAC_EINVAL, "HDF5 path \"%.100s\": expected /name", path);
    if (rank < 1 || rank > MAX_RANK)
        return oac_fail(err, OAC_EINVAL, "%s: rank %zu, expected 1 to %u", path, rank,
                        MAX_RANK);
    bool named = !name_at(dim_names, rank, name); /* none too many */
    for (size_t i = 0; i < rank; i++)
        named = named && name_at(dim_names, i, name);
    if (!named)
        return oac_fail(err, OAC_EINVAL, "%s: \"%s\" does not name %zu dimensions", path,
                        dim_names, rank);
    size_t product = oac_h5_type_bytes(type);
    for (size_t i = 0; i < rank; i++) {
        enum oac_status status = oac_size_product(product, dims[i], path, &product, err);
        if (status)
            return status;
    }
    *bytes = product;
    return OAC_OK;
}

static hid_t create_data_set(hid_t file, const char *path, enum oac_h5_type type, size_t rank,
                             const hsize_t *dims, bool compress)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple((int)rank, dims, NULL), data_set = H5I_INVALID_HID;
    hsize_t chunk[MAX_RANK];
    bool ready = oac_h5_plain_header(creation);
    if (compress) {
        choose_chunk(rank, dims, oac_h5_type_bytes(type), chunk);
        ready = ready && H5Pset_chunk(creation, (int)rank, chunk) >= 0 &&
                H5Pset_shuffle(creation) >= 0 && H5Pset_deflate(creation, DEFLATE_LEVEL) >= 0;
    }
    if (ready)
        data_set =
            H5Dcreate2(file, path, file_type(type), space, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(creation);
    return data_set;
}

/* Makes the group above `path`. */
static enum oac_status make_parent(struct oac_h5_writer *writer, const char *path,
                                   struct oac_err *err)
{
    char parent[OAC_H5_NAME_BYTES];
    hid_t object;
    strcpy(parent, path);
    *strrchr(parent, '/') = '\0';
    if (parent[0] == '\0')
        return OAC_OK;
    enum oac_status status = oac_h5_open_object(writer, parent, &object, err);
    if (!status)
        H5Oclose(object);
    return status;
}

/* Writes element by element in order; a piece that does not fit is an error of the giver. */
static enum oac_status write_pieces(hid_t data_set, const char *path, enum oac_h5_type type,
                                    size_t total, oac_h5_piece *next, void *context,
                                    struct oac_err *err)
{
    hsize_t begin = 0, whole = total;
    hid_t space = H5Screate_simple(1, &whole, NULL);
    enum oac_status status = OAC_OK;
    while (!status && begin < whole) {
        const void *data = NULL;
        size_t given = 0;
        status = next(context, &data, &given, err);
        hsize_t count = given;
        if (!status && (count == 0 || count > whole - begin))
            status = oac_fail(err, OAC_EINTERNAL,
                              "%s: a piece of %zu elements at %zu of %zu: please report it",
                              path, given, (size_t)begin, total);
        if (status)
            break;
        hid_t memory = H5Screate_simple(1, &count, NULL);
        if (H5Sselect_hyperslab(space, H5S_SELECT_SET, &begin, NULL, &count, NULL) < 0 ||
            H5Dwrite(data_set, oac_h5_memory_type(type), memory, space, H5P_DEFAULT, data) < 0)
            status = oac_h5_fail(err, "write", path);
        H5Sclose(memory);
        begin += count;
    }
    H5Sclose(space);
    return status;
}

static enum oac_status put_data_set(struct oac_h5_writer *writer, const char *path,
                                    enum oac_h5_type type, size_t rank, const size_t *dims,
                                    const char *dim_names, bool compress, hid_t *data_set,
                                    size_t *bytes, struct oac_err *err)
{
    oac_h5_quiet();
    hsize_t lengths[MAX_RANK];
    enum oac_status status = check_request(path, type, rank, dims, dim_names, bytes, err);
    if (!status)
        status = make_parent(writer, path, err);
    if (status)
        return status;
    for (size_t i = 0; i < rank; i++)
        lengths[i] = dims[i];
    *data_set = create_data_set(writer->file, path, type, rank, lengths,
                                compress && *bytes >= COMPRESS_BYTES);
    return *data_set < 0 ? oac_h5_fail(err, "create", path) : OAC_OK;
}

static enum oac_status label(hid_t data_set, size_t rank, const char *dim_names,
                             const char *unit, struct oac_err *err)
{
    if (oac_h5_write_text(data_set, "unit", unit, err))
        return err->status;
    return write_dimensions(data_set, rank, dim_names, err);
}

enum oac_status oac_h5_put_array(struct oac_h5_writer *writer, const char *path,
                                 enum oac_h5_type type, size_t rank, const size_t *dims,
                                 const char *dim_names, const char *unit, bool compress,
                                 const void *data, struct oac_err *err)
{
    size_t bytes;
    hid_t data_set;
    enum oac_status status = put_data_set(writer, path, type, rank, dims, dim_names, compress,
                                          &data_set, &bytes, err);
    if (status)
        return status;
    if (bytes > 0 &&
        H5Dwrite(data_set, oac_h5_memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        status = oac_h5_fail(err, "write", path);
    if (!status)
        status = label(data_set, rank, dim_names, unit, err);
    H5Dclose(data_set);
    return status;
}

enum oac_status oac_h5_put_pieces(struct oac_h5_writer *writer, const char *path,
                                  enum oac_h5_type type, size_t count, const char *dim_name,
                                  const char *unit, oac_h5_piece *next, void *context,
                                  struct oac_err *err)
{
    size_t bytes;
    hid_t data_set;
    enum oac_status status =
        put_data_set(writer, path, type, 1, &count, dim_name, true, &data_set, &bytes, err);
    if (status)
        return status;
    status = write_pieces(data_set, path, type, count, next, context, err);
    if (!status)
        status = label(data_set, 1, dim_name, unit, err);
    H5Dclose(data_set);
    return status;
}
