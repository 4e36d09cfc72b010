/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/classifier.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "experiments/batches.h"
#include "experiments/statistics.h"

#define BATCH 64 /* as in experiments/run.c */

struct worker { /* what one thread owns */
    struct oac_forward_scratch *scratch;
    float *x, *logits; /* (BATCH, inputs), (BATCH, classes) */
    struct oac_multiply_tally tally;
};

struct oac_classifier {
    const struct oac_network *network;
    struct oac_forward *forward;
    size_t threads;
    struct worker *worker; /* (threads) */
    uint64_t images;       /* in the schedule so far */
};

struct job { /* one call of count */
    struct oac_classifier *classifier;
    const struct oac_dataset *dataset;
    size_t first;
    uint8_t *prediction;
    size_t *right; /* (threads) */
};

static size_t count_right(const struct oac_dataset *dataset, size_t first, size_t count,
                          const float *logits, uint8_t *prediction)
{
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        size_t label = oac_argmax(dataset->classes, logits + i * dataset->classes);
        right += label == dataset->labels[first + i];
        if (prediction)
            prediction[i] = (uint8_t)label;
    }
    return right;
}

static enum oac_status run(void *context, size_t number, size_t first, size_t count,
                           size_t *good, struct oac_err *err)
{
    struct job *job = context;
    struct oac_classifier *c = job->classifier;
    struct worker *worker = &c->worker[number];
    oac_dataset_images(job->dataset, job->first + first, count, c->network->input_scale,
                       worker->x);
    if (oac_forward_run(c->forward, worker->scratch, c->images + first, count, worker->x,
                        worker->logits, NULL, &worker->tally, err))
        return err->status;
    *good = count_right(job->dataset, job->first + first, count, worker->logits,
                        job->prediction ? job->prediction + first : NULL);
    job->right[number] += *good;
    return OAC_OK;
}

static enum oac_status create_workers(struct oac_classifier *c, struct oac_err *err)
{
    size_t inputs = oac_network_inputs(c->network), outputs = oac_network_outputs(c->network);
    size_t x, logits;
    if (oac_size_product(BATCH, inputs, "a batch of images", &x, err) ||
        oac_size_product(BATCH, outputs, "a batch of outputs", &logits, err))
        return err->status;
    c->worker = oac_alloc(c->threads, sizeof *c->worker, "threads", err);
    for (size_t t = 0; c->worker && t < c->threads; t++) {
        struct worker *worker = &c->worker[t];
        worker->x = oac_alloc(x, sizeof *worker->x, "a batch of images", err);
        worker->logits = oac_alloc(logits, sizeof *worker->logits, "a batch of outputs", err);
        if (!worker->x || !worker->logits ||
            oac_forward_scratch_create(c->forward, BATCH, &worker->scratch, err))
            return err->status;
    }
    return c->worker ? OAC_OK : err->status;
}

enum oac_status oac_classifier_create(struct oac_engine *engine,
                                      const struct oac_network *network, size_t threads,
                                      struct oac_classifier **classifier, struct oac_err *err)
{
    struct oac_classifier *c = oac_alloc(1, sizeof *c, "classifier", err);
    if (!c)
        return err->status;
    c->network = network;
    c->threads = threads ? threads : oac_processors();
    if (!oac_engine_caps(engine)->concurrent_play)
        c->threads = 1;
    if (oac_forward_create(engine, network, &c->forward, err) || create_workers(c, err)) {
        oac_classifier_destroy(c);
        return err->status;
    }
    *classifier = c;
    return OAC_OK;
}

void oac_classifier_destroy(struct oac_classifier *classifier)
{
    if (!classifier)
        return;
    for (size_t t = 0; classifier->worker && t < classifier->threads; t++) {
        oac_forward_scratch_destroy(classifier->worker[t].scratch);
        free(classifier->worker[t].x);
        free(classifier->worker[t].logits);
    }
    free(classifier->worker);
    oac_forward_destroy(classifier->forward);
    free(classifier);
}

enum oac_status oac_classifier_count(struct oac_classifier *classifier,
                                     const struct oac_dataset *dataset, size_t first,
                                     size_t count, const struct oac_sink *sink,
                                     uint8_t *prediction, size_t *right, struct oac_err *err)
{
    if (count == 0 || first > dataset->count || count > dataset->count - first)
        return oac_fail(err, OAC_EINVAL,
                        "%zu images from %zu asked for; split '%s' of %s has %zu", count, first,
                        dataset->split, dataset->name, dataset->count);
    struct job job = {classifier, dataset, first, prediction, NULL};
    job.right = oac_alloc(classifier->threads, sizeof *job.right, "counts", err);
    if (!job.right)
        return err->status;
    const struct oac_batches batches = {
        .total = count,
        .batch = BATCH,
        .threads = classifier->threads,
        .what = "images",
        .sink = sink,
        .context = &job,
        .run = run,
        .good_name = "accuracy",
    };
    enum oac_status status = oac_batches_run(&batches, NULL, err);
    if (!status) {
        *right = 0;
        for (size_t t = 0; t < classifier->threads; t++)
            *right += job.right[t];
        classifier->images += count;
    }
    free(job.right);
    return status;
}

void oac_classifier_skip(struct oac_classifier *classifier, size_t count,
                         struct oac_multiply_tally tally)
{
    classifier->images += count;
    classifier->worker[0].tally.clipped_operands += tally.clipped_operands;
    classifier->worker[0].tally.clipped_readouts += tally.clipped_readouts;
}

struct oac_forward *oac_classifier_forward(struct oac_classifier *classifier)
{
    return classifier->forward;
}

uint64_t oac_classifier_images(const struct oac_classifier *classifier)
{
    return classifier->images;
}

struct oac_multiply_tally oac_classifier_tally(const struct oac_classifier *classifier)
{
    struct oac_multiply_tally sum = {0};
    for (size_t t = 0; t < classifier->threads; t++) {
        sum.clipped_operands += classifier->worker[t].tally.clipped_operands;
        sum.clipped_readouts += classifier->worker[t].tally.clipped_readouts;
    }
    return sum;
}

enum oac_status oac_classifier_digital(const struct oac_network *network,
                                       const struct oac_dataset *dataset, size_t first,
                                       size_t count, size_t *right, struct oac_err *err)
{
    size_t inputs = oac_network_inputs(network), outputs = oac_network_outputs(network);
    enum oac_status status = OAC_OK;
    float *x = oac_alloc(BATCH * inputs, sizeof *x, "a batch of images", err);
    float *logits = oac_alloc(BATCH * outputs, sizeof *logits, "a batch of outputs", err);
    size_t sum = 0;
    if (!x || !logits)
        status = err->status;
    for (size_t done = 0; !status && done < count;) {
        size_t n = count - done < BATCH ? count - done : BATCH;
        oac_dataset_images(dataset, first + done, n, network->input_scale, x);
        status = oac_network_forward(network, n, x, logits, err);
        sum += status ? 0 : count_right(dataset, first + done, n, logits, NULL);
        done += n;
    }
    if (!status)
        *right = sum;
    free(x);
    free(logits);
    return status;
}
