/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the files of a data set are: the search order of models/dataset.h. */
#ifndef OAC_MODELS_DATASET_FIND_H
#define OAC_MODELS_DATASET_FIND_H

#include "base/status.h"
#include "models/catalog.h"
#include "models/dataset.h"

struct oac_dataset_files {
    char *directory, *images, *labels; /* paths; the two files exist, raw or .gz */
};

/* Given a data set's name and its catalogue entry (oac_catalog_unknown() for a user's own),
 * finds the two files of one part. `directory` as in oac_dataset_open. Existence only: content
 * is not looked at. */
enum oac_status oac_dataset_find(const char *name, const struct oac_catalog_entry *entry,
                                 enum oac_catalog_part part, const char *directory,
                                 struct oac_dataset_files *files,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_dataset_files_fini(struct oac_dataset_files *files);

/* $XDG_CACHE_HOME/oac/data, or ~/.cache/oac/data. The caller frees *path. */
enum oac_status oac_dataset_cache(char **path, struct oac_err *err) OAC_MUST_USE;

/* Whether `name` can be a folder's name and nothing else: letters, digits, '.', '_', '-', not
 * leading '.'. */
enum oac_status oac_dataset_check_name(const char *name, struct oac_err *err) OAC_MUST_USE;

/* *path = "directory/file" or "directory/file.gz", whichever exists; NULL when neither does. */
enum oac_status oac_dataset_locate_file(const char *directory, const char *file, char **path,
                                        struct oac_err *err) OAC_MUST_USE;

/* *text = printf(...) on the heap. */
enum oac_status oac_dataset_format(char **text, struct oac_err *err, const char *format, ...)
    OAC_PRINTF(3, 4) OAC_MUST_USE;

#endif
