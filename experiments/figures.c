/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernel.h"
#include "base/units.h"
#include "hal/calrec.h"
#include "sim/noise.h"

#define HEADER_BYTES 64u /* layer, tile, encoding, scales, window index, digest */

static void copy_text(char *to, size_t bytes, const char *from)
{
    snprintf(to, bytes, "%s", from ? from : "");
}

static void name_things(const struct oac_run_options *options, const struct oac_setup *setup,
                        struct oac_run_result *r)
{
    const struct oac_dataset *data = setup->dataset;

    copy_text(r->on, sizeof r->on, options->on ? options->on : "sim");
    copy_text(r->encoding, sizeof r->encoding, oac_encoding_names[options->encoding]);
    oac_noise_format(options->noise, r->noise);
    if (!isnan(options->photons_per_mac)) {
        copy_text(r->photon_reference, sizeof r->photon_reference,
                  oac_photon_reference_names[options->photon_reference]);
        copy_text(r->photon_budget, sizeof r->photon_budget,
                  oac_photon_budget_names[options->photon_budget]);
    }
    r->photons_per_mac_asked = options->photons_per_mac;
    copy_text(r->model_name, sizeof r->model_name, setup->network->name);
    copy_text(r->dataset_name, sizeof r->dataset_name, data->name);
    copy_text(r->dataset_split, sizeof r->dataset_split, data->split);
    copy_text(r->rig_name, sizeof r->rig_name, setup->station.rig.name);
    copy_text(r->device_id, sizeof r->device_id, setup->station.link.caps->device_id);
    copy_text(r->kernel_level, sizeof r->kernel_level, oac_kernel()->level);
    copy_text(r->model_sha256, sizeof r->model_sha256, setup->model_sha256);
    copy_text(r->dataset_sha256, sizeof r->dataset_sha256, data->sha256);
    copy_text(r->rig_sha256, sizeof r->rig_sha256, setup->station.rig_sha256);
    for (size_t c = 0; c < data->classes; c++)
        copy_text(r->class_names[c], sizeof r->class_names[c], data->class_names[c]);
    r->calibration = setup->station.calibration;
    r->seed = options->seed;
    r->repeats = options->repeats;
}

static void judge(const struct oac_dataset *set, const struct oac_run_data *data,
                  struct oac_run_result *r)
{
    size_t right = 0, right_digital = 0, agree = 0;
    double square = 0.0, n = (double)data->images;

    for (size_t i = 0; i < data->images; i++) {
        right += data->prediction[i] == set->labels[i];
        right_digital += data->prediction_digital[i] == set->labels[i];
        agree += data->prediction[i] == data->prediction_digital[i];
        r->confusion[set->labels[i]][data->prediction[i]]++;
    }
    for (size_t i = 0; i < data->images * data->classes; i++) {
        double error = (double)data->logits[i] - (double)data->logits_digital[i];
        square += error * error;
    }
    r->images = data->images;
    r->classes = data->classes;
    r->accuracy = (double)right / n;
    oac_wilson_interval(right, data->images, &r->accuracy_low, &r->accuracy_high);
    r->accuracy_digital = (double)right_digital / n;
    r->agreement = (double)agree / n;
    r->logit_error_rms = sqrt(square / (n * (double)data->classes));
}

struct totals { /* per image */
    struct oac_energy_work work;
    double launched_j, client_in_j;
};

static enum oac_status count_layer(const struct oac_setup *setup, size_t l, double launch,
                                   struct oac_run_result *r, struct totals *sum,
                                   struct oac_err *err)
{
    const struct oac_link_caps *caps = setup->station.link.caps;
    const struct oac_dense *dense = &setup->network->layer[l];
    struct oac_matrix_light light;

    if (oac_forward_layer_light(setup->forward, l, &light, err) != OAC_OK)
        return err->status;
    size_t tiles = (dense->outputs + caps->channels - 1) / caps->channels;
    double guards = (double)light.windows * (double)caps->guard_slots;
    double laser_w = oac_watts_from_dbm(setup->station.rig.laser.power_dbm);
    double bench_s = (double)light.slots * caps->slot_s;

    r->layer[l] = (struct oac_run_layer){
        .inputs = dense->inputs,
        .outputs = dense->outputs,
        .macs = (uint64_t)dense->inputs * dense->outputs,
        .optical_macs = light.optical_macs,
        .slots = light.slots,
        .windows = light.windows,
        .launch = launch,
        .detected_photons = launch * light.detected_photons,
        .launched_j = launch * light.launched_j,
        .client_in_j = launch * light.client_in_j,
    };
    r->optical_macs_per_image += light.optical_macs;
    r->slots_per_image += light.slots;
    r->windows_per_image += light.windows;
    sum->launched_j += r->layer[l].launched_j;
    sum->client_in_j += r->layer[l].client_in_j;
    sum->work.client_symbols += (double)light.slots - guards;
    sum->work.readouts += (double)dense->outputs * (double)light.windows / (double)tiles;
    sum->work.weight_symbols += (double)light.optical_macs;
    sum->work.laser_j += launch * laser_w * bench_s * (double)caps->channels;
    return OAC_OK;
}

/* Reference windows belong to the images between them. */
static enum oac_status count_references(const struct oac_setup *setup, struct oac_run_result *r,
                                        struct totals *sum, struct oac_err *err)
{
    const struct oac_link_caps *caps = setup->station.link.caps;
    struct oac_reference_cost cost;

    if (oac_engine_reference_cost(setup->station.engine, &cost, err) != OAC_OK)
        return err->status;
    double channels = (double)caps->channels, bench_s = cost.slots * caps->slot_s;
    double symbols = cost.slots - cost.windows * (double)caps->guard_slots;
    double laser_w = oac_watts_from_dbm(setup->station.rig.laser.power_dbm);

