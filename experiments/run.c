/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/run.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "experiments/batches.h"
#include "experiments/budget.h"
#include "experiments/figures.h"
#include "experiments/results.h"
#include "experiments/setup.h"

/* Images per batch unless asked otherwise: large enough to amortise a call, small enough for
 * the operands (256 x 784 floats, 0.8 MB) to stay in a core's L2 cache. */
#define BATCH_DEFAULT \
    64 /* fits the second-level cache, and Ctrl-C waits for no more than this */

const char *const oac_photon_reference_names[] = {"detected", "preweight", NULL};
const char *const oac_photon_budget_names[] = {"layer", "sample", NULL};

struct thread { /* what one worker owns */
    struct oac_forward_scratch *scratch;
    float *x; /* (batch, inputs) */
    struct oac_multiply_tally tally;
};

struct run {
    const struct oac_run_options *options;
    const struct oac_sink *sink;
    struct oac_setup setup;
    struct oac_run_data data;
    struct thread *thread; /* (data.threads) */
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t predict(const struct run *run, const float *logits, size_t first, size_t count,
                      uint8_t *prediction)
{
    size_t right = 0;

    for (size_t i = 0; i < count; i++) {
        size_t label = oac_argmax(run->data.classes, logits + i * run->data.classes);
        prediction[first + i] = (uint8_t)label;
        right += label == run->setup.dataset->labels[first + i];
    }
    return right;
}

static enum oac_status run_optical(void *context, size_t worker, size_t first, size_t count,
                                   size_t *good, struct oac_err *err)
{
    struct run *run = context;
    struct thread *thread = &run->thread[worker];
    float *logits = run->data.logits + first * run->data.classes;

    const struct oac_dataset *images = run->setup.dataset;
    const uint8_t *pixels = images->pixels + first * images->rows * images->cols;

    if (oac_forward_run_bytes(run->setup.forward, thread->scratch, first, count, pixels,
                              run->setup.network->input_scale, logits,
                              run->data.photons + first, &thread->tally, err) != OAC_OK)
        return err->status;
    *good = predict(run, logits, first, count, run->data.prediction);
    return OAC_OK;
}

static enum oac_status run_digital(void *context, size_t worker, size_t first, size_t count,
                                   size_t *good, struct oac_err *err)
{
    struct run *run = context;
    struct thread *thread = &run->thread[worker];
    float *logits = run->data.logits_digital + first * run->data.classes;

    oac_dataset_images(run->setup.dataset, first, count, run->setup.network->input_scale,
                       thread->x);
    if (oac_network_forward(run->setup.network, count, thread->x, logits, err) != OAC_OK)
        return err->status;
    *good = predict(run, logits, first, count, run->data.prediction_digital);
    return OAC_OK;
}

static enum oac_status create_data(struct run *run, struct oac_err *err)
{
    struct oac_run_data *d = &run->data;
    size_t logits;

    d->classes = run->setup.dataset->classes;
    if (oac_size_product(d->images, d->classes, "logits", &logits, err) != OAC_OK)
        return err->status;
    if (!(d->logits = oac_alloc(logits, sizeof *d->logits, "logits", err)) ||
        !(d->logits_digital = oac_alloc(logits, sizeof *d->logits_digital, "logits", err)) ||
        !(d->photons = oac_alloc(d->images, sizeof *d->photons, "photons", err)) ||
        !(d->prediction = oac_alloc(d->images, 1, "predictions", err)) ||
        !(d->prediction_digital = oac_alloc(d->images, 1, "predictions", err)))
        return err->status;
    return OAC_OK;
}

static enum oac_status create_threads(struct run *run, struct oac_err *err)
{
    size_t inputs = oac_network_inputs(run->setup.network), values;

