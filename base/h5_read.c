/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parent's side of reading: every length in the child's stream is checked before memory is taken for it,
 * because a hostile file may have taken the child over. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/h5_guard.h"
#include "base/h5_internal.h"

struct stream {
    struct oac_h5_guard guard;
    struct oac_h5_file *file;
    size_t array_budget, attribute_budget; /* bytes that may still come */
    struct oac_err *err;
};

/* Why a record was not taken. BROKEN: the stream ended or makes no sense; FAILED: *err is filled. */
enum outcome { TAKEN, LAST, BROKEN, FAILED };

/* Room for one more item, in steps of powers of two. */
static bool reserve(void **items, size_t count, size_t item_bytes, struct oac_err *err)
{
    if (count & (count - 1))
        return true;
    void *grown = oac_alloc(count ? 2 * count : 1, item_bytes, "HDF5 objects", err);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *items, count * item_bytes);
    free(*items);
    *items = grown;
    return true;
}

/* Receives a text of `bytes` (bounded by the caller) without NULs. */
static enum outcome receive_text(struct stream *stream, size_t bytes, char **text)
{
    char *received = oac_alloc(bytes + 1, 1, "HDF5 text", stream->err);
    if (!received)
        return FAILED;
    if (!oac_h5_guard_receive(&stream->guard, received, bytes) || strlen(received) != bytes) {
        free(received);
        return BROKEN;
    }
    *text = received;
    return TAKEN;
}

static enum outcome receive_data(struct stream *stream, size_t bytes, void **data)
{
    void *received = oac_alloc(bytes, 1, "HDF5 data", stream->err);
    if (!received)
        return FAILED;
    if (!oac_h5_guard_receive(&stream->guard, received, bytes)) {
        free(received);
        return BROKEN;
    }
    *data = received;
    return TAKEN;
}

/* The record is appended before it is filled, so that oac_h5_file_destroy() frees what has come. */
static enum outcome take_attribute(struct stream *stream, const struct oac_h5_record *record)
{
    struct oac_h5_file *file = stream->file;
    bool is_text = record->kind == OAC_H5_RECORD_TEXT;
    if (record->bytes > stream->attribute_budget ||
        (!is_text && record->bytes % sizeof(double) != 0) ||
        file->attribute_count >= OAC_H5_MAX_RECORDS)
        return BROKEN;
    stream->attribute_budget -= (size_t)record->bytes;
    if (!reserve((void **)&file->attributes, file->attribute_count, sizeof *file->attributes,
                 stream->err))
        return FAILED;
    struct oac_h5_attribute *attribute = &file->attributes[file->attribute_count++];
    *attribute = (struct oac_h5_attribute){.kind = is_text ? OAC_H5_TEXT : OAC_H5_REALS};
    enum outcome outcome = receive_text(stream, record->path_bytes, &attribute->path);
    if (outcome == TAKEN)
        outcome = receive_text(stream, record->name_bytes, &attribute->name);
    if (outcome != TAKEN)
        return outcome;
    if (is_text)
        return receive_text(stream, (size_t)record->bytes, &attribute->text);
    attribute->count = (size_t)record->bytes / sizeof(double);
    return receive_data(stream, (size_t)record->bytes, (void **)&attribute->values);
}

/* Shape and size agree, and the budget allows it. */
static bool array_is_sound(const struct stream *stream, const struct oac_h5_record *record,
                           size_t *count)
{
    if (record->rank > 4 || record->type > OAC_H5_I64 || record->name_bytes != 0 ||
        record->bytes > stream->array_budget)
        return false;
    size_t product = 1, bytes;
    for (uint32_t i = 0; i < record->rank; i++)
        if (__builtin_mul_overflow(product, record->dims[i], &product))
            return false;
    *count = product;
    return !__builtin_mul_overflow(product, oac_h5_type_bytes(record->type), &bytes) &&
           bytes == record->bytes;
}