    r->latency_s_per_image =
        (double)oac_engine_slots_per_image(setup->station.engine) * caps->slot_s + bench_s;
    sum->launched_j += cost.launched_j;
    sum->client_in_j += cost.client_in_j;
    sum->work.client_symbols += symbols;
    sum->work.readouts += cost.windows * channels;
    sum->work.weight_symbols += symbols * channels;
    sum->work.laser_j += laser_w * bench_s * channels;
    return OAC_OK;
}

/* Six digits: beyond them the order of a sum shows. */
static double six_digits(double value)
{
    char text[32];

    snprintf(text, sizeof text, "%.5e", value);
    return strtod(text, NULL);
}

/* A budget per sample leaves the layers' light unknown; the link has counted it. */
static void take_account(const struct oac_run_data *data, struct totals *sum)
{
    double images = (double)data->images;

    if (!isnan(sum->launched_j))
        return;
    sum->launched_j = six_digits(data->played_launched_j / images);
    sum->client_in_j = six_digits(data->played_client_in_j / images);
}

static void account_light(const struct oac_setup *setup, const struct oac_run_data *data,
                          const struct totals *sum, struct oac_run_result *r)
{
    const struct oac_link_caps *caps = setup->station.link.caps;
    double photon_j = oac_photon_energy_j(caps->frequency_hz), macs = (double)r->macs_per_image;
    double photons = 0.0;

    for (size_t i = 0; i < data->images; i++)
        photons += data->photons[i];
    r->photons_per_mac_detected = photons / (double)data->images / macs;
    r->photons_per_mac_incident = r->photons_per_mac_detected / caps->quantum_efficiency;
    r->photons_per_mac_launched = sum->launched_j / photon_j / macs;
    r->photons_per_mac_client_in = sum->client_in_j / photon_j / macs;
    r->aj_per_mac_detected = r->photons_per_mac_detected * photon_j * 1e18;
    r->aj_per_mac_incident = r->photons_per_mac_incident * photon_j * 1e18;
    r->aj_per_mac_launched = r->photons_per_mac_launched * photon_j * 1e18;
    r->aj_per_mac_client_in = r->photons_per_mac_client_in * photon_j * 1e18;
}

static void account_energy(const struct oac_setup *setup, const struct totals *sum,
                           struct oac_run_result *r)
{
    const struct oac_rig *rig = &setup->station.rig;
    const struct oac_energy_devices devices = {
        .modulator_j = rig->energy.modulator_j,
        .dac_j = rig->energy.dac_j,
        .adc_j = rig->energy.adc_j,
        .integrator_j = rig->energy.integrator_j,
        .nonlinearity_j = rig->energy.nonlinearity_j,
        .server_modulator_j = rig->energy.server_modulator_j,
        .laser_wallplug_efficiency = rig->energy.laser_wallplug_efficiency,
    };
    struct oac_energy_work per_mac = sum->work;
    double macs = (double)r->macs_per_image;

    per_mac.client_symbols /= macs;
    per_mac.readouts /= macs;
    per_mac.weight_symbols /= macs;
    per_mac.laser_j /= macs;
    r->energy_per_mac = oac_energy_of(&devices, &per_mac);
    r->client_j_per_mac = r->energy_per_mac.client_j;
    r->server_j_per_mac = r->energy_per_mac.server_j;
    r->readouts_per_image = sum->work.readouts;
}

static uint64_t client_memory_bytes(const struct oac_network *network, size_t channels)
{
    uint64_t widest = 0;

    for (size_t l = 0; l < network->layers; l++) {
        uint64_t width = (uint64_t)network->layer[l].inputs + network->layer[l].outputs;
        widest = width > widest ? width : widest;
    }
    return 4 * widest + 4 * (uint64_t)channels + HEADER_BYTES + 8 * (uint64_t)channels +
           sizeof(struct oac_calrec_channel) * (uint64_t)channels + sizeof(struct oac_curve);
}

enum oac_status oac_figures(const struct oac_run_options *options,
                            const struct oac_setup *setup, const struct oac_run_data *data,
                            struct oac_run_result *result, struct oac_err *err)
{
    const struct oac_link_caps *caps = setup->station.link.caps;
    struct oac_run_result *r = result;
    struct totals sum = {0};

    memset(r, 0, sizeof *r);
    name_things(options, setup, r);
    judge(setup->dataset, data, r);
    r->macs_per_image = oac_network_macs(setup->network);
    r->layers = setup->network->layers;
    for (size_t l = 0; l < r->layers; l++)
        if (count_layer(setup, l, data->launch[l], r, &sum, err) != OAC_OK)
            return err->status;
    if (count_references(setup, r, &sum, err) != OAC_OK)
        return err->status;
    take_account(data, &sum);
    account_light(setup, data, &sum, r);
    account_energy(setup, &sum, r);
    r->clipped_operands = data->tally.clipped_operands;
    r->clipped_readouts = data->tally.clipped_readouts;
    copy_text(r->underflow, sizeof r->underflow, oac_loss_name(data->underflow));
    copy_text(r->overflow, sizeof r->overflow, oac_loss_name(data->overflow));
    r->clipped_weights = oac_engine_clipped_weights(setup->station.engine);
    r->slot_rate_hz = 1.0 / caps->slot_s;
    r->link_bits_per_s =
        (double)caps->channels * (double)setup->station.rig.weight_dac.bits / caps->slot_s;
    r->client_memory_bytes = client_memory_bytes(setup->network, caps->channels);
    r->threads = data->threads;
    r->batch = data->batch;
    r->seconds = data->seconds;
    r->images_per_s = (double)data->images / data->seconds;
    return OAC_OK;
}
