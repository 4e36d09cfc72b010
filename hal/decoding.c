/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/decoding.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { A, C, D, F, H, COLUMNS };

/* G_n = a + b w^_n, and the constants of the readout that belong to the frame's kind. */
struct readout {
    double a, b;
    double sum_g;         /* sum over slots of G_n */
    double sum_w_opening; /* sum over slots of w^_n */
    double offset, dark, gx;
};

static struct readout readout_of(const struct oac_frame_header *header,
                                 const struct oac_calrec_channel *channel, double sum_tw)
{
    const double r = oac_curve_floor(&channel->weight), slots = (double)header->slots;
    const double g = channel->gain_code, g2 = channel->gain_minus_code;
    if (header->differential)
        return (struct readout){
            .a = 0.5 * (g - g2) * (1.0 + r),
            .b = 0.5 * (g + g2) * (1.0 - r),
            .sum_g = (g + g2) * sum_tw - g2 * slots * (1.0 + r),
            .offset = channel->offset_pair_code,
            .dark = channel->dark_pair_code_per_slot,
            .gx = channel->gx_pair_code_per_x,
        };
    return (struct readout){
        .a = g * r,
        .b = g * (1.0 - r),
        .sum_g = g * sum_tw,
        .sum_w_opening = (sum_tw - slots * r) / (1.0 - r),
        .offset = channel->offset_code,
        .dark = channel->dark_code_per_slot,
        .gx = channel->gx_code_per_x,
    };
}

static void fill_row(const struct oac_frame_header *header, const struct oac_readers *readers,
                     const struct oac_operand_range *range, const struct oac_pass *pass,
                     unsigned repeats, size_t k, struct oac_decoder *decoder)
{
    const struct readout readout = readout_of(header, &readers->channel[k], header->sum_tw[k]);
    const double leak = readers->leak_code_per_x[k];
    const double rx = readers->client_r, open = 1.0 - rx, slots = (double)header->slots;
    const double a = pass->sign * header->w_scale * range->scale / (readout.b * open * repeats);
    double d = rx * (readout.sum_g + slots * leak), h = (readout.a + leak) * open;
    if (header->encoding == OAC_OFFSET) { /* the terms that an affine map adds to the product */
        double sum_w = slots * header->w_min + header->w_scale * readout.sum_w_opening;
        d -= range->min * sum_w / (a * repeats);
        h -= header->w_min * range->scale / (a * repeats);
    }
    decoder->column[A][k] = a;
    decoder->column[C][k] = readout.offset + slots * readout.dark + readout.gx * slots * rx;
    decoder->column[D][k] = d;
    decoder->plain[k] = decoder->column[C][k] + d;
    decoder->column[F][k] = readout.gx * open;
    decoder->column[H][k] = h;
}

/* The coefficients of X, summed over the passes that share an operand: zero when they cancel. */
static bool cancels(const struct oac_pass *passes, unsigned pass_count, bool x_negative,
                    const struct oac_decoder *decoders, size_t rows)
{
    for (size_t k = 0; k < rows; k++) {
        double f = 0.0, h = 0.0;
        for (unsigned p = 0; p < pass_count; p++) {
            if (passes[p].x_negative != x_negative)
                continue;
            f += decoders[p].column[A][k] * decoders[p].column[F][k];
            h += decoders[p].column[A][k] * decoders[p].column[H][k];
        }
        if (f != 0.0 || h != 0.0)
            return false;
    }
    return true;
}

static void drop_x(const struct oac_pass *passes, unsigned pass_count, bool x_negative,
                   struct oac_decoder *decoders, size_t rows)
{
    for (unsigned p = 0; p < pass_count; p++) {
        if (passes[p].x_negative != x_negative)
            continue;
        for (size_t k = 0; k < rows; k++)
            decoders[p].column[F][k] = decoders[p].column[H][k] = 0.0;
    }
}

enum oac_status oac_decoders_create(const struct oac_frame_header headers[OAC_FRAMES_MAX],
                                    const struct oac_readers *readers,
                                    const struct oac_operand_range *range, unsigned repeats,
                                    const struct oac_pass *passes, unsigned pass_count,
                                    struct oac_decoder *decoders, bool *needs_x,
                                    struct oac_err *err)
{
    const size_t rows = headers[0].rows;
    for (unsigned p = 0; p < pass_count; p++) {
        double *memory =
            oac_alloc(rows, (COLUMNS + 1) * sizeof *memory, "decoding constants", err);
        if (!memory) {
            oac_decoders_destroy(decoders, p);
            return err->status;
        }
        for (size_t i = 0; i < COLUMNS; i++)
            decoders[p].column[i] = memory + i * rows;
        decoders[p].plain = memory + COLUMNS * rows;
        for (size_t k = 0; k < rows; k++)
            fill_row(&headers[passes[p].frame], readers, range, &passes[p], repeats, k,
                     &decoders[p]);
    }
    *needs_x = false;
    for (int x_negative = 0; x_negative < 2; x_negative++) {
        if (cancels(passes, pass_count, x_negative, decoders, rows))
            drop_x(passes, pass_count, x_negative, decoders, rows);
        else
            *needs_x = true;
    }
    return OAC_OK;
}

void oac_decoders_destroy(struct oac_decoder *decoders, unsigned pass_count)
{
    for (unsigned p = 0; p < pass_count; p++) {
        free(decoders[p].column[0]);
        decoders[p].column[0] = NULL;
    }
}
