/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scope.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "experiments/scope_bench.h"
#include "hal/modem.h"
#include "sim/noise.h"

static const char *const eye_points[OAC_SCOPE_EYES] = {"weight.drive", "client.drive",
                                                       "detector.current"};
static const char *const spectrum_points[OAC_SCOPE_SPECTRA] = {"weight.field",
                                                               "detector.current"};

struct job {
    const struct oac_scope_options *options;
    const struct oac_sink *sink;
    struct oac_scope_view *view;
    struct oac_scope_recorder clean;
    float *weight, *client; /* (windows, channels, slots), (windows, slots) of windows 1 .. */
    bool *bits[3];          /* (windows, slots): weight, client, product of `channel` */
};

/* ---- operands ---- */

static enum oac_status make_operands(struct job *job, struct oac_err *err)
{
    struct oac_scope_view *v = job->view;
    const struct oac_scope_options *o = job->options;
    size_t frame = v->channels * v->slots, all, slots;

    if (oac_size_product(frame, o->windows, "operands", &all, err) != OAC_OK ||
        oac_size_product(v->slots, o->windows, "operands", &slots, err) != OAC_OK ||
        !(v->weight = oac_alloc(frame, sizeof(float), "operands", err)) ||
        !(v->client = oac_alloc(v->slots, sizeof(float), "operands", err)) ||
        !(job->weight = oac_alloc(all, sizeof(float), "operands", err)) ||
        !(job->client = oac_alloc(slots, sizeof(float), "operands", err)))
        return err->status;
    for (size_t i = 0; i < 3; i++)
        if (!(job->bits[i] = oac_alloc(slots, sizeof(bool), "operands", err)))
            return err->status;
    oac_scope_operands(v->seed, 3, frame, v->weight);
    oac_scope_operands(v->seed, 4, v->slots, v->client);
    oac_scope_operands(v->seed, 5, all, job->weight);
    oac_scope_operands(v->seed, 6, slots, job->client);
    for (size_t i = 0; i < all; i++)
        job->weight[i] = job->weight[i] < 0.5f ? 0.0f : 1.0f;
    for (size_t i = 0; i < slots; i++) {
        job->client[i] = job->client[i] < 0.5f ? 0.0f : 1.0f;
        size_t window = i / v->slots, slot = i % v->slots;
        job->bits[0][i] = job->weight[window * frame + v->channel * v->slots + slot] > 0.5f;
        job->bits[1][i] = job->client[i] > 0.5f;
        job->bits[2][i] = job->bits[0][i] && job->bits[1][i];
    }
    return OAC_OK;
}

/* ---- playing ---- */

static enum oac_status play_window(struct job *job, struct oac_scope_bench *bench,
                                   struct oac_scope_recorder *recorder, size_t window,
                                   float *code, struct oac_err *err)
{
    const struct oac_scope_view *v = job->view;
    size_t frame = v->channels * v->slots;
    uint64_t slot0 = recorder->slot0 + (uint64_t)window * recorder->stride;
    const struct oac_scope_play play = {
        .windows = 1,
        .weight = window == 0 ? v->weight : job->weight + (window - 1) * frame,
        .client = window == 0 ? v->client : job->client + (window - 1) * v->slots,
        .slot0 = &slot0,
        .code = code,
    };
    enum oac_status status;

    if (oac_stop_requested(job->sink))
        return oac_fail(err, OAC_EINTERRUPTED, "stopped on request");
    status = oac_scope_bench_play(bench, &play, err);
    if (status == OAC_OK && recorder->failed) {
        *err = recorder->err;
        status = err->status;
    }
    return status;
}

/* Windows first .. W on a bench that is watched. */
static enum oac_status record(struct job *job, struct oac_scope_bench *bench, size_t first,
                              struct oac_scope_recorder *recorder, struct oac_err *err)
{
    const struct oac_scope_view *v = job->view;
    struct oac_stream *stream = oac_modem_stream(&bench->station.link);
    float *code = oac_alloc(v->channels, sizeof *code, "readouts", err);
    enum oac_status status = code ? OAC_OK : err->status;

    if (code && !stream)
        status = oac_fail(err, OAC_EUNSUPPORTED, "this bench shows no waveforms");
    *recorder = (struct oac_scope_recorder){
        .channel = v->channel,
        .slot0 = OAC_SCOPE_SLOT0,
        .stride = v->slots + 2u * (uint64_t)bench->caps->guard_slots + 1u,
        .windows = v->windows + 1,
    };
    if (status == OAC_OK)
        oac_waveform_set_tap(stream, oac_scope_record, recorder);
    for (size_t w = first; w <= v->windows && status == OAC_OK; w++) {
        status = play_window(job, bench, recorder, w, code, err);
        oac_progress(job->sink, first == 0 ? "windows" : "windows without noise", w + 1 - first,
                     v->windows + 1 - first, NULL);
    }
    if (stream)
        oac_waveform_set_tap(stream, NULL, NULL);
    free(code);
    return status;
}

static void describe(struct job *job, const struct oac_scope_bench *bench)
{
    struct oac_scope_view *v = job->view;
    const struct oac_modem_alignment *found = oac_modem_alignment(&bench->station.link);

    v->channels = bench->channels;
    v->slot_s = bench->caps->slot_s;
    snprintf(v->rig_name, sizeof v->rig_name, "%s", bench->station.rig.name);
    snprintf(v->device_id, sizeof v->device_id, "%s", bench->caps->device_id);
    memcpy(v->rig_sha256, bench->station.rig_sha256, sizeof v->rig_sha256);
    if (found && found->valid && v->channel < found->channels) {
        v->aligned = true;
        v->delay_s = found->delay_s[v->channel];
        v->skew_s = found->skew_s[v->channel];
        v->skew_left_s = found->skew_left_s;
    }
}

