/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "experiments/calibrate_bench.h"
#include "experiments/calibrate_file.h"
#include "experiments/calibrate_margin.h"
#include "experiments/calibrate_reason.h"
#include "experiments/results.h"

#define LOOK_IMAGES 250 /* held-out images between two looks */

static enum oac_status open_splits(struct oac_calibrate_bench *bench, struct oac_err *err)
{
    const struct oac_calibrate_request *request = bench->request;
    struct oac_calibrate_outcome *outcome = bench->outcome;
    const struct oac_run_options options = {.model_path = request->model_path,
                                            .data_name = request->data_name,
                                            .data_directory = request->data_directory,
                                            .data_split = "reference"};
    struct oac_setup setup = {0};
    enum oac_status status = oac_setup_read(&options, bench->sink, &setup, err);
    bench->network = setup.network;
    bench->reference = setup.dataset;
    if (status || oac_dataset_open(request->data_name, "held-out", request->data_directory,
                                   &bench->held_out, err))
        return err->status;
    outcome->classes = bench->held_out->classes;
    bench->prediction = oac_alloc(bench->held_out->count, 1, "answers", err);
    outcome->confusion = oac_alloc(outcome->classes * outcome->classes,
                                   sizeof *outcome->confusion, "confusion", err);
    return bench->prediction && outcome->confusion ? OAC_OK : err->status;
}

static size_t at_most(size_t wanted, size_t there)
{
    return wanted && wanted < there ? wanted : there;
}

static enum oac_status run_target(struct oac_calibrate_bench *bench, struct oac_err *err)
{
    const struct oac_calibrate_request *request = bench->request;
    struct oac_calibrate_outcome *outcome = bench->outcome;
    const struct oac_target_bench functions = {bench, oac_calibrate_bench_classify,
                                               oac_calibrate_bench_change,
                                               oac_calibrate_bench_cost};
    const struct oac_target_options options = {
        .target = request->target,
        .confidence = request->confidence,
        .max_s = request->max_s,
        .calibration_images = at_most(request->calibration_images, bench->reference->count),
        .held_out_images = at_most(request->held_out_images, bench->held_out->count),
        .look_images = LOOK_IMAGES,
    };
    size_t right;
    if (oac_classifier_digital(bench->network, bench->reference, 0, options.calibration_images,
                               &right, err) ||
        oac_calibrate_bench_build(bench, err))
        return err->status;
    outcome->digital_accuracy = (double)right / (double)options.calibration_images;
    return oac_target_run(&functions, &options, bench->sink, &outcome->target, err);
}

static void copy(char to[OAC_CERTIFICATE_TEXT_BYTES], const char *from)
{
    snprintf(to, OAC_CERTIFICATE_TEXT_BYTES, "%.*s", (int)OAC_CERTIFICATE_TEXT_BYTES - 1, from);
}

/* Light of an image at the mean operands, summed over layers, per product of the model [aJ]. */
static enum oac_status certify_light(struct oac_calibrate_bench *bench,
                                     struct oac_certificate *c, struct oac_err *err)
{
    const struct oac_forward *forward = oac_classifier_forward(bench->classifier);
    const struct oac_link_caps *caps = bench->link->caps;
    double macs = (double)oac_network_macs(bench->network), launched_j = 0.0, photons = 0.0;
    for (size_t l = 0; l < bench->network->layers; l++) {
        struct oac_matrix_light light;
        if (oac_forward_layer_light(forward, l, &light, err))
            return err->status;
        launched_j += light.launched_j;
        photons += light.detected_photons;
    }
    c->launched_aj_per_mac = 1e18 * launched_j / macs;
    c->detected_aj_per_mac = 1e18 * photons * OAC_PLANCK_J_S * caps->frequency_hz / macs;
    c->latency_s = (double)oac_engine_slots_per_image(bench->engine) * caps->slot_s;
    return OAC_OK;
}

