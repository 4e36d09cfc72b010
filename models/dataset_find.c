/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dataset_find.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

enum oac_status oac_dataset_format(char **text, struct oac_err *err, const char *format, ...)
{
    va_list args;
    char *made = NULL;
    va_start(args, format);
    int length = vasprintf(&made, format, args);
    va_end(args);
    if (length < 0)
        return oac_fail(err, OAC_ENOMEM, "out of memory for a path");
    *text = made;
    return OAC_OK;
}

enum oac_status oac_dataset_check_name(const char *name, struct oac_err *err)
{
    const size_t length = strlen(name);
    if (length == 0 || length >= OAC_DATASET_NAME_BYTES || name[0] == '.' ||
        strspn(name, NAME_CHARACTERS) != length)
        return oac_fail(
            err, OAC_EINVAL,
            "'%.80s' is not the name of a data set: 1 to %u letters, digits, '.', '_' "
            "or '-'; `oac data list` shows those there are",
            name, OAC_DATASET_NAME_BYTES - 1);
    return OAC_OK;
}

enum oac_status oac_dataset_cache(char **path, struct oac_err *err)
{
    /* The XDG base directory specification: relative paths are to be ignored. */
    const char *cache = getenv("XDG_CACHE_HOME");
    if (cache && cache[0] == '/')
        return oac_dataset_format(path, err, "%s/oac/data", cache);
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return oac_dataset_format(path, err, "%s/.cache/oac/data", home);
    return oac_fail(
        err, OAC_ENOTFOUND,
        "there is no user cache: neither XDG_CACHE_HOME nor HOME is an absolute path; "
        "set one of them or name a directory");
}

static bool is_regular(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

enum oac_status oac_dataset_locate_file(const char *directory, const char *file, char **path,
                                        struct oac_err *err)
{
    static const char *const suffixes[] = {"", ".gz"};
    for (size_t i = 0; i < 2; i++) {
        char *candidate = NULL;
        if (oac_dataset_format(&candidate, err, "%s/%s%s", directory, file, suffixes[i]))
            return err->status;
        if (is_regular(candidate)) {
            *path = candidate;
            return OAC_OK;
        }
        free(candidate);
    }
    *path = NULL;
    return OAC_OK;
}

void oac_dataset_files_fini(struct oac_dataset_files *files)
{
    free(files->directory);
    free(files->images);
    free(files->labels);
    *files = (struct oac_dataset_files){0};
}

/* Fills *files when root/sub (or root, when sub is NULL) holds both files of the pair. */
static enum oac_status look_in(const char *root, const char *sub,
                               const struct oac_catalog_pair *pair,
                               struct oac_dataset_files *files, struct oac_err *err)
{
    struct oac_dataset_files found = {0};
    if (oac_dataset_format(&found.directory, err, "%s%s%s", root, sub ? "/" : "",
                           sub ? sub : ""))
        return err->status;
    if (oac_dataset_locate_file(found.directory, pair->images.name, &found.images, err) ||
        oac_dataset_locate_file(found.directory, pair->labels.name, &found.labels, err)) {
        oac_dataset_files_fini(&found);
        return err->status;
    }
    if (found.images && found.labels)
        *files = found;
    else
        oac_dataset_files_fini(&found);
    return OAC_OK;
}

/* The places a data set may be in, in order; paths are owned. */
struct places {
    size_t count;
    char *path[8];
};

static void places_fini(struct places *places)
{
    while (places->count > 0)
        free(places->path[--places->count]);
}

static enum oac_status places_add(struct places *places, const char *path, struct oac_err *err)
{
    if (!path || path[0] == '\0')
        return OAC_OK;
    char *copy = oac_strdup(path, err);
    if (!copy)
        return err->status;
    places->path[places->count++] = copy;
    return OAC_OK;
}

static enum oac_status places_fill(const struct oac_catalog_entry *entry, const char *directory,
                                   struct places *places, struct oac_err *err)
{
    if (directory)
        return places_add(places, directory, err);
    char *cache = NULL;
    struct oac_err no_cache; /* a machine without a home may still have the data elsewhere */
    if (oac_dataset_cache(&cache, &no_cache))
        cache = NULL;
    enum oac_status status = places_add(places, getenv("OAC_DATA"), err);
    if (!status)
        status = places_add(places, cache, err);
    if (!status)
        status = places_add(places, OAC_SOURCE_ROOT "/../shared/data", err);
    if (!status)
        status = places_add(places, "../shared/data", err);
    if (!status)
        status = places_add(places, entry->debian_directory, err);
    free(cache);
    return status;
}

static enum oac_status fail_not_found(const char *name, const struct oac_catalog_entry *entry,
                                      const struct oac_catalog_pair *pair,
                                      const struct places *places, const char *directory,
                                      struct oac_err *err)
{
    char looked[280] = "";
    size_t used = 0;
    for (size_t i = 0; i < places->count && used < sizeof looked; i++)
        used += (size_t)snprintf(looked + used, sizeof looked - used, "%s%s", i ? ", " : "",
                                 places->path[i]);
    if (entry == oac_catalog_unknown())
        return oac_fail(
            err, OAC_ENOTFOUND,
            "data set '%s' is not one that oac knows (see `oac data list`), and no %s and "
            "%s (raw or .gz) are in %s or its folder %s/",
            name, pair->images.name, pair->labels.name, looked, name);
    return oac_fail(err, OAC_ENOTFOUND,
                    "data set %s: no %s (raw or .gz) in %s; %s`oac data fetch %s`%s%s%s", name,
                    pair->images.name, looked,
                    directory ? "leave --data away, or run " : "run ", name,
                    entry->debian_package ? ", or apt-get install " : "",
                    entry->debian_package ? entry->debian_package : "",
                    directory ? "" : ", or name its directory with --data");
}

enum oac_status oac_dataset_find(const char *name, const struct oac_catalog_entry *entry,
                                 enum oac_catalog_part part, const char *directory,
                                 struct oac_dataset_files *files, struct oac_err *err)
{
    const struct oac_catalog_pair *pair = &entry->part[part];
    struct oac_dataset_files found = {0};
    struct places places = {0};
    if (oac_dataset_check_name(name, err))
        return err->status;
    enum oac_status status = places_fill(entry, directory, &places, err);
    for (size_t i = 0; !status && !found.images && i < places.count; i++) {
        status = look_in(places.path[i], name, pair, &found, err);
        if (!status && !found.images)
            status = look_in(places.path[i], NULL, pair, &found, err);
    }
    if (!status && !found.images)
        status = fail_not_found(name, entry, pair, &places, directory, err);
    if (!status)
        *files = found;
    places_fini(&places);
    return status;
}
