/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "base/h5_internal.h"

/* Makes a group unless something of that name is there. */
static bool make_group(hid_t file, const char *where)
{
    htri_t present = H5Lexists(file, where, H5P_DEFAULT);
    if (present != 0)
        return present > 0;
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE), group = H5I_INVALID_HID;
    if (oac_h5_plain_header(creation))
        group = H5Gcreate2(file, where, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Pclose(creation);
    if (group >= 0)
        H5Gclose(group);
    return group >= 0;
}

/* All groups from the root to `where`, one by one: HDF5's own way of making those in between gives them
 * other properties. */
static bool make_groups(hid_t file, const char *where)
{
    char part[OAC_H5_NAME_BYTES];
    size_t length = strlen(where);
    for (size_t at = 2; at <= length; at++) {
        if (where[at] != '/' && where[at] != '\0')
            continue;
        memcpy(part, where, at);
        part[at] = '\0';
        if (!make_group(file, part))
            return false;
    }
    return true;
}

enum oac_status oac_h5_open_object(struct oac_h5_writer *writer, const char *where,
                                   hid_t *object, struct oac_err *err)
{
    if (where[0] != '/' || strlen(where) >= OAC_H5_NAME_BYTES)
        return oac_fail(err, OAC_EINVAL,
                        "HDF5 path \"%.100s\": expected / and at most %u bytes", where,
                        OAC_H5_NAME_BYTES - 1);
    hid_t opened = make_groups(writer->file, where) ? H5Oopen(writer->file, where, H5P_DEFAULT)
                                                    : H5I_INVALID_HID;
    if (opened < 0)
        return oac_h5_fail(err, "open", where);
    *object = opened;
    return OAC_OK;
}

enum oac_status oac_h5_write_attribute(hid_t object, const char *name, hid_t file_type,
                                       hid_t memory_type, hid_t space, const void *data,
                                       struct oac_err *err)
{
    htri_t present = H5Aexists(object, name);
    if (present < 0 || (present > 0 && H5Adelete(object, name) < 0))
        return oac_h5_fail(err, "replace attribute", name);
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0)
        return oac_h5_fail(err, "create attribute", name);
    enum oac_status status = OAC_OK;
    if (H5Awrite(attribute, memory_type, data) < 0)
        status = oac_h5_fail(err, "write attribute", name);
    H5Aclose(attribute);
    return status;
}

enum oac_status oac_h5_write_text(hid_t object, const char *name, const char *text,
                                  struct oac_err *err)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(text) + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    enum oac_status status = oac_h5_write_attribute(object, name, type, type, space, text, err);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

enum oac_status oac_h5_put_text(struct oac_h5_writer *writer, const char *where,
                                const char *name, const char *text, struct oac_err *err)
{
    oac_h5_quiet();
    hid_t object;
    enum oac_status status = oac_h5_open_object(writer, where, &object, err);
    if (status)
        return status;
    status = oac_h5_write_text(object, name, text, err);
    H5Oclose(object);
    return status;
}

/* count 1 and scalar: a single number; otherwise one dimension. */
static enum oac_status put_numbers(struct oac_h5_writer *writer, const char *where,
                                   const char *name, hid_t file_type, hid_t memory_type,
                                   bool scalar, const void *values, size_t count,
                                   struct oac_err *err)
{
    oac_h5_quiet();
    hid_t object;
    enum oac_status status = oac_h5_open_object(writer, where, &object, err);
    if (status)
        return status;
    hsize_t length = count;
    hid_t space = scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &length, NULL);
    status = oac_h5_write_attribute(object, name, file_type, memory_type, space, values, err);
    H5Sclose(space);
    H5Oclose(object);
    return status;
}

enum oac_status oac_h5_put_real(struct oac_h5_writer *writer, const char *where,
                                const char *name, double value, struct oac_err *err)
{
    return put_numbers(writer, where, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, true, &value, 1,
                       err);
}

enum oac_status oac_h5_put_integer(struct oac_h5_writer *writer, const char *where,
                                   const char *name, int64_t value, struct oac_err *err)
{
    return put_numbers(writer, where, name, H5T_STD_I64LE, H5T_NATIVE_INT64, true, &value, 1,
                       err);
}

enum oac_status oac_h5_put_integers(struct oac_h5_writer *writer, const char *where,
                                    const char *name, const int64_t *values, size_t count,
                                    struct oac_err *err)
{
    return put_numbers(writer, where, name, H5T_STD_I64LE, H5T_NATIVE_INT64, false, values,
                       count, err);
}