static enum outcome take_array(struct stream *stream, const struct oac_h5_record *record)
{
    struct oac_h5_file *file = stream->file;
    size_t count;
    if (!array_is_sound(stream, record, &count) || file->array_count >= OAC_H5_MAX_RECORDS)
        return BROKEN;
    stream->array_budget -= (size_t)record->bytes;
    if (!reserve((void **)&file->arrays, file->array_count, sizeof *file->arrays, stream->err))
        return FAILED;
    struct oac_h5_array *array = &file->arrays[file->array_count++];
    *array = (struct oac_h5_array){.type = record->type, .rank = record->rank, .count = count};
    for (uint32_t i = 0; i < record->rank; i++)
        array->dims[i] = (size_t)record->dims[i];
    enum outcome outcome = receive_text(stream, record->path_bytes, &array->path);
    if (outcome == TAKEN)
        outcome = receive_data(stream, (size_t)record->bytes, &array->data);
    return outcome;
}

static enum outcome take_error(struct stream *stream, const struct oac_h5_record *record)
{
    char *message;
    enum outcome outcome = receive_text(stream, record->path_bytes, &message);
    if (outcome != TAKEN)
        return outcome;
    bool known = record->status > OAC_OK && record->status < OAC_EINTERNAL;
    oac_fail(stream->err, known ? record->status : OAC_EPARSE, "%s: %s", stream->file->path,
             message);
    free(message);
    return FAILED;
}

static enum outcome take_record(struct stream *stream)
{
    struct oac_h5_record record;
    if (!oac_h5_guard_receive(&stream->guard, &record, sizeof record) ||
        record.path_bytes >= OAC_H5_NAME_BYTES || record.name_bytes >= OAC_H5_NAME_BYTES)
        return BROKEN;
    switch (record.kind) {
    case OAC_H5_RECORD_TEXT:
    case OAC_H5_RECORD_REALS:
        return take_attribute(stream, &record);
    case OAC_H5_RECORD_ARRAY:
        return take_array(stream, &record);
    case OAC_H5_RECORD_ERROR:
        return take_error(stream, &record);
    case OAC_H5_RECORD_END:
        return LAST;
    default:
        return BROKEN;
    }
}

static enum oac_status receive_file(struct oac_h5_file *file, size_t max_bytes, int wall_ms,
                                    oac_h5_parser *parser, struct oac_err *err)
{
    struct stream stream = {.file = file,
                            .array_budget = max_bytes,
                            .attribute_budget = OAC_H5_ATTRIBUTE_BYTES,
                            .err = err};
    enum oac_status status =
        oac_h5_guard_start(&stream.guard, file->path, max_bytes, wall_ms, parser, err);
    if (status)
        return status;
    enum outcome outcome;
    do
        outcome = take_record(&stream);
    while (outcome == TAKEN);

    struct oac_err ended; /* how the child ended matters only when it broke off */
    oac_h5_guard_stop(&stream.guard, file->path, &ended);
    if (outcome == BROKEN)
        *err = ended;
    return outcome == LAST ? OAC_OK : err->status;
}

enum oac_status oac_h5_read_within(const char *path, size_t max_bytes, int wall_ms,
                                   oac_h5_parser *parser, struct oac_h5_file **file,
                                   struct oac_err *err)
{
    int fd;
    size_t bytes;
    enum oac_status status = oac_file_open(path, &fd, &bytes, err); /* for its clear messages */
    if (status)
        return status;
    close(fd);
    if (wall_ms == 0)
        wall_ms = OAC_H5_WALL_MS + (int)(bytes / 16384 < 3600000 ? bytes / 16384 : 3600000);
    struct oac_h5_file *made = oac_alloc(1, sizeof *made, path, err);
    if (!made)
        return OAC_ENOMEM;
    if (max_bytes == 0)
        max_bytes = OAC_H5_DEFAULT_BYTES;
    made->path = oac_strdup(path, err);
    status = made->path ? receive_file(made, max_bytes, wall_ms, parser, err) : OAC_ENOMEM;
    if (status) {
        oac_h5_file_destroy(made);
        return status;
    }
    *file = made;
    return OAC_OK;
}

enum oac_status oac_h5_read(const char *path, size_t max_bytes, struct oac_h5_file **file,
                            struct oac_err *err)
{
    return oac_h5_read_within(path, max_bytes, 0, oac_h5_child_run, file, err);
}
