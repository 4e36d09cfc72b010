/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/info_h5.h"

#include <stdio.h>
#include <string.h>

#define TEXT_SHOWN   200
#define VALUES_SHOWN 8

const char *oac_info_h5_format(const struct oac_h5_file *file)
{
    return oac_h5_find_text(file, "/", "format");
}

static const char *type_name(enum oac_h5_type type)
{
    static const char *const names[] = {
        [OAC_H5_F32] = "float32", [OAC_H5_F64] = "float64", [OAC_H5_U8] = "uint8",
        [OAC_H5_U16] = "uint16",  [OAC_H5_U32] = "uint32",  [OAC_H5_U64] = "uint64",
        [OAC_H5_I64] = "int64",
    };
    return names[type];
}

/* One line, whatever a foreign file holds: control characters are not sent to the terminal. */
static void print_text(const char *text)
{
    size_t line = strcspn(text, "\n"), shown = line < TEXT_SHOWN ? line : TEXT_SHOWN;
    for (size_t i = 0; i < shown; i++)
        putchar((unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i]);
    if (shown < strlen(text))
        printf(" ... (%zu bytes)", strlen(text));
}

static void print_attribute(const struct oac_h5_attribute *attribute)
{
    printf("  %-24s ", attribute->name);
    if (attribute->kind == OAC_H5_TEXT) {
        print_text(attribute->text);
    } else {
        size_t shown = attribute->count < VALUES_SHOWN ? attribute->count : VALUES_SHOWN;
        for (size_t i = 0; i < shown; i++)
            printf("%s%.10g", i ? ", " : "", attribute->values[i]);
        if (shown < attribute->count)
            printf(" ... (%zu values)", attribute->count);
    }
    putchar('\n');
}

static bool is_array(const struct oac_h5_file *file, const char *path)
{
    return oac_h5_find_array(file, path) != NULL;
}

/* Those of one group, below a heading. */
static void print_group(const struct oac_h5_file *file, const char *group)
{
    bool any = false;
    for (size_t i = 0; i < file->attribute_count; i++) {
        if (strcmp(file->attributes[i].path, group) != 0)
            continue;
        if (!any && strcmp(group, "/") != 0)
            printf("%s\n", group);
        print_attribute(&file->attributes[i]);
        any = true;
    }
}

static bool seen_before(const struct oac_h5_file *file, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(file->attributes[i].path, file->attributes[index].path) == 0)
            return true;
    }
    return false;
}

static void print_array(const struct oac_h5_file *file, const struct oac_h5_array *array)
{
    const char *dimensions = oac_h5_find_text(file, array->path, "dimensions");
    const char *unit = oac_h5_find_text(file, array->path, "unit");
    printf("  %-24s %s (", array->path, type_name(array->type));
    for (size_t i = 0; i < array->rank; i++)
        printf("%s%zu", i ? ", " : "", array->dims[i]);
    putchar(')');
    if (dimensions) {
        fputs(" ", stdout);
        print_text(dimensions);
    }
    if (unit && strcmp(unit, "1") != 0) {
        fputs(" [", stdout);
        print_text(unit);
        putchar(']');
    }
    putchar('\n');
}

void oac_info_print_h5(const struct oac_h5_file *file)
{
    print_group(file, "/");
    for (size_t i = 0; i < file->attribute_count; i++) {
        const char *group = file->attributes[i].path;
        if (strcmp(group, "/") != 0 && !is_array(file, group) && !seen_before(file, i))
            print_group(file, group);
    }
    if (file->array_count > 0)
        printf("data sets\n");
    for (size_t i = 0; i < file->array_count; i++)
        print_array(file, &file->arrays[i]);
}
