/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/recording/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"

#define MAGIC         0x316c6e72756f6a6fu
#define SYNC_PERIOD_S 1
#define TYPES_MAX     32u

struct record {
    uint64_t magic, bytes;
    uint32_t type, zero;
    uint8_t check[8];
};

struct oac_journal {
    char *path;
    int fd;
    off_t good;
    time_t synced_s;
};

struct oac_journal_reader {
    char *path;
    int fd;
    size_t bytes, at; /* of the file; where the next record begins */
    void *data;
    size_t room;
};

static time_t now_s(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec;
}

static enum oac_status make_check(const void *data, size_t bytes, uint8_t check[8],
                                  struct oac_err *err)
{
    uint8_t sum[32];
    if (oac_digest_memory(data, bytes, sum, err))
        return err->status;
    memcpy(check, sum, 8);
    return OAC_OK;
}

enum oac_status oac_journal_create(const char *path, struct oac_journal **journal,
                                   struct oac_err *err)
{
    struct oac_journal *made = oac_alloc(1, sizeof *made, "a journal", err);
    if (!made)
        return err->status;
    made->fd = -1;
    made->synced_s = now_s();
    if (!(made->path = oac_strdup(path, err)))
        goto fail;
    made->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made->fd < 0 && errno == EEXIST)
        (void)oac_fail(err, OAC_EINVAL,
                       "%s holds what an interrupted run recorded: make a recording of it "
                       "(oac record finish), or delete it, or record elsewhere",
                       path);
    else if (made->fd < 0)
        (void)oac_fail(err, OAC_EIO, "%s: cannot record there: %s", path, strerror(errno));
    if (made->fd < 0)
        goto fail;
    *journal = made;
    return OAC_OK;
fail:
    free(made->path);
    free(made);
    return err->status;
}

enum oac_status oac_journal_sync(struct oac_journal *journal, struct oac_err *err)
{
    journal->synced_s = now_s();
    if (fsync(journal->fd) && errno != EINVAL)
        return oac_fail(err, OAC_EIO, "%s: cannot write to the disk: %s", journal->path,
                        strerror(errno));
    return OAC_OK;
}

enum oac_status oac_journal_append(struct oac_journal *journal, uint32_t type, const void *data,
                                   size_t bytes, struct oac_err *err)
{
    struct record record = {.magic = MAGIC, .bytes = bytes, .type = type};
    if (make_check(data, bytes, record.check, err))
        return err->status;
    if (!oac_file_put(journal->fd, &record, sizeof record) ||
        !oac_file_put(journal->fd, data, bytes)) {
        const int cause = errno;
        if (ftruncate(journal->fd, journal->good) == 0)
            (void)lseek(journal->fd, journal->good, SEEK_SET);
        return oac_fail(err, OAC_EIO,
                        "%s: cannot record %zu bytes: %s; what was recorded before stays there",
                        journal->path, bytes, strerror(cause));
    }
    journal->good += (off_t)(sizeof record + bytes);
    return now_s() - journal->synced_s >= SYNC_PERIOD_S ? oac_journal_sync(journal, err)
                                                        : OAC_OK;
}

void oac_journal_close(struct oac_journal *journal)
{
    if (!journal)
        return;
    close(journal->fd);
    free(journal->path);
    free(journal);
}

enum oac_status oac_journal_open(const char *path, struct oac_journal_reader **reader,
                                 struct oac_err *err)
{
    struct oac_journal_reader *made = oac_alloc(1, sizeof *made, "a journal", err);
    if (!made)
        return err->status;
    made->fd = -1;
    if (!(made->path = oac_strdup(path, err)) ||
        oac_file_open(path, &made->fd, &made->bytes, err)) {
        oac_journal_reader_close(made);
        return err->status;
    }
    *reader = made;
    return OAC_OK;
}

void oac_journal_reader_close(struct oac_journal_reader *reader)
{
    if (!reader)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader->data);
    free(reader->path);
    free(reader);
}

void oac_journal_rewind(struct oac_journal_reader *reader)
{
    reader->at = 0;
}

size_t oac_journal_torn_bytes(const struct oac_journal_reader *reader)
{
    return reader->bytes - reader->at;
}

static bool read_all(int fd, size_t at, void *data, size_t bytes)
{
    char *to = data;
    while (bytes > 0) {
        const ssize_t got = pread(fd, to, bytes, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        at += (size_t)got;
        bytes -= (size_t)got;
    }
    return true;
}

static enum oac_status make_room(struct oac_journal_reader *reader, size_t bytes,
                                 struct oac_err *err)
{
    if (bytes <= reader->room)
        return OAC_OK;
    void *grown = oac_alloc(bytes, 1, "a record of a journal", err);
    if (!grown)
        return err->status;
    free(reader->data);
    reader->data = grown;
    reader->room = bytes;
    return OAC_OK;
}

/* The header at reader->at, when it and its payload lie within the file. */
static bool read_header(const struct oac_journal_reader *reader, struct record *record)
{
    const size_t left = reader->bytes - reader->at;
    return left >= sizeof *record && read_all(reader->fd, reader->at, record, sizeof *record) &&
           record->magic == MAGIC && record->type < TYPES_MAX &&
           record->bytes <= left - sizeof *record;
}

enum oac_status oac_journal_next(struct oac_journal_reader *reader, uint32_t mask,
                                 uint32_t *type, const void **data, size_t *bytes,
                                 struct oac_err *err)
{
    struct record record;
    *data = NULL;
    while (read_header(reader, &record)) {
        const size_t payload = (size_t)record.bytes;
        if (!(mask & (uint32_t)1 << record.type)) {
            reader->at += sizeof record + payload;
            continue;
        }
        uint8_t check[8];
        if (make_room(reader, payload + 1, err))
            return err->status;
        if (!read_all(reader->fd, reader->at + sizeof record, reader->data, payload))
            return oac_fail(err, OAC_EIO, "%s: cannot read: %s", reader->path, strerror(errno));
        if (make_check(reader->data, payload, check, err))
            return err->status;
        if (memcmp(check, record.check, sizeof check) != 0)
            return OAC_OK;
        reader->at += sizeof record + payload;
        *type = record.type;
        *data = reader->data;
        *bytes = payload;
        return OAC_OK;
    }
    return OAC_OK;
}
