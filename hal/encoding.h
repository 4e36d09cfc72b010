/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server half of the matrix engine: a tile of W becomes weight frames, each with a header.
 *
 * Encodings of w in [w_min, w_max], with Tw relative to the modulator's maximum and r its extinction:
 *   rails     two frames:  Tw = r + (1-r) max(+-w, 0)/w_scale,   w_scale = max(|w_min|, |w_max|)
 *   offset    one frame:   Tw = r + (1-r) (w - w_min)/w_scale,   w_scale = w_max - w_min
 *   balanced  one frame:   Tw+ = r + (1-r) (1 + w/w_scale)/2,    Tw- = 1 + r - Tw+
 * The header is all that a client needs to decode a frame's readouts (hal/decoding.h): it holds sums over
 * slots, never a weight. */
#ifndef OAC_HAL_ENCODING_H
#define OAC_HAL_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/code_map.h"
#include "hal/engine.h"

struct oac_frame_header {
    uint32_t matrix, tile, frame; /* which matrix, which tile of it, which frame of the tile */
    enum oac_encoding encoding;
    bool differential;
    uint16_t null_x_code;
    size_t rows, slots;
    double w_min, w_scale; /* [units of w] */
    double *sum_tw;        /* (rows) sum over slots of the played Tw (of Tw+ when balanced) */
    uint8_t digest[32];    /* SHA-256 of the codes (rows, slots), native byte order */
};

/* One readout of a tile: which frame meets which sign of x, and how it enters the sum. */
struct oac_pass {
    unsigned frame;  /* 0 or 1 */
    bool x_negative; /* plays max(-x, 0) */
    double sign;
};

#define OAC_FRAMES_MAX 2u
#define OAC_PASSES_MAX 4u

/* Frames of one tile, and its passes for unsigned or signed x. Pure. */
unsigned oac_encoding_frames(enum oac_encoding encoding);
unsigned oac_encoding_passes(enum oac_encoding encoding, bool x_signed,
                             struct oac_pass passes[OAC_PASSES_MAX]);

/* w_scale of the table above; 1 when the range has no extent. Pure. */
double oac_encoding_w_scale(enum oac_encoding encoding, double w_min, double w_max);

struct oac_weight_tile {
    size_t rows, slots;
    const float *w; /* (rows, slots; ldw) */
    size_t ldw;
    double w_min, w_max;
    const struct oac_code_map *map; /* (rows) one per channel */
};

/* Given header with encoding, frame, rows, slots, w_min, w_scale set: fills code (rows, slots), the
 * header's sum_tw and digest. share (slots; NULL: not wanted) receives
 * sum_k row_share[k] Tw[k,n], the light budget's weight of each slot. *clipped is incremented by the
 * weights outside [w_min, w_max] or out of the converter's reach by more than one code. */
enum oac_status oac_encode_tile(const struct oac_weight_tile *tile,
                                struct oac_frame_header *header, uint16_t *code,
                                const double *row_share, double *share, uint64_t *clipped,
                                struct oac_err *err) OAC_MUST_USE;

#endif
