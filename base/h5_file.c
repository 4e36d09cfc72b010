/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5_internal.h"

void oac_h5_file_destroy(struct oac_h5_file *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->attribute_count; i++) {
        free(file->attributes[i].path);
        free(file->attributes[i].name);
        free(file->attributes[i].text);
        free(file->attributes[i].values);
    }
    for (size_t i = 0; i < file->array_count; i++) {
        free(file->arrays[i].path);
        free(file->arrays[i].data);
    }
    free(file->attributes);
    free(file->arrays);
    free(file->path);
    free(file);
}

const struct oac_h5_array *oac_h5_find_array(const struct oac_h5_file *file, const char *path)
{
    for (size_t i = 0; i < file->array_count; i++)
        if (strcmp(file->arrays[i].path, path) == 0)
            return &file->arrays[i];
    return NULL;
}

const struct oac_h5_attribute *oac_h5_find_attribute(const struct oac_h5_file *file,
                                                     const char *where, const char *name)
{
    for (size_t i = 0; i < file->attribute_count; i++)
        if (strcmp(file->attributes[i].path, where) == 0 &&
            strcmp(file->attributes[i].name, name) == 0)
            return &file->attributes[i];
    return NULL;
}

const char *oac_h5_find_text(const struct oac_h5_file *file, const char *where,
                             const char *name)
{
    const struct oac_h5_attribute *attribute = oac_h5_find_attribute(file, where, name);
    return attribute && attribute->kind == OAC_H5_TEXT ? attribute->text : NULL;
}

/* "(100, 784)", with "any" where dims[i] is 0 and `wanted`. */
static void format_shape(size_t rank, const size_t *dims, bool wanted, char *text, size_t bytes)
{
    size_t used = (size_t)snprintf(text, bytes, "(");
    for (size_t i = 0; i < rank && used < bytes; i++) {
        const char *comma = i + 1 < rank ? ", " : "";
        if (wanted && dims[i] == 0)
            used += (size_t)snprintf(text + used, bytes - used, "any%s", comma);
        else
            used += (size_t)snprintf(text + used, bytes - used, "%zu%s", dims[i], comma);
    }
    if (used < bytes)
        snprintf(text + used, bytes - used, ")");
}

static enum oac_status check_shape(const struct oac_h5_file *file,
                                   const struct oac_h5_array *array, size_t rank,
                                   const size_t *dims, struct oac_err *err)
{
    bool same = array->rank == rank;
    for (size_t i = 0; same && i < rank; i++)
        same = dims[i] == 0 || dims[i] == array->dims[i];
    if (same)
        return OAC_OK;
    char have[128], expected[128];
    format_shape(array->rank, array->dims, false, have, sizeof have);
    format_shape(rank, dims, true, expected, sizeof expected);
    return oac_fail(err, OAC_EMISMATCH, "%s: %s has shape %s, expected %s", file->path,
                    array->path, have, expected);
}

enum oac_status oac_h5_need_f32(const struct oac_h5_file *file, const char *path, size_t rank,
                                const size_t *dims, const struct oac_h5_array **array,
                                struct oac_err *err)
{
    const struct oac_h5_array *found = oac_h5_find_array(file, path);
    if (!found)
        return oac_fail(err, OAC_ENOTFOUND, "%s: data set %s is missing; expected float32",
                        file->path, path);
    if (found->type != OAC_H5_F32)
        return oac_fail(err, OAC_EMISMATCH, "%s: %s is %s, expected float32", file->path, path,
                        oac_h5_type_name(found->type));
    enum oac_status status = check_shape(file, found, rank, dims, err);
    if (status)
        return status;
    const float *values = found->data;
    for (size_t i = 0; i < found->count; i++)
        if (!isfinite(values[i]))
            return oac_fail(err, OAC_EINVAL, "%s: %s[%zu] (flat index) is %g, expected finite",
                            file->path, path, i, (double)values[i]);
    *array = found;
    return OAC_OK;
}

static enum oac_status need_attribute(const struct oac_h5_file *file, const char *where,
                                      const char *name, const char *expected,
                                      const struct oac_h5_attribute **attribute,
                                      struct oac_err *err)
{
    *attribute = oac_h5_find_attribute(file, where, name);
    if (*attribute)
        return OAC_OK;
    return oac_fail(err, OAC_ENOTFOUND, "%s: attribute %s of %s is missing; expected %s",
                    file->path, name, where, expected);
}

enum oac_status oac_h5_need_text(const struct oac_h5_file *file, const char *where,
                                 const char *name, const char **text, struct oac_err *err)
{
    const struct oac_h5_attribute *attribute;
    enum oac_status status = need_attribute(file, where, name, "a text", &attribute, err);
    if (status)
        return status;
    if (attribute->kind != OAC_H5_TEXT)
        return oac_fail(err, OAC_EMISMATCH,
                        "%s: attribute %s of %s is a number, expected a text", file->path, name,
                        where);
    *text = attribute->text;
    return OAC_OK;
}

enum oac_status oac_h5_need_real(const struct oac_h5_file *file, const char *where,
                                 const char *name, double min, double max, double *value,
                                 struct oac_err *err)
{
    const struct oac_h5_attribute *attribute;
    enum oac_status status = need_attribute(file, where, name, "a number", &attribute, err);
    if (status)
        return status;
    if (attribute->kind != OAC_H5_REALS || attribute->count != 1)
        return oac_fail(err, OAC_EMISMATCH, "%s: attribute %s of %s is not one number",
                        file->path, name, where);
    double found = attribute->values[0];
    if (!(found >= min && found <= max))
        return oac_fail(err, OAC_EINVAL, "%s: attribute %s of %s is %g, expected %g to %g",
                        file->path, name, where, found, min, max);
    *value = found;
    return OAC_OK;
}
