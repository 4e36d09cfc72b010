/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IDX, the format of MNIST: big-endian, raw or gzip.
 *
 *     byte 0, 1   zero            byte 2   element type (0x08: unsigned byte)      byte 3 rank
 *     rank x uint32 dimensions, then the elements in row-major order
 *
 * Only unsigned bytes are read (images have rank 3, labels rank 1). The file must hold exactly
 * the elements its header promises. Source: LeCun, Cortes, Burges, "The MNIST database",
 * section "File formats". */
#ifndef OAC_MODELS_IDX_H
#define OAC_MODELS_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

#define OAC_IDX_RANK_MAX  3u
#define OAC_IDX_BYTES_MAX ((size_t)1 << 30) /* 1 GiB of elements */

struct oac_idx {
    size_t rank, dims[OAC_IDX_RANK_MAX];
    size_t bytes;                      /* product of dims */
    uint8_t *data;                     /* (dims...) */
    char sha256[OAC_DIGEST_HEX_BYTES]; /* of the whole decompressed file, header included */
};

/* Given a path and the rank the caller needs (1..OAC_IDX_RANK_MAX), fills *idx. Empty,
 * truncated, longer than promised, of another type or rank, with a zero dimension or above
 * OAC_IDX_BYTES_MAX: OAC_EPARSE. Memory is taken only when the file can be long enough to fill
 * it. */
enum oac_status oac_idx_read(const char *path, size_t rank, struct oac_idx *idx,
                             struct oac_err *err) OAC_MUST_USE;
void oac_idx_fini(struct oac_idx *idx);

#endif
