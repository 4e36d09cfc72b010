/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/h5_child.h"

/* Takes `bytes` from the budget of attributes. */
static bool charge(struct oac_h5_child *child, const char *name, uint64_t bytes)
{
    if (bytes > child->attribute_budget)
        return oac_h5_child_fail(
            child, OAC_EPARSE,
            "attribute %.100s of %s: all attributes together exceed %u bytes", name,
            oac_h5_child_path(child), OAC_H5_ATTRIBUTE_BYTES);
    child->attribute_budget -= (size_t)bytes;
    return true;
}

static bool fail_attribute(struct oac_h5_child *child, const char *name)
{
    return oac_h5_child_fail(child, OAC_EPARSE, "attribute %.100s of %s: cannot be read", name,
                             oac_h5_child_path(child));
}

static bool send_reals(struct oac_h5_child *child, hid_t attribute, const char *name,
                       size_t count)
{
    if (!charge(child, name, count * sizeof(double)))
        return false;
    double *values = calloc(count + 1, sizeof *values);
    if (!values || H5Aread(attribute, H5T_NATIVE_DOUBLE, values) < 0)
        return fail_attribute(child, name);
    struct oac_h5_record record = {.kind = OAC_H5_RECORD_REALS,
                                   .bytes = count * sizeof *values};
    bool sent = oac_h5_child_send(child, record, oac_h5_child_path(child), name, values);
    free(values);
    return sent;
}

/* Appends `length` bytes up to the first NUL to *joined, after a newline unless it is the first text. */
static bool append(struct oac_h5_child *child, const char *name, const char *text,
                   size_t length, bool first, char **joined, size_t *used)
{
    length = strnlen(text, length);
    if (!charge(child, name, length + 1))
        return false;
    char *grown = realloc(*joined, *used + length + 2);
    if (!grown)
        return fail_attribute(child, name);
    *joined = grown;
    if (!first)
        grown[(*used)++] = '\n';
    memcpy(grown + *used, text, length);
    *used += length;
    return true;
}

static bool join_variable(struct oac_h5_child *child, hid_t attribute, const char *name,
                          hid_t type, size_t count, char **joined, size_t *used)
{
    if (!charge(child, name, count * sizeof(char *)))
        return false;
    char **texts = calloc(count + 1, sizeof *texts);
    if (!texts || H5Aread(attribute, type, texts) < 0)
        return fail_attribute(child, name);
    for (size_t i = 0; i < count; i++)
        if (!append(child, name, texts[i] ? texts[i] : "", SIZE_MAX, i == 0, joined, used))
            return false;
    return true;
}

static bool join_fixed(struct oac_h5_child *child, hid_t attribute, const char *name,
                       hid_t type, size_t count, char **joined, size_t *used)
{
    size_t width = H5Tget_size(type), bytes;
    if (width == 0 || __builtin_mul_overflow(width, count, &bytes) ||
        !charge(child, name, bytes))
        return width ? false : fail_attribute(child, name);
    char *texts = calloc(bytes + 1, 1);
    if (!texts || H5Aread(attribute, type, texts) < 0)
        return fail_attribute(child, name);
    for (size_t i = 0; i < count; i++) {
        size_t length = width;
        while (H5Tget_strpad(type) == H5T_STR_SPACEPAD && length > 0 &&
               texts[i * width + length - 1] == ' ')
            length--;
        if (!append(child, name, texts + i * width, length, i == 0, joined, used))
            return false;
    }
    free(texts);
    return true;
}

static bool send_text(struct oac_h5_child *child, hid_t attribute, const char *name, hid_t type,
                      size_t count)
{
    char *joined = NULL;
    size_t used = 0;
    bool read = H5Tis_variable_str(type) > 0
                    ? join_variable(child, attribute, name, type, count, &joined, &used)
                    : join_fixed(child, attribute, name, type, count, &joined, &used);
    struct oac_h5_record record = {.kind = OAC_H5_RECORD_TEXT, .bytes = used};
    bool sent =
        read && oac_h5_child_send(child, record, oac_h5_child_path(child), name, joined);
    free(joined);
    return sent;
}

static bool send_attribute(struct oac_h5_child *child, hid_t attribute, const char *name)
{
    hid_t space = H5Aget_space(attribute), type = H5Aget_type(attribute);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    int rank = H5Sget_simple_extent_ndims(space);
    H5T_class_t class = H5Tget_class(type);
    if (space < 0 || type < 0 || count < 0 || count > OAC_H5_ATTRIBUTE_BYTES)
        return fail_attribute(child, name);
    bool sent = true;
    if (rank > 1 || H5Sget_simple_extent_type(space) == H5S_NULL)
        sent = true; /* nothing that the interface can hold */
    else if (class == H5T_STRING)
        sent = send_text(child, attribute, name, type, (size_t)count);
    else if (class == H5T_INTEGER || class == H5T_FLOAT)
        sent = send_reals(child, attribute, name, (size_t)count);
    H5Tclose(type);
    H5Sclose(space);
    return sent;
}

static herr_t walk_attribute(hid_t object, const char *name, const H5A_info_t *info,
                             void *context)
{
    struct oac_h5_child *child = context;
    (void)info;
    if (strlen(name) >= OAC_H5_NAME_BYTES || ++child->records > OAC_H5_MAX_RECORDS) {
        oac_h5_child_fail(child, OAC_EPARSE,
                          "%s: its attributes are too many or their names too "
                          "long",
                          oac_h5_child_path(child));
        return -1;
    }
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    bool sent =
        attribute >= 0 ? send_attribute(child, attribute, name) : fail_attribute(child, name);
    H5Aclose(attribute);
    return sent ? 0 : -1;
}

bool oac_h5_child_attributes(struct oac_h5_child *child, hid_t object)
{
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, walk_attribute, child) < 0)
        return oac_h5_child_fail(child, OAC_EPARSE, "%s: its attributes are corrupt",
                                 oac_h5_child_path(child));
    return true;
}
