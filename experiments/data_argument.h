/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `--data` means: a name ("mnist"), to be searched for, or a directory that holds the
 * files. */
#ifndef OAC_EXPERIMENTS_DATA_ARGUMENT_H
#define OAC_EXPERIMENTS_DATA_ARGUMENT_H

#include "base/status.h"

struct oac_data_argument {
    char *name;
    char *directory; /* NULL: the search order of models/dataset.h */
};

/* Text with a '/' in it, "." and ".." are directories; the data set is then called like the
 * directory, so that files in .../mnist are known to be MNIST and checked. Status:
 * OAC_ENOTFOUND when there is no such directory. Free with oac_data_argument_fini, also after
 * failure. */
enum oac_status oac_data_argument_parse(const char *text, struct oac_data_argument *argument,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_data_argument_fini(struct oac_data_argument *argument); /* a zeroed one is fine */

#endif
