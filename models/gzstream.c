/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/gzstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/alloc.h"
#include "base/file.h"

#define INPUT_BYTES         65536u
#define DEFLATE_RATIO_LIMIT 1032u

struct oac_gzstream {
    char *path;
    int fd;
    size_t file_bytes;
    bool gzip, at_file_end;
    bool member_done; /* between gzip members: the only place where a gzip file may end */
    bool inflating;   /* inflateInit2 was called */
    z_stream z;       /* next_in, avail_in also hold the unread input of a raw file */
    struct oac_digest *digest;
    uint8_t input[INPUT_BYTES];
};

static enum oac_status refill(struct oac_gzstream *stream, struct oac_err *err)
{
    size_t held = 0;
    while (held < INPUT_BYTES && !stream->at_file_end) {
        ssize_t n = read(stream->fd, stream->input + held, INPUT_BYTES - held);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return oac_fail(err, OAC_EIO, "%s: cannot read: %s", stream->path, strerror(errno));
        stream->at_file_end = n == 0;
        held += (size_t)n;
    }
    stream->z.next_in = stream->input;
    stream->z.avail_in = (uInt)held;
    return OAC_OK;
}

static enum oac_status start_inflate(struct oac_gzstream *stream, struct oac_err *err)
{
    if (inflateInit2(&stream->z, 15 + 16) != Z_OK) /* largest window, gzip wrapper only */
        return oac_fail(err, OAC_ENOMEM, "%s: cannot start zlib", stream->path);
    stream->inflating = true;
    return OAC_OK;
}

enum oac_status oac_gzstream_open(const char *path, struct oac_gzstream **out,
                                  struct oac_err *err)
{
    struct oac_gzstream *stream = oac_alloc(1, sizeof *stream, "file buffer", err);
    if (!stream)
        return err->status;
    stream->fd = -1;
    stream->path = oac_strdup(path, err);
    if (!stream->path || oac_file_open(path, &stream->fd, &stream->file_bytes, err) ||
        refill(stream, err))
        goto fail;
    stream->gzip =
        stream->z.avail_in >= 2 && stream->input[0] == 0x1f && stream->input[1] == 0x8b;
    if (stream->gzip && start_inflate(stream, err))
        goto fail;
    if (oac_digest_create(&stream->digest, err))
        goto fail;
    *out = stream;
    return OAC_OK;
fail:
    oac_gzstream_close(stream);
    return err->status;
}

void oac_gzstream_close(struct oac_gzstream *stream)
{
    if (!stream)
        return;
    uint8_t sum[32];
    if (stream->digest)
        oac_digest_finish(stream->digest, sum);
    if (stream->inflating)
        inflateEnd(&stream->z);
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream->path);
    free(stream);
}

/* Inflates what fits into data (room bytes); *made may be 0 when only headers or trailers were
 * read. */
static enum oac_status inflate_some(struct oac_gzstream *stream, uint8_t *data, size_t room,
                                    size_t *made, struct oac_err *err)
{
    const uInt window = room > (1u << 30) ? (1u << 30) : (uInt)room;
    if (stream->member_done) {
        inflateReset(&stream->z);
        stream->member_done = false;
    }
    stream->z.next_out = data;
    stream->z.avail_out = window;
    int result = inflate(&stream->z, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR)
        return oac_fail(err, OAC_ENOMEM, "%s: zlib is out of memory", stream->path);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return oac_fail(err, OAC_EPARSE, "%s: corrupt gzip data (%s)", stream->path,
                        stream->z.msg ? stream->z.msg : "unknown zlib error");
    stream->member_done = result == Z_STREAM_END;
    *made = window - stream->z.avail_out;
    return OAC_OK;
}

static size_t copy_some(struct oac_gzstream *stream, uint8_t *data, size_t room)
{
    const size_t n = room < stream->z.avail_in ? room : stream->z.avail_in;
    memcpy(data, stream->z.next_in, n);
    stream->z.next_in += n;
    stream->z.avail_in -= (uInt)n;
    return n;
}

enum oac_status oac_gzstream_read(struct oac_gzstream *stream, void *data, size_t bytes,
                                  size_t *got, struct oac_err *err)
{
    uint8_t *const to = data;
    size_t done = 0;
    while (done < bytes) {
        if (stream->z.avail_in == 0 && !stream->at_file_end && refill(stream, err))
            return err->status;
        const bool exhausted = stream->z.avail_in == 0;
        if (exhausted && (!stream->gzip || stream->member_done))
            break;
        size_t made = 0;
        if (!stream->gzip)
            made = copy_some(stream, to + done, bytes - done);
        else if (inflate_some(stream, to + done, bytes - done, &made, err))
            return err->status;
        if (exhausted && made == 0 && !stream->member_done)
            return oac_fail(err, OAC_EPARSE,
                            "%s: truncated gzip file (%zu bytes on disk); fetch it again",
                            stream->path, stream->file_bytes);
        done += made;
    }
    oac_digest_update(stream->digest, data, done);
    *got = done;
    return OAC_OK;
}

size_t oac_gzstream_content_limit_bytes(const struct oac_gzstream *stream)
{
    if (!stream->gzip)
        return stream->file_bytes;
    if (stream->file_bytes > SIZE_MAX / DEFLATE_RATIO_LIMIT)
        return SIZE_MAX;
    return stream->file_bytes * DEFLATE_RATIO_LIMIT;
}

bool oac_gzstream_is_gzip(const struct oac_gzstream *stream)
{
    return stream->gzip;
}

void oac_gzstream_digest(struct oac_gzstream *stream, char hex[OAC_DIGEST_HEX_BYTES])
{
    uint8_t sum[32];
    oac_digest_finish(stream->digest, sum);
    stream->digest = NULL;
    oac_digest_hex(sum, hex);
}
