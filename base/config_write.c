/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/config_internal.h"
#include "base/number.h"

/* The longest value: a text whose every character is escaped, or a full list of numbers. */
#define VALUE_BYTES \
    (2 * OAC_CONFIG_TEXT_BYTES + OAC_CONFIG_REALS_MAX * (OAC_NUMBER_BYTES + 2) + 3)

struct writer {
    const struct oac_config_table *table;
    const void *object;
    bool comments;
    FILE *out;
    struct oac_err *err;
};

static enum oac_status refuse(struct writer *writer, const struct oac_config_key *key)
{
    char expected[256];
    oac_config_describe(key, expected, sizeof expected);
    return oac_fail(writer->err, OAC_EINVAL, "%s cannot be written: it is not %s", key->path,
                    expected);
}

static enum oac_status format_real(struct writer *writer, const struct oac_config_key *key,
                                   const void *field, char *text)
{
    double value;
    memcpy(&value, field, sizeof value);
    if (value == key->none_value && signbit(value) == signbit(key->none_value))
        strcpy(text, "none");
    else if (!isfinite(value) || !(value >= key->min && value <= key->max))
        return refuse(writer, key);
    else
        oac_number_format(value, text);
    return OAC_OK;
}

static enum oac_status format_integer(struct writer *writer, const struct oac_config_key *key,
                                      const void *field, char *text)
{
    int64_t value;
    memcpy(&value, field, sizeof value);
    if (!isnan(key->none_value) && value == (int64_t)key->none_value)
        strcpy(text, "none");
    else if (!((double)value >= key->min && (double)value <= key->max))
        return refuse(writer, key);
    else
        sprintf(text, "%lld", (long long)value);
    return OAC_OK;
}

/* In double quotes, with the two characters escaped that mean something there. */
static enum oac_status format_text(struct writer *writer, const struct oac_config_key *key,
                                   const char *field, char *text)
{
    size_t bytes = strnlen(field, OAC_CONFIG_TEXT_BYTES), used = 0;
    if (bytes == OAC_CONFIG_TEXT_BYTES)
        return refuse(writer, key);
    text[used++] = '"';
    for (size_t at = 0, length; at < bytes; at += length) {
        length = oac_config_character(field + at, bytes - at);
        if (length == 0)
            return refuse(writer, key);
        if (field[at] == '"' || field[at] == '\\')
            text[used++] = '\\';
        memcpy(text + used, field + at, length);
        used += length;
    }
    strcpy(text + used, "\"");
    return OAC_OK;
}

/* [1, 2.5] */
static enum oac_status format_reals(struct writer *writer, const struct oac_config_key *key,
                                    const char *field, char *text)
{
    struct oac_config_reals reals;
    memcpy(&reals, field, sizeof reals);
    if (reals.count > OAC_CONFIG_REALS_MAX)
        return refuse(writer, key);
    strcpy(text, "[");
    for (size_t i = 0; i < reals.count; i++) {
        char number[OAC_NUMBER_BYTES];
        if (format_real(writer, key, &reals.value[i], number))
            return writer->err->status;
        strcat(strcat(text, i ? ", " : ""), number);
    }
    strcat(text, "]");
    return OAC_OK;
}

static enum oac_status format_value(struct writer *writer, const struct oac_config_key *key,
                                    char text[VALUE_BYTES])
{
    const char *field = (const char *)writer->object + key->offset;
    bool truth;
    int choice, choices = 0;
    switch (key->type) {
    case OAC_CONFIG_REAL:
        return format_real(writer, key, field, text);
    case OAC_CONFIG_INTEGER:
        return format_integer(writer, key, field, text);
    case OAC_CONFIG_TEXT:
        return format_text(writer, key, field, text);
    case OAC_CONFIG_BOOL:
        memcpy(&truth, field, sizeof truth);
        strcpy(text, truth ? "true" : "false");
        return OAC_OK;
    case OAC_CONFIG_CHOICE:
        memcpy(&choice, field, sizeof choice);
        while (key->choices[choices])
            choices++;
        if (choice < 0 || choice >= choices)
            return refuse(writer, key);
        return format_text(writer, key, key->choices[choice], text);
    case OAC_CONFIG_REALS:
        return format_reals(writer, key, field, text);
    }
    return refuse(writer, key);
}

static enum oac_status write_key(struct writer *writer, const struct oac_config_key *key,
                                 const char *component, int indent)
{
    char text[VALUE_BYTES];
    enum oac_status status = format_value(writer, key, text);
    if (status)
        return status;
    const char *unit = key->unit ? key->unit : "", *help = key->help ? key->help : "";
    fprintf(writer->out, "%*s%s: %s", indent, "", component, text);
    if (writer->comments && (unit[0] || help[0]))
        fprintf(writer->out, " # %s%s%s", unit, unit[0] && help[0] ? ". " : "", help);
    fputc('\n', writer->out);
    return OAC_OK;
}

/* Whether an earlier key begins with the same `length` characters followed by a dot. */
static bool section_was_written(const struct oac_config_table *table, size_t index,
                                size_t length)
{
    for (size_t i = 0; i < index; i++)
        if (strncmp(table->keys[i].path, table->keys[index].path, length) == 0 &&
            table->keys[i].path[length] == '.')
            return true;
    return false;
}

/* All keys whose path begins with the first `length` characters of `prefix`, each section once,
 * so that a table whose sections are interleaved is written without duplicates. */
static enum oac_status write_section(struct writer *writer, const char *prefix, size_t length,
                                     int indent)
{
    const struct oac_config_table *table = writer->table;
    for (size_t i = 0; i < table->count; i++) {
        const struct oac_config_key *key = &table->keys[i];
        if (strncmp(key->path, prefix, length) != 0)
            continue;
        const char *component = key->path + length, *dot = strchr(component, '.');
        enum oac_status status = OAC_OK;
        if (!dot) {
            status = write_key(writer, key, component, indent);
        } else if (!section_was_written(table, i, (size_t)(dot - key->path))) {
            fprintf(writer->out, "%*s%.*s:\n", indent, "", (int)(dot - component), component);
            status =
                write_section(writer, key->path, (size_t)(dot - key->path) + 1, indent + 2);
        }
        if (status)
            return status;
    }
    return OAC_OK;
}

enum oac_status oac_config_write(const struct oac_config_table *table, const void *object,
                                 int comments, FILE *out, struct oac_err *err)
{
    struct writer writer = {
        .table = table, .object = object, .comments = comments != 0, .out = out, .err = err};
    enum oac_status status = write_section(&writer, "", 0, 0);
    if (!status && (fflush(out) || ferror(out)))
        status =
            oac_fail(err, OAC_EIO, "cannot write the %s: %s", table->name, strerror(errno));
    return status;
}
