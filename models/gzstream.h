/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A regular file, raw or gzip (told by its first two bytes), read from front to back with the
 * SHA-256 of its content. Stricter than zlib's gzread, which takes trailing garbage for the end
 * of the file and a cut file for a short one: here every byte of the file must belong to a
 * complete, checked gzip member (RFC 1952). Fenced here: zlib. */
#ifndef OAC_MODELS_GZSTREAM_H
#define OAC_MODELS_GZSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

struct oac_gzstream;

enum oac_status oac_gzstream_open(const char *path, struct oac_gzstream **stream,
                                  struct oac_err *err) OAC_MUST_USE;
void oac_gzstream_close(struct oac_gzstream *stream); /* NULL is fine */

/* Reads `bytes` bytes of content; *got < bytes only at the end of the file. A cut or corrupt
 * gzip file is OAC_EPARSE. */
enum oac_status oac_gzstream_read(struct oac_gzstream *stream, void *data, size_t bytes,
                                  size_t *got, struct oac_err *err) OAC_MUST_USE;

/* The most content that the file can hold, from its size on disk alone: deflate expands by at
 * most 1032 (zlib's technical notes), so that a header cannot make a reader take memory that
 * the file cannot fill. */
size_t oac_gzstream_content_limit_bytes(const struct oac_gzstream *stream);

bool oac_gzstream_is_gzip(const struct oac_gzstream *stream);

/* SHA-256 of all content read so far; call once, after the last read. */
void oac_gzstream_digest(struct oac_gzstream *stream, char hex[OAC_DIGEST_HEX_BYTES]);

#endif
