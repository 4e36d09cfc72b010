/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table that parses, bounds, defaults and documents a rig file. A key's path is its
 * field's. */
#include "sim/rig.h"

#include <math.h>

#define FIELD(f) .path = #f, .offset = offsetof(struct oac_rig, f)
#define REAL(f, u, lo, hi, d, h)                                                               \
    {                                                                                          \
        FIELD(f), .type = OAC_CONFIG_REAL, .unit = u, .min = lo, .max = hi, .default_text = d, \
                  .none_value = NAN, .help = h                                                 \
    }
#define REAL_OR(f, u, lo, hi, d, none, h)                                                      \
    {                                                                                          \
        FIELD(f), .type = OAC_CONFIG_REAL, .unit = u, .min = lo, .max = hi, .default_text = d, \
                  .none_value = none, .help = h                                                \
    }
#define INTEGER(f, u, lo, hi, d, h)                                            \
    {                                                                          \
        FIELD(f), .type = OAC_CONFIG_INTEGER, .unit = u, .min = lo, .max = hi, \
                  .default_text = d, .none_value = NAN, .help = h              \
    }
#define TRUTH(f, d, h)                                                                       \
    {                                                                                        \
        FIELD(f), .type = OAC_CONFIG_BOOL, .unit = "", .default_text = d, .none_value = NAN, \
                  .help = h                                                                  \
    }
#define CHOICE(f, d, names, h)                                                                 \
    {                                                                                          \
        FIELD(f), .type = OAC_CONFIG_CHOICE, .unit = "", .default_text = d, .none_value = NAN, \
                  .choices = names, .help = h                                                  \
    }
#define CHANNELS(f, h)                                                         \
    {                                                                          \
        FIELD(f), .type = OAC_CONFIG_REALS, .unit = "", .min = 0, .max = 1023, \
                  .default_text = "", .none_value = NAN, .help = h             \
    }
#define TEXT(f, d, h)                                                                        \
    {                                                                                        \
        FIELD(f), .type = OAC_CONFIG_TEXT, .unit = "", .default_text = d, .none_value = NAN, \
                  .help = h                                                                  \
    }

static const char *const SPREADS[] = {"normal", "uniform", NULL};
static const char *const POSITIONS[] = {"none", "before_client", "after_client", NULL};
static const char *const PASSBANDS[] = {"gaussian", "flat", "lorentzian", NULL};
static const char *const DETECTORS[] = {"pin", "apd", "counting", NULL};
static const char *const RECEIVERS[] = {"integrator", "tia", "counter", NULL};

#define DAC(d, who)                                                                           \
    INTEGER(d.bits, "bits", 1, 16, NULL, "Resolution of the DAC that drives " who "."),       \
        REAL_OR(                                                                              \
            d.enob_bits, "bits", 1, 16, "none", INFINITY,                                     \
            "Effective bits of a full-scale sine, noise only; none: no noise beyond steps."), \
        REAL(d.full_scale_v, "V", 1e-3, 100, NULL,                                            \
             "Peak to peak: from code 0 to the last code."),                                  \
        REAL(d.min_v, "V", -100, 100, "0", "Voltage of code 0."),                             \
        REAL(d.inl_lsb, "lsb", 0, 64, "0",                                                    \
             "Amplitude of the fixed bow and ripple, whose shape is hidden."),                \
        REAL(d.dnl_lsb, "lsb", 0, 8, "0",                                                     \
             "rms of the fixed, hidden error between neighbours."),                           \
        REAL_OR(d.bandwidth_hz, "Hz", 1e3, 1e13, "none", INFINITY,                            \
                "One pole behind the DAC's hold; wave only."),                                \
        REAL(d.jitter_s, "s", 0, 1, "0", "rms jitter of each edge; wave only."),              \
        REAL_OR(d.coupling_hz, "Hz", 1e-3, 1e12, "none", 0.0,                                 \
                "Corner of the high-pass behind an AC-coupled DAC; none: DC-coupled. wave "   \
                "only."),                                                                     \
        INTEGER(d.samples_per_slot, "", 1, 64, "1", "Conversions per slot; wave and boards.")