static enum oac_status play_noisy(struct job *job, struct oac_err *err)
{
    struct oac_scope_view *v = job->view;
    struct oac_scope_bench bench;
    enum oac_status status =
        oac_scope_bench_open(&job->options->station, "wave", job->options->station.noise,
                             v->slots, job->sink, &bench, err);

    if (status != OAC_OK)
        return status;
    describe(job, &bench);
    if (v->channel >= bench.channels)
        status = oac_fail(err, OAC_EINVAL, "channel %zu asked for; this rig has 0 to %zu",
                          v->channel, bench.channels - 1);
    else if (!(v->rig_text = oac_strdup(bench.station.rig_text, err)))
        status = err->status;
    else
        status = make_operands(job, err);
    if (status == OAC_OK)
        status = record(job, &bench, 0, &v->recorder, err);
    oac_scope_bench_close(&bench);
    return status;
}

static enum oac_status play_clean(struct job *job, struct oac_err *err)
{
    struct oac_scope_view *v = job->view;
    struct oac_sink quiet = job->sink ? *job->sink : (struct oac_sink){0};
    struct oac_scope_bench bench;
    enum oac_status status;

    if (v->windows == 0)
        return OAC_OK;
    quiet.log = NULL; /* its warnings were said */
    status = oac_scope_bench_open(&job->options->station, "wave", OAC_NOISE_NONE, v->slots,
                                  &quiet, &bench, err);
    if (status == OAC_OK)
        status = record(job, &bench, 1, &job->clean, err);
    oac_scope_bench_close(&bench);
    return status;
}

/* ---- looking ---- */

static void measure_level(const struct oac_scope_view *v, struct oac_scope_level *level)
{
    const struct oac_scope_trace *trace = NULL;
    double sum = 0.0, square = 0.0;

    /* what all channels share has channel 0 only */
    if (!(trace = oac_scope_find(&v->recorder, level->name, 0, v->channel, 0)) &&
        !(trace = oac_scope_find(&v->recorder, level->name, 0, 0, 0)))
        return;
    while (oac_scope_find(&v->recorder, level->name, 0, trace->channel, (unsigned)level->lanes))
        level->lanes++;
    size_t first = oac_scope_index(trace, 0.0);
    size_t last = oac_scope_index(trace, (double)v->slots * v->slot_s);
    first = first < last ? first : 0;
    last = first < last ? last : trace->samples;
    level->samples = trace->samples;
    level->rate_hz = trace->rate_hz;
    snprintf(level->unit, sizeof level->unit, "%s", trace->complex_values ? "W" : trace->unit);
    level->low = INFINITY;
    level->high = -INFINITY;
    for (size_t i = first; i < last; i++) {
        double x = oac_scope_sample(trace, i);
        sum += x;
        square += x * x;
        level->low = fmin(level->low, x);
        level->high = fmax(level->high, x);
    }
    level->mean = sum / (double)(last - first);
    level->rms = sqrt(square / (double)(last - first));
}

static enum oac_status look(struct job *job, struct oac_err *err)
{
    struct oac_scope_view *v = job->view;
    const char *names[OAC_SCOPE_POINTS];

    v->levels = oac_scope_point_names(&v->recorder, names, OAC_SCOPE_POINTS);
    for (size_t i = 0; i < v->levels; i++) {
        v->level[i].name = names[i];
        measure_level(v, &v->level[i]);
    }
    for (size_t i = 0; i < OAC_SCOPE_EYES; i++)
        if (oac_scope_eye_fold(&v->recorder, eye_points[i], i == 1 ? 0 : v->channel, v->slot_s,
                               v->windows, v->slots, job->bits[i], &v->eye[i], err) != OAC_OK)
            return err->status;
    for (size_t i = 0; i < OAC_SCOPE_SPECTRA; i++)
        if (oac_scope_spectrum_make(&v->recorder, &job->clean, spectrum_points[i], v->channel,
                                    v->windows, (double)v->slots * v->slot_s, &v->spectrum[i],
                                    err) != OAC_OK)
            return err->status;
    return OAC_OK;
}

enum oac_status oac_scope_look(const struct oac_scope_options *options,
                               const struct oac_sink *sink, struct oac_scope_view *view,
                               struct oac_err *err)
{
    struct job job = {.options = options, .sink = sink, .view = view};
    struct oac_sink quiet = sink ? *sink : (struct oac_sink){0};
    enum oac_status status;

    memset(view, 0, sizeof *view);
    view->slots = options->slots;
    view->windows = options->windows;
    view->channel = options->channel;
    view->seed = options->station.seed;
    oac_noise_format(options->station.noise, view->noise);
    quiet.log = NULL;
    if ((status = play_noisy(&job, err)) == OAC_OK &&
        (status = play_clean(&job, err)) == OAC_OK && (status = look(&job, err)) == OAC_OK)
        status = oac_scope_budget_make(&options->station, options->slots,
                                       options->budget_windows, &quiet, &view->budget, err);
    oac_scope_recorder_fini(&job.clean);
    free(job.weight);
    free(job.client);
    for (size_t i = 0; i < 3; i++)
        free(job.bits[i]);
    if (status != OAC_OK)
        oac_scope_view_fini(view);
    return status;
}

void oac_scope_view_fini(struct oac_scope_view *view)
{
    for (size_t i = 0; i < OAC_SCOPE_EYES; i++)
        oac_scope_eye_fini(&view->eye[i]);
    for (size_t i = 0; i < OAC_SCOPE_SPECTRA; i++)
        oac_scope_spectrum_fini(&view->spectrum[i]);
    oac_scope_recorder_fini(&view->recorder);
    free(view->weight);
    free(view->client);
    free(view->rig_text);
    memset(view, 0, sizeof *view);
}
