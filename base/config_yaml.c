/* SPDX-License-Identifier: GPL-3.0-or-later */
/* YAML by libyaml's events: every event carries its line, and a document is refused as soon as
 * it leaves the subset (mappings of scalars, no anchors, aliases or tags), before anything is
 * built in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/config_internal.h"

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one, deleted when the next is taken */
    const struct oac_config_document *document;
    const struct oac_config_table *table; /* the document's, or that of a list's element */
    const char *file, *text;
    size_t length;
    void *object;
    size_t *seen_line;                      /* see oac_config_walk() */
    size_t list_line[OAC_CONFIG_LISTS_MAX]; /* where each list was given */
    char element[OAC_CONFIG_PATH_BYTES];    /* "ports[2]" while one is read */
    char path[OAC_CONFIG_PATH_BYTES];       /* of the key being read */
    struct oac_err *err;
};

static size_t line_of(const struct reader *reader)
{
    return reader->event.start_mark.line + 1;
}

static enum oac_status at_line(struct reader *reader, size_t line)
{
    return oac_fail_within(reader->err, "%s:%zu%s%s", reader->file, line,
                           reader->element[0] ? ": " : "", reader->element);
}

static enum oac_status refuse(struct reader *reader, const char *why)
{
    const char *path = reader->path;
    oac_fail(reader->err, OAC_EPARSE, "%s%s%s", path, path[0] ? ": " : "", why);
    return at_line(reader, line_of(reader));
}

static enum oac_status refuse_decoration(struct reader *reader)
{
    const yaml_event_t *event = &reader->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(reader, "YAML aliases are not accepted; write the value out");
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor)
        return refuse(reader, "YAML anchors are not accepted; write the value out");
    if (tag)
        return refuse(reader, "YAML tags are not accepted; the key decides the type");
    return OAC_OK;
}

static enum oac_status next_event(struct reader *reader)
{
    yaml_event_delete(&reader->event);
    if (yaml_parser_parse(&reader->parser, &reader->event))
        return refuse_decoration(reader);
    memset(&reader->event, 0, sizeof reader->event);
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return oac_fail(reader->err, OAC_ENOMEM, "%s: memory is exhausted", reader->file);
    size_t line = parser->problem_mark.line + 1;
    if (parser->error == YAML_READER_ERROR) { /* has an offset instead */
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && i < reader->length; i++)
            line += reader->text[i] == '\n';
    }
    oac_fail(reader->err, OAC_EPARSE, "not valid YAML: %s",
             parser->problem ? parser->problem : "unknown problem");
    return at_line(reader, line);
}

/* Appends a component to the path; returns its former length through *length. */
static enum oac_status enter_key(struct reader *reader, size_t *length)
{
    const yaml_event_t *event = &reader->event;
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(reader, "a key must be a plain word");
    const char *name = (const char *)event->data.scalar.value;
    size_t bytes = event->data.scalar.length;
    char shown[OAC_CONFIG_SHOWN_BYTES];
    oac_config_show(name, shown);
    *length = strlen(reader->path);
    if (bytes == 0 || bytes != strlen(name) || *length + bytes + 2 > sizeof reader->path ||
        memchr(name, '.', bytes)) {
        oac_fail(
            reader->err, OAC_EPARSE,
            "\"%s\" cannot be a key: it is empty, too long or contains a dot (nest sections "
            "instead)",
            shown);
        return at_line(reader, line_of(reader));
    }
    strcpy(reader->path + *length, *length ? "." : "");
    strcat(reader->path, name);
    return OAC_OK;
}

/* Notes that this key or section was given; an error when it already was. */
static enum oac_status mark_seen(struct reader *reader, const struct oac_config_key *key,
                                 size_t line)
{
    size_t *seen = &reader->seen_line[oac_config_slot(reader->table, key, reader->path)];
    if (*seen) {
        oac_fail(reader->err, OAC_EPARSE, "%s is given twice, first in line %zu", reader->path,
                 *seen);
        return at_line(reader, line);
    }
    *seen = line;
    return OAC_OK;
}

static enum oac_status read_scalar(struct reader *reader, const struct oac_config_key *key)
{
    const yaml_event_t *event = &reader->event;
    if (!key) {
        oac_fail(reader->err, OAC_EPARSE, "%s is a section: expected keys below it, such as %s",
                 reader->path, oac_config_find_section(reader->table, reader->path)->path);
        return at_line(reader, line_of(reader));
    }
    const char *text = (const char *)event->data.scalar.value;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (event->data.scalar.length != strlen(text))
        return refuse(reader, "contains a NUL character");
    bool null = !quoted && (text[0] == '\0' || !strcmp(text, "~") || !strcmp(text, "null"));
    if (null && key->type == OAC_CONFIG_TEXT)
        return refuse(reader, "has no value; write \"\" for an empty text");
    if (oac_config_store(key, text, quoted, reader->object, reader->err))
        return at_line(reader, line_of(reader));
    return OAC_OK;
}

