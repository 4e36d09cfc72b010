/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of oac_rig_warnings that concerns bandwidth and sampling: what cannot carry the slot rate, what the
 * grid cannot show. */
#ifndef OAC_SIM_RIG_WARNINGS_WAVE_H
#define OAC_SIM_RIG_WARNINGS_WAVE_H

#include "sim/rig.h"

/* Says one line per finding. */
void oac_rig_warnings_wave(const struct oac_rig *rig,
                           void (*say)(void *context, const char *line), void *context);

#endif
