/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/idx.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "models/gzstream.h"

#define TYPE_UNSIGNED_BYTE 0x08u

static uint32_t big_endian(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

static enum oac_status check_magic(const char *path, const uint8_t magic[4], size_t rank,
                                   struct oac_err *err)
{
    const bool is_idx = magic[0] == 0 && magic[1] == 0 && magic[2] >= 0x08 && magic[2] <= 0x0E;
    if (is_idx && magic[2] != TYPE_UNSIGNED_BYTE)
        return oac_fail(err, OAC_EPARSE,
                        "%s: IDX elements of type 0x%02X; only unsigned bytes (0x08) are read",
                        path, magic[2]);
    if (is_idx && magic[3] != rank)
        return oac_fail(err, OAC_EPARSE, "%s: IDX array of rank %u, expected rank %zu (%s)",
                        path, magic[3], rank, rank == 1 ? "labels" : "images");
    if (!is_idx)
        return oac_fail(err, OAC_EPARSE,
                        "%s: not an IDX file: it begins with 0x%08X, expected 0x0000%02X%02zX",
                        path, (unsigned)big_endian(magic), TYPE_UNSIGNED_BYTE, rank);
    return OAC_OK;
}

/* Fills rank, dims and bytes from the header's dimensions (rank x 4 bytes). */
static enum oac_status check_dims(const char *path, const uint8_t *raw, struct oac_idx *idx,
                                  size_t content_limit_bytes, struct oac_err *err)
{
    char shape[64] = "";
    int used = 0;
    for (size_t i = 0; i < idx->rank; i++) {
        idx->dims[i] = big_endian(raw + 4 * i);
        used += snprintf(shape + used, sizeof shape - (size_t)used, "%s%zu", i ? " x " : "",
                         idx->dims[i]);
    }
    idx->bytes = 1;
    for (size_t i = 0; i < idx->rank; i++) {
        if (idx->dims[i] == 0)
            return oac_fail(err, OAC_EPARSE, "%s: the header promises %s elements, none at all",
                            path, shape);
        if (idx->dims[i] > OAC_IDX_BYTES_MAX / idx->bytes)
            return oac_fail(err, OAC_EPARSE,
                            "%s: the header promises %s elements, the limit is %zu bytes", path,
                            shape, OAC_IDX_BYTES_MAX);
        idx->bytes *= idx->dims[i];
    }
    if (idx->bytes > content_limit_bytes)
        return oac_fail(
            err, OAC_EPARSE,
            "%s: truncated: the header promises %s elements, the file cannot hold more "
            "than %zu",
            path, shape, content_limit_bytes);
    return OAC_OK;
}

static enum oac_status read_header(const char *path, struct oac_gzstream *stream,
                                   struct oac_idx *idx, struct oac_err *err)
{
    uint8_t header[4 + 4 * OAC_IDX_RANK_MAX];
    const size_t header_bytes = 4 + 4 * idx->rank;
    size_t got = 0;
    if (oac_gzstream_read(stream, header, 4, &got, err))
        return err->status;
    if (got == 0)
        return oac_fail(err, OAC_EPARSE, "%s: the file is empty", path);
    if (got == 4 && check_magic(path, header, idx->rank, err))
        return err->status;
    size_t more = 0;
    if (oac_gzstream_read(stream, header + got, header_bytes - got, &more, err))
        return err->status;
    if (got + more < header_bytes)
        return oac_fail(err, OAC_EPARSE,
                        "%s: truncated: %zu bytes, the IDX header alone has %zu", path,
                        got + more, header_bytes);
    return check_dims(path, header + 4, idx, oac_gzstream_content_limit_bytes(stream), err);
}

static enum oac_status read_elements(const char *path, struct oac_gzstream *stream,
                                     struct oac_idx *idx, struct oac_err *err)
{
    size_t got = 0, beyond = 0;
    uint8_t extra;
    idx->data = oac_alloc(idx->bytes, 1, "IDX elements", err);
    if (!idx->data || oac_gzstream_read(stream, idx->data, idx->bytes, &got, err))
        return err->status;
    if (got < idx->bytes)
        return oac_fail(err, OAC_EPARSE, "%s: truncated: %zu of %zu elements", path, got,
                        idx->bytes);
    /* Also makes a gzip file prove its checksum, which follows the last element. */
    if (oac_gzstream_read(stream, &extra, 1, &beyond, err))
        return err->status;
    if (beyond)
        return oac_fail(err, OAC_EPARSE,
                        "%s: the file goes on after the %zu elements its header promises", path,
                        idx->bytes);
    return OAC_OK;
}

enum oac_status oac_idx_read(const char *path, size_t rank, struct oac_idx *out,
                             struct oac_err *err)
{
    if (rank < 1 || rank > OAC_IDX_RANK_MAX)
        return oac_fail(err, OAC_EINVAL, "IDX rank %zu is not in 1..%u", rank,
                        OAC_IDX_RANK_MAX);
    struct oac_idx idx = {.rank = rank};
    struct oac_gzstream *stream = NULL;
    if (oac_gzstream_open(path, &stream, err))
        return err->status;
    enum oac_status status = read_header(path, stream, &idx, err);
    if (!status)
        status = read_elements(path, stream, &idx, err);
    if (!status) {
        oac_gzstream_digest(stream, idx.sha256);
        *out = idx;
    } else {
        oac_idx_fini(&idx);
    }
    oac_gzstream_close(stream);
    return status;
}

void oac_idx_fini(struct oac_idx *idx)
{
    free(idx->data);
    idx->data = NULL;
}
