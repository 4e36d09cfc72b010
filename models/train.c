/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "models/checkpoint.h"
#include "models/forward.h"
#include "models/trainer.h"

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- looking at data ---- */

static enum oac_status load_images(const struct oac_network *network,
                                   const struct oac_dataset *data, float **x,
                                   struct oac_err *err)
{
    size_t count, inputs = oac_network_inputs(network);
    if (inputs != data->rows * data->cols || data->count < 1)
        return oac_fail(err, OAC_EMISMATCH,
                        "the network takes %zu inputs, data set %s has %zu images of %zu x %zu",
                        inputs, data->name, data->count, data->rows, data->cols);
    enum oac_status status = oac_size_product(data->count, inputs, "images", &count, err);
    if (status != OAC_OK)
        return status;
    *x = oac_alloc(count, sizeof **x, "images", err);
    if (!*x)
        return err->status;
    oac_dataset_images(data, 0, data->count, network->input_scale, *x);
    return OAC_OK;
}

static double part_right(const struct oac_dataset *data, size_t width, const float *outputs)
{
    size_t right = 0;
    for (size_t i = 0; i < data->count; i++) {
        const float *y = outputs + i * width;
        size_t best = 0;
        for (size_t k = 1; k < width; k++)
            best = y[k] > y[best] ? k : best;
        right += best == data->labels[i];
    }
    return (double)right / (double)data->count;
}

static enum oac_status accuracy_of(const struct oac_network *network,
                                   const struct oac_dataset *data, const float *x,
                                   double *accuracy, struct oac_err *err)
{
    size_t width = oac_network_outputs(network);
    float *outputs = oac_alloc(data->count * width, sizeof *outputs, "outputs", err);
    if (!outputs)
        return err->status;
    enum oac_status status = oac_network_forward(network, data->count, x, outputs, err);
    if (status == OAC_OK)
        *accuracy = part_right(data, width, outputs);
    free(outputs);
    return status;
}

enum oac_status oac_network_accuracy(const struct oac_network *network,
                                     const struct oac_dataset *data, double *accuracy,
                                     struct oac_err *err)
{
    float *x;
    enum oac_status status = load_images(network, data, &x, err);
    if (status != OAC_OK)
        return status;
    status = accuracy_of(network, data, x, accuracy, err);
    free(x);
    return status;
}

/* ---- the loop ---- */

struct run {
    const struct oac_train_options *options;
    const struct oac_dataset *reference;
    const struct oac_sink *sink;
    struct oac_trainer *trainer;
    struct oac_train_report *report;
};

static enum oac_status save(const struct run *run, struct oac_err *err)
{
    if (!run->options->checkpoint_path)
        return OAC_OK;
    return oac_checkpoint_write(run->trainer, run->options->checkpoint_path, err);
}

static enum oac_status interrupted(const struct run *run, struct oac_err *err)
{
    enum oac_status status = save(run, err);
    if (status != OAC_OK)
        return status;
    const char *path = run->options->checkpoint_path;
    return oac_fail(
        err, OAC_EINTERRUPTED, "interrupted after %llu of %llu steps; %s%s",
        (unsigned long long)run->trainer->step, (unsigned long long)run->trainer->steps,
        path ? "continue with --resume from " : "there is no checkpoint (--checkpoint)",
        path ? path : "");
}

static enum oac_status run_epoch(const struct run *run, struct oac_err *err)
{
    struct oac_trainer *trainer = run->trainer;
    double sum = 0.0;
    size_t steps = 0;
    do {
        if (oac_stop_requested(run->sink))
            return interrupted(run, err);
        double loss = oac_trainer_step(trainer);
        if (!isfinite(loss))
            return oac_fail(err, OAC_EINVAL,
                            "training diverged in step %llu: the loss is not finite; lower the "
                            "learning rate",
                            (unsigned long long)trainer->step);
        sum += loss;
        steps++;
    } while (trainer->step % trainer->steps_per_epoch);
    run->report->loss = sum / (double)steps;
    return OAC_OK;
}

static enum oac_status look(const struct run *run, const float *x, struct oac_err *err)
{
    struct oac_network *network;
    char note[80];
    enum oac_status status = oac_trainer_network(run->trainer, &network, err);
    if (status != OAC_OK)
        return status;
    status = accuracy_of(network, run->reference, x, &run->report->reference_accuracy, err);
    oac_network_destroy(network);
    snprintf(note, sizeof note, "loss %.4f, reference %.2f %%", run->report->loss,
             100.0 * run->report->reference_accuracy);
    oac_progress(run->sink, "epochs", run->trainer->step / run->trainer->steps_per_epoch,
                 run->options->epochs, note);
    return status;
}

static enum oac_status run_epochs(const struct run *run, const float *x, struct oac_err *err)
{
    struct oac_trainer *trainer = run->trainer;
    size_t every = run->options->checkpoint_epochs;
    enum oac_status status = look(run, x, err);
    while (status == OAC_OK && trainer->step < trainer->steps) {
        status = run_epoch(run, err);
        if (status == OAC_OK)
            status = look(run, x, err);
        uint64_t epoch = trainer->step / trainer->steps_per_epoch;
        bool last = trainer->step == trainer->steps;
        if (status == OAC_OK && (last || (every && epoch % every == 0)))
            status = save(run, err);
    }
    return status;
}

/* The trained network with its operand scales from the reference images x. */
static enum oac_status finish(const struct run *run, const float *x,
                              struct oac_network **network, struct oac_err *err)
{
    struct oac_network *made;
    enum oac_status status = oac_trainer_network(run->trainer, &made, err);
    if (status != OAC_OK)
        return status;
    status = oac_network_statistics(made, run->reference->count, x, err);
    if (status == OAC_OK)
        *network = made;
    else
        oac_network_destroy(made);
    return status;
}

enum oac_status oac_train(const struct oac_train_options *options,
                          const struct oac_dataset *train, const struct oac_dataset *reference,
                          const struct oac_sink *sink, struct oac_network **network,
                          struct oac_train_report *report, struct oac_err *err)
{
    float *x = NULL;
    struct oac_network *blank = NULL;
    struct oac_train_report done = {0};
    struct run run = {
        .options = options, .reference = reference, .sink = sink, .report = &done};
    double start = seconds_now();
    enum oac_status status = oac_trainer_create(options, train, &run.trainer, err);
    if (status != OAC_OK)
        return status;
    const char *path = options->checkpoint_path;
    if (options->resume && path && access(path, F_OK) == 0) {
        status = oac_checkpoint_read(path, run.trainer, err);
        done.resumed = true;
    }
    if (status == OAC_OK)
        status = oac_trainer_network(run.trainer, &blank, err);
    if (status == OAC_OK)
        status = load_images(blank, reference, &x, err);
    if (status == OAC_OK)
        status = run_epochs(&run, x, err);
    if (status == OAC_OK)
        status = finish(&run, x, network, err);
    done.steps = run.trainer->step;
    done.seconds = seconds_now() - start;
    if (status == OAC_OK)
        *report = done;
    free(x);
    oac_network_destroy(blank);
    oac_trainer_destroy(run.trainer);
    return status;
}