static enum oac_status certify(struct oac_calibrate_bench *bench,
                               const struct oac_station *station, struct oac_err *err)
{
    struct oac_calibrate_outcome *outcome = bench->outcome;
    const struct oac_target_attempt *last =
        &outcome->target.attempt[outcome->target.attempts - 1];
    struct oac_certificate *c = &outcome->certificate;
    time_t now = time(NULL);
    struct tm utc;
    copy(c->verdict, oac_target_verdict_names[outcome->target.verdict]);
    copy(c->model_name, bench->network->name);
    if (oac_network_digest(bench->network, c->model_sha256, err))
        return err->status;
    copy(c->dataset_name, bench->held_out->name);
    copy(c->dataset_sha256, bench->held_out->sha256);
    copy(c->rig_name, station->rig.name);
    copy(c->rig_sha256, station->rig_sha256);
    copy(c->device_id, bench->link->caps->device_id);
    copy(c->firmware, bench->link->caps->firmware);
    copy(c->encoding, oac_encoding_names[bench->request->station.engine.encoding]);
    if (gmtime_r(&now, &utc))
        strftime(c->date_utc, sizeof c->date_utc, "%Y-%m-%dT%H:%M:%SZ", &utc);
    c->target = bench->request->target;
    c->confidence = bench->request->confidence;
    c->alpha = last->alpha;
    c->bound = last->bound;
    c->right = (double)last->held_out.right;
    c->wrong = (double)last->held_out.wrong;
    c->calibration_right = (double)last->calibration.right;
    c->calibration_wrong = (double)last->calibration.wrong;
    c->digital_accuracy = outcome->digital_accuracy;
    c->repeats = bench->repeats;
    return certify_light(bench, c, err);
}

static enum oac_status check_request(const struct oac_calibrate_request *request,
                                     struct oac_err *err)
{
    if (isnan(request->target) != !request->model_path)
        return oac_fail(err, OAC_EUSAGE,
                        "a target accuracy needs a model, and a model a target accuracy");
    return request->output_path ? oac_results_check_path(request->output_path, err) : OAC_OK;
}

static enum oac_status work(struct oac_calibrate_bench *bench,
                            const struct oac_station *station, struct oac_err *err)
{
    struct oac_calibrate_outcome *outcome = bench->outcome;
    bool has_target = bench->request->model_path != NULL;
    if ((has_target && open_splits(bench, err)) || oac_calibrate_bench_measure(bench, err))
        return err->status;
    if (has_target) {
        double tolerated = 0.0;
        if (run_target(bench, err) ||
            (outcome->target.verdict == OAC_TARGET_CERTIFIED &&
             oac_calibrate_margin(bench, &tolerated, err)) ||
            certify(bench, station, err))
            return err->status;
        outcome->certificate.tolerated = tolerated;
        outcome->has_target = true;
        oac_calibrate_reason(bench, outcome->reason, sizeof outcome->reason);
        oac_calibrate_bench_clear(bench);
        outcome->calrec->last_slot0 = bench->slot;
    }
    oac_calibrate_bench_account(bench);
    copy(outcome->rig_name, station->rig.name);
    return bench->request->output_path
               ? oac_calibrate_write(bench->request, station, outcome, err)
               : OAC_OK;
}

enum oac_status oac_calibrate(const struct oac_calibrate_request *request,
                              const struct oac_sink *sink,
                              struct oac_calibrate_outcome *outcome, struct oac_err *err)
{
    struct oac_station station;
    struct oac_calibrate_bench bench = {.request = request,
                                        .sink = sink,
                                        .outcome = outcome,
                                        .slot = request->measure.slot0,
                                        .repeats = request->station.engine.repeats};
    struct oac_target_cost now;
    memset(outcome, 0, sizeof *outcome);
    if (check_request(request, err) || oac_station_open(&request->station, sink, &station, err))
        return err->status;
    bench.link = &station.link;
    oac_link_account(bench.link, &bench.start);
    oac_calibrate_bench_cost(&bench, &now);
    bench.start_s = now.seconds;
    enum oac_status status = work(&bench, &station, err);
    oac_calibrate_bench_clear(&bench);
    oac_network_destroy(bench.network);
    oac_dataset_destroy(bench.reference);
    oac_dataset_destroy(bench.held_out);
    free(bench.prediction);
    oac_station_close(&station);
    if (status)
        oac_calibrate_outcome_fini(outcome);
    return status;
}

void oac_calibrate_outcome_fini(struct oac_calibrate_outcome *outcome)
{
    oac_calibration_destroy(outcome->calibration);
    oac_calrec_destroy(outcome->calrec);
    free(outcome->confusion);
    memset(outcome, 0, sizeof *outcome);
}
