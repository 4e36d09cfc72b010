/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/encoding.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"

const char *const oac_encoding_names[] = {"rails", "offset", "balanced", NULL};

unsigned oac_encoding_frames(enum oac_encoding encoding)
{
    return encoding == OAC_RAILS ? 2 : 1;
}

unsigned oac_encoding_passes(enum oac_encoding encoding, bool x_signed,
                             struct oac_pass passes[OAC_PASSES_MAX])
{
    static const struct oac_pass rails[] = {
        {0, false, 1.0}, {1, false, -1.0}, {0, true, -1.0}, {1, true, 1.0}};
    static const struct oac_pass single[] = {{0, false, 1.0}, {0, true, -1.0}};
    unsigned count = encoding == OAC_RAILS ? 2 : 1;
    if (x_signed && encoding != OAC_OFFSET)
        count *= 2;
    memcpy(passes, encoding == OAC_RAILS ? rails : single, count * sizeof *passes);
    return count;
}

double oac_encoding_w_scale(enum oac_encoding encoding, double w_min, double w_max)
{
    double scale = encoding == OAC_OFFSET ? w_max - w_min : fmax(fabs(w_min), fabs(w_max));
    return scale > 0.0 ? scale : 1.0;
}

/* The opening that encodes w (already clipped). */
static double opening(const struct oac_frame_header *header, double w)
{
    switch (header->encoding) {
    case OAC_RAILS:
        return fmax(header->frame == 0 ? w : -w, 0.0) / header->w_scale;
    case OAC_OFFSET:
        return (w - header->w_min) / header->w_scale;
    case OAC_BALANCED:
        break;
    }
    return 0.5 * (1.0 + w / header->w_scale);
}

static void encode_row(const struct oac_weight_tile *tile, struct oac_frame_header *header,
                       size_t k, uint16_t *code, double row_share, double *share,
                       uint64_t *clipped)
{
    const struct oac_code_map *map = &tile->map[k];
    const double r = map->curve.r;
    double sum = 0.0;
    for (size_t n = 0; n < tile->slots; n++) {
        double wanted = (double)tile->w[k * tile->ldw + n];
        double w = fmin(fmax(wanted, tile->w_min), tile->w_max);
        bool missed = w != wanted && header->frame == 0; /* counted once, not once a frame */
        code[n] = oac_code_map_code(map, opening(header, w), &missed);
        *clipped += missed;
        double t = r + (1.0 - r) * oac_code_map_opening(map, code[n]);
        sum += t;
        if (share)
            share[n] += row_share * (header->differential ? 1.0 + r : t);
    }
    header->sum_tw[k] = sum;
}

enum oac_status oac_encode_tile(const struct oac_weight_tile *tile,
                                struct oac_frame_header *header, uint16_t *code,
                                const double *row_share, double *share, uint64_t *clipped,
                                struct oac_err *err)
{
    uint64_t count = 0;
    if (share)
        memset(share, 0, tile->slots * sizeof *share);
    for (size_t k = 0; k < tile->rows; k++)
        encode_row(tile, header, k, code + k * tile->slots, row_share ? row_share[k] : 0.0,
                   share, &count);
    *clipped += count;
    return oac_digest_memory(code, tile->rows * tile->slots * sizeof *code, header->digest,
                             err);
}
