/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/compare_bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "experiments/batches.h"
#include "experiments/statistics.h"

enum oac_status oac_compare_bench_open(const struct oac_compare_bench_request *request,
                                       const struct oac_sink *sink,
                                       struct oac_compare_bench *bench, struct oac_err *err)
{
    const struct oac_run_options *o = request->options;
    const struct oac_station_options station = {
        .on = request->on,
        .rig = o->rig,
        .sets = request->sets,
        .set_count = request->set_count,
        .noise = request->noise,
        .seed = o->seed,
        .engine = {.encoding = o->encoding, .repeats = 1},
    };

    memset(bench, 0, sizeof *bench);
    if (oac_station_open(&station, sink, &bench->station, err) != OAC_OK ||
        oac_forward_create(bench->station.engine, request->network, &bench->forward, err) !=
            OAC_OK)
        goto fail;
    bench->threads = o->threads ? o->threads : oac_processors();
    if (!bench->station.link.caps->concurrent_play)
        bench->threads = 1;
    bench->scratch = oac_alloc(bench->threads, sizeof *bench->scratch, "threads", err);
    bench->forward_scratch =
        oac_alloc(bench->threads, sizeof *bench->forward_scratch, "threads", err);
    if (!bench->scratch || !bench->forward_scratch)
        goto fail;
    for (size_t t = 0; t < bench->threads; t++)
        if (oac_engine_scratch_create(bench->station.engine, request->batch, &bench->scratch[t],
                                      err) != OAC_OK ||
            oac_forward_scratch_create(bench->forward, request->batch,
                                       &bench->forward_scratch[t], err) != OAC_OK)
            goto fail;
    return OAC_OK;
fail:
    oac_compare_bench_close(bench);
    return err->status;
}

void oac_compare_bench_close(struct oac_compare_bench *bench)
{
    for (size_t t = 0; t < bench->threads; t++) {
        if (bench->scratch)
            oac_engine_scratch_destroy(bench->scratch[t]);
        if (bench->forward_scratch)
            oac_forward_scratch_destroy(bench->forward_scratch[t]);
    }
    free(bench->scratch);
    free(bench->forward_scratch);
    oac_forward_destroy(bench->forward);
    oac_station_close(&bench->station);
    memset(bench, 0, sizeof *bench);
}

struct job {
    struct oac_compare_bench *bench;
    const struct oac_compare_play *play;
    const struct oac_matrix *matrix;
    size_t inputs, outputs;
    float **x, **y; /* (threads): (repeats, inputs), (repeats, outputs) */
    const float *images;
    uint8_t *label;
};

static void average(const struct job *job, const float *y, size_t image)
{
    size_t repeats = job->play->repeats;
    double *mean = job->play->mean + image * job->outputs;
    double *var = job->play->var ? job->play->var + image * job->outputs : NULL;

    for (size_t k = 0; k < job->outputs; k++) {
        double sum = 0.0, square = 0.0;
        for (size_t r = 0; r < repeats; r++)
            sum += (double)y[r * job->outputs + k];
        mean[k] = sum / (double)repeats;
        for (size_t r = 0; r < repeats && var; r++) {
            double d = (double)y[r * job->outputs + k] - mean[k];
            square += d * d;
        }
        if (var)
            var[k] = repeats > 1 ? square / (double)(repeats - 1) : 0.0;
    }
}

static enum oac_status play_images(void *context, size_t worker, size_t first, size_t count,
                                   size_t *good, struct oac_err *err)
{
    struct job *job = context;
    size_t repeats = job->play->repeats;
    struct oac_multiply_tally tally = {0};

    (void)good;
    for (size_t b = first; b < first + count; b++) {
        const struct oac_multiply call = {.image0 = (uint64_t)b * repeats,
                                          .batch = repeats,
                                          .x = job->x[worker],
                                          .y = job->y[worker],
                                          .tally = &tally};
        for (size_t r = 0; r < repeats; r++)
            memcpy(job->x[worker] + r * job->inputs, job->play->x + b * job->inputs,
                   job->inputs * sizeof(float));
        if (oac_matrix_multiply(job->matrix, job->bench->scratch[worker], &call, err) != OAC_OK)
            return err->status;
        average(job, job->y[worker], b);
    }
    return OAC_OK;
}

static enum oac_status create_buffers(struct job *job, size_t rows, struct oac_err *err)
{
    size_t threads = job->bench->threads;

    if (!(job->x = oac_alloc(threads, sizeof *job->x, "threads", err)) ||
        !(job->y = oac_alloc(threads, sizeof *job->y, "threads", err)))
        return err->status;
    for (size_t t = 0; t < threads; t++)
        if (!(job->x[t] = oac_alloc(rows * job->inputs, sizeof(float), "operands", err)) ||
            !(job->y[t] = oac_alloc(rows * job->outputs, sizeof(float), "outputs", err)))
            return err->status;
    return OAC_OK;
}

static void destroy_buffers(struct job *job)
{
    for (size_t t = 0; t < job->bench->threads; t++) {
        if (job->x)
            free(job->x[t]);
        if (job->y)
            free(job->y[t]);
    }
    free(job->x);
    free(job->y);
}

enum oac_status oac_compare_bench_layer(struct oac_compare_bench *bench,
                                        const struct oac_compare_play *play,
                                        const struct oac_sink *sink, struct oac_err *err)
{
    struct job job = {.bench = bench, .play = play};
    struct oac_batches batches = {
        .total = play->images,
        .batch = 1,
        .threads = bench->threads,
        .what = play->what,
        .sink = sink,
        .context = &job,
        .run = play_images,
    };
    enum oac_status status;

    job.matrix = oac_forward_matrix(bench->forward, play->layer, &job.inputs, &job.outputs);
    status = create_buffers(&job, play->repeats, err);
    if (status == OAC_OK)
        status = oac_batches_run(&batches, NULL, err);
    destroy_buffers(&job);
    return status;
}

#define BATCH 16

static enum oac_status label_images(void *context, size_t worker, size_t first, size_t count,
                                    size_t *good, struct oac_err *err)
{
    struct job *job = context;
    struct oac_multiply_tally tally = {0};

    (void)good;
    if (oac_forward_run(job->bench->forward, job->bench->forward_scratch[worker], first, count,
                        job->images + first * job->inputs, job->y[worker], NULL, &tally,
                        err) != OAC_OK)
        return err->status;
    for (size_t b = 0; b < count; b++)
        job->label[first + b] =
            (uint8_t)oac_argmax(job->outputs, job->y[worker] + b * job->outputs);
    return OAC_OK;
}

enum oac_status oac_compare_bench_labels(struct oac_compare_bench *bench, size_t images,
                                         const float *x, uint8_t *label, const char *what,
                                         const struct oac_sink *sink, struct oac_err *err)
{
    struct job job = {.bench = bench, .images = x, .label = label};
    struct oac_batches batches = {
        .total = images,
        .batch = BATCH,
        .threads = bench->threads,
        .what = what,
        .sink = sink,
        .context = &job,
        .run = label_images,
    };
    size_t ignored;
    enum oac_status status;

    (void)oac_forward_matrix(bench->forward, 0, &job.inputs, &ignored);
    (void)oac_forward_matrix(bench->forward, oac_forward_layers(bench->forward) - 1, &ignored,
                             &job.outputs);
    status = create_buffers(&job, BATCH, err);
    if (status == OAC_OK)
        status = oac_batches_run(&batches, NULL, err);
    destroy_buffers(&job);
    return status;
}
