/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/readout.h"

#include "base/kernel.h"

#ifdef OAC_LEVELS_X86
#include <string.h>

extern const struct oac_readout_kernel oac_readout_kernel_v1, oac_readout_kernel_v3,
    oac_readout_kernel_v4;

const struct oac_readout_kernel *oac_readout_kernel(void)
{
    const char *level = oac_kernel()->level;
    if (strcmp(level, "v4") == 0)
        return &oac_readout_kernel_v4;
    return strcmp(level, "v3") == 0 ? &oac_readout_kernel_v3 : &oac_readout_kernel_v1;
}

#else

extern const struct oac_readout_kernel oac_readout_kernel_native;

const struct oac_readout_kernel *oac_readout_kernel(void)
{
    return &oac_readout_kernel_native;
}

#endif
