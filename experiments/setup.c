/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/setup.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/recording/recorder.h"
#include "driver/registry.h"
#include "models/formats/native.h"
#include "sim/noise.h"

static void warn(void *context, const char *line)
{
    oac_log(context, OAC_LOG_WARNING, "rig: %s", line);
}

/* What the driver is told, and in a dry run the twin that it plays to. */
static enum oac_status open_dry(const struct oac_station_options *options,
                                const uint8_t hash[32], const struct oac_sink *sink,
                                struct oac_station *station, struct oac_err *err)
{
    station->drive = options->drive;
    station->drive.sink = sink;
    if (!options->played)
        return OAC_OK;
    station->drive.tap = &options->played->tap;
    if (!options->on || strcmp(options->on, "iio") != 0)
        return oac_fail(err, OAC_EUSAGE,
                        "a dry run shows the voltages of a lab bench: add --on iio");
    return oac_dry_open(&station->rig, hash, options->noise, options->seed, options->uri,
                        &station->dry, err);
}

/* A lab bench has the noise it has, whatever was asked for. */
static enum oac_status open_recorder(const struct oac_station_options *options,
                                     struct oac_station *station, struct oac_err *err)
{
    char noise[64] = "";
    if (!options->record)
        return OAC_OK;
    if (strcmp(options->on, "iio") != 0)
        oac_noise_format(options->noise, noise);
    const struct oac_recorder_options recorder = {
        .path = options->record,
        .on = options->on,
        .rig_text = station->rig_text,
        .noise = noise,
        .seed = options->seed,
        .command_line = options->command_line,
    };
    return oac_recorder_open(&recorder, &station->recorder, err);
}

enum oac_status oac_station_open(const struct oac_station_options *options,
                                 const struct oac_sink *sink, struct oac_station *station,
                                 struct oac_err *err)
{
    static const struct oac_sink silent;
    struct oac_sink heard = sink ? *sink : silent;
    struct oac_station_options asked = *options;
    struct oac_engine_options engine = options->engine;
    char calibration_id[OAC_DIGEST_HEX_BYTES];
    uint8_t hash[32];

    if (!asked.on)
        asked.on = "sim";

    memset(station, 0, sizeof *station);
    if (oac_calibration_open(&options->calibration, &engine, &station->calrec, calibration_id,
                             err) != OAC_OK ||
        oac_rig_read(options->rig, options->sets, options->set_count, &station->rig,
                     &station->rig_text, err) != OAC_OK)
        goto fail;
    oac_rig_warnings(&station->rig, warn, &heard);
    if (oac_digest_memory(station->rig_text, strlen(station->rig_text), hash, err) != OAC_OK)
        goto fail;
    oac_digest_hex(hash, station->rig_sha256);
    if (open_dry(options, hash, sink, station, err) != OAC_OK ||
        open_recorder(&asked, station, err) != OAC_OK)
        goto fail;
    struct oac_registry_request request = {.rig = &station->rig,
                                           .rig_hash = hash,
                                           .rig_text = station->rig_text,
                                           .recorder = station->recorder,
                                           .noise = options->noise,
                                           .seed = options->seed,
                                           .uri = station->dry ? oac_dry_uri(station->dry)
                                                               : options->uri,
                                           .drive = &station->drive};
    if (oac_registry_open(asked.on, &request, &station->link, err) != OAC_OK ||
        oac_engine_create(&station->link, station->calrec, &engine, &station->engine, err) !=
            OAC_OK ||
        oac_calibration_mark(&options->calibration, station->engine, calibration_id,
                             &station->calibration, err) != OAC_OK)
        goto fail;
    return OAC_OK;
fail:
    oac_station_close(station);
    return err->status;
}

static void close_bench(struct oac_station *station)
{
    oac_engine_destroy(station->engine);
    station->engine = NULL;
    oac_link_close(&station->link);
    oac_calrec_destroy(station->calrec);
    station->calrec = NULL;
    oac_dry_close(station->dry);
    station->dry = NULL;
}

enum oac_status oac_station_finish(struct oac_station *station, struct oac_err *err)
{
    struct oac_recorder *recorder = station->recorder;

    close_bench(station);
    station->recorder = NULL;
    return recorder ? oac_recorder_finish(recorder, err) : OAC_OK;
}

enum oac_status oac_station_explain(const struct oac_station *station, struct oac_err *err)
{
    const char *journal = oac_recorder_kept(station->recorder);

    return journal
               ? oac_fail_within(err,
                                 "what was recorded is in '%.200s' (oac record finish makes "
                                 "a recording of it)",
                                 journal)
               : err->status;
}

void oac_station_close(struct oac_station *station)
{
    close_bench(station);
    oac_recorder_abandon(station->recorder);
    free(station->rig_text);
    memset(station, 0, sizeof *station);
}

static enum oac_status check_fit(const struct oac_network *network,
                                 const struct oac_dataset *data, size_t images,
                                 struct oac_err *err)
{
    size_t pixels = data->rows * data->cols;

