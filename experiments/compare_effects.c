/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/compare_effects.h"

#include <math.h>

#include "sim/noise.h"

static bool has_dispersion(const struct oac_rig *r)
{
    return r->fiber.length_m > 0.0 &&
           (r->fiber.dispersion_ps_nm_km != 0.0 || r->fiber.slope_ps_nm2_km != 0.0);
}

static bool has_walkoff(const struct oac_rig *r)
{
    return has_dispersion(r) && !r->fiber.precompensate && r->channels > 1;
}

static bool has_spm(const struct oac_rig *r)
{
    return r->fiber.gamma_per_w_km != 0.0 && r->fiber.length_m > 0.0;
}

static bool has_pmd(const struct oac_rig *r)
{
    return r->fiber.pmd_ps_rtkm > 0.0 && r->fiber.length_m > 0.0;
}

static bool has_weight_dac(const struct oac_rig *r)
{
    return isfinite(r->weight_dac.bandwidth_hz);
}

static bool has_client_dac(const struct oac_rig *r)
{
    return isfinite(r->client_dac.bandwidth_hz);
}

static bool has_weight_modulator(const struct oac_rig *r)
{
    return isfinite(r->weight_modulator.bandwidth_hz) || r->weight_modulator.s21_file[0];
}

static bool has_client_modulator(const struct oac_rig *r)
{
    return isfinite(r->client_modulator.bandwidth_hz) || r->client_modulator.s21_file[0];
}

static bool has_chirp(const struct oac_rig *r)
{
    return r->weight_modulator.chirp != 0.0 || r->client_modulator.chirp != 0.0;
}

static bool has_passband(const struct oac_rig *r)
{
    return isfinite(r->demux.passband_hz);
}

static bool has_detector_bandwidth(const struct oac_rig *r)
{
    return isfinite(r->detector.bandwidth_hz);
}

static bool has_detector_saturation(const struct oac_rig *r)
{
    return isfinite(r->detector.saturation_a);
}

static bool has_dead_time(const struct oac_rig *r)
{
    return r->detector.dead_time_s > 0.0;
}

static bool has_receiver_bandwidth(const struct oac_rig *r)
{
    return isfinite(r->receiver.bandwidth_hz);
}

static bool has_droop(const struct oac_rig *r)
{
    return r->receiver.droop_per_s > 0.0;
}

static bool has_timing(const struct oac_rig *r)
{
    return r->timing.skew_s != 0.0 || r->timing.adc_delay_s != 0.0 ||
           r->timing.adc_delay_spread_s != 0.0;
}

static bool has_crosstalk(const struct oac_rig *r)
{
    return r->channels > 1 &&
           (isfinite(r->demux.adjacent_db) || isfinite(r->demux.nonadjacent_db));
}

static bool has_tracking(const struct oac_rig *r)
{
    return r->client_modulator.vpi_tracks_wavelength && r->channels > 1;
}

static bool has_spread(const struct oac_rig *r)
{
    return r->laser.power_spread_db > 0.0 || r->weight_modulator.vpi_spread > 0.0 ||
           r->weight_modulator.bias_spread_v > 0.0 || r->client_modulator.vpi_spread > 0.0 ||
           r->client_modulator.bias_spread_v > 0.0 || r->detector.gain_spread_db > 0.0 ||
           r->detector.pair_mismatch != 0.0 || r->detector.pair_mismatch_spread > 0.0 ||
           r->adc.offset_spread_v > 0.0 || r->weight_dac.inl_lsb > 0.0 ||
           r->weight_dac.dnl_lsb > 0.0 || r->client_dac.inl_lsb > 0.0 ||
           r->client_dac.dnl_lsb > 0.0 || r->adc.inl_lsb > 0.0 || r->adc.dnl_lsb > 0.0;
}

static bool has_linewidth(const struct oac_rig *r)
{
    return r->laser.linewidth_hz > 0.0;
}

static bool has_jitter(const struct oac_rig *r)
{
    return r->weight_dac.jitter_s > 0.0 || r->client_dac.jitter_s > 0.0 ||
           r->adc.jitter_s > 0.0;
}

static bool can_double(const struct oac_rig *r)
{
    return r->wave.samples_per_slot <= 512;
}

/* name, advice, predicate, values that neutralise it ... */
#define EFFECT(what, do_this, when, ...)                                                \
    {                                                                                   \
        .name = what, .advice = do_this, .present = when, .sets = { __VA_ARGS__, NULL } \
    }

