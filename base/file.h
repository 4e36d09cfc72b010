/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole files: read with a size limit, written whole or not at all. */
#ifndef OAC_BASE_FILE_H
#define OAC_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Opens a regular file for reading; the caller closes *fd. A missing file is OAC_ENOTFOUND, a directory,
 * FIFO or device OAC_EINVAL, anything else that the system refuses OAC_EIO. *bytes is its size. */
enum oac_status oac_file_open(const char *path, int *fd, size_t *bytes,
                              struct oac_err *err) OAC_MUST_USE;

/* Reads at most max_bytes; a longer file is OAC_EINVAL, a directory or FIFO too. *data is NUL terminated
 * (not counted in *bytes) and freed by the caller. */
enum oac_status oac_file_read(const char *path, size_t max_bytes, char **data, size_t *bytes,
                              struct oac_err *err) OAC_MUST_USE;

/* Writes all of it to fd; false with errno set when the system refuses, RLIMIT_FSIZE included (no SIGXFSZ). */
bool oac_file_put(int fd, const void *data, size_t bytes);

/* Writes `path` beside itself, fsyncs, renames, fsyncs the directory. On failure the old file, if any, is
 * untouched and nothing is left behind (only a failing fsync of the directory, after the rename, leaves the
 * new file; the message says so). A symbolic link is followed; what exists and is not a regular file, such
 * as /dev/null, is OAC_EINVAL. RLIMIT_FSIZE is an error, not a SIGXFSZ. */
enum oac_status oac_file_write(const char *path, const void *data, size_t bytes,
                               struct oac_err *err) OAC_MUST_USE;

#endif
