/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client half of the matrix engine: readouts, frame headers, own x and the calibration record become
 * y. Inverts the readout equation that hal/correction.h leaves. With x^ and w^ the encoded openings of x and
 * w (w^ in [-1,1] when balanced), N slots, client extinction rx, X = sum x^, L launch:
 *
 *     sum Tx = N rx + (1-rx) X
 *     G_n    = gain Tw (or gain Tw+ - gain_minus Tw-) = a + b w^_n
 *     sum w^ x^ = (code - zero)/(L b (1-rx)),
 *     zero      = offset + N dark + gx (N rx + (1-rx) X) + L (rx (sum G + N leak) + (a + leak) (1-rx) X)
 *     y         = w_scale x_scale sum_passes sign sum w^ x^           (rails, balanced)
 *     y         = w_scale x_scale sum w^ x^ + w_min x_scale X + x_min sum w   (offset)
 *
 * sum G and sum w come from the header's sum of played Tw: finite extinction is removed without noise. What
 * comes out is the product of the *played* w and x. */
#ifndef OAC_HAL_DECODING_H
#define OAC_HAL_DECODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/encoding.h"

/* y[k] += power a[k]/launch (code[k] - (c[k] + launch d[k] + X (f[k] + launch h[k]))), the form that
 * oac_code_kernel computes; power is the operand's scale per image. */
struct oac_decoder {
    double *column[5]; /* a, c, d, f, h: (rows) each, one allocation that starts at column[0] */
    double *plain; /* (rows) in it as well: c + d, all that is subtracted at launch 1 and X 0 */
};

struct oac_operand_range {
    double min;   /* x of opening 0 (0 for rails and balanced) */
    double scale; /* x of opening 1, less min */
};

struct oac_readers { /* what reads a tile, row by row: hal/correction.h */
    const struct oac_calrec_channel *channel; /* (rows) */
    const double *leak_code_per_x; /* (rows) light of other lasers, per unit of sum Tx */
    double client_r;
};

/* Decoders of all passes of one tile, averaged over `repeats`.
 * *needs_x is set when X matters: where no pass needs it (it cancels between rails), f and h are zero. */
enum oac_status oac_decoders_create(const struct oac_frame_header headers[OAC_FRAMES_MAX],
                                    const struct oac_readers *readers,
                                    const struct oac_operand_range *range, unsigned repeats,
                                    const struct oac_pass *passes, unsigned pass_count,
                                    struct oac_decoder *decoders, bool *needs_x,
                                    struct oac_err *err) OAC_MUST_USE;
void oac_decoders_destroy(struct oac_decoder *decoders, unsigned pass_count);

#endif
