/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/config_internal.h"

const struct oac_config_key *oac_config_find(const struct oac_config_table *table,
                                             const char *path)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->keys[i].path, path) == 0)
            return &table->keys[i];
    return NULL;
}

const struct oac_config_key *oac_config_find_section(const struct oac_config_table *table,
                                                     const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < table->count; i++) {
        const char *key = table->keys[i].path;
        if (strncmp(key, path, length) == 0 && key[length] == '.')
            return &table->keys[i];
    }
    return NULL;
}

/* Levenshtein distance of two texts of at most OAC_CONFIG_PATH_BYTES - 1 bytes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[OAC_CONFIG_PATH_BYTES];
    size_t b_length = strlen(b);
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            size_t shifted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = changed < shifted ? changed : shifted;
        }
    }
    return row[b_length];
}

static const char *last_component(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* A key forgotten in another section ("power_dbm" for "laser.power_dbm") counts as near as
 * well. */
static size_t distance_to(const char *path, const char *key)
{
    size_t whole = edit_distance(path, key);
    size_t component = edit_distance(last_component(path), last_component(key)) + 1;
    return component < whole ? component : whole;
}

enum oac_status oac_config_fail_unknown(const struct oac_config_table *table, const char *path,
                                        struct oac_err *err)
{
    const char *nearest = NULL;
    size_t nearest_distance = OAC_CONFIG_PATH_BYTES;
    for (size_t i = 0; i < table->count && strlen(path) < OAC_CONFIG_PATH_BYTES; i++) {
        const char *key = table->keys[i].path;
        if (strlen(key) >= OAC_CONFIG_PATH_BYTES)
            continue;
        size_t distance = distance_to(path, key);
        if (distance < nearest_distance) {
            nearest = key;
            nearest_distance = distance;
        }
    }
    char shown[OAC_CONFIG_SHOWN_BYTES];
    oac_config_show(path, shown);
    if (nearest && nearest_distance <= 2 + strlen(nearest) / 3)
        return oac_fail(err, OAC_ENOTFOUND, "unknown key %s; did you mean %s?", shown, nearest);
    return oac_fail(err, OAC_ENOTFOUND,
                    "unknown key %s; see the %s reference for those there are", shown,
                    table->name);
}
