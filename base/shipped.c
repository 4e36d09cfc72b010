/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/shipped.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char SUFFIX[] = ".yaml";
enum { NAMES_BYTES = 300 };

static int is_shipped(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), suffix = sizeof SUFFIX - 1;
    return entry->d_name[0] != '.' && length > suffix &&
           strcmp(entry->d_name + length - suffix, SUFFIX) == 0;
}

/* The first folder that has files, sorted. Returns how many, or -1; free each entry and the list. */
static int scan(const struct oac_shipped *shipped, const char **folder,
                struct dirent ***entries)
{
    for (size_t i = 0; i < OAC_SHIPPED_FOLDERS; i++) {
        int count = scandir(shipped->folder[i], entries, is_shipped, alphasort);
        if (count > 0) {
            *folder = shipped->folder[i];
            return count;
        }
        if (count == 0)
            free(*entries);
    }
    return -1;
}

enum oac_status oac_shipped_list(const struct oac_shipped *shipped,
                                 void (*each)(void *context, const char *name,
                                              const char *path),
                                 void *context, struct oac_err *err)
{
    const char *folder = NULL;
    struct dirent **entries = NULL;
    int count = scan(shipped, &folder, &entries);
    if (count < 0)
        return oac_fail(err, OAC_ENOTFOUND, "no %s in %s nor %s: reinstall oac",
                        shipped->plural, shipped->folder[0], shipped->folder[1]);
    for (int i = 0; i < count; i++) {
        char path[OAC_SHIPPED_PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        entries[i]->d_name[strlen(entries[i]->d_name) - (sizeof SUFFIX - 1)] = '\0';
        each(context, entries[i]->d_name, path);
        free(entries[i]);
    }
    free(entries);
    return OAC_OK;
}

static void append_name(void *context, const char *name, const char *path)
{
    char *names = context;
    size_t used = strlen(names);
    (void)path;
    snprintf(names + used, NAMES_BYTES - used, " %s", name);
}

enum oac_status oac_shipped_find(const struct oac_shipped *shipped, const char *name_or_path,
                                 char path[OAC_SHIPPED_PATH_BYTES], struct oac_err *err)
{
    if (strlen(name_or_path) >= OAC_SHIPPED_PATH_BYTES - 1)
        return oac_fail(err, OAC_EINVAL, "%s path of %zu bytes: at most %u", shipped->what,
                        strlen(name_or_path), OAC_SHIPPED_PATH_BYTES - 2);
    if (name_or_path[strcspn(name_or_path, "./")] != '\0') {
        snprintf(path, OAC_SHIPPED_PATH_BYTES, "%s", name_or_path);
        return OAC_OK;
    }
    for (size_t i = 0; i < OAC_SHIPPED_FOLDERS && name_or_path[0] != '\0'; i++) {
        int length = snprintf(path, OAC_SHIPPED_PATH_BYTES, "%s/%s%s", shipped->folder[i],
                              name_or_path, SUFFIX);
        if (length < (int)OAC_SHIPPED_PATH_BYTES && access(path, R_OK) == 0)
            return OAC_OK;
    }
    char names[NAMES_BYTES] = "";
    struct oac_err ignored;
    if (oac_shipped_list(shipped, append_name, names, &ignored))
        return oac_fail(err, OAC_ENOTFOUND, "%s", ignored.message);
    return oac_fail(err, OAC_ENOTFOUND,
                    "no %s is named '%.60s': there are%s; a file is given as ./%.60s.yaml",
                    shipped->what, name_or_path, names, name_or_path);
}
