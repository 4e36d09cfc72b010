/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/code_kernel.h"

#include <string.h>

#include "base/kernel.h"

#ifdef OAC_LEVELS_X86
extern const struct oac_code_kernel oac_code_kernel_v1, oac_code_kernel_v3, oac_code_kernel_v4;
static const struct oac_code_kernel *const levels[] = {&oac_code_kernel_v4, &oac_code_kernel_v3,
                                                       &oac_code_kernel_v1};
#else
extern const struct oac_code_kernel oac_code_kernel_native;
static const struct oac_code_kernel *const levels[] = {&oac_code_kernel_native};
#endif

const struct oac_code_kernel *oac_code_kernel(void)
{
    const size_t count = sizeof levels / sizeof levels[0];
    const char *level = oac_kernel()->level;
    for (size_t i = 0; i + 1 < count; i++)
        if (strcmp(levels[i]->level, level) == 0)
            return levels[i];
    return levels[count - 1];
}
