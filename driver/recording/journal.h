/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a recording is until it is complete: a file of checksummed records that only grows, so that a killed run
 * loses at most the record it was writing.
 *
 *     record = magic, bytes, type, first 8 bytes of the SHA-256 of the payload; then the payload
 *
 * Records hold structs as this program has them in memory: a journal is read by the version of oac, on the kind
 * of machine, that wrote it. It is on the disk (fsync) at most a second after it was written. */
#ifndef OAC_DRIVER_RECORDING_JOURNAL_H
#define OAC_DRIVER_RECORDING_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oac_journal; /* being written */

/* A new file; OAC_EINVAL when there is one, because it may be all that is left of a run. */
enum oac_status oac_journal_create(const char *path, struct oac_journal **journal,
                                   struct oac_err *err) OAC_MUST_USE;

/* One record, whole or not at all: what a full disk did not take is cut off again. */
enum oac_status oac_journal_append(struct oac_journal *journal, uint32_t type, const void *data,
                                   size_t bytes, struct oac_err *err) OAC_MUST_USE;

/* Until now; the last step before the journal is read. */
enum oac_status oac_journal_sync(struct oac_journal *journal, struct oac_err *err) OAC_MUST_USE;
void oac_journal_close(struct oac_journal *journal); /* the file stays; NULL is fine */

struct oac_journal_reader;

enum oac_status oac_journal_open(const char *path, struct oac_journal_reader **reader,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_journal_reader_close(struct oac_journal_reader *reader); /* NULL is fine */

/* The next record of a type in the mask (bit 1 << type): *data lives until the next call, aligned for any type.
 * *data is NULL at the end, which is also where a record is torn or damaged. */
enum oac_status oac_journal_next(struct oac_journal_reader *reader, uint32_t mask,
                                 uint32_t *type, const void **data, size_t *bytes,
                                 struct oac_err *err) OAC_MUST_USE;
void oac_journal_rewind(struct oac_journal_reader *reader);
size_t oac_journal_torn_bytes(const struct oac_journal_reader
                                  *reader); /* behind the last good record, known at the end */

#endif
