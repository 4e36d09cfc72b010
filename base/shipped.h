/* SPDX-License-Identifier: GPL-3.0-or-later */
/* YAML files that come with oac and are known by name (rigs, board profiles): in the source tree they were built
 * from, else where they are installed. */
#ifndef OAC_BASE_SHIPPED_H
#define OAC_BASE_SHIPPED_H

#include "base/status.h"

#define OAC_SHIPPED_PATH_BYTES 4096u
#define OAC_SHIPPED_FOLDERS    2u

struct oac_shipped {
    const char *what, *plural; /* for messages: "rig", "shipped rigs" */
    const char *folder[OAC_SHIPPED_FOLDERS];
};

/* Calls each(context, name, path) for every file of the first folder that has any, sorted by name. */
enum oac_status oac_shipped_list(const struct oac_shipped *shipped,
                                 void (*each)(void *context, const char *name,
                                              const char *path),
                                 void *context, struct oac_err *err) OAC_MUST_USE;

/* path = that of a shipped file's name; what has a slash or a dot in it is a path already. OAC_ENOTFOUND lists the
 * names there are. */
enum oac_status oac_shipped_find(const struct oac_shipped *shipped, const char *name_or_path,
                                 char path[OAC_SHIPPED_PATH_BYTES],
                                 struct oac_err *err) OAC_MUST_USE;

#endif
