/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every noise at once, on three benches: what the lines of the variance table leave out are products of two
 * small noises. */
#include "tests/sim/monte_carlo.h"

#define SLOTS 16
#define ROWS  4

static const uint32_t EVERYTHING = OAC_NOISE_ALL & ~(uint32_t)OAC_NOISE_DRIFT;

static void everything(const char *const *sets, bool differential, const char *what)
{
    struct optics o;
    struct pattern p;
    struct sample engine, oracle;
    optics_open(&o, EVERYTHING, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 11);
    p.differential = differential;
    struct mc_scene scene = {&o, &p, EVERYTHING, 1, 0};
    both_play(&o, &scene, &engine, &oracle);
    expect_agreement(&engine, &oracle, NULL, NULL, what);
    sample_free(&engine);
    sample_free(&oracle);
    optics_close(&o);
}

#define MODULATORS                                                          \
    "weight_modulator.er_db=18", "weight_modulator.il_db=5",                \
        "weight_modulator.drive_noise_v=8e-3", "client_modulator.er_db=16", \
        "client_modulator.il_db=4", "client_modulator.drive_noise_v=6e-3",  \
        "weight_dac.enob_bits=8", "client_dac.enob_bits=8"

/* Each noise holds between a twentieth and a half of the variance. */
Test(everything, an_integrating_pair_behind_an_amplifier)
{
    const char *sets[] = {MODULATORS,
                          "laser.power_dbm=-33",
                          "laser.rin_db_per_hz=-123",
                          "laser.rin_corner_hz=3e6",
                          "amplifier.position=before_client",
                          "amplifier.gain_db=15",
                          "amplifier.nf_db=6",
                          "amplifier.bandwidth_hz=20e9",
                          "weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "detector.dark_a=1e-7",
                          "detector.quantum_efficiency=0.8",
                          "demux.il_db=2",
                          "receiver.cds=no",
                          "receiver.read_noise_v=2e-5",
                          "adc.min_v=-0.01",
                          "adc.full_scale_v=0.02",
                          "adc.bits=9",
                          "adc.enob_bits=8.2",
                          NULL};
    everything(sets, true, "integrating pair");
}

Test(everything, an_avalanche_diode_with_a_tia_and_a_comb)
{
    const char *sets[] = {MODULATORS,
                          "laser.power_dbm=-30",
                          "laser.rin_db_per_hz=-125",
                          "laser.rin_corner_hz=1e6",
                          "laser.shared=yes",
                          "demux.adjacent_db=12",
                          "demux.nonadjacent_db=20",
                          "demux.il_db=2",
                          "detector.kind=apd",
                          "detector.gain=5",
                          "detector.excess_noise=2.4",
                          "detector.dark_a=1e-8",
                          "receiver.kind=tia",
                          "receiver.gain_v_per_a=1e5",
                          "receiver.in_a_per_rthz=1e-11",
                          "receiver.read_noise_v=1e-4",
                          "adc.min_v=-0.05",
                          "adc.full_scale_v=0.3",
                          "adc.bits=8",
                          "adc.enob_bits=7",
                          NULL};
    everything(sets, false, "tia");
}

Test(everything, photon_counting)
{
    const char *sets[] = {MODULATORS,
                          "laser.power_dbm=-65",
                          "laser.rin_db_per_hz=-115",
                          "detector.kind=counting",
                          "receiver.kind=counter",
                          "detector.dark_counts_hz=5e6",
                          "adc.bits=16",
                          NULL};
    everything(sets, false, "counting");
}
