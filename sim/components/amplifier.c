/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/amplifier.h"

#include "base/units.h"
#include "sim/rig.h"

struct oac_amplifier oac_amplifier_from_rig(const struct oac_rig *rig)
{
    struct oac_amplifier amplifier = {
        .position = rig->amplifier.position,
        .gain = 1.0,
        .noise_figure = 1.0,
        .bandwidth_hz = rig->amplifier.bandwidth_hz,
        .polarisations = (double)rig->amplifier.polarisations,
    };
    if (rig->amplifier.position != OAC_AMPLIFIER_NONE) {
        amplifier.gain = oac_power_ratio_from_db(rig->amplifier.gain_db);
        amplifier.noise_figure = oac_power_ratio_from_db(rig->amplifier.nf_db);
    }
    return amplifier;
}

double oac_amplifier_n_sp(const struct oac_amplifier *amplifier)
{
    double excess = amplifier->gain - 1.0;
    if (!(excess > 0.0))
        return 0.0;
    return (amplifier->noise_figure * amplifier->gain - 1.0) / (2.0 * excess);
}

double oac_amplifier_ase_w_per_hz(const struct oac_amplifier *amplifier, double frequency_hz)
{
    return oac_amplifier_n_sp(amplifier) * oac_photon_energy_j(frequency_hz) *
           (amplifier->gain - 1.0);
}

double oac_amplifier_bandwidth_hz(const struct oac_amplifier *amplifier)
{
    return amplifier->bandwidth_hz;
}

double oac_amplifier_bandwidth2_hz(const struct oac_amplifier *amplifier)
{
    return amplifier->bandwidth_hz; /* H is 0 or 1, so H^2 = H */
}
