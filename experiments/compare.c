/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "experiments/compare_state.h"
#include "experiments/results.h"
#include "experiments/statistics.h"
#include "sim/noise.h"

#define BATCH_MIN   16 /* of the labels' forward passes */
#define REPEATS_MIN 4
#define WAVE_ONLY   ((uint32_t)OAC_NOISE_LINEWIDTH | (uint32_t)OAC_NOISE_JITTER)

const char *const oac_compare_sides[] = {"wave", "sim"};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum oac_status oac_compare_open_side(const struct oac_compare_job *job, size_t side,
                                      const char *const *extra, size_t extra_count,
                                      uint32_t noise, struct oac_compare_bench *bench,
                                      struct oac_err *err)
{
    const struct oac_run_options *o = job->options;
    size_t count = o->set_count + extra_count;
    const char **sets = oac_alloc(count, sizeof *sets, "values of the rig", err);
    const struct oac_compare_bench_request request = {
        .options = o,
        .network = job->setup.network,
        .on = oac_compare_sides[side],
        .sets = sets,
        .set_count = count,
        .noise = side == OAC_COMPARE_SIM ? noise & ~WAVE_ONLY : noise,
        .batch = job->repeats > BATCH_MIN ? job->repeats : BATCH_MIN,
    };
    enum oac_status status;

    if (!sets)
        return err->status;
    for (size_t i = 0; i < o->set_count; i++)
        sets[i] = o->sets[i];
    for (size_t i = 0; i < extra_count; i++)
        sets[o->set_count + i] = extra[i];
    status = oac_compare_bench_open(&request, &job->quiet, bench, err);
    free(sets);
    return status == OAC_OK ? status : oac_fail_within(err, "on %s", oac_compare_sides[side]);
}

/* ---- operands and exact products ---- */

static void multiply_exactly(const struct oac_dense *layer, size_t images,
                             struct oac_compare_data *d)
{
    for (size_t b = 0; b < images; b++)
        for (size_t k = 0; k < d->outputs; k++) {
            double sum = 0.0;
            for (size_t n = 0; n < d->inputs; n++)
                sum +=
                    (double)layer->weight[k * d->inputs + n] * (double)d->x[b * d->inputs + n];
            d->exact[b * d->outputs + k] = sum;
        }
}

/* Outputs of the first `layers` layers, digital. */
static enum oac_status forward(const struct oac_network *network, size_t layers, size_t images,
                               const float *x, float *y, struct oac_err *err)
{
    struct oac_network first = *network;

    first.layers = layers;
    return oac_network_forward(&first, images, x, y, err);
}

static enum oac_status create_layer(struct oac_compare_job *job, size_t l, struct oac_err *err)
{
    const struct oac_network *network = job->setup.network;
    struct oac_compare_data *d = &job->data[l];
    size_t operands, outputs;
    bool noisy = job->options->noise != OAC_NOISE_NONE;

    d->inputs = network->layer[l].inputs;
    d->outputs = network->layer[l].outputs;
    if (oac_size_product(job->images, d->inputs, "operands", &operands, err) != OAC_OK ||
        oac_size_product(job->images, d->outputs, "outputs", &outputs, err) != OAC_OK ||
        !(d->x = oac_alloc(operands, sizeof(float), "operands", err)) ||
        !(d->exact = oac_alloc(outputs, sizeof(double), "outputs", err)))
        return err->status;
    for (size_t side = 0; side < OAC_COMPARE_SIDES; side++)
        if (!(d->clean[side] = oac_alloc(outputs, sizeof(double), "outputs", err)) ||
            (noisy && (!(d->mean[side] = oac_alloc(outputs, sizeof(double), "outputs", err)) ||
                       !(d->var[side] = oac_alloc(outputs, sizeof(double), "outputs", err)))))
            return err->status;
    if (l == 0)
        oac_dataset_images(job->setup.dataset, 0, job->images, network->input_scale, d->x);
    else if (forward(network, l, job->images, job->data[0].x, d->x, err) != OAC_OK)
        return err->status;
    multiply_exactly(&network->layer[l], job->images, d);
    return OAC_OK;
}

static enum oac_status create(struct oac_compare_job *job, struct oac_err *err)
{
    const struct oac_network *network = job->setup.network;
    size_t classes = oac_network_outputs(network), logits;
    float *y = NULL;
    enum oac_status status = OAC_OK;

    if (!(job->data = oac_alloc(network->layers, sizeof *job->data, "layers", err)) ||
        !(job->digital = oac_alloc(job->images, 1, "labels", err)) ||
        !(job->label[0] = oac_alloc(job->images, 1, "labels", err)) ||
        !(job->label[1] = oac_alloc(job->images, 1, "labels", err)))
        return err->status;
    for (size_t l = 0; l < network->layers; l++)
        if ((status = create_layer(job, l, err)) != OAC_OK)
            return status;
    if (oac_size_product(job->images, classes, "logits", &logits, err) != OAC_OK ||
        !(y = oac_alloc(logits, sizeof *y, "logits", err)))
        return err->status;
    status = forward(network, network->layers, job->images, job->data[0].x, y, err);
    for (size_t b = 0; b < job->images && status == OAC_OK; b++)
        job->digital[b] = (uint8_t)oac_argmax(classes, y + b * classes);
    free(y);
    return status;
}

static void destroy(struct oac_compare_job *job)
{
    for (size_t l = 0; job->data && l < job->setup.network->layers; l++) {
        struct oac_compare_data *d = &job->data[l];
        free(d->x);
        free(d->exact);
        for (size_t side = 0; side < OAC_COMPARE_SIDES; side++) {
            free(d->clean[side]);
            free(d->mean[side]);
            free(d->var[side]);
        }
    }
    free(job->data);
    free(job->label[0]);
    free(job->label[1]);
    free(job->digital);
    oac_setup_close(&job->setup);
}

