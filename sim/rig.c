/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rig.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096u
static const char SUFFIX[] = ".yaml";
static const char *const FOLDERS[] = {OAC_RIG_DIR, OAC_RIG_INSTALL_DIR};
enum { FOLDER_COUNT = sizeof FOLDERS / sizeof FOLDERS[0] };

static int is_rig_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), suffix = sizeof SUFFIX - 1;
    return entry->d_name[0] != '.' && length > suffix &&
           strcmp(entry->d_name + length - suffix, SUFFIX) == 0;
}

/* The first folder that has rigs, sorted. Returns how many, or -1; free each entry and the list. */
static int shipped(const char **folder, struct dirent ***entries)
{
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        int count = scandir(FOLDERS[i], entries, is_rig_file, alphasort);
        if (count > 0) {
            *folder = FOLDERS[i];
            return count;
        }
        if (count == 0)
            free(*entries);
    }
    return -1;
}

enum oac_status oac_rig_list(void (*each)(void *context, const char *name, const char *path),
                             void *context, struct oac_err *err)
{
    const char *folder = NULL;
    struct dirent **entries = NULL;
    int count = shipped(&folder, &entries);
    if (count < 0)
        return oac_fail(err, OAC_ENOTFOUND, "no shipped rigs in %s nor %s: reinstall oac",
                        FOLDERS[0], FOLDERS[1]);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];
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
    snprintf(names + used, 200 - used, " %s", name);
}

/* A name has neither slash nor dot; anything else is a path. */
static enum oac_status resolve(const char *name_or_path, char path[PATH_BYTES],
                               struct oac_err *err)
{
    if (strlen(name_or_path) >= PATH_BYTES - 1)
        return oac_fail(err, OAC_EINVAL, "rig path of %zu bytes: at most %u",
                        strlen(name_or_path), PATH_BYTES - 2);
    if (name_or_path[strcspn(name_or_path, "./")] != '\0') {
        snprintf(path, PATH_BYTES, "%s", name_or_path);
        return OAC_OK;
    }
    for (size_t i = 0; i < FOLDER_COUNT && name_or_path[0] != '\0'; i++) {
        int length = snprintf(path, PATH_BYTES, "%s/%s%s", FOLDERS[i], name_or_path, SUFFIX);
        if (length < (int)PATH_BYTES && access(path, R_OK) == 0)
            return OAC_OK;
    }
    char names[200] = "";
    struct oac_err ignored;
    if (oac_rig_list(append_name, names, &ignored) != OAC_OK)
        return oac_fail(err, OAC_ENOTFOUND, "%s", ignored.message);
    return oac_fail(err, OAC_ENOTFOUND,
                    "no rig is named '%.60s': there are%s; a file is given as ./%.60s.yaml",
                    name_or_path, names, name_or_path);
}

/* The complete rig as YAML on the heap. */
static enum oac_status print_rig(const struct oac_rig *rig, char **text, struct oac_err *err)
{
    char *buffer = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&buffer, &bytes);
    if (!out)
        return oac_fail(err, OAC_ENOMEM, "no memory for the text of rig %s", rig->name);
    enum oac_status status = oac_config_write(&oac_rig_table, rig, 0, out, err);
    if (fclose(out) != 0 && status == OAC_OK)
        status = oac_fail(err, OAC_ENOMEM, "no memory for the text of rig %s", rig->name);
    if (status != OAC_OK) {
        free(buffer);
        return status;
    }
    *text = buffer;
    return OAC_OK;
}

/* A file named in a rig lies beside the rig file, unless its path is absolute. */
static enum oac_status beside(const char *rig_path, const char *key,
                              char file[OAC_CONFIG_TEXT_BYTES], struct oac_err *err)
{
    const char *slash = strrchr(rig_path, '/');
    if (file[0] == '\0' || file[0] == '/' || !slash)
        return OAC_OK;
    char joined[PATH_BYTES + OAC_CONFIG_TEXT_BYTES];
    int length =
        snprintf(joined, sizeof joined, "%.*s/%s", (int)(slash - rig_path), rig_path, file);
    if ((size_t)length >= OAC_CONFIG_TEXT_BYTES)
        return oac_fail(err, OAC_EINVAL, "%s: the path %s is longer than %d bytes", key, joined,
                        (int)OAC_CONFIG_TEXT_BYTES - 1);
    memcpy(file, joined, (size_t)length + 1);
    return OAC_OK;
}

enum oac_status oac_rig_read(const char *name_or_path, const char *const *sets,
                             size_t set_count, struct oac_rig *rig, char **text_out,
                             struct oac_err *err)
{
    char path[PATH_BYTES];
    if (resolve(name_or_path, path, err) != OAC_OK)
        return err->status;
    struct oac_rig read = {.channels = 0};
    if (oac_config_read(&oac_rig_table, path, &read, sizeof read, NULL, err) != OAC_OK)
        return err->status;
    for (size_t i = 0; i < set_count; i++) {
        if (oac_config_set(&oac_rig_table, sets[i], &read, err) != OAC_OK)
            return err->status;
    }
    if (beside(path, "weight_modulator.s21_file", read.weight_modulator.s21_file, err) ||
        beside(path, "client_modulator.s21_file", read.client_modulator.s21_file, err) ||
        oac_rig_check(&read, err) != OAC_OK)
        return oac_fail_within(err, "%s", path);
    if (text_out && print_rig(&read, text_out, err) != OAC_OK)
        return err->status;
    *rig = read;
    return OAC_OK;
}