#define MODULATOR(m, who)                                                                    \
    REAL(m.vpi_v, "V", 1e-3, 100, NULL, "Half-wave voltage of " who "."),                    \
        REAL(m.bias_v, "V", -100, 100, "0", "V_peak: the voltage of maximum transmission."), \
        REAL_OR(m.er_db, "dB", 3, 80, "none", INFINITY,                                      \
                "Extinction ratio; none: the null is perfectly dark."),                      \
        REAL(m.il_db, "dB", 0, 40, "0", "Insertion loss at maximum transmission."),          \
        REAL_OR(m.bandwidth_hz, "Hz", 1e3, 1e13, "none", INFINITY,                           \
                "3 dB bandwidth of one pole acting on the drive voltage; none: instant."),   \
        TEXT(m.s21_file, "",                                                                 \
             "Touchstone .s2p file, beside the rig file, whose S21 replaces the pole; wave " \
             "only."),                                                                       \
        TRUTH(m.s21_peaking, "no", "|S21| above its low-frequency value is meant."),         \
        REAL(m.chirp, "1", -10, 10, "0",                                                     \
             "Common phase per half of the arms' phase difference; 0: push-pull. wave "      \
             "only."),                                                                       \
        REAL(m.drive_noise_v, "V", 0, 10, "0",                                               \
             "rms voltage noise on the drive beside the DAC's, independent per slot."),      \
        REAL(m.vpi_spread, "1", 0, 0.3, "0", "Hidden relative spread of V_pi."),             \
        REAL(m.er_spread_db, "dB", 0, 40, "0", "Hidden spread of the extinction ratio."),    \
        REAL(m.bias_spread_v, "V", 0, 100, "0", "Hidden spread of V_peak."),                 \
        REAL(m.drift_sigma_v, "V", 0, 100, "0", "Stationary sigma of the drift of V_peak."), \
        REAL(m.drift_tau_s, "s", 1e-6, 1e9, "600", "Correlation time of that drift.")