static enum oac_status read_mapping(struct reader *reader);

/* The current event opens a sequence of numbers. */
static enum oac_status read_reals(struct reader *reader, const struct oac_config_key *key)
{
    char text[OAC_CONFIG_REALS_MAX * OAC_CONFIG_SHOWN_BYTES] = "";
    size_t used = 0, line = line_of(reader);
    for (;;) {
        if (next_event(reader))
            return reader->err->status;
        const yaml_event_t *event = &reader->event;
        if (event->type == YAML_SEQUENCE_END_EVENT)
            break;
        if (event->type != YAML_SCALAR_EVENT ||
            event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
            event->data.scalar.length == 0 ||
            strchr((const char *)event->data.scalar.value, ','))
            return refuse(reader, "expected plain numbers in the list");
        size_t length = strlen((const char *)event->data.scalar.value);
        if (used + length + 2 > sizeof text)
            return refuse(reader, "the list is too long");
        used += (size_t)sprintf(text + used, "%s%s", used ? "," : "",
                                (const char *)event->data.scalar.value);
    }
    if (oac_config_store(key, text, false, reader->object, reader->err))
        return at_line(reader, line);
    return OAC_OK;
}

/* One element, whose mapping the current event opens, into `object` through the list's table. */
static enum oac_status read_element(struct reader *reader, const struct oac_config_list *list,
                                    size_t *seen_line, void *object)
{
    size_t line = line_of(reader);
    struct oac_err *err = reader->err;
    memset(seen_line, 0, list->element->count * OAC_CONFIG_DEPTH * sizeof *seen_line);
    reader->table = list->element;
    reader->object = object;
    reader->seen_line = seen_line;
    reader->path[0] = '\0';
    if (reader->event.type != YAML_MAPPING_START_EVENT)
        return refuse(reader, "expected keys with values");
    if (oac_config_defaults(list->element, object, err) || read_mapping(reader))
        return err->status;
    if (oac_config_check_required(list->element, seen_line, err))
        return at_line(reader, line);
    return OAC_OK;
}

/* All elements; the current event opens the sequence. */
static enum oac_status read_elements(struct reader *reader, const struct oac_config_list *list,
                                     size_t *seen_line, char *object, size_t *count)
{
    for (*count = 0;; ++*count) {
        if (next_event(reader))
            return reader->err->status;
        if (reader->event.type == YAML_SEQUENCE_END_EVENT)
            return OAC_OK;
        snprintf(reader->element, sizeof reader->element, "%.100s[%zu]", list->path, *count);
        reader->path[0] = '\0';
        if (*count >= list->max) {
            oac_fail(reader->err, OAC_EINVAL, "at most %zu are accepted", list->max);
            return at_line(reader, line_of(reader));
        }
        if (read_element(reader, list, seen_line,
                         object + list->offset + *count * list->stride))
            return reader->err->status;
        reader->element[0] = '\0';
    }
}

/* The current event is the value of a list's key. */
static enum oac_status read_list(struct reader *reader, const struct oac_config_list *list,
                                 size_t key_line)
{
    const struct reader outer = *reader;
    size_t *line = &reader->list_line[list - reader->document->lists];
    if (*line) {
        oac_fail(reader->err, OAC_EPARSE, "%s is given twice, first in line %zu", list->path,
                 *line);
        return at_line(reader, key_line);
    }
    *line = key_line;
    if (reader->event.type != YAML_SEQUENCE_START_EVENT)
        return refuse(reader, "expected a list");
    size_t *seen_line = oac_alloc(list->element->count, OAC_CONFIG_DEPTH * sizeof *seen_line,
                                  list->path, reader->err);
    if (!seen_line)
        return reader->err->status;
    size_t count = 0;
    enum oac_status status = read_elements(reader, list, seen_line, outer.object, &count);
    free(seen_line);
    if (status)
        return status;
    memcpy((char *)outer.object + list->count_offset, &count, sizeof count);
    reader->table = outer.table;
    reader->object = outer.object;
    reader->seen_line = outer.seen_line;
    memcpy(reader->path, outer.path, sizeof reader->path);
    return OAC_OK;
}

