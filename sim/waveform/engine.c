/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/engine.h"

#include "base/kernel.h"

void oac_wave_normals(const struct oac_waveform *self, enum oac_wave_use use, size_t channel,
                      uint64_t slot0, size_t blocks, float *z)
{
    oac_kernel()->normals(self->seed, oac_wave_stream(use, channel), 1, &slot0,
                          (uint32_t)blocks, z);
}

void oac_wave_show(const struct oac_waveform *self, const struct oac_waveform_point *point)
{
    if (self->tap)
        self->tap(self->tap_context, point);
}
