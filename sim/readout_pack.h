/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of a frame's constants in oac_readout_rows.packed: per 16 rows, one array of 16 after the other.
 * Shared by sim/readout.c, which packs, and sim/readout_impl.h, which reads. */
#ifndef OAC_SIM_READOUT_PACK_H
#define OAC_SIM_READOUT_PACK_H

#include "sim/readout.h"

#define OAC_PACK_LANES 16

enum oac_readout_pack {
    OAC_PACK_BASE,
    OAC_PACK_BASE_V,
    OAC_PACK_BASE_A,
    OAC_PACK_SHOT_X,
    OAC_PACK_SHOT_S,
    OAC_PACK_SHOT_GAIN,
    OAC_PACK_FIXED,
    OAC_PACK_GX,
    OAC_PACK_FIXED_VAR,
    OAC_PACK_GX_VAR,
    OAC_PACK_X2_VAR,
    OAC_PACK_SIGNAL_VAR,
    OAC_PACK_SIGNAL2_VAR,
    OAC_PACK_CODE0,
    OAC_PACK_CODE_PER_ELECTRON,
    OAC_PACK_CODE_VAR,
    OAC_PACK_LOW_CODE,
    OAC_PACK_HIGH_CODE,
};

#endif
