/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A seal on an HDF5 file: whether it still holds what was written.
 *
 *     seal = SHA-256 over every attribute and data set in order of path and name: path, name, kind, shape, values
 * kept as the text attribute `seal_sha256` of the root group, which alone is left out. It shows damage and edits,
 * not forgery: whoever can write a file can seal it. Values as oac_h5_read hands them out, so that what a
 * reader would not see is not sealed. */
#ifndef OAC_BASE_H5_SEAL_H
#define OAC_BASE_H5_SEAL_H

#include "base/digest.h"
#include "base/h5.h"
#include "base/status.h"

/* As oac_h5_commit, and the file carries its seal. */
enum oac_status oac_h5_commit_sealed(struct oac_h5_writer *writer, const char *path,
                                     struct oac_err *err) OAC_MUST_USE;

/* Status: OAC_EMISMATCH when file was changed since, OAC_ENOTFOUND when it never was sealed. hex receives
 * the seal; NULL: not wanted. */
enum oac_status oac_h5_check_seal(const struct oac_h5_file *file,
                                  char hex[OAC_DIGEST_HEX_BYTES],
                                  struct oac_err *err) OAC_MUST_USE;

#endif
