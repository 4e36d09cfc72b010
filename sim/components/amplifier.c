/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/amplifier.h"

#include <math.h>

#include "base/units.h"
#include "sim/components/fiber.h"
#include "sim/rig.h"

struct oac_amplifier oac_amplifier_from_rig(const struct oac_rig *rig)
{
    struct oac_amplifier amplifier = {
        .position = rig->amplifier.position,
        .gain = 1.0,
        .stage_gain = 1.0,
        .stages = 1,
        .span_transmission = 1.0,
        .noise_figure = 1.0,
        .bandwidth_hz = rig->amplifier.bandwidth_hz,
        .polarisations = (double)rig->amplifier.polarisations,
    };
    if (rig->amplifier.position != OAC_AMPLIFIER_NONE) {
        amplifier.gain = amplifier.stage_gain = oac_power_ratio_from_db(rig->amplifier.gain_db);
        amplifier.noise_figure = oac_power_ratio_from_db(rig->amplifier.nf_db);
    }
    if (rig->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT && rig->amplifier.spans > 1) {
        struct oac_fiber fiber = oac_fiber_from_rig(rig);
        amplifier.stages = (unsigned)rig->amplifier.spans;
        amplifier.gain = pow(amplifier.stage_gain, (double)amplifier.stages);
        amplifier.span_transmission = pow(fiber.transmission, 1.0 / (double)amplifier.stages);
    }
    return amplifier;
}

double oac_amplifier_n_sp(const struct oac_amplifier *amplifier)
{
    double excess = amplifier->stage_gain - 1.0;
    if (!(excess > 0.0))
        return 0.0;
    return (amplifier->noise_figure * amplifier->stage_gain - 1.0) / (2.0 * excess);
}

double oac_amplifier_stage_ase_w_per_hz(const struct oac_amplifier *amplifier,
                                        double frequency_hz)
{
    return oac_amplifier_n_sp(amplifier) * oac_photon_energy_j(frequency_hz) *
           (amplifier->stage_gain - 1.0);
}

double oac_amplifier_ase_w_per_hz(const struct oac_amplifier *amplifier, double frequency_hz)
{
    double passed = 0.0, through = amplifier->span_transmission * amplifier->stage_gain;
    for (unsigned stage = 0; stage < amplifier->stages; stage++)
        passed = passed * through + 1.0;
    return passed * oac_amplifier_stage_ase_w_per_hz(amplifier, frequency_hz);
}

double oac_amplifier_bandwidth_hz(const struct oac_amplifier *amplifier)
{
    return amplifier->bandwidth_hz;
}

double oac_amplifier_bandwidth2_hz(const struct oac_amplifier *amplifier)
{
    return amplifier->bandwidth_hz; /* H is 0 or 1, so H^2 = H */
}
