/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/link_budget.h"

#include <math.h>

#include "base/units.h"
#include "sim/components/adc.h"
#include "sim/components/amplifier.h"
#include "sim/components/detector.h"
#include "sim/components/fiber.h"
#include "sim/components/laser.h"
#include "sim/components/receiver.h"
#include "sim/rig.h"

static void fill_path(const struct oac_rig *rig, const struct oac_laser *laser,
                      struct oac_link_budget *budget)
{
    struct oac_fiber fiber = oac_fiber_from_rig(rig);
    struct oac_amplifier amplifier = oac_amplifier_from_rig(rig);
    double first_hz = oac_laser_frequency_hz(laser, 0);
    double last_hz = oac_laser_frequency_hz(laser, laser->channels - 1);

    budget->laser_dbm = rig->laser.power_dbm;
    budget->weight_il_db = rig->weight_modulator.il_db;
    budget->fiber_loss_db = -oac_db_from_power_ratio(fiber.transmission);
    budget->amplifier_gain_db = oac_db_from_power_ratio(amplifier.gain);
    budget->client_il_db = rig->client_modulator.il_db;
    budget->demux_il_db = rig->demux.il_db;
    budget->detector_dbm = budget->laser_dbm - budget->weight_il_db - budget->fiber_loss_db +
                           budget->amplifier_gain_db - budget->client_il_db -
                           budget->demux_il_db;
    budget->detector_w = oac_watts_from_dbm(budget->detector_dbm);
    budget->latency_s = oac_fiber_latency_s(&fiber);
    budget->walkoff_s =
        fabs(oac_fiber_delay_s(&fiber, first_hz) - oac_fiber_delay_s(&fiber, last_hz));
    budget->fading_null_hz = oac_fiber_fading_null_hz(&fiber);
}

static void fill_readout(const struct oac_rig *rig, const struct oac_laser *laser,
                         struct oac_link_budget *budget)
{
    struct oac_detector detector = oac_detector_from_rig(rig);
    struct oac_receiver_figures receiver = oac_receiver_figures(rig, budget->window_s);
    double gain = detector.gain, slots = (double)budget->slots, slot_s = budget->slot_s;
    double dark = detector.dark_per_s * budget->window_s;
    double surface = detector.surface_dark_per_s * budget->window_s;

    budget->dark_electrons_per_slot =
        (detector.dark_per_s + detector.surface_dark_per_s) * slot_s;
    budget->signal_electrons = slots * budget->electrons_per_slot;
    budget->readout_v = gain * budget->signal_electrons * receiver.volts_per_electron;
    budget->saturation_v = receiver.saturation_electrons * receiver.volts_per_electron;
    budget->adc_min_v = oac_adc_min_v(rig);
    budget->adc_max_v =
        budget->adc_min_v + oac_adc_lsb_v(rig) * (ldexp(1.0, (int)rig->adc.bits) - 1.0);
    budget->adc_step_electrons = oac_adc_lsb_v(rig) / receiver.volts_per_electron;

    double multiplied = gain * gain * detector.excess_noise * (budget->signal_electrons + dark);
    budget->shot_electrons = sqrt(multiplied + surface);
    budget->thermal_electrons = sqrt(receiver.thermal_electrons2);
    budget->read_electrons = sqrt(receiver.read_electrons2);
    double white = 0.5 * laser->rin_per_hz * slots / slot_s;
    double slow = slots * slots * oac_laser_gain_variance(laser, budget->window_s);
    budget->rin_electrons = gain * budget->electrons_per_slot * sqrt(white + slow);
    budget->mean_product_max =
        fmin(budget->adc_max_v, budget->saturation_v) / budget->readout_v;
}

struct oac_link_budget oac_link_budget(const struct oac_rig *rig, size_t slots)
{
    struct oac_laser laser = oac_laser_from_rig(rig);
    struct oac_link_budget budget = {.slots = slots, .slot_s = 1.0 / rig->slot_rate_hz};

    budget.window_s = (double)slots * budget.slot_s;
    fill_path(rig, &laser, &budget);
    budget.photons_per_slot =
        budget.detector_w * budget.slot_s / oac_photon_energy_j(rig->laser.center_hz);
    budget.electrons_per_slot = rig->detector.quantum_efficiency * budget.photons_per_slot;
    fill_readout(rig, &laser, &budget);
    return budget;
}
