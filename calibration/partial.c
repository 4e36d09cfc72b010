/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/partial.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/file.h"

#define MAGIC      "oac-partial 1\n"
#define HEAD_BYTES (sizeof MAGIC - 1 + 64)
#define MOST_BYTES ((size_t)1 << 32)

struct oac_partial {
    char *path;
    uint8_t *bytes; /* head, then answers */
    size_t used, room, at, saved;
};

static enum oac_status make_room(struct oac_partial *partial, size_t more, struct oac_err *err)
{
    if (more <= partial->room - partial->used)
        return OAC_OK;
    if (more > MOST_BYTES - partial->used)
        return oac_fail(err, OAC_ENOMEM, "%s would exceed %zu bytes", partial->path,
                        MOST_BYTES);
    const size_t room = 2 * (partial->used + more);
    uint8_t *bytes = oac_alloc(room, 1, "a partial", err);
    if (!bytes)
        return err->status;
    if (partial->used)
        memcpy(bytes, partial->bytes, partial->used);
    free(partial->bytes);
    partial->bytes = bytes;
    partial->room = room;
    return OAC_OK;
}

static enum oac_status check(const struct oac_partial *partial, const uint8_t key[32],
                             struct oac_err *err)
{
    uint8_t sum[32];
    const uint8_t *head = partial->bytes;
    if (partial->used < HEAD_BYTES || memcmp(head, MAGIC, sizeof MAGIC - 1) != 0)
        return oac_fail(err, OAC_EMISMATCH,
                        "%s is not of an interrupted calibration: remove it", partial->path);
    if (memcmp(head + sizeof MAGIC - 1, key, 32) != 0)
        return oac_fail(err, OAC_EMISMATCH,
                        "%s is of an interrupted calibration of another rig, model, data or "
                        "options: repeat that "
                        "command to continue it, or remove the file to begin afresh",
                        partial->path);
    if (oac_digest_memory(head + HEAD_BYTES, partial->used - HEAD_BYTES, sum, err))
        return err->status;
    if (memcmp(head + HEAD_BYTES - 32, sum, 32) != 0)
        return oac_fail(err, OAC_EMISMATCH, "%s is damaged: remove it to begin afresh",
                        partial->path);
    return OAC_OK;
}

static enum oac_status begin(struct oac_partial *partial, const uint8_t key[32],
                             struct oac_err *err)
{
    if (make_room(partial, HEAD_BYTES, err))
        return err->status;
    memcpy(partial->bytes, MAGIC, sizeof MAGIC - 1);
    memcpy(partial->bytes + sizeof MAGIC - 1, key, 32);
    memset(partial->bytes + HEAD_BYTES - 32, 0, 32);
    partial->used = HEAD_BYTES;
    return OAC_OK;
}

enum oac_status oac_partial_open(const char *path, const uint8_t key[32],
                                 struct oac_partial **partial, struct oac_err *err)
{
    struct oac_partial *made = oac_alloc(1, sizeof *made, "a partial", err);
    if (!made)
        return err->status;
    enum oac_status status = OAC_OK;
    made->path = oac_strdup(path, err);
    if (!made->path)
        status = err->status;
    else if (access(path, F_OK) != 0)
        status = begin(made, key, err);
    else {
        char *data;
        status = oac_file_read(path, MOST_BYTES, &data, &made->used, err);
        if (status == OAC_OK) {
            made->bytes = (uint8_t *)data;
            made->room = made->used;
            status = check(made, key, err);
        }
        made->saved = made->used;
    }
    if (status != OAC_OK) {
        oac_partial_close(made);
        return status;
    }
    made->at = HEAD_BYTES;
    *partial = made;
    return OAC_OK;
}

void oac_partial_close(struct oac_partial *partial)
{
    if (!partial)
        return;
    free(partial->path);
    free(partial->bytes);
    free(partial);
}

bool oac_partial_replays(const struct oac_partial *partial)
{
    return partial->at < partial->used;
}

/* An answer is its length and its bytes, of which there may be none. */
enum oac_status oac_partial_take(struct oac_partial *partial, void *data, size_t bytes,
                                 struct oac_err *err)
{
    uint64_t length = 0;
    const size_t left = partial->used - partial->at;
    if (left >= sizeof length)
        memcpy(&length, partial->bytes + partial->at, sizeof length);
    if (length != bytes || left < sizeof length + bytes)
        return oac_fail(
            err, OAC_EMISMATCH,
            "%s does not continue as this calibration does: remove it to begin afresh",
            partial->path);
    if (bytes)
        memcpy(data, partial->bytes + partial->at + sizeof length, bytes);
    partial->at += sizeof length + bytes;
    return OAC_OK;
}

enum oac_status oac_partial_put(struct oac_partial *partial, const void *data, size_t bytes,
                                struct oac_err *err)
{
    const uint64_t length = bytes;
    if (make_room(partial, sizeof length + bytes, err))
        return err->status;
    memcpy(partial->bytes + partial->used, &length, sizeof length);
    if (bytes)
        memcpy(partial->bytes + partial->used + sizeof length, data, bytes);
    partial->used += sizeof length + bytes;
    partial->at = partial->used;
    return OAC_OK;
}

enum oac_status oac_partial_save(struct oac_partial *partial, struct oac_err *err)
{
    if (partial->saved == partial->used || oac_partial_replays(partial))
        return OAC_OK;
    if (oac_digest_memory(partial->bytes + HEAD_BYTES, partial->used - HEAD_BYTES,
                          partial->bytes + HEAD_BYTES - 32, err) ||
        oac_file_write(partial->path, partial->bytes, partial->used, err))
        return err->status;
    partial->saved = partial->used;
    return OAC_OK;
}

const char *oac_partial_path(const struct oac_partial *partial)
{
    return partial->path;
}

bool oac_partial_saved(const struct oac_partial *partial)
{
    return partial->saved > HEAD_BYTES;
}

void oac_partial_remove(struct oac_partial *partial)
{
    unlink(partial->path);
    partial->saved = 0;
}
