/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/board_find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/board.h"

static const char SUFFIX[] = ".yaml";
static const char *const FOLDERS[] = {OAC_BOARD_DIR, OAC_BOARD_INSTALL_DIR};
enum { FOLDER_COUNT = sizeof FOLDERS / sizeof FOLDERS[0] };

static int is_profile(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), suffix = sizeof SUFFIX - 1;
    return entry->d_name[0] != '.' && length > suffix &&
           strcmp(entry->d_name + length - suffix, SUFFIX) == 0;
}

/* The first folder that has profiles, sorted. Returns how many, or -1; free each entry and the list. */
static int shipped(const char **folder, struct dirent ***entries)
{
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        int count = scandir(FOLDERS[i], entries, is_profile, alphasort);
        if (count > 0) {
            *folder = FOLDERS[i];
            return count;
        }
        if (count == 0)
            free(*entries);
    }
    return -1;
}

enum oac_status oac_board_list(void (*each)(void *context, const char *name, const char *path),
                               void *context, struct oac_err *err)
{
    const char *folder = NULL;
    struct dirent **entries = NULL;
    int count = shipped(&folder, &entries);
    if (count < 0)
        return oac_fail(err, OAC_ENOTFOUND, "no board profiles in %s nor %s: reinstall oac",
                        FOLDERS[0], FOLDERS[1]);
    for (int i = 0; i < count; i++) {
        char path[OAC_BOARD_PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        entries[i]->d_name[strlen(entries[i]->d_name) - (sizeof SUFFIX - 1)] = '\0';
        each(context, entries[i]->d_name, path);
        free(entries[i]);
    }
    free(entries);
    return OAC_OK;
}

enum { NAMES_BYTES = 300 };

static void append_name(void *context, const char *name, const char *path)
{
    char *names = context;
    size_t used = strlen(names);
    (void)path;
    snprintf(names + used, NAMES_BYTES - used, " %s", name);
}

enum oac_status oac_board_find(const char *name_or_path, char path[OAC_BOARD_PATH_BYTES],
                               struct oac_err *err)
{
    if (strlen(name_or_path) >= OAC_BOARD_PATH_BYTES - 1)
        return oac_fail(err, OAC_EINVAL, "board profile's path of %zu bytes: at most %u",
                        strlen(name_or_path), OAC_BOARD_PATH_BYTES - 2);
    if (name_or_path[strcspn(name_or_path, "./")] != '\0') {
        snprintf(path, OAC_BOARD_PATH_BYTES, "%s", name_or_path);
        return OAC_OK;
    }
    for (size_t i = 0; i < FOLDER_COUNT && name_or_path[0] != '\0'; i++) {
        int length =
            snprintf(path, OAC_BOARD_PATH_BYTES, "%s/%s%s", FOLDERS[i], name_or_path, SUFFIX);
        if (length < (int)OAC_BOARD_PATH_BYTES && access(path, R_OK) == 0)
            return OAC_OK;
    }
    char names[NAMES_BYTES] = "";
    struct oac_err ignored;
    if (oac_board_list(append_name, names, &ignored))
        return oac_fail(err, OAC_ENOTFOUND, "%s", ignored.message);
    return oac_fail(err, OAC_ENOTFOUND,
                    "no board profile is named '%.60s': there are%s; a file is given as "
                    "./%.60s.yaml",
                    name_or_path, names, name_or_path);
}
