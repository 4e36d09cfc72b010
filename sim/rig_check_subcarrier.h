/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rig that puts its light on a subcarrier must be (docs/modem.md): part of oac_rig_check. */
#ifndef OAC_SIM_RIG_CHECK_SUBCARRIER_H
#define OAC_SIM_RIG_CHECK_SUBCARRIER_H

#include "sim/rig.h"

enum oac_status oac_rig_check_subcarrier(const struct oac_rig *rig,
                                         struct oac_err *err) OAC_MUST_USE;

#endif