/* ---- playing ---- */

/* One side: every layer without noise, then with it and the labels. */
static enum oac_status play_side(struct oac_compare_job *job, size_t side, bool noisy,
                                 struct oac_err *err)
{
    size_t layers = job->setup.network->layers;
    bool labels = noisy || job->options->noise == OAC_NOISE_NONE;
    struct oac_compare_bench bench;
    char what[64];
    enum oac_status status = oac_compare_open_side(
        job, side, NULL, 0, noisy ? job->options->noise : (uint32_t)OAC_NOISE_NONE, &bench,
        err);

    if (status != OAC_OK)
        return status;
    for (size_t l = 0; l < layers && status == OAC_OK; l++) {
        struct oac_compare_data *d = &job->data[l];
        const struct oac_compare_play play = {
            .layer = l,
            .images = job->images,
            .repeats = noisy ? job->repeats : 1,
            .x = d->x,
            .mean = noisy ? d->mean[side] : d->clean[side],
            .var = noisy ? d->var[side] : NULL,
            .what = what,
        };
        snprintf(what, sizeof what, "images, layer %zu on %s%s", l + 1, oac_compare_sides[side],
                 noisy ? "" : " without noise");
        status = oac_compare_bench_layer(&bench, &play, job->sink, err);
    }
    if (status == OAC_OK && labels) {
        double begin_s = now_s();
        snprintf(what, sizeof what, "images, labels on %s", oac_compare_sides[side]);
        status = oac_compare_bench_labels(&bench, job->images, job->data[0].x, job->label[side],
                                          what, job->sink, err);
        *(side == OAC_COMPARE_SIM ? &job->result->seconds_sim : &job->result->seconds_wave) =
            now_s() - begin_s;
    }
    oac_compare_bench_close(&bench);
    return status;
}

static enum oac_status play(struct oac_compare_job *job, struct oac_err *err)
{
    enum oac_status status = OAC_OK;

    for (size_t side = OAC_COMPARE_SIDES; side-- > 0 && status == OAC_OK;) { /* sim first */
        status = play_side(job, side, false, err);
        if (status == OAC_OK && job->options->noise != OAC_NOISE_NONE)
            status = play_side(job, side, true, err);
    }
    return status;
}

static enum oac_status describe(struct oac_compare_job *job, struct oac_err *err)
{
    struct oac_compare_result *r = job->result;
    const struct oac_setup *s = &job->setup;

    snprintf(r->model_name, sizeof r->model_name, "%s", s->network->name);
    snprintf(r->dataset_name, sizeof r->dataset_name, "%s", s->dataset->name);
    snprintf(r->dataset_split, sizeof r->dataset_split, "%s", s->dataset->split);
    snprintf(r->rig_name, sizeof r->rig_name, "%s", s->station.rig.name);
    snprintf(r->encoding, sizeof r->encoding, "%s", oac_encoding_names[job->options->encoding]);
    oac_noise_format(job->options->noise, r->noise);
    memcpy(r->model_sha256, s->model_sha256, sizeof r->model_sha256);
    memcpy(r->rig_sha256, s->station.rig_sha256, sizeof r->rig_sha256);
    r->seed = job->options->seed;
    r->images = job->images;
    r->repeats = job->repeats;
    r->layers = s->network->layers;
    r->rig_text = oac_strdup(s->station.rig_text, err);
    return r->rig_text ? OAC_OK : err->status;
}

static enum oac_status judge(struct oac_compare_job *job, struct oac_err *err)
{
    struct oac_compare_result *r = job->result;
    bool differ = false;

    for (size_t l = 0; l < r->layers; l++) {
        oac_compare_judge_layer(job, l);
        differ = differ || r->layer[l].means_differ || r->layer[l].variances_differ;
    }
    oac_compare_judge_labels(job);
    return differ || r->labels_differ || r->worse_than_digital ? oac_compare_explain(job, err)
                                                               : OAC_OK;
}

enum oac_status oac_compare(const struct oac_compare_options *options,
                            const struct oac_sink *sink, struct oac_compare_result *result,
                            struct oac_err *err)
{
    struct oac_run_options run = options->run;
    struct oac_compare_job job = {
        .options = &options->run, .sink = sink, .repeats = run.repeats, .result = result};
    enum oac_status status;

    memset(result, 0, sizeof *result);
    if (run.repeats < REPEATS_MIN)
        return oac_fail(err, OAC_EINVAL, "%u repeats: variances need at least %d", run.repeats,
                        REPEATS_MIN);
    if (run.output_path && oac_results_check_path(run.output_path, err) != OAC_OK)
        return err->status;
    run.on = "sim";
    run.repeats = 1;
    run.noise &= ~WAVE_ONLY;
    if ((status = oac_setup_open(&run, sink, &job.setup, err)) != OAC_OK)
        return status;
    job.images = run.images ? run.images : job.setup.dataset->count;
    job.quiet = sink ? *sink : (struct oac_sink){0};
    job.quiet.log = NULL;
    if ((status = describe(&job, err)) != OAC_OK || (status = create(&job, err)) != OAC_OK ||
        (status = play(&job, err)) != OAC_OK || (status = judge(&job, err)) != OAC_OK)
        goto done;
    if (run.output_path)
        status = oac_compare_write(&job, err);
done:
    destroy(&job);
    if (status != OAC_OK)
        oac_compare_result_fini(result);
    return status;
}

void oac_compare_result_fini(struct oac_compare_result *result)
{
    free(result->rig_text);
    memset(result, 0, sizeof *result);
}