/* The list that the path names, or NULL. There are none inside elements. */
static const struct oac_config_list *find_list(const struct reader *reader)
{
    const struct oac_config_document *document = reader->document;
    for (size_t i = 0; i < document->list_count && !reader->element[0]; i++)
        if (strcmp(document->lists[i].path, reader->path) == 0)
            return &document->lists[i];
    return NULL;
}

/* A list that was not given is empty; whether that is enough. */
static enum oac_status check_lists(struct reader *reader)
{
    for (size_t i = 0; i < reader->document->list_count; i++) {
        const struct oac_config_list *list = &reader->document->lists[i];
        char *field = (char *)reader->object + list->count_offset;
        size_t count = 0;
        if (reader->list_line[i])
            memcpy(&count, field, sizeof count);
        else
            memcpy(field, &count, sizeof count);
        if (count < list->min)
            return oac_fail(reader->err, OAC_ENOTFOUND,
                            "%s: %s has %zu elements; expected at least %zu", reader->file,
                            list->path, count, list->min);
    }
    return OAC_OK;
}

/* The current event is the value of the key in reader->path. */
static enum oac_status read_value(struct reader *reader, size_t key_line)
{
    const struct oac_config_list *list = find_list(reader);
    if (list)
        return read_list(reader, list, key_line);
    const struct oac_config_key *key = oac_config_find(reader->table, reader->path);
    const struct oac_config_key *first = oac_config_find_section(reader->table, reader->path);
    if (!key && !first) {
        oac_config_fail_unknown(reader->table, reader->path, reader->err);
        return at_line(reader, key_line);
    }
    enum oac_status status = mark_seen(reader, key ? key : first, key_line);
    if (status)
        return status;
    if (reader->event.type == YAML_SCALAR_EVENT)
        return read_scalar(reader, key);
    if (reader->event.type == YAML_SEQUENCE_START_EVENT && key && key->type == OAC_CONFIG_REALS)
        return read_reals(reader, key);
    if (reader->event.type == YAML_SEQUENCE_START_EVENT)
        return refuse(reader, key ? "is a list; expected one value"
                                  : "is a list; expected a section of keys");
    if (key)
        return refuse(reader, "has keys below it; expected one value");
    return read_mapping(reader);
}

/* The current event opens a mapping; afterwards it is the one that closes it. Recursion ends
 * because only sections of the table get here, and those nest at most OAC_CONFIG_DEPTH deep. */
static enum oac_status read_mapping(struct reader *reader)
{
    for (;;) {
        enum oac_status status = next_event(reader);
        if (status)
            return status;
        if (reader->event.type == YAML_MAPPING_END_EVENT)
            return OAC_OK;
        size_t key_line = line_of(reader), length = 0;
        status = enter_key(reader, &length);
        if (!status)
            status = next_event(reader);
        if (!status)
            status = read_value(reader, key_line);
        if (status)
            return status;
        reader->path[length] = '\0';
    }
}

static enum oac_status read_document(struct reader *reader)
{
    enum oac_status status = next_event(reader); /* stream start */
    if (!status)
        status = next_event(reader);
    if (status)
        return status;
    if (reader->event.type == YAML_STREAM_END_EVENT)
        return oac_fail(reader->err, OAC_EPARSE, "%s: is empty; expected the keys of a %s",
                        reader->file, reader->table->name);
    status = next_event(reader);
    if (status)
        return status;
    if (reader->event.type != YAML_MAPPING_START_EVENT)
        return refuse(reader, "expected keys with values at the top");
    status = read_mapping(reader);
    if (!status)
        status = next_event(reader); /* document end */
    if (!status)
        status = next_event(reader);
    if (status)
        return status;
    if (reader->event.type != YAML_STREAM_END_EVENT)
        return refuse(reader, "a second document begins; one file holds one");
    return OAC_OK;
}

enum oac_status oac_config_walk(const struct oac_config_document *document, void *object,
                                size_t *seen_line, struct oac_err *err)
{
    struct reader reader = {.document = document,
                            .table = document->table,
                            .file = document->file,
                            .text = document->text,
                            .length = document->length,
                            .object = object,
                            .seen_line = seen_line,
                            .err = err};
    if (!yaml_parser_initialize(&reader.parser))
        return oac_fail(err, OAC_ENOMEM, "%s: memory is exhausted", document->file);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)document->text,
                                 document->length);
    enum oac_status status = read_document(&reader);
    if (!status)
        status = check_lists(&reader);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return status;
}
