/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's operands as codes: once per chunk of images, for all tiles and passes. */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "hal/engine_state.h"

/* Listing the non-zero slots pays when at most this part of the operands is not zero. */
#define SPARSE_BELOW 0.4

/* n operands of a window from column `col` on; bytes are made numbers in the scratch row. */
static const float *operands_at(const struct oac_operand_source *source, size_t window,
                                size_t col, size_t n, float *row)
{
    const size_t at = window * source->ld + col;
    if (!source->bytes)
        return source->x + at;
    oac_kernel()->scale_bytes(n, source->bytes + at, source->scale, row);
    return row;
}

/* Looks at up to four stretches of operands, spread over the windows: a wrong guess costs time, not bits. */
static bool mostly_zero(const struct oac_operand_source *source, float *row)
{
    const size_t stretch = source->slots < 128 ? source->slots : 128;
    const size_t stretches = source->windows * (source->slots / stretch);
    const size_t looks = stretches < 4 ? stretches : 4;
    size_t used = 0;
    for (size_t i = 0; i < looks; i++) {
        const size_t window = i * source->windows / looks;
        const size_t col = (source->slots - stretch) * i / looks;
        const float *x = operands_at(source, window, col, stretch, row);
        used += oac_code_kernel()->outside(stretch, x, 0.0f, 0.0f);
    }
    return (double)used <= SPARSE_BELOW * (double)(looks * stretch);
}

static enum oac_status refuse_unreal(const struct oac_matrix *matrix, size_t n, const float *x,
                                     struct oac_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return oac_fail(err, OAC_EINVAL, "an operand of %s is %g: all must be finite",
                            matrix->name, (double)x[i]);
    return OAC_OK;
}

struct row {
    size_t n;      /* operands to encode, the others of `slots` are zero */
    size_t padded; /* as many may be encoded: there is room, and zeros */
    const float *x;
    size_t at; /* where their codes go */
    size_t slots, window;
    float x_scale;
};

static struct oac_code_encoding encoding_of(const struct oac_matrix *matrix, int sign,
                                            float x_scale)
{
    struct oac_code_encoding encoding = matrix->encoding[sign];
    encoding.gain /= x_scale;
    encoding.gain_v /= x_scale;
    return encoding;
}

static void sum_openings(const struct oac_matrix *matrix, const struct oac_code_kernel *kernel,
                         struct oac_operands *operands, const struct row *row, int sign)
{
    if (!matrix->needs_x)
        return;
    const int32_t *opening = matrix->engine->opening;
    int64_t sum = kernel->sum(row->n, opening, operands->code[sign] + row->at) +
                  (int64_t)(row->slots - row->n) * opening[matrix->null_code];
    operands->sum_x[sign][row->window] = (double)sum * OAC_OPENING_UNIT;
}

static enum oac_status encode_row(const struct oac_matrix *matrix,
                                  const struct oac_code_kernel *kernel,
                                  struct oac_operands *operands, const struct row *row,
                                  uint64_t *clipped, struct oac_err *err)
{
    const float low = (float)matrix->x_low * row->x_scale;
    const float high = (float)matrix->x_high * row->x_scale;
    bool plain =
        false; /* all within 0..high: what nearly every image is, so it is tried first */
    for (int sign = 0; sign <= matrix->x_signed; sign++) {
        const struct oac_code_encoding encoding = encoding_of(matrix, sign, row->x_scale);
        uint16_t *code = operands->code[sign] + row->at;
        if (sign == 0) {
            plain = encoding.reaches_ends &&
                    kernel->encode_inside(&encoding, row->padded, row->x, high, code);
            size_t outside = plain ? 0 : kernel->outside(row->n, row->x, low, high);
            if (outside && refuse_unreal(matrix, row->n, row->x, err))
                return err->status;
            *clipped += outside;
        }
        if (sign == 1 || !plain)
            kernel->encode(&encoding, row->padded, row->x, code);
        sum_openings(matrix, kernel, operands, row, sign);
    }
    return OAC_OK;
}

/* The codes of all bytes, when every one is within 0 .. x_max: then a window needs no arithmetic. */
static bool byte_codes_usable(const struct oac_matrix *matrix,
                              const struct oac_code_kernel *kernel,
                              const struct oac_operand_source *source,
                              struct oac_byte_codes *codes)
{
    if (!source->bytes || source->x_scale || matrix->x_signed)
        return false;
    if (codes->matrix == matrix && codes->scale == source->scale)
        return codes->usable;
    uint8_t bytes[256];
    float x[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    oac_kernel()->scale_bytes(256, bytes, source->scale, x);
    const struct oac_code_encoding *encoding = &matrix->encoding[0];
    codes->usable = encoding->reaches_ends &&
                    kernel->encode_inside(encoding, 256, x, (float)matrix->x_high, codes->code);
    codes->matrix = matrix;
    codes->scale = source->scale;
    return codes->usable;
}

/* A window's non-zero operands take the place of all of them. */
static void list_row(struct oac_engine_scratch *scratch, struct row *row)
{
    struct oac_operands *operands = &scratch->operands;
    row->at = operands->nz_begin[row->window];
    row->n =
        oac_kernel()->compress(row->slots, row->x, operands->nz_slot + row->at, scratch->value);
    row->x = scratch->value;
    row->padded = (row->n + OAC_ENGINE_PAD - 1) / OAC_ENGINE_PAD * OAC_ENGINE_PAD;
    memset(scratch->value + row->n, 0, (row->padded - row->n) * sizeof *row->x);
    operands->nz_begin[row->window + 1] = (uint32_t)(row->at + row->n);
}

enum oac_status oac_operands_encode(const struct oac_matrix *matrix,
                                    struct oac_engine_scratch *scratch,
                                    const struct oac_operand_source *source, uint64_t *clipped,
                                    struct oac_err *err)
{
    const struct oac_code_kernel *kernel = oac_code_kernel();
    struct oac_operands *operands = &scratch->operands;
    const size_t slots = source->slots;
    operands->windows = source->windows;
    operands->slots = slots;
    operands->sparse =
        matrix->x_low <= 0.0 && matrix->x_high >= 0.0 && mostly_zero(source, scratch->row);
    operands->nz_begin[0] = 0;
    const bool by_byte =
        !operands->sparse && byte_codes_usable(matrix, kernel, source, &scratch->byte_codes);
    for (size_t b = 0; b < source->windows; b++) {
        struct row row = {
            .n = slots,
            .padded = slots,
            .at = b * slots,
            .slots = slots,
            .window = b,
            .x_scale = source->x_scale ? source->x_scale[b] : 1.0f,
        };
        if (by_byte) {
            kernel->look_up(slots, scratch->byte_codes.code, source->bytes + b * source->ld,
                            operands->code[0] + row.at);
            sum_openings(matrix, kernel, operands, &row, 0);
            continue;
        }
        row.x = operands_at(source, b, 0, slots, scratch->row);
        if (operands->sparse)
            list_row(scratch, &row);
        if (encode_row(matrix, kernel, operands, &row, clipped, err))
            return err->status;
    }
    return OAC_OK;
}
