/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the matrix engine: what hal/engine*.c share. Not for other folders. */
#ifndef OAC_HAL_ENGINE_STATE_H
#define OAC_HAL_ENGINE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/code_kernel.h"
#include "hal/code_map.h"
#include "hal/correction.h"
#include "hal/decoding.h"
#include "hal/encoding.h"
#include "hal/engine.h"
#include "hal/reference.h"
#include "hal/schedule.h"

/* Images worked on together: enough to amortise a play, few enough to stay in the caches. */
#define OAC_ENGINE_CHUNK 256u

/* Slots are listed in 16 bits. */
#define OAC_ENGINE_SLOTS_MAX 65535u

/* Lists are encoded in steps of this many entries, which vectorise without a remainder. */
#define OAC_ENGINE_PAD 32u

/* The sum of openings is exact in integers of 2^-30, whatever the order and whatever is skipped. */
#define OAC_OPENING_UNIT 0x1p-30

struct oac_tile { /* some rows on the channels, some columns in the slots */
    size_t row0, rows, col0, cols;
    unsigned frames;
    uint32_t handle[OAC_FRAMES_MAX]; /* 0: not loaded */
    struct oac_frame_header header[OAC_FRAMES_MAX];
    double *share[OAC_FRAMES_MAX]; /* (cols) sum over rows of (row's part of the light) Tw */
    struct oac_decoder decoder[OAC_PASSES_MAX];
    const struct oac_correction *correction; /* the engine's */
    uint64_t *offset;                        /* (passes, repeats) schedule offsets */
};

struct oac_matrix {
    struct oac_engine *engine;
    char *name;
    size_t rows, cols;
    double w_min, w_max;
    double x_low, x_high; /* operand range, 0 included */
    struct oac_operand_range range;
    unsigned pass_count;
    struct oac_pass pass[OAC_PASSES_MAX];
    bool x_signed;                        /* two operands per image: max(x, 0) and max(-x, 0) */
    bool needs_x;                         /* decoding needs sum x^ */
    struct oac_code_encoding encoding[2]; /* by sign of the operand, x_scale 1 */
    uint16_t null_code;
    size_t tile_count;
    struct oac_tile *tile; /* ordered by column, then by row */
};

struct oac_engine {
    struct oac_link *link;
    const struct oac_calrec *calrec;
    struct oac_engine_options options;
    struct oac_code_map client;
    int32_t *opening; /* (code_max + 1) of the client's codes, in OAC_OPENING_UNIT */
    size_t usable;    /* channels in use */
    size_t *channel;  /* (usable) which, ascending: row i of any tile is on channel[i] */
    struct oac_code_map *weight; /* (usable) */
    struct oac_correction *
        *correction; /* (usable + 1) by rows of a tile; NULL: none has so many */
    struct oac_reference *reference; /* NULL: drift is not tracked */
    bool forced;
    struct oac_schedule schedule;
    atomic_bool frozen; /* a scratch exists: no more loading */
    uint64_t clipped_weights;
    size_t matrix_count;
    struct oac_matrix **matrix;
};

/* The codes of a chunk of images for one range of columns. */
struct oac_operands {
    size_t windows, slots;
    bool sparse;
    uint16_t *code[2];  /* by sign: (windows, slots) dense, or the listed entries */
    uint32_t *nz_begin; /* (windows + 1) */
    uint16_t *nz_slot;
    double *sum_x[2]; /* by sign: (windows) sum of openings */
};

/* One matrix's code of each byte, kept from call to call. */
struct oac_byte_codes {
    const struct oac_matrix *matrix; /* NULL: made for none yet */
    float scale;
    bool usable; /* none of the 256 is out of range */
    uint16_t code[256];
};

struct oac_engine_scratch {
    const struct oac_engine *engine;
    struct oac_workspace *workspace;
    size_t chunk, slots_max;
    struct oac_operands operands;
    float *row;   /* (slots_max + pad) one row's operands, made of bytes */
    float *value; /* (slots_max + pad) its non-zero ones */
    struct oac_byte_codes byte_codes;
    uint64_t *slot0;               /* (chunk) */
    float *code;                   /* (chunk, channels) readouts */
    float *fixed;                  /* (channels) those of one window, corrected */
    double *work;                  /* (channels) */
    struct oac_follower *follower; /* NULL: drift is not tracked */
    double *photons;               /* (chunk) */
    double *gain, *zero;           /* (channels) decoding constants of one window */
};

/* Operands (windows, slots; ld): x, or scale times bytes. x_scale (windows) may be NULL. */
struct oac_operand_source {
    size_t windows, slots, ld;
    const float *x;
    const uint8_t *bytes;
    float scale;
    const float *x_scale;
};

/* hal/engine_operands.c: their codes. Adds to *clipped the operands out of range. */
enum oac_status oac_operands_encode(const struct oac_matrix *matrix,
                                    struct oac_engine_scratch *scratch,
                                    const struct oac_operand_source *source, uint64_t *clipped,
                                    struct oac_err *err) OAC_MUST_USE;

/* hal/engine_load.c: unloads and frees. */
void oac_matrix_destroy(struct oac_matrix *matrix);

#endif
