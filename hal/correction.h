/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readouts of a measured bench become those of one that the decoder knows: linear, steady, without
 * crosstalk, one row after the other. Given the equations of hal/calrec.h, N slots, and a frame whose rows
 * i = 0 .. rows-1 sit on the usable channels c(i), all other lasers parked:
 *
 *     u[i]  = lin(code[c(i)])
 *     v[i]  = base + (u[i] - base - shift[i]) / rise[i],   base = offset + N dark        (when tracked)
 *     w[i]  = sum_j M[i,j] v[j],    M = diag(swing) X^-1 diag(1/swing),  X of the rows alone
 * with swing the gain (of a pair: the sum of both). Then
 *     w[i]  = offset' + N dark' + gx' sum Tx + launch (gain q[i] + leak[i] sum Tx),  q[i] = sum Tw Tx
 * as if alone (of a pair: gain q+ - gain_minus q-), where offset' = M offset, dark' and gx' likewise, and
 *     leak  = M parked                                                               (one detector)
 *     leak  = M (parked - in) + own,  in[i] = gain_minus[i] sum_j X[i,j] (1 + r[j]),  own = gain_minus (1+r)
 *     parked[i] = sum over lasers j without a row of X[i,j] (gain[i] T[j] - gain_minus[i] (1 + r[j] - T[j]))
 * with T the parked transmission. What is not measured costs nothing: no crosstalk, no M. */
#ifndef OAC_HAL_CORRECTION_H
#define OAC_HAL_CORRECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "hal/calrec.h"

struct oac_correction { /* of all tiles with this many rows */
    size_t rows;
    size_t lanes; /* channels that the frame covers, 0 .. lanes-1: those in use and the gaps */
    const size_t *channel;             /* (rows) c(i), ascending; the caller's */
    bool *unused;                      /* (lanes) the gaps; NULL: there are none */
    struct oac_calrec_channel *own;    /* (rows) as measured */
    struct oac_calrec_channel *reader; /* (rows) as the decoder sees them: primed */
    double *leak_code_per_x;           /* (rows) */
    double *mix;                       /* (rows, rows) M; NULL: the identity */
    bool differential;
    bool bent; /* some channel's lin is not the identity */
};

/* channel (usable) lists the channels in use, ascending; the first `rows` of them carry a tile. weight
 * (channels) are the link's ports. Status: OAC_EINVAL when the crosstalk cannot be inverted. */
enum oac_status oac_correction_create(const struct oac_calrec *calrec,
                                      const struct oac_port *weight, const size_t *channel,
                                      size_t rows, bool differential,
                                      struct oac_correction **correction,
                                      struct oac_err *err) OAC_MUST_USE;
void oac_correction_destroy(struct oac_correction *correction); /* NULL is fine */

/* False: readouts are as the decoder wants them already. Pure. */
bool oac_correction_acts(const struct oac_correction *correction);

/* Offset and dark reading per slot of row i in frames of this kind. Pure. */
double oac_correction_offset(const struct oac_correction *correction, size_t i);
double oac_correction_dark(const struct oac_correction *correction, size_t i);

struct
    oac_drifted { /* where tracking found the readouts of one window; shift is scaled to its slots */
    const double *shift_code, *rise; /* (rows) */
    double shift_scale;
};

/* code (lanes) of a window of `slots` slots -> fixed (rows). drifted NULL: not tracked. work (rows) is
 * scratch. Pure. */
void oac_correction_apply(const struct oac_correction *correction, size_t slots,
                          const struct oac_drifted *drifted, const float *code, double *work,
                          float *fixed);

#endif
