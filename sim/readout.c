/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/readout.h"

#include "base/kernel.h"
#include "sim/readout_pack.h"

#ifdef OAC_LEVELS_X86
extern const struct oac_readout_kernel oac_readout_kernel_v1, oac_readout_kernel_v3,
    oac_readout_kernel_v4;
static const struct oac_readout_kernel *const levels[] = {
    [OAC_LEVEL_v1] = &oac_readout_kernel_v1,
    [OAC_LEVEL_v3] = &oac_readout_kernel_v3,
    [OAC_LEVEL_v4] = &oac_readout_kernel_v4};
#else
extern const struct oac_readout_kernel oac_readout_kernel_native;
static const struct oac_readout_kernel *const levels[] = {&oac_readout_kernel_native};
#endif

const struct oac_readout_kernel *oac_readout_kernel(void)
{
    return levels[oac_kernel()->number];
}

void oac_readout_pack(struct oac_readout_rows *rows, size_t padded)
{
    const float *const arrays[OAC_READOUT_ROW_ARRAYS] = {
        [OAC_PACK_BASE] = rows->base,
        [OAC_PACK_BASE_V] = rows->base_v,
        [OAC_PACK_BASE_A] = rows->base_a,
        [OAC_PACK_SHOT_X] = rows->shot_x,
        [OAC_PACK_SHOT_S] = rows->shot_s,
        [OAC_PACK_SHOT_GAIN] = rows->shot_gain,
        [OAC_PACK_FIXED] = rows->fixed,
        [OAC_PACK_GX] = rows->gx,
        [OAC_PACK_FIXED_VAR] = rows->fixed_var,
        [OAC_PACK_GX_VAR] = rows->gx_var,
        [OAC_PACK_X2_VAR] = rows->x2_var,
        [OAC_PACK_SIGNAL_VAR] = rows->signal_var,
        [OAC_PACK_SIGNAL2_VAR] = rows->signal2_var,
        [OAC_PACK_CODE0] = rows->code0,
        [OAC_PACK_CODE_PER_ELECTRON] = rows->code_per_electron,
        [OAC_PACK_CODE_VAR] = rows->code_var,
        [OAC_PACK_LOW_CODE] = rows->low_code,
        [OAC_PACK_HIGH_CODE] = rows->high_code,
    };
    float *to = rows->packed;
    for (size_t k = 0; k < padded; k += OAC_PACK_LANES)
        for (size_t i = 0; i < OAC_READOUT_ROW_ARRAYS; i++, to += OAC_PACK_LANES)
            for (size_t lane = 0; lane < OAC_PACK_LANES; lane++)
                to[lane] = arrays[i][k + lane];
}
