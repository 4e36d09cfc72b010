/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/passband.h"

#include <math.h>

bool oac_wave_has_passband(const struct oac_rig *rig)
{
    return isfinite(rig->demux.passband_hz);
}

double complex oac_wave_passband(const void *context, double f_hz)
{
    const struct oac_rig *rig = context;
    double u = 2.0 * (f_hz - rig->demux.detuning_hz) / rig->demux.passband_hz;
    switch (rig->demux.passband_shape) {
    case OAC_PASSBAND_FLAT:
        return exp(-0.5 * M_LN2 * pow(u, 6.0));
    case OAC_PASSBAND_LORENTZIAN:
        return 1.0 / (1.0 + I * u);
    default:
        return exp(-0.5 * M_LN2 * u * u);
    }
}
