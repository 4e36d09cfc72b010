/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/h5_seal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/h5_internal.h"

#define SEAL "seal_sha256"

/* The NUL is hashed too: "ab", "c" is not "a", "bc". */
static void add_text(struct oac_digest *digest, const char *text)
{
    oac_digest_update(digest, text, strlen(text) + 1);
}

static void add_count(struct oac_digest *digest, uint64_t count)
{
    oac_digest_update(digest, &count, sizeof count);
}

static int by_attribute(const void *a, const void *b)
{
    const struct oac_h5_attribute *const *x = a, *const *y = b;
    int order = strcmp((*x)->path, (*y)->path);
    return order ? order : strcmp((*x)->name, (*y)->name);
}

static int by_array(const void *a, const void *b)
{
    const struct oac_h5_array *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

static enum oac_status add_attributes(struct oac_digest *digest, const struct oac_h5_file *file,
                                      struct oac_err *err)
{
    const struct oac_h5_attribute **sorted =
        oac_alloc(file->attribute_count, sizeof *sorted, "seal", err);
    if (!sorted)
        return err->status;
    for (size_t i = 0; i < file->attribute_count; i++)
        sorted[i] = &file->attributes[i];
    qsort(sorted, file->attribute_count, sizeof *sorted, by_attribute);
    for (size_t i = 0; i < file->attribute_count; i++) {
        const struct oac_h5_attribute *attribute = sorted[i];
        if (strcmp(attribute->path, "/") == 0 && strcmp(attribute->name, SEAL) == 0)
            continue;
        add_text(digest, attribute->path);
        add_text(digest, attribute->name);
        if (attribute->kind == OAC_H5_TEXT) {
            add_text(digest, attribute->text);
        } else {
            add_count(digest, attribute->count);
            oac_digest_update(digest, attribute->values,
                              attribute->count * sizeof *attribute->values);
        }
    }
    free(sorted);
    return OAC_OK;
}

static enum oac_status add_arrays(struct oac_digest *digest, const struct oac_h5_file *file,
                                  struct oac_err *err)
{
    const struct oac_h5_array **sorted =
        oac_alloc(file->array_count, sizeof *sorted, "seal", err);
    if (!sorted)
        return err->status;
    for (size_t i = 0; i < file->array_count; i++)
        sorted[i] = &file->arrays[i];
    qsort(sorted, file->array_count, sizeof *sorted, by_array);
    for (size_t i = 0; i < file->array_count; i++) {
        const struct oac_h5_array *array = sorted[i];
        add_text(digest, array->path);
        add_count(digest, (uint64_t)array->type);
        add_count(digest, array->rank);
        for (size_t d = 0; d < array->rank; d++)
            add_count(digest, array->dims[d]);
        oac_digest_update(digest, array->data, array->count * oac_h5_type_bytes(array->type));
    }
    free(sorted);
    return OAC_OK;
}

static enum oac_status seal_of(const struct oac_h5_file *file, char hex[OAC_DIGEST_HEX_BYTES],
                               struct oac_err *err)
{
    struct oac_digest *digest;
    uint8_t sum[32];
    if (oac_digest_create(&digest, err))
        return err->status;
    enum oac_status status = add_attributes(digest, file, err);
    if (!status)
        status = add_arrays(digest, file, err);
    oac_digest_finish(digest, sum);
    oac_digest_hex(sum, hex);
    return status;
}

/* The seal is of the file as it reads, so it is written once without; an interruption leaves it unsealed. */
enum oac_status oac_h5_commit_sealed(struct oac_h5_writer *writer, const char *path,
                                     struct oac_err *err)
{
    struct oac_h5_file *file;
    char hex[OAC_DIGEST_HEX_BYTES];
    if (oac_h5_commit(writer, path, err) || oac_h5_read(path, 0, &file, err))
        return err->status;
    enum oac_status status = seal_of(file, hex, err);
    oac_h5_file_destroy(file);
    if (status || oac_h5_put_text(writer, "/", SEAL, hex, err))
        return err->status;
    return oac_h5_commit(writer, path, err);
}

enum oac_status oac_h5_check_seal(const struct oac_h5_file *file,
                                  char hex[OAC_DIGEST_HEX_BYTES], struct oac_err *err)
{
    const char *stated = oac_h5_find_text(file, "/", SEAL);
    char found[OAC_DIGEST_HEX_BYTES];
    if (!stated)
        return oac_fail(err, OAC_ENOTFOUND, "%s: no seal; it was not finished by oac calibrate",
                        file->path);
    if (seal_of(file, found, err))
        return err->status;
    if (strcmp(stated, found) != 0)
        return oac_fail(err, OAC_EMISMATCH,
                        "%s: sealed as %.12s..., but its contents are %.12s...: damaged or "
                        "changed since; calibrate again",
                        file->path, stated, found);
    if (hex)
        memcpy(hex, found, sizeof found);
    return OAC_OK;
}
