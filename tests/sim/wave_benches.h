/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benches inside the analytic assumptions on which both engines are compared: what the plain bench of
 * analytic_fixture.h gets on top. 4 channels, 16 slots; each noise a bench has holds a visible part of its
 * variance. PAIR_BEFORE is to be read differentially. */
#ifndef OAC_TESTS_SIM_WAVE_BENCHES_H
#define OAC_TESTS_SIM_WAVE_BENCHES_H

#include "tests/sim/wave_link.h"

#define MODULATORS                                                          \
    "weight_modulator.er_db=18", "weight_modulator.il_db=5",                \
        "weight_modulator.drive_noise_v=8e-3", "client_modulator.er_db=16", \
        "client_modulator.il_db=4", "client_modulator.drive_noise_v=6e-3",  \
        "weight_dac.enob_bits=8", "client_dac.enob_bits=8"
#define LASER \
    "laser.rin_db_per_hz=-123", "laser.rin_corner_hz=3e6", "detector.quantum_efficiency=0.8"
#define INTEGRATOR                                                                            \
    "receiver.cds=no", "receiver.read_noise_v=2e-5", "detector.dark_a=1e-8",                  \
        "detector.surface_dark_a=2e-9", "adc.min_v=-0.01", "adc.bits=9", "adc.enob_bits=7.5", \
        "adc.full_scale_v=0.04"

static const char *const CROSSTALK[] = {MODULATORS,
                                        LASER,
                                        INTEGRATOR,
                                        "laser.power_dbm=-20",
                                        "receiver.read_noise_v=4e-5",
                                        "adc.full_scale_v=0.1",
                                        "demux.adjacent_db=12",
                                        "demux.nonadjacent_db=20",
                                        "demux.il_db=2",
                                        NULL};

static const char *const PAIR_BEFORE[] = {MODULATORS,
                                          LASER,
                                          INTEGRATOR,
                                          "laser.power_dbm=-33",
                                          "amplifier.position=before_client",
                                          "amplifier.gain_db=15",
                                          "amplifier.nf_db=6",
                                          "amplifier.bandwidth_hz=20e9",
                                          "weight_modulator.dual_output=yes",
                                          "detector.pair=yes",
                                          "detector.pair_mismatch=0.06",
                                          "demux.il_db=2",
                                          NULL};

static const char *const AFTER[] = {MODULATORS,
                                    LASER,
                                    INTEGRATOR,
                                    "receiver.cds=yes",
                                    "laser.power_dbm=-36",
                                    "amplifier.position=after_client",
                                    "amplifier.gain_db=15",
                                    "amplifier.nf_db=6",
                                    "amplifier.bandwidth_hz=6e9",
                                    "amplifier.polarisations=1",
                                    NULL};

static const char *const COMB_TIA[] = {MODULATORS,
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
                                       "adc.enob_bits=6.5",
                                       NULL};

static const char *const COUNTING[] = {MODULATORS,
                                       "laser.power_dbm=-55",
                                       "laser.rin_db_per_hz=-115",
                                       "detector.kind=counting",
                                       "receiver.kind=counter",
                                       "detector.dark_counts_hz=5e6",
                                       "adc.bits=16",
                                       NULL};

#endif
