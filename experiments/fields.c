/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/fields.h"

#define FIELD(key, kind, member, help)                                       \
    {                                                                        \
        key, OAC_FIELD_##kind, offsetof(struct oac_run_result, member), help \
    }

static const struct oac_field fields[] = {
    FIELD("on", TEXT, on, "What played the light."),
    FIELD("rig", TEXT, rig_name, "Name of the bench."),
    FIELD("rig_sha256", TEXT, rig_sha256, "Of the complete rig text."),
    FIELD("device", TEXT, device_id, "Identity of what was opened."),
    FIELD("model", TEXT, model_name, "Name of the network."),
    FIELD("model_sha256", TEXT, model_sha256,
          "Of its shapes, activations, weights and biases."),
    FIELD("dataset", TEXT, dataset_name, "Name of the data set."),
    FIELD("dataset_split", TEXT, dataset_split, "Which part of it."),
    FIELD("dataset_sha256", TEXT, dataset_sha256, "Of the decompressed image file."),
    FIELD("images", SIZE, images, "Images that were run, the first of the split."),
    FIELD("classes", SIZE, classes, "Classes of the data set."),
    FIELD("encoding", TEXT, encoding, "How signs were encoded."),
    FIELD("noise", TEXT, noise, "Noise sources that were on."),
    FIELD("calibration", TEXT, calibration.id,
          "SHA-256 of the calibration file; empty when the rig's nominal curves were used."),
    FIELD("calibration_origin", TEXT, calibration.origin, "nominal, or how it was found."),
    FIELD("calibration_date_utc", TEXT, calibration.date_utc, "When; empty: unknown."),
    FIELD("calibration_age_s", REAL, calibration.age_s,
          "Bench time from its end to the run; null without a file."),
    FIELD("calibration_forced", COUNT, calibration.forced,
          "1: it was made for another rig, device or firmware."),
    FIELD("tracked", COUNT, calibration.tracked, "1: reference windows followed drift."),
    FIELD("reference_slots_per_image", REAL, calibration.reference_slots,
          "Bench slots of reference windows, guards included."),
    FIELD("excluded_channels", COUNT, calibration.excluded, "Channels that carried no row."),
    FIELD("seed", COUNT, seed, "Seed of the noise."),
    FIELD("repeats", COUNT, repeats, "Windows averaged per readout."),
    FIELD("threads", SIZE, threads, "Threads that worked; changes no result."),
    FIELD("batch", SIZE, batch, "Images per batch; changes no result."),
    FIELD("kernel_level", TEXT, kernel_level, "Arithmetic level; results are exact per level."),
    FIELD("accuracy", REAL, accuracy, "Share of images classified right."),
    FIELD("accuracy_ci95", PAIR, accuracy_low, "Its 95 % Wilson score interval."),
    FIELD("accuracy_digital", REAL, accuracy_digital, "The same network computed exactly."),
    FIELD("agreement", REAL, agreement, "Share of images with the same label as digital."),
    FIELD("logit_error_rms", REAL, logit_error_rms, "Rms of analog minus digital outputs."),
    FIELD("photons_per_mac_asked", REAL, photons_per_mac_asked, "The budget; null without."),
    FIELD("photon_reference", TEXT, photon_reference, "What the budget counts; empty without."),
    FIELD("photon_budget", TEXT, photon_budget, "One power per layer, or per sample."),
    FIELD("photons_per_mac_detected", REAL, photons_per_mac_detected,
          "Mean signal photoelectrons per model product, all passes."),
    FIELD("photons_per_mac_incident", REAL, photons_per_mac_incident, "On the detectors."),
    FIELD("photons_per_mac_client_in", REAL, photons_per_mac_client_in, "Entering the client."),
    FIELD("photons_per_mac_launched", REAL, photons_per_mac_launched, "Leaving the server."),
    FIELD("aj_per_mac_detected", REAL, aj_per_mac_detected, "Optical energy of the detected."),
    FIELD("aj_per_mac_incident", REAL, aj_per_mac_incident, "Optical energy on the detectors."),
    FIELD("aj_per_mac_client_in", REAL, aj_per_mac_client_in, "Optical energy at the client."),
    FIELD("aj_per_mac_launched", REAL, aj_per_mac_launched, "Optical energy at the server."),
    FIELD("macs_per_image", COUNT, macs_per_image, "Products w*x of the network."),
    FIELD("optical_macs_per_image", COUNT, optical_macs_per_image,
          "Products made of light, all passes and repeats, without tile padding."),
    FIELD("slots_per_image", COUNT, slots_per_image, "Bench slots including guards."),
    FIELD("windows_per_image", COUNT, windows_per_image, "Sums over a window."),
    FIELD("readouts_per_image", REAL, readouts_per_image, "ADC conversions."),
    FIELD("clipped_operands", COUNT, clipped_operands, "Activations beyond the stored scale."),
    FIELD("clipped_readouts", COUNT, clipped_readouts, "Saturated ADC or integrator readings."),
    FIELD("clipped_weights", COUNT, clipped_weights, "Weights beyond the modulators' range."),
    FIELD("underflow", TEXT, underflow,
          "Samples that outputs got too late: seen, none, or unknown where a board does not "
          "say."),
    FIELD("overflow", TEXT, overflow, "The same of an input's samples that were lost."),
    FIELD("slot_rate_hz", REAL, slot_rate_hz, "Slots a second of the bench."),
    FIELD("latency_s_per_image", REAL, latency_s_per_image, "Bench time of one image."),
    FIELD("link_bits_per_s", REAL, link_bits_per_s, "Weight stream, all channels together."),
    FIELD("client_memory_bytes", COUNT, client_memory_bytes, "What a client holds at once."),
    FIELD("client_j_per_mac", REAL, client_j_per_mac, "Electrical energy of the client."),
    FIELD("client_modulator_j_per_mac", REAL, energy_per_mac.modulator_j, "Its modulator."),
    FIELD("client_dac_j_per_mac", REAL, energy_per_mac.dac_j, "Its DAC."),
    FIELD("client_adc_j_per_mac", REAL, energy_per_mac.adc_j, "Its ADC."),
    FIELD("client_integrator_j_per_mac", REAL, energy_per_mac.integrator_j, "Its integrators."),
    FIELD("client_nonlinearity_j_per_mac", REAL, energy_per_mac.nonlinearity_j,
          "Its nonlinearities."),
    FIELD("server_j_per_mac", REAL, server_j_per_mac, "Electrical energy of the server."),
    FIELD("server_modulator_j_per_mac", REAL, energy_per_mac.server_modulator_j,
          "Its modulators."),
    FIELD("server_laser_j_per_mac", REAL, energy_per_mac.laser_j, "Its lasers, wall plug."),
    FIELD("seconds", REAL, seconds, "Wall clock of the optical part."),
    FIELD("images_per_s", REAL, images_per_s, "Images over seconds."),
};

const struct oac_field *oac_run_fields(size_t *count)
{
    *count = sizeof fields / sizeof fields[0];
    return fields;
}

static const char *at(const struct oac_field *field, const struct oac_run_result *result)
{
    return (const char *)result + field->offset;
}

const char *oac_field_text(const struct oac_field *field, const struct oac_run_result *result)
{
    return at(field, result);
}

uint64_t oac_field_count(const struct oac_field *field, const struct oac_run_result *result)
{
    const void *value = at(field, result);

    return field->kind == OAC_FIELD_SIZE ? (uint64_t) * (const size_t *)value
                                         : *(const uint64_t *)value;
}

const double *oac_field_reals(const struct oac_field *field,
                              const struct oac_run_result *result)
{
    const void *value = at(field, result);

    return value;
}