static const struct oac_config_key KEYS[] = {
    TEXT(name, NULL, "Name of the rig, as results carry it."),
    TEXT(description, "", "One line about it."),
    INTEGER(channels, "", 1, 1024, NULL, "Wavelengths: outputs computed at once."),
    REAL(slot_rate_hz, "Hz", 1, 1e12, NULL, "Slots per second: one operand element each."),
    REAL(temperature_k, "K", 1, 1000, "300", "Temperature of the receiver (reset noise)."),
    INTEGER(guard_slots, "", 0, 1000000, "1",
            "Dark slots before each window; they must outlast every memory of the bench."),
    INTEGER(preamble_slots, "", 0, 1000000, "0", "Slots for alignment, once per play."),
    INTEGER(slots_max, "", 1, 65535, "4096", "Longest window that may be played."),
    INTEGER(bench_seed, "", 0, 9007199254740991.0, "1",
            "Fixes hidden imperfections and the path of drift."),

    CHOICE(
        spread, "normal", SPREADS,
        "Shape of every hidden spread: normal, the spread is its sigma; or uniform, its half "
        "width."),

    INTEGER(wave.samples_per_slot, "", 2, 256, "8",
            "Samples of light per slot in the waveform engine."),

    INTEGER(subcarrier.periods, "", 0, 16, "0",
            "Periods of four chips in a slot that carry light over AC-coupled ports; 0: none."),
    REAL_OR(subcarrier.carrier_hz, "Hz", 1e3, 1e11, "none", 0.0,
            "Ports of I and Q: outputs mix up with it, inputs down with twice it; none: real "
            "ports."),
    REAL(subcarrier.phase_rad, "rad", -7, 7, "0",
         "Hidden phase of the inputs' mixer; wave only."),

    REAL(timing.skew_s, "s", -1, 1, "0", "Hidden: the client's data come this much late."),
    REAL(timing.adc_delay_s, "s", 0, 1, "0",
         "Hidden: from the light to the ADC's sample; wave only."),
    REAL(timing.adc_delay_spread_s, "s", 0, 1, "0", "Hidden spread of that over channels."),

    REAL(laser.power_dbm, "dBm", -120, 40, NULL,
         "Power per channel before the weight modulator."),
    REAL(laser.power_max_dbm, "dBm", -120, 60, NULL, "The most a launch setting may ask for."),
    REAL(laser.power_spread_db, "dB", 0, 10, "0", "Hidden spread of power over channels."),
    REAL(laser.center_hz, "Hz", 1e13, 1e15, "193.4e12",
         "Optical frequency of the band's centre."),
    REAL(laser.grid_hz, "Hz", 0, 1e13, "0", "Spacing of channels; 0: all at the centre."),
    TRUTH(laser.shared, "no", "One comb: intensity noise is common to all channels."),
    REAL_OR(laser.rin_db_per_hz, "dB/Hz", -220, -60, "none", -INFINITY,
            "White relative intensity noise, one-sided."),
    REAL_OR(laser.rin_corner_hz, "Hz", 0, 1e10, "none", 0.0,
            "Below it intensity noise rises as 1/f."),
    REAL(laser.rin_min_hz, "Hz", 1e-9, 1e9, "1", "Where the 1/f rise ends."),
    REAL(laser.linewidth_hz, "Hz", 0, 1e12, "0",
         "Lorentzian linewidth (full width); wave only."),
    REAL(laser.drift_sigma, "1", 0, 1, "0",
         "Stationary relative sigma of power drift per line."),
    REAL(laser.drift_tau_s, "s", 1e-6, 1e9, "600", "Correlation time of that drift."),

    DAC(weight_dac, "a weight modulator"),
    MODULATOR(weight_modulator, "the weight modulators"),
    TRUTH(weight_modulator.dual_output, "no",
          "The complementary output is used too, on the pair's second detector."),

    REAL(fiber.length_m, "m", 0, 1e7, "0", "Length."),
    REAL(fiber.loss_db_per_km, "dB/km", 0, 100, "0", "Loss per length."),
    REAL(fiber.attenuator_db, "dB", 0, 200, "0", "Lumped loss: connectors and attenuators."),
    REAL(fiber.dispersion_ps_nm_km, "ps/(nm km)", -1000, 1000, "0",
         "Dispersion at the band's centre."),
    REAL(fiber.slope_ps_nm2_km, "ps/(nm^2 km)", -10, 10, "0", "Dispersion slope."),
    TRUTH(fiber.precompensate, "yes",
          "The server delays each channel against the nominal walk-off."),
    REAL(fiber.group_index, "1", 1, 5, "1.468", "Group index, for latency."),

    REAL(fiber.gamma_per_w_km, "1/(W km)", 0, 100, "0",
         "Kerr coefficient, 1.3 in standard fiber; 0: linear. wave only."),
    REAL(fiber.pmd_ps_rtkm, "ps/sqrt(km)", 0, 100, "0",
         "Polarisation mode dispersion, first order; wave only."),
    INTEGER(fiber.steps_per_span, "", 1, 100000, "100",
            "Steps of the split-step method in a span of a Kerr fiber."),

    CHOICE(amplifier.position, "none", POSITIONS, "Where the optical amplifier sits."),
    REAL(amplifier.gain_db, "dB", 0, 60, "0", "Gain."),
    REAL(amplifier.nf_db, "dB", 0, 20, "5", "Noise figure."),
    REAL(amplifier.bandwidth_hz, "Hz", 1e6, 1e13, "100e9",
         "Noise bandwidth of the rectangular filter in front of each detector."),
    INTEGER(amplifier.polarisations, "", 1, 2, "2",
            "Polarisations of spontaneous emission at the detector; 1 behind a polariser."),
    INTEGER(amplifier.spans, "", 1, 1000, "1",
            "before_client: equal spans of fiber, each followed by an amplifier."),

    DAC(client_dac, "the client's modulator"),
    MODULATOR(client_modulator, "the client's modulator"),
    TRUTH(client_modulator.vpi_tracks_wavelength, "no",
          "V_pi is proportional to each channel's wavelength."),

    REAL(demux.il_db, "dB", 0, 60, "0", "Insertion loss at a channel's own port."),
    REAL_OR(demux.adjacent_db, "dB", 3, 120, "none", INFINITY,
            "How far neighbours are down at a port."),
    REAL_OR(demux.nonadjacent_db, "dB", 3, 120, "none", INFINITY,
            "How far each other channel is down at a port."),
    REAL(demux.crosstalk_spread_db, "dB", 0, 40, "0",
         "Hidden spread of that, of each channel at each port."),

    REAL_OR(demux.passband_hz, "Hz", 1e6, 1e14, "none", INFINITY,
            "Full width at half maximum of a channel's passband; wave only."),
    CHOICE(demux.passband_shape, "gaussian", PASSBANDS, "Its shape; flat: third order."),
    REAL(demux.detuning_hz, "Hz", -1e13, 1e13, "0", "Passband centres off the lines by this."),

    CHOICE(detector.kind, "pin", DETECTORS, "Kind of photodetector."),
    REAL(detector.quantum_efficiency, "1", 1e-6, 1, "1", "Electrons (counts) per photon."),
    REAL(detector.dark_a, "A", 0, 1e-3, "0", "Bulk dark current, before gain."),
    REAL(detector.surface_dark_a, "A", 0, 1e-3, "0", "Surface dark current, not multiplied."),
    REAL(detector.dark_counts_hz, "Hz", 0, 1e9, "0", "Dark counts of a counting detector."),
    REAL(detector.dead_time_s, "s", 0, 1e-2, "0",
         "Time a count blinds a counting detector, not extended by further photons."),
    REAL(detector.gain, "1", 1, 1e7, "1", "Avalanche gain M (apd)."),
    REAL(detector.excess_noise, "1", 1, 1e4, "1", "Excess noise factor F at that gain (apd)."),
    TRUTH(detector.pair, "no", "A balanced pair per channel."),
    REAL(detector.pair_mismatch, "1", -0.5, 0.5, "0",
         "Relative difference of the pair's responsivities."),
    REAL(detector.pair_mismatch_spread, "1", 0, 0.2, "0",
         "Hidden spread over channels of that difference."),
    REAL_OR(detector.bandwidth_hz, "Hz", 1e2, 1e13, "none", INFINITY,
            "3 dB bandwidth of one pole of the photocurrent; wave only."),
    REAL_OR(detector.saturation_a, "A", 1e-12, 10, "none", INFINITY,
            "Largest photocurrent, before avalanche gain; wave only."),
    REAL(detector.gain_spread_db, "dB", 0, 10, "0",
         "Hidden spread over channels of electrical gain, 10 log of the electrons."),
    REAL(detector.drift_sigma, "1", 0, 1, "0", "Stationary relative sigma of gain drift."),
    REAL(detector.drift_tau_s, "s", 1e-6, 1e9, "600", "Correlation time of that drift."),

    CHOICE(receiver.kind, "integrator", RECEIVERS, "Kind of receiver."),
    REAL(receiver.capacitance_f, "F", 1e-18, 1e-3, "1e-12", "Integration capacitance."),
    REAL(receiver.read_noise_v, "V", 0, 1, "0", "rms noise of one read-out of the output."),
    TRUTH(receiver.cds, "no",
          "Correlated double sampling: no reset noise, twice the read noise."),
    REAL_OR(receiver.saturation_v, "V", 1e-6, 1e4, "none", INFINITY,
            "Output magnitude at which the receiver saturates."),
    REAL(receiver.in_a_per_rthz, "A/rtHz", 0, 1e-3, "0",
         "Input current noise of a tia, one-sided."),
    REAL(receiver.gain_v_per_a, "V/A", 1e-3, 1e15, "1e3", "Transimpedance of a tia."),
    REAL_OR(receiver.bandwidth_hz, "Hz", 1e2, 1e13, "none", INFINITY,
            "3 dB bandwidth of one pole of a tia; wave only."),
    REAL(receiver.droop_per_s, "1/s", 0, 1e12, "0",
         "Rate at which an integrator loses its charge; wave only."),

    INTEGER(adc.bits, "bits", 1, 24, NULL, "Resolution; a counter counts to 2^bits - 1."),
    REAL_OR(adc.enob_bits, "bits", 1, 24, "none", INFINITY,
            "Effective bits of a full-scale sine, noise only; none: rounding alone."),
    REAL(adc.full_scale_v, "V", 1e-6, 1e4, "1",
         "Peak to peak: from code 0 to the last code (not used by a counter)."),
    REAL(adc.min_v, "V", -1e4, 1e4, "0", "Voltage of code 0 (not used by a counter)."),
    REAL(adc.inl_lsb, "lsb", 0, 64, "0",
         "Amplitude of the fixed bow and ripple, whose shape is hidden."),
    REAL(adc.dnl_lsb, "lsb", 0, 8, "0", "rms of the fixed, hidden error between neighbours."),
    REAL(adc.offset_spread_v, "V", 0, 1e3, "0", "Hidden spread over channels of offset."),
    REAL(adc.jitter_s, "s", 0, 1, "0", "rms aperture jitter; wave only."),
    REAL_OR(adc.coupling_hz, "Hz", 1e-3, 1e12, "none", 0.0,
            "Corner of the high-pass before an AC-coupled ADC; none: DC-coupled. wave only."),
    INTEGER(adc.samples_per_slot, "", 1, 64, "1",
            "Conversions per slot of a sampled receiver."),

    CHANNELS(fault.dead_detectors, "Channels whose detector reads no light."),
    CHANNELS(fault.saturated_detectors, "Channels whose readout is at the end of its range."),
    CHANNELS(fault.stuck_modulators, "Channels whose weight modulator follows no voltage."),
    REAL(fault.stuck_at, "1", 0, 1, "0.5", "Their transmission, relative to the peak."),
    CHANNELS(fault.dark_lasers, "Channels whose laser gives no light."),
    CHANNELS(fault.swapped,
             "Pairs of channels whose detectors are swapped: 2,3 swaps 2 with 3."),
    TRUTH(fault.no_light, "no", "No light reaches the client: the fiber is cut."),

    TEXT(iio.uri, "",
         "Where the bench answers: ip:HOST[:PORT], usb:, local:, of several boards NAME=URI, "
         "comma between them; --uri overrides."),
    TEXT(
        iio.board, "",
        "Profile of its board: a shipped name or a file; of several boards NAME=PROFILE, comma "
        "between them, and their ports are NAME/PORT."),
    TEXT(iio.weight_ports, "",
         "Outputs that drive the weight modulators, comma between channels."),
    TEXT(iio.client_port, "", "Output that drives the client's modulator."),
    TEXT(iio.readout_ports, "", "Inputs that hear the detectors, comma between channels."),

    REAL(energy.modulator_j, "J", 0, 1, "0", "Client modulator per symbol."),
    REAL(energy.dac_j, "J", 0, 1, "0", "Client DAC per symbol."),
    REAL(energy.adc_j, "J", 0, 1, "0", "ADC per conversion."),
    REAL(energy.integrator_j, "J", 0, 1, "0", "Integrator per readout."),
    REAL(energy.nonlinearity_j, "J", 0, 1, "0", "Activation function per readout."),
    REAL(energy.server_modulator_j, "J", 0, 1, "0", "Server modulator per symbol and channel."),
    REAL(energy.laser_wallplug_efficiency, "1", 1e-4, 1, "0.1",
         "Optical power out per electrical power in."),
};

const struct oac_config_table oac_rig_table = {
    .name = "rig", .keys = KEYS, .count = sizeof KEYS / sizeof KEYS[0]};
