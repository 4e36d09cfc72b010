/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gets a data set's four files from its mirrors.
 *
 * Each file is fetched into FILE.gz.part, where a later call goes on after an interruption or a
 * failure, is decompressed and compared with the published SHA-256, and only then renamed to
 * FILE.gz. A mirror that fails or sends something else is followed by the next. Files that are
 * there and right are kept. */
#ifndef OAC_MODELS_FETCH_H
#define OAC_MODELS_FETCH_H

#include "base/log.h"
#include "base/status.h"
#include "models/catalog.h"

struct oac_fetch_options {
    const char *directory;    /* files go to directory/NAME; NULL: the user cache */
    const char *mirror;       /* base URL to use instead of the catalogue's; NULL: those */
    double connect_timeout_s; /* 0: 15 */
    double stall_timeout_s;   /* 0: 30 */
    const struct oac_sink *sink;
};

/* *directory (may be NULL) receives where the files are; the caller frees it. */
enum oac_status oac_fetch(const struct oac_catalog_entry *entry,
                          const struct oac_fetch_options *options, char **directory,
                          struct oac_err *err) OAC_MUST_USE;

#endif
