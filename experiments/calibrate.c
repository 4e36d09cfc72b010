/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/digest.h"
#include "experiments/calibrate_bench.h"
#include "experiments/calibrate_file.h"
#include "experiments/calibrate_margin.h"
#include "experiments/calibrate_reason.h"
#include "experiments/results.h"
#include "oac_version.h"

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

/* Everything that a calibration's answers depend on. */
static enum oac_status key_of(const struct oac_calibrate_bench *bench,
                              const struct oac_station *station, uint8_t key[32],
                              struct oac_err *err)
{
    const struct oac_calibrate_request *request = bench->request;
    const struct oac_calibrate_options *m = &request->measure;
    const struct oac_station_options *s = &request->station;
    char model[OAC_DIGEST_HEX_BYTES] = "none", text[1024];
    if (bench->network && oac_network_digest(bench->network, model, err))
        return err->status;
    snprintf(
        text, sizeof text,
        "rig %s on %s, %.100s, %.100s, noise %u, seed %llu, encoding %d, repeats %u, track %d\n"
        "slot %llu, seed %llu, biases %zu, codes %zu, repeats %zu, vectors %zu, noise %zu, all "
        "%d, spare %d\n"
        "model %s, data %s, %s, target %.17g, confidence %.17g, images %zu, %zu, oac %s",
        station->rig_sha256, s->on ? s->on : "sim", bench->link->caps->device_id,
        bench->link->caps->firmware, (unsigned)s->noise, (unsigned long long)s->seed,
        (int)s->engine.encoding, (unsigned)s->engine.repeats, (int)s->engine.track,
        (unsigned long long)m->slot0, (unsigned long long)m->seed, m->biases, m->codes,
        m->repeats, m->vectors, m->noise_windows, (int)m->keep_all, (int)m->spare_settings,
        model, bench->reference ? bench->reference->sha256 : "none",
        bench->held_out ? bench->held_out->sha256 : "none", request->target,
        request->confidence, request->calibration_images, request->held_out_images,
        OAC_VERSION);
    return oac_digest_memory(text, strlen(text), key, err);
}

/* Beside the output; without one nothing is kept, nor while the bench is recorded: a recording wants every
 * window. */
static enum oac_status open_partial(struct oac_calibrate_bench *bench,
                                    const struct oac_station *station, struct oac_err *err)
{
    uint8_t key[32];
    const char *output = bench->request->output_path;
    if (!output || bench->request->station.record)
        return OAC_OK;
    const size_t bytes = strlen(output) + sizeof ".partial";
    char *path = oac_alloc(bytes, 1, "a path", err);
    if (!path)
        return err->status;
    snprintf(path, bytes, "%s.partial", output);
    enum oac_status status = key_of(bench, station, key, err);
    if (status == OAC_OK)
        status = oac_partial_open(path, key, &bench->partial, err);
    if (status == OAC_OK && oac_partial_replays(bench->partial))
        oac_log(bench->sink, OAC_LOG_WARNING,
                "continues from %s: what was measured before the interruption is not "
                "measured again",
                path);
    free(path);
    return status;
}

/* What was interrupted can go on; what is done, or cannot be done, begins afresh next time. */
static enum oac_status close_partial(struct oac_calibrate_bench *bench, enum oac_status status,
                                     struct oac_err *err)
{
    struct oac_partial *partial = bench->partial;
    if (!partial)
        return status;
    const bool goes_on = status == OAC_EINTERRUPTED || status == OAC_EDEVICE ||
                         status == OAC_EIO || status == OAC_EMISMATCH;
    if (!goes_on)
        oac_partial_remove(partial);
    else if (oac_partial_saved(partial) && status != OAC_EMISMATCH)
        snprintf(err->message + strlen(err->message),
                 sizeof err->message - strlen(err->message),
                 "; the same command continues from %s", oac_partial_path(partial));
    oac_partial_close(partial);
    bench->partial = NULL;
    return status;
}

static enum oac_status work(struct oac_calibrate_bench *bench,
                            const struct oac_station *station, struct oac_err *err)
{
    struct oac_calibrate_outcome *outcome = bench->outcome;
    bool has_target = bench->request->model_path != NULL;
    if ((has_target && open_splits(bench, err)) || open_partial(bench, station, err) ||
        oac_calibrate_bench_measure(bench, err))
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
    enum oac_status status = close_partial(&bench, work(&bench, &station, err), err);
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