static const struct oac_effect effects[] = {
    EFFECT("walk-off between wavelengths", "set fiber.precompensate=yes, or slower slots",
           has_walkoff, "fiber.precompensate=yes"),
    {.name = "dispersion within a channel",
     .advice = "slower slots, or a shorter or compensated fiber",
     .present = has_dispersion,
     .sets = {"fiber.precompensate=yes", "fiber.dispersion_ps_nm_km=0",
              "fiber.slope_ps_nm2_km=0"},
     .beyond = "walk-off between wavelengths"},
    EFFECT("chirp of the modulators", "push-pull drive (chirp 0)", has_chirp,
           "weight_modulator.chirp=0", "client_modulator.chirp=0"),
    EFFECT("self-phase modulation", "less launched power", has_spm, "fiber.gamma_per_w_km=0"),
    EFFECT("polarisation mode dispersion", "slower slots", has_pmd, "fiber.pmd_ps_rtkm=0"),
    EFFECT("bandwidth of the weight DAC", "slower slots, or a faster DAC", has_weight_dac,
           "weight_dac.bandwidth_hz=none"),
    EFFECT("bandwidth of the weight modulator", "slower slots, or a faster modulator",
           has_weight_modulator, "weight_modulator.bandwidth_hz=none",
           "weight_modulator.s21_file="),
    EFFECT("bandwidth of the client DAC", "slower slots, or a faster DAC", has_client_dac,
           "client_dac.bandwidth_hz=none"),
    EFFECT("bandwidth of the client modulator", "slower slots, or a faster modulator",
           has_client_modulator, "client_modulator.bandwidth_hz=none",
           "client_modulator.s21_file="),
    EFFECT("passband of the demultiplexer", "a wider passband, or tune it (detuning_hz)",
           has_passband, "demux.passband_hz=none", "demux.detuning_hz=0"),
    EFFECT("bandwidth of the detectors", "slower slots, or faster detectors",
           has_detector_bandwidth, "detector.bandwidth_hz=none"),
    EFFECT("saturation of the detectors", "less light", has_detector_saturation,
           "detector.saturation_a=none"),
    EFFECT("dead time of the detectors", "less light a second", has_dead_time,
           "detector.dead_time_s=0"),
    EFFECT("bandwidth of the receiver", "slower slots, or a faster amplifier",
           has_receiver_bandwidth, "receiver.bandwidth_hz=none"),
    EFFECT("droop of the integrators", "shorter windows (slots_max), or less leak", has_droop,
           "receiver.droop_per_s=0"),
    EFFECT("skew and delays of the clocks", "more DAC samples a slot: finer skew setting",
           has_timing, "timing.skew_s=0", "timing.adc_delay_s=0",
           "timing.adc_delay_spread_s=0"),
    EFFECT("crosstalk of the demultiplexer", "a better demultiplexer, or calibrate",
           has_crosstalk, "demux.adjacent_db=none", "demux.nonadjacent_db=none"),
    EFFECT("V_pi that follows the wavelength", "calibrate each channel", has_tracking,
           "client_modulator.vpi_tracks_wavelength=no"),
    EFFECT("parts that are not as nominal", "calibrate", has_spread, "laser.power_spread_db=0",
           "weight_modulator.vpi_spread=0", "weight_modulator.bias_spread_v=0",
           "client_modulator.vpi_spread=0", "client_modulator.bias_spread_v=0",
           "detector.gain_spread_db=0", "detector.pair_mismatch=0",
           "detector.pair_mismatch_spread=0", "adc.offset_spread_v=0", "weight_dac.inl_lsb=0",
           "weight_dac.dnl_lsb=0", "client_dac.inl_lsb=0", "client_dac.dnl_lsb=0",
           "adc.inl_lsb=0", "adc.dnl_lsb=0"),
    {.name = "sampling (samples a slot)",
     .advice = "raise wave.samples_per_slot",
     .present = can_double,
     .sampling = true},
    {.name = "phase noise of the lasers",
     .advice = "narrower lasers",
     .present = has_linewidth,
     .noise = OAC_NOISE_LINEWIDTH},
    {.name = "jitter of the converters",
     .advice = "better clocks, or slower slots",
     .present = has_jitter,
     .noise = OAC_NOISE_JITTER},
};

const struct oac_effect *oac_effects(size_t *count)
{
    *count = sizeof effects / sizeof effects[0];
    return effects;
}
