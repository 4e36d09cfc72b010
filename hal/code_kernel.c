/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/code_kernel.h"

#include "base/kernel.h"

#ifdef OAC_LEVELS_X86
extern const struct oac_code_kernel oac_code_kernel_v1, oac_code_kernel_v3, oac_code_kernel_v4;
static const struct oac_code_kernel *const levels[] = {[OAC_LEVEL_v1] = &oac_code_kernel_v1,
                                                       [OAC_LEVEL_v3] = &oac_code_kernel_v3,
                                                       [OAC_LEVEL_v4] = &oac_code_kernel_v4};
#else
extern const struct oac_code_kernel oac_code_kernel_native;
static const struct oac_code_kernel *const levels[] = {&oac_code_kernel_native};
#endif

const struct oac_code_kernel *oac_code_kernel(void)
{
    return levels[oac_kernel()->number];
}