    if (oac_network_inputs(network) != pixels) {
        return oac_fail(err, OAC_EMISMATCH,
                        "model '%s' takes %zu inputs, but the images of data set '%s' have "
                        "%zu x %zu = %zu pixels; choose the data it was trained for",
                        network->name, oac_network_inputs(network), data->name, data->rows,
                        data->cols, pixels);
    }
    if (oac_network_outputs(network) != data->classes) {
        return oac_fail(err, OAC_EMISMATCH,
                        "model '%s' has %zu outputs, but data set '%s' has %zu classes",
                        network->name, oac_network_outputs(network), data->name, data->classes);
    }
    if (data->classes > OAC_RUN_CLASSES_MAX || network->layers > OAC_RUN_LAYERS_MAX) {
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "model '%s' has %zu layers and %zu classes; a run takes at most %d and %d",
            network->name, network->layers, data->classes, OAC_RUN_LAYERS_MAX,
            OAC_RUN_CLASSES_MAX);
    }
    if (images > data->count) {
        return oac_fail(err, OAC_EINVAL,
                        "%zu images asked for, but split '%s' of data set '%s' has %zu", images,
                        data->split, data->name, data->count);
    }
    return OAC_OK;
}

static bool has_statistics(const struct oac_network *network)
{
    for (size_t l = 0; l < network->layers; l++)
        if (!(network->layer[l].x_scale > 0.0f) || !network->layer[l].x_mean)
            return false;
    return true;
}

/* Scales are constants of a named split, never of the images at hand. */
static enum oac_status add_statistics(const struct oac_run_options *options,
                                      const struct oac_sink *sink, struct oac_network *network,
                                      struct oac_err *err)
{
    struct oac_dataset *data = NULL;
    float *x = NULL;
    enum oac_status status =
        oac_dataset_open(options->data_name, "reference", options->data_directory, &data, err);

    if (status != OAC_OK) {
        return oac_fail_within(err,
                               "model '%s' records no activation scales, and the split they "
                               "would come from is missing",
                               network->name);
    }
    status = check_fit(network, data, 0, err);
    if (status != OAC_OK)
        goto done;
    size_t inputs = oac_network_inputs(network), values;
    status = oac_size_product(data->count, inputs, "reference images", &values, err);
    if (status != OAC_OK)
        goto done;
    x = oac_alloc(values, sizeof *x, "reference images", err);
    if (!x) {
        status = err->status;
        goto done;
    }
    oac_dataset_images(data, 0, data->count, network->input_scale, x);
    status = oac_network_statistics(network, data->count, x, err);
    oac_log(sink, OAC_LOG_INFO,
            "activation scales of model '%s' taken from %zu reference images", network->name,
            data->count);
done:
    free(x);
    oac_dataset_destroy(data);
    return status;
}

enum oac_status oac_setup_read(const struct oac_run_options *options,
                               const struct oac_sink *sink, struct oac_setup *setup,
                               struct oac_err *err)
{
    enum oac_status status = oac_native_read(options->model_path, &setup->network, err);

    if (status == OAC_OK)
        status = oac_network_digest(setup->network, setup->model_sha256, err);
    if (status == OAC_OK) {
        status = oac_dataset_open(options->data_name,
                                  options->data_split ? options->data_split : "test",
                                  options->data_directory, &setup->dataset, err);
    }
    if (status == OAC_OK)
        status = check_fit(setup->network, setup->dataset, options->images, err);
    if (status == OAC_OK && !has_statistics(setup->network))
        status = add_statistics(options, sink, setup->network, err);
    return status;
}

enum oac_status oac_setup_open(const struct oac_run_options *options,
                               const struct oac_sink *sink, struct oac_setup *setup,
                               struct oac_err *err)
{
    const struct oac_station_options station = {
        .on = options->on,
        .uri = options->uri,
        .rig = options->rig,
        .sets = options->sets,
        .set_count = options->set_count,
        .noise = options->noise,
        .seed = options->seed,
        .engine = {.encoding = options->encoding, .repeats = options->repeats},
        .calibration = options->calibration,
        .drive = {.arm = options->arm, .command = options->command_line},
        .played = options->played,
        .record = options->record_path,
        .command_line = options->command_line,
    };

    memset(setup, 0, sizeof *setup);
    if (oac_setup_read(options, sink, setup, err) != OAC_OK ||
        oac_station_open(&station, sink, &setup->station, err) != OAC_OK ||
        oac_forward_create(setup->station.engine, setup->network, &setup->forward, err) !=
            OAC_OK) {
        oac_setup_close(setup);
        return err->status;
    }
    return OAC_OK;
}

enum oac_status oac_setup_finish(struct oac_setup *setup, struct oac_err *err)
{
    oac_forward_destroy(setup->forward);
    setup->forward = NULL;
    return oac_station_finish(&setup->station, err);
}

void oac_setup_close(struct oac_setup *setup)
{
    oac_forward_destroy(setup->forward);
    oac_station_close(&setup->station);
    oac_dataset_destroy(setup->dataset);
    oac_network_destroy(setup->network);
    memset(setup, 0, sizeof *setup);
}
