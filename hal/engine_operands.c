/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's operands as codes: once per chunk of images, for all tiles and passes. */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "hal/engine_state.h"

/* Listing the non-zero slots pays when at most this part of the operands is not zero. */
#define SPARSE_BELOW 0.4

/* Looks at four windows: a wrong guess costs time, not bits. */
static bool mostly_zero(size_t windows, size_t slots, const float *x, size_t ldx)
{
    const size_t looks = windows < 4 ? windows : 4;
    size_t used = 0;
    for (size_t i = 0; i < looks; i++)
        used += oac_code_kernel()->outside(slots, x + (i * windows / looks) * ldx, 0.0f, 0.0f);
    return (double)used <= SPARSE_BELOW * (double)(looks * slots);
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

enum oac_status oac_operands_encode(const struct oac_matrix *matrix,
                                    struct oac_engine_scratch *scratch, size_t windows,
                                    size_t slots, const float *x, size_t ldx,
                                    const float *x_scale, uint64_t *clipped,
                                    struct oac_err *err)
{
    const struct oac_code_kernel *kernel = oac_code_kernel();
    struct oac_operands *operands = &scratch->operands;
    operands->windows = windows;
    operands->slots = slots;
    operands->sparse =
        matrix->x_low <= 0.0 && matrix->x_high >= 0.0 && mostly_zero(windows, slots, x, ldx);
    operands->nz_begin[0] = 0;
    for (size_t b = 0; b < windows; b++) {
        struct row row = {
            .n = slots,
            .padded = slots,
            .x = x + b * ldx,
            .at = b * slots,
            .slots = slots,
            .window = b,
            .x_scale = x_scale ? x_scale[b] : 1.0f,
        };
        if (operands->sparse) {
            row.at = operands->nz_begin[b];
            row.n = oac_kernel()->compress(slots, row.x, operands->nz_slot + row.at,
                                           scratch->value);
            row.x = scratch->value;
            row.padded = (row.n + OAC_ENGINE_PAD - 1) / OAC_ENGINE_PAD * OAC_ENGINE_PAD;
            memset(scratch->value + row.n, 0, (row.padded - row.n) * sizeof *row.x);
            operands->nz_begin[b + 1] = (uint32_t)(row.at + row.n);
        }
        if (encode_row(matrix, kernel, operands, &row, clipped, err))
            return err->status;
    }
    return OAC_OK;
}
