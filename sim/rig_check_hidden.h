/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relations between a rig's hidden spreads and faults and the rest of it. */
#ifndef OAC_SIM_RIG_CHECK_HIDDEN_H
#define OAC_SIM_RIG_CHECK_HIDDEN_H

#include "base/status.h"
#include "sim/rig.h"

enum oac_status oac_rig_check_hidden(const struct oac_rig *rig,
                                     struct oac_err *err) OAC_MUST_USE;

#endif
