/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stored IIO context (the XML of iio_info --xml) is well-formed, or one line says where it is not. libiio's own
 * parser prints to stderr and returns EINVAL; this looks first.
 *
 * Checked: one element named context, tags that nest and close, attributes in quotes, known entities. Not checked:
 * that devices and channels make sense, which is libiio's part. Document types are skipped, not followed. */
#ifndef OAC_DRIVER_CONTEXT_FILE_H
#define OAC_DRIVER_CONTEXT_FILE_H

#include <stddef.h>

#include "base/status.h"

/* OAC_EPARSE: "FILE:LINE:COLUMN: what is wrong". `file` is for messages. Pure. */
enum oac_status oac_context_text_check(const char *file, const char *text, size_t length,
                                       struct oac_err *err) OAC_MUST_USE;
/* The same of a file of at most 16 MiB. */
enum oac_status oac_context_file_check(const char *path, struct oac_err *err) OAC_MUST_USE;

#endif
