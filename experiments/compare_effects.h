/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can make the sampled bench differ from the closed forms, or from exact arithmetic: one table.
 *
 * Each effect knows whether a rig has it, the values of the rig that neutralise it, and what a person can do about
 * it. `beyond` names the effect that the same values neutralise too, and whose share is not its own: without
 * dispersion there is no walk-off either. Noise effects are switched off by their bit instead. */
#ifndef OAC_EXPERIMENTS_COMPARE_EFFECTS_H
#define OAC_EXPERIMENTS_COMPARE_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/rig.h"

#define OAC_EFFECT_SETS_MAX 20
#define OAC_EFFECTS_MAX     24

struct oac_effect {
    const char *name, *advice;
    bool (*present)(const struct oac_rig *rig);
    const char *sets[OAC_EFFECT_SETS_MAX]; /* "path=value", NULL-terminated */
    const char *beyond;                    /* name of another, NULL */
    uint32_t noise;                        /* mask of sim/noise.h; such effects have no sets */
    bool sampling;                         /* neutralised by twice the samples a slot */
};

const struct oac_effect *oac_effects(size_t *count);

#endif
