/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Eye diagrams: a waveform of dark and open slots folded onto two slots.
 *
 *     opening(t) = (min open - max dark)/(mean open - mean dark) at the moment t of a slot
 *     Q(t)       = (mean open - mean dark)/(sigma open + sigma dark)
 * over all slots of all windows; both at the t with the largest opening (of Q between equals). 1 is a perfect eye,
 * 0 or less a closed one. t runs from one slot before the slot played to two behind it, so that delays do not
 * matter. Units: the waveform's. Pure but for memory. */
#ifndef OAC_EXPERIMENTS_SCOPE_EYE_H
#define OAC_EXPERIMENTS_SCOPE_EYE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "experiments/scope_trace.h"

#define OAC_EYE_TIMES  160u /* columns of the density, over two slots */
#define OAC_EYE_LEVELS 120u

struct oac_scope_eye {
    char name[32], unit[16];
    double low, high;  /* range of the levels */
    double opening, q; /* NAN when one of the two classes never occurred */
    double open_mean, dark_mean;
    double best_s;   /* after the begin of the slot */
    double *density; /* (times, levels) share of the crossings of a column, 0..1 */
};

/* bits (windows, slots): true where the slot was played open. Windows 1 .. windows of the recorder; bits of window
 * 1 first. A point that was not recorded leaves density NULL. */
enum oac_status oac_scope_eye_fold(const struct oac_scope_recorder *recorder, const char *name,
                                   size_t channel, double slot_s, size_t windows, size_t slots,
                                   const bool *bits, struct oac_scope_eye *eye,
                                   struct oac_err *err) OAC_MUST_USE;
void oac_scope_eye_fini(struct oac_scope_eye *eye);

#endif
