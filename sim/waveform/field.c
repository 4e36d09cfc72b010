/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/field.h"

#include "base/kernel.h"

#ifdef OAC_LEVELS_X86
#include <string.h>

extern const struct oac_field_kernel oac_field_kernel_v1, oac_field_kernel_v3,
    oac_field_kernel_v4;

const struct oac_field_kernel *oac_field_kernel(void)
{
    const char *level = oac_kernel()->level;
    if (strcmp(level, "v4") == 0)
        return &oac_field_kernel_v4;
    return strcmp(level, "v3") == 0 ? &oac_field_kernel_v3 : &oac_field_kernel_v1;
}

#else

extern const struct oac_field_kernel oac_field_kernel_native;

const struct oac_field_kernel *oac_field_kernel(void)
{
    return &oac_field_kernel_native;
}

#endif
