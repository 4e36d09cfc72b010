/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/components/receiver.h"

#include <math.h>

#include "base/constants.h"
#include "sim/rig.h"

double oac_receiver_ktc_electrons(double capacitance_f, double temperature_k)
{
    return sqrt(OAC_BOLTZMANN_J_PER_K * temperature_k * capacitance_f) /
           OAC_ELEMENTARY_CHARGE_C;
}

double oac_receiver_read_electrons(double read_noise_v, double capacitance_f)
{
    return read_noise_v * capacitance_f / OAC_ELEMENTARY_CHARGE_C;
}

double oac_receiver_tia_electrons2(double in_a_per_rthz, double window_s)
{
    double in_electrons = in_a_per_rthz / OAC_ELEMENTARY_CHARGE_C;
    return 0.5 * in_electrons * in_electrons * window_s;
}

static struct oac_receiver_figures integrator(const struct oac_rig *rig)
{
    double capacitance_f = rig->receiver.capacitance_f;
    double reset = oac_receiver_ktc_electrons(capacitance_f, rig->temperature_k);
    double read = oac_receiver_read_electrons(rig->receiver.read_noise_v, capacitance_f);
    bool cds = rig->receiver.cds;
    return (struct oac_receiver_figures){
        .volts_per_electron = OAC_ELEMENTARY_CHARGE_C / capacitance_f,
        .thermal_electrons2 = cds ? 0.0 : reset * reset,
        .read_electrons2 = (cds ? 2.0 : 1.0) * read * read,
        .saturation_electrons =
            rig->receiver.saturation_v * capacitance_f / OAC_ELEMENTARY_CHARGE_C,
    };
}

static struct oac_receiver_figures transimpedance(const struct oac_rig *rig, double window_s)
{
    double volts_per_electron = rig->receiver.gain_v_per_a * OAC_ELEMENTARY_CHARGE_C / window_s;
    double read = rig->receiver.read_noise_v / volts_per_electron;
    return (struct oac_receiver_figures){
        .volts_per_electron = volts_per_electron,
        .thermal_electrons2 =
            oac_receiver_tia_electrons2(rig->receiver.in_a_per_rthz, window_s),
        .read_electrons2 = read * read,
        .saturation_electrons = rig->receiver.saturation_v / volts_per_electron,
    };
}

struct oac_receiver_figures oac_receiver_figures(const struct oac_rig *rig, double window_s)
{
    if (rig->receiver.kind == OAC_RECEIVER_INTEGRATOR)
        return integrator(rig);
    if (rig->receiver.kind == OAC_RECEIVER_TIA)
        return transimpedance(rig, window_s);
    return (struct oac_receiver_figures){
        .volts_per_electron = 1.0,
        .saturation_electrons = INFINITY,
    };
}
