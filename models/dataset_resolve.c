/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dataset_resolve.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "models/catalog.h"
#include "models/dataset_find.h"
#include "models/idx.h"

/* The last component of an existing directory, as a name. */
static enum oac_status name_by_folder(const char *directory, char name[OAC_DATASET_NAME_BYTES],
                                      struct oac_err *err)
{
    char *real = realpath(directory, NULL);
    const char *last = real ? strrchr(real, '/') + 1 : "";
    const size_t length = strlen(last);
    if (length >= OAC_DATASET_NAME_BYTES || oac_dataset_check_name(last, err))
        snprintf(name, OAC_DATASET_NAME_BYTES, "own");
    else
        memcpy(name, last, length + 1);
    free(real);
    return OAC_OK;
}

/* Names a directory that holds the files themselves: by the digest of its labels, which are
 * small. *name is empty when there are none. */
static enum oac_status name_by_content(const char *directory, char name[OAC_DATASET_NAME_BYTES],
                                       struct oac_err *err)
{
    name[0] = '\0';
    for (int part = 0; part < OAC_CATALOG_PARTS && !name[0]; part++) {
        char *path = NULL;
        struct oac_idx labels;
        if (oac_dataset_locate_file(directory, oac_catalog_unknown()->part[part].labels.name,
                                    &path, err))
            return err->status;
        if (!path)
            continue;
        enum oac_status status = oac_idx_read(path, 1, &labels, err);
        free(path);
        if (status)
            return status;
        const struct oac_catalog_entry *entry = NULL;
        for (size_t i = 0; (entry = oac_catalog_at(i)); i++) {
            if (strcmp(entry->part[part].labels.sha256, labels.sha256) == 0)
                break;
        }
        oac_idx_fini(&labels);
        if (!entry)
            return name_by_folder(directory, name, err);
        snprintf(name, OAC_DATASET_NAME_BYTES, "%s", entry->name);
    }
    return OAC_OK;
}

/* Names a directory with NAME/ folders of known data sets: there must be exactly one. */
static enum oac_status name_by_subfolder(const char *directory,
                                         char name[OAC_DATASET_NAME_BYTES], struct oac_err *err)
{
    const struct oac_catalog_entry *entry = NULL;
    name[0] = '\0';
    for (size_t i = 0; (entry = oac_catalog_at(i)); i++) {
        struct oac_dataset_files files = {0};
        const enum oac_status status =
            oac_dataset_find(entry->name, entry, OAC_CATALOG_TEST, directory, &files, err);
        if (status && status != OAC_ENOTFOUND)
            return status;
        const bool here = status == OAC_OK;
        oac_dataset_files_fini(&files);
        if (here && name[0])
            return oac_fail(err, OAC_EINVAL,
                            "%s holds both %s and %s: say %s/%s, or OAC_DATA=%s and the name",
                            directory, name, entry->name, directory, name, directory);
        if (here)
            snprintf(name, OAC_DATASET_NAME_BYTES, "%s", entry->name);
    }
    if (!name[0])
        return oac_fail(err, OAC_ENOTFOUND,
                        "%s holds no data set: expected %s, %s and so on, raw or .gz",
                        directory, oac_catalog_unknown()->part[OAC_CATALOG_TEST].images.name,
                        oac_catalog_unknown()->part[OAC_CATALOG_TEST].labels.name);
    return OAC_OK;
}

enum oac_status oac_dataset_resolve(const char *spec, char name[OAC_DATASET_NAME_BYTES],
                                    char **directory, struct oac_err *err)
{
    struct stat status;
    char found[OAC_DATASET_NAME_BYTES];
    if (oac_catalog_find(spec) || stat(spec, &status) != 0 || !S_ISDIR(status.st_mode)) {
        if (strchr(spec, '/'))
            return oac_fail(err, OAC_ENOTFOUND, "%s: no such directory of data", spec);
        if (oac_dataset_check_name(spec, err))
            return err->status;
        snprintf(name, OAC_DATASET_NAME_BYTES, "%s", spec);
        *directory = NULL;
        return OAC_OK;
    }
    if (name_by_content(spec, found, err))
        return err->status;
    if (!found[0] && name_by_subfolder(spec, found, err))
        return err->status;
    char *copy = oac_strdup(spec, err);
    if (!copy)
        return err->status;
    memcpy(name, found, sizeof found);
    *directory = copy;
    return OAC_OK;
}
