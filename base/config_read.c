/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/config_internal.h"
#include "base/file.h"

static size_t components_of(const char *path)
{
    size_t components = 1;
    for (const char *c = path; *c; c++)
        components += *c == '.';
    return components;
}

size_t oac_config_slot(const struct oac_config_table *table, const struct oac_config_key *key,
                       const char *path)
{
    return (size_t)(key - table->keys) * OAC_CONFIG_DEPTH + components_of(path) - 1;
}

enum oac_status oac_config_check_required(const struct oac_config_table *table,
                                          const size_t *seen_line, struct oac_err *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct oac_config_key *key = &table->keys[i];
        if (key->default_text || seen_line[oac_config_slot(table, key, key->path)])
            continue;
        char expected[256];
        oac_config_describe(key, expected, sizeof expected);
        return oac_fail(err, OAC_ENOTFOUND, "%s is missing; expected %s", key->path, expected);
    }
    return OAC_OK;
}

/* A table that does not fit the object, or nests too deeply, would make us write out of bounds.
 */
static enum oac_status check_table(const struct oac_config_table *table, size_t object_bytes,
                                   struct oac_err *err)
{
    static const size_t field_bytes[] = {
        [OAC_CONFIG_REAL] = sizeof(double),
        [OAC_CONFIG_INTEGER] = sizeof(int64_t),
        [OAC_CONFIG_BOOL] = sizeof(bool),
        [OAC_CONFIG_CHOICE] = sizeof(int),
        [OAC_CONFIG_TEXT] = OAC_CONFIG_TEXT_BYTES,
        [OAC_CONFIG_REALS] = sizeof(struct oac_config_reals),
    };
    for (size_t i = 0; i < table->count; i++) {
        const struct oac_config_key *key = &table->keys[i];
        if (key->offset + field_bytes[key->type] > object_bytes ||
            components_of(key->path) > OAC_CONFIG_DEPTH ||
            strlen(key->path) >= OAC_CONFIG_PATH_BYTES)
            return oac_fail(err, OAC_EINTERNAL,
                            "%s table: %s lies outside its object or is too deep", table->name,
                            key->path);
    }
    return OAC_OK;
}

static enum oac_status check_lists(const struct oac_config_document *document,
                                   size_t object_bytes, struct oac_err *err)
{
    for (size_t i = 0; i < document->list_count; i++) {
        const struct oac_config_list *list = &document->lists[i];
        if (document->list_count > OAC_CONFIG_LISTS_MAX || strchr(list->path, '.') ||
            list->offset > object_bytes || list->max == 0 ||
            (object_bytes - list->offset) / list->max < list->stride ||
            list->count_offset + sizeof(size_t) > object_bytes)
            return oac_fail(err, OAC_EINTERNAL, "%s table: list %s lies outside its object",
                            document->table->name, list->path);
        if (check_table(list->element, list->stride, err))
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status parse_document(const struct oac_config_document *document, void *object,
                                      size_t object_bytes, struct oac_err *err)
{
    const struct oac_config_table *table = document->table;
    enum oac_status status = check_table(table, object_bytes, err);
    if (!status)
        status = check_lists(document, object_bytes, err);
    if (status)
        return status;
    if (document->length > OAC_CONFIG_FILE_BYTES)
        return oac_fail(err, OAC_EINVAL, "%s: %zu bytes, at most %u are accepted",
                        document->file, document->length, OAC_CONFIG_FILE_BYTES);
    size_t *seen_line = NULL;
    void *parsed = oac_alloc(object_bytes, 1, table->name, err);
    if (!parsed)
        return OAC_ENOMEM;
    memcpy(parsed, object, object_bytes); /* fields that the table does not name stay */
    seen_line = oac_alloc(table->count, OAC_CONFIG_DEPTH * sizeof *seen_line, table->name, err);
    if (!seen_line) {
        status = OAC_ENOMEM;
        goto free_parsed;
    }
    status = oac_config_defaults(table, parsed, err);
    if (!status)
        status = oac_config_walk(document, parsed, seen_line, err);
    if (!status && oac_config_check_required(table, seen_line, err))
        status = oac_fail_within(err, "%s", document->file);
    if (!status)
        memcpy(object, parsed, object_bytes);

free_parsed:
    free(seen_line);
    free(parsed);
    return status;
}

enum oac_status oac_config_parse_lists(const struct oac_config_table *table,
                                       const struct oac_config_list *lists, size_t list_count,
                                       const char *file, const char *text, size_t length,
                                       void *object, size_t object_bytes, struct oac_err *err)
{
    struct oac_config_document document = {.table = table,
                                           .lists = lists,
                                           .list_count = list_count,
                                           .file = file,
                                           .text = text,
                                           .length = length};
    return parse_document(&document, object, object_bytes, err);
}

enum oac_status oac_config_parse(const struct oac_config_table *table, const char *file,
                                 const char *text, size_t length, void *object,
                                 size_t object_bytes, struct oac_err *err)
{
    return oac_config_parse_lists(table, NULL, 0, file, text, length, object, object_bytes,
                                  err);
}

enum oac_status oac_config_read_lists(const struct oac_config_table *table,
                                      const struct oac_config_list *lists, size_t list_count,
                                      const char *path, void *object, size_t object_bytes,
                                      struct oac_err *err)
{
    char *text;
    size_t length;
    enum oac_status status = oac_file_read(path, OAC_CONFIG_FILE_BYTES, &text, &length, err);
    if (status)
        return status;
    status = oac_config_parse_lists(table, lists, list_count, path, text, length, object,
                                    object_bytes, err);
    free(text);
    return status;
}

enum oac_status oac_config_read(const struct oac_config_table *table, const char *path,
                                void *object, size_t object_bytes, char **text_out,
                                struct oac_err *err)
{
    char *text;
    size_t length;
    enum oac_status status = oac_file_read(path, OAC_CONFIG_FILE_BYTES, &text, &length, err);
    if (status)
        return status;
    status = oac_config_parse(table, path, text, length, object, object_bytes, err);
    if (!status && text_out)
        *text_out = text;
    else
        free(text);
    return status;
}