    if (oac_size_product(run->data.batch, inputs, "a batch of images", &values, err) != OAC_OK)
        return err->status;
    run->thread = oac_alloc(run->data.threads, sizeof *run->thread, "threads", err);
    if (!run->thread)
        return err->status;
    for (size_t t = 0; t < run->data.threads; t++) {
        struct thread *thread = &run->thread[t];
        thread->x = oac_alloc(values, sizeof *thread->x, "a batch of images", err);
        if (!thread->x || oac_forward_scratch_create(run->setup.forward, run->data.batch,
                                                     &thread->scratch, err) != OAC_OK)
            return err->status;
    }
    return OAC_OK;
}

static void destroy_threads(struct run *run)
{
    for (size_t t = 0; run->thread && t < run->data.threads; t++) {
        free(run->thread[t].x);
        oac_forward_scratch_destroy(run->thread[t].scratch);
    }
    free(run->thread);
    run->thread = NULL;
}

static void destroy(struct run *run)
{
    destroy_threads(run);
    free(run->data.logits);
    free(run->data.logits_digital);
    free(run->data.photons);
    free(run->data.prediction);
    free(run->data.prediction_digital);
    oac_setup_close(&run->setup);
}

static enum oac_status check_options(const struct oac_run_options *o, struct oac_err *err)
{
    if (isinf(o->photons_per_mac) || o->photons_per_mac <= 0.0)
        return oac_fail(err, OAC_EINVAL, "%g photons per MAC asked for; must be above 0",
                        o->photons_per_mac);
    if (o->photon_budget == OAC_BUDGET_SAMPLE &&
        (isnan(o->photons_per_mac) || o->photon_reference != OAC_PHOTONS_PREWEIGHT))
        return oac_fail(err, OAC_EUSAGE,
                        "a budget per sample counts photons before the weight: give "
                        "--photons-per-mac and --photon-reference preweight with it");
    if (o->photon_budget == OAC_BUDGET_SAMPLE && o->calibration.track)
        return oac_fail(err, OAC_EUSAGE,
                        "a budget per sample takes its light from the link's account, which "
                        "reference windows are part of: leave --track away");
    if (o->repeats < 1)
        return oac_fail(err, OAC_EINVAL, "0 repeats asked for; at least 1 is needed");
    if (o->record_path && oac_results_check_path(o->record_path, err) != OAC_OK)
        return err->status;
    return o->output_path ? oac_results_check_path(o->output_path, err) : OAC_OK;
}

static void choose_sizes(struct run *run)
{
    const struct oac_run_options *o = run->options;
    struct oac_run_data *d = &run->data;
    size_t share;

    d->images = o->images ? o->images : run->setup.dataset->count;
    d->threads = o->threads ? o->threads : oac_processors();
    if (!run->setup.station.link.caps->concurrent_play)
        d->threads = 1;
    d->threads = d->threads < d->images ? d->threads : d->images;
    share = (d->images - 1) / d->threads + 1;
    d->batch = o->batch ? o->batch : BATCH_DEFAULT;
    if (d->batch > (o->batch ? d->images : share)) /* memory follows the batch, not the wish */
        d->batch = o->batch ? d->images : share;
}

/* Sets the power of every layer, and says what it became. */
static enum oac_status set_power(struct run *run, struct oac_err *err)
{
    const struct oac_run_options *o = run->options;
    const struct oac_budget budget = {o->photons_per_mac, o->photon_reference};
    double *launch = run->data.launch;
    bool per_sample = o->photon_budget == OAC_BUDGET_SAMPLE;

    for (size_t l = 0; l < run->setup.network->layers; l++)
        launch[l] = per_sample ? (double)NAN : 1.0;
    if (isnan(o->photons_per_mac))
        return OAC_OK;
    if (per_sample) {
        oac_forward_set_sample_budget(run->setup.forward, o->photons_per_mac);
        return OAC_OK;
    }
    if (oac_budget_layers(&budget, run->setup.network, run->setup.forward,
                          run->setup.station.link.caps, launch, err) != OAC_OK)
        return err->status;
    oac_forward_set_launch(run->setup.forward, launch);
    return OAC_OK;
}

static enum oac_status compute(struct run *run, struct oac_err *err)
{
    struct oac_batches batches = {
        .total = run->data.images,
        .batch = run->data.batch,
        .threads = run->data.threads,
        .what = "images",
        .sink = run->sink,
        .context = run,
        .run = run_optical,
        .good_name = "accuracy",
    };
    struct oac_sink quiet = {0};
    struct oac_account account;
    double begin_s = now_s();

    if (oac_batches_run(&batches, NULL, err) != OAC_OK)
        return err->status;
    run->data.seconds = now_s() - begin_s;
    oac_link_account(&run->setup.station.link, &account);
    run->data.played_launched_j = account.launched_j;
    run->data.played_client_in_j = account.client_in_j;
    run->data.underflow = account.underflow;
    run->data.overflow = account.overflow;
    for (size_t t = 0; t < run->data.threads; t++) {
        run->data.tally.clipped_operands += run->thread[t].tally.clipped_operands;
        run->data.tally.clipped_readouts += run->thread[t].tally.clipped_readouts;
    }
    if (run->sink) {
        quiet = *run->sink;
        quiet.progress = NULL; /* the digital baseline takes no time worth watching */
    }
    batches.sink = &quiet;
    batches.run = run_digital;
    return oac_batches_run(&batches, NULL, err);
}

enum oac_status oac_run(const struct oac_run_options *options, const struct oac_sink *sink,
                        struct oac_run_result *result, struct oac_err *err)
{
    struct run run = {.options = options, .sink = sink};
    struct oac_run_result *figures = NULL;
    enum oac_status status = check_options(options, err);

    if (status != OAC_OK)
        return status;
    status = oac_setup_open(options, sink, &run.setup, err);
    if (status != OAC_OK)
        return status;
    choose_sizes(&run);
    figures = oac_alloc(1, sizeof *figures, "figures", err);
    if (!figures || (status = create_data(&run, err)) != OAC_OK ||
        (status = set_power(&run, err)) != OAC_OK ||
        (status = create_threads(&run, err)) != OAC_OK ||
        (status = compute(&run, err)) != OAC_OK ||
        (status = oac_figures(options, &run.setup, &run.data, figures, err)) != OAC_OK)
        goto done;
    if (options->output_path)
        status = oac_results_write(options, &run.setup, &run.data, figures, err);
    destroy_threads(&run); /* their workspaces are the link's */
    if (status == OAC_OK)
        status = oac_setup_finish(&run.setup, err);
    if (status == OAC_OK)
        *result = *figures;
done:
    status = figures ? status : err->status;
    if (status != OAC_OK)
        (void)oac_station_explain(&run.setup.station, err);
    if (status == OAC_EINTERRUPTED && options->output_path)
        oac_fail_within(err, "'%.200s' was not written", options->output_path);
    free(figures);
    destroy(&run);
    return status;
}
