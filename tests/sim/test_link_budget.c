/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/link_budget.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/units.h"
#include "sim/rig.h"

/* Every key the budget reads is set here, so that editing the shipped rig cannot move the figures. */
static void read_rig(struct oac_rig *rig, const char *last)
{
    const char *sets[] = {
        "channels=16",
        "slot_rate_hz=1e6",
        "temperature_k=300",
        "laser.power_dbm=-10",
        "laser.center_hz=193.4e12",
        "laser.grid_hz=200e9",
        "laser.rin_db_per_hz=-150",
        "laser.rin_corner_hz=1e6",
        "laser.rin_min_hz=1",
        "weight_modulator.il_db=3",
        "fiber.length_m=86e3",
        "fiber.loss_db_per_km=0.2",
        "fiber.attenuator_db=2",
        "client_modulator.il_db=4",
        "demux.il_db=4.5",
        "detector.quantum_efficiency=0.8",
        "detector.dark_a=1e-10",
        "detector.surface_dark_a=0",
        "receiver.capacitance_f=1e-11",
        "receiver.read_noise_v=3e-4",
        "receiver.saturation_v=0.3",
        "adc.bits=16",
        "adc.full_scale_v=0.4",
        "adc.min_v=-0.2",
        last,
    };
    struct oac_err err;
    enum oac_status status =
        oac_rig_read("netcast-86km", sets, sizeof sets / sizeof sets[0], rig, NULL, &err);
    cr_assert_eq(status, OAC_OK, "%s", err.message);
}

static void near(double value, double expected, const char *what)
{
    /* Expected figures are given to seven digits. */
    cr_expect(fabs(value - expected) <= 1e-6 * fabs(expected), "%s: %.9g, expected %.9g", what,
              value, expected);
}

/* Figures worked out in Python from the definitions with the CODATA constants. */
Test(link_budget, one_wavelength_and_one_readout_are_as_worked_out_by_hand)
{
    struct oac_rig rig;
    read_rig(&rig, "receiver.cds=false");
    struct oac_link_budget b = oac_link_budget(&rig, 784);
    near(b.detector_dbm, -40.7, "dBm at the detector");
    near(b.detector_w, 8.511380e-08, "W at the detector");
    near(b.photons_per_slot, 664182.6, "photons");
    near(b.electrons_per_slot, 531346.1, "electrons");
    near(b.dark_electrons_per_slot, 624.1509, "dark electrons");
    near(b.readout_v, 6.674273, "V");
    near(b.adc_step_electrons, 380.9573, "ADC step");
    near(b.thermal_electrons, 1270.258, "reset noise");
    near(b.read_electrons, 18724.53, "read noise");
    near(b.shot_electrons, 20422.16, "shot noise");
    near(b.rin_electrons, 35228.92, "laser noise");
}

Test(link_budget, the_pieces_of_the_path_add_up)
{
    struct oac_rig rig;
    read_rig(&rig, "fiber.attenuator_db=0");
    struct oac_link_budget b = oac_link_budget(&rig, 1);
    double sum = b.laser_dbm - b.weight_il_db - b.fiber_loss_db + b.amplifier_gain_db -
                 b.client_il_db - b.demux_il_db;
    near(b.detector_dbm, sum, "dBm at the detector");
    near(b.fiber_loss_db, 17.2, "fiber loss");
    near(b.detector_w, oac_watts_from_dbm(sum), "W at the detector");
}

Test(link_budget, signal_grows_with_the_window_and_shot_noise_with_its_root)
{
    struct oac_rig rig;
    read_rig(&rig, "laser.rin_corner_hz=none");
    struct oac_link_budget one = oac_link_budget(&rig, 1), many = oac_link_budget(&rig, 100);
    near(many.signal_electrons, 100.0 * one.signal_electrons, "signal");
    near(many.shot_electrons, 10.0 * one.shot_electrons, "shot noise");
    near(many.rin_electrons, 10.0 * one.rin_electrons, "white laser noise");
    near(many.thermal_electrons, one.thermal_electrons, "reset noise");
}

Test(link_budget, the_smaller_of_receiver_and_converter_limits_the_range)
{
    struct oac_rig rig;
    read_rig(&rig, "receiver.saturation_v=0.1");
    struct oac_link_budget b = oac_link_budget(&rig, 784);
    near(b.mean_product_max, 0.1 / b.readout_v, "limited by saturation");
    read_rig(&rig, "receiver.saturation_v=none");
    b = oac_link_budget(&rig, 784);
    near(b.mean_product_max, 0.2 / b.readout_v, "limited by the ADC");
}
