/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what a person types after --data to the name and directory that oac_dataset_open takes.
 */
#ifndef OAC_MODELS_DATASET_RESOLVE_H
#define OAC_MODELS_DATASET_RESOLVE_H

#include "base/status.h"
#include "models/dataset.h"

/* What a person may write after --data: a known name, or a directory that holds one data set
 * (its four files, or one NAME/ folder of them). A directory is named by its content where that
 * is a published set, otherwise by its last component. *directory is NULL (search) or a copy of
 * spec; the caller frees it. */
enum oac_status oac_dataset_resolve(const char *spec, char name[OAC_DATASET_NAME_BYTES],
                                    char **directory, struct oac_err *err) OAC_MUST_USE;

#endif
