/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of oac_rig_check that concerns sampled light: grids that must fit each other, files that must be
 * there, effects that are not modelled together. */
#ifndef OAC_SIM_RIG_CHECK_WAVE_H
#define OAC_SIM_RIG_CHECK_WAVE_H

#include "base/status.h"
#include "sim/rig.h"

enum oac_status oac_rig_check_wave(const struct oac_rig *rig, struct oac_err *err) OAC_MUST_USE;

#endif
