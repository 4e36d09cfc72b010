/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters are applied by the code for the processor level that base/kernel.h has selected. Products and sums
 * are not fused, so every level gives the same bits (the transforms are FFTW's). */
#include "base/kernel.h"
#include "sim/waveform/filter_internal.h"

#ifdef OAC_LEVELS_X86
#include <string.h>

extern const struct oac_filter_level oac_filter_level_v1, oac_filter_level_v3,
    oac_filter_level_v4;

static const struct oac_filter_level *level_in_use(void)
{
    const char *level = oac_kernel()->level;
    if (strcmp(level, "v4") == 0)
        return &oac_filter_level_v4;
    return strcmp(level, "v3") == 0 ? &oac_filter_level_v3 : &oac_filter_level_v1;
}

#else

extern const struct oac_filter_level oac_filter_level_native;

static const struct oac_filter_level *level_in_use(void)
{
    return &oac_filter_level_native;
}

#endif

void oac_filter_apply(const struct oac_filter *filter, struct oac_filter_scratch *scratch,
                      size_t n, const double *in, double *out)
{
    level_in_use()->apply(filter, scratch, n, in, out);
}

void oac_filter_apply_f(const struct oac_filter *filter, struct oac_filter_scratch *scratch,
                        size_t n, const float *in, float *out)
{
    level_in_use()->apply_f(filter, scratch, n, in, out);
}
