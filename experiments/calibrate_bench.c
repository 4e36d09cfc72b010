/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate_bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void add_difference(struct oac_target_cost *sum, const struct oac_target_cost *after,
                           const struct oac_target_cost *before)
{
    sum->seconds += after->seconds - before->seconds;
    sum->bench_s += after->bench_s - before->bench_s;
    sum->launched_j += after->launched_j - before->launched_j;
    sum->detected_photons += after->detected_photons - before->detected_photons;
}

static enum oac_status stepped(void *context, struct oac_err *err)
{
    return oac_partial_save(context, err);
}

/* Through the partial, when one is kept. */
static enum oac_status measure(struct oac_calibrate_bench *bench,
                               struct oac_calibrate_options *options,
                               struct oac_calibration **calibration, struct oac_err *err)
{
    struct oac_link link;
    if (!bench->partial)
        return oac_calibrate_measure(bench->link, options, bench->sink, calibration, err);
    options->stepped = stepped;
    options->context = bench->partial;
    enum oac_status status =
        oac_partial_link_open(bench->partial, bench->link, &bench->replayed, &link, err);
    if (status == OAC_OK) {
        status = oac_calibrate_measure(&link, options, bench->sink, calibration, err);
        oac_link_close(&link);
    }
    return status;
}

enum oac_status oac_calibrate_bench_measure(struct oac_calibrate_bench *bench,
                                            struct oac_err *err)
{
    struct oac_calibrate_outcome *outcome = bench->outcome;
    struct oac_calibrate_options options = bench->request->measure;
    struct oac_calibration *calibration;
    struct oac_calrec *calrec;
    struct oac_target_cost before, after;
    options.slot0 = bench->slot;
    options.seed += bench->measured;
    oac_calibrate_bench_cost(bench, &before);
    if (measure(bench, &options, &calibration, err))
        return err->status;
    oac_calibrate_bench_cost(bench, &after);
    add_difference(&outcome->on_bench, &after, &before);
    bench->slot = calibration->last_slot0;
    outcome->measured = ++bench->measured;
    if (oac_calibration_record(calibration, bench->link->caps, &calrec, err)) {
        oac_calibration_destroy(calibration);
        return err->status;
    }
    oac_calibration_destroy(outcome->calibration);
    oac_calrec_destroy(outcome->calrec);
    outcome->calibration = calibration;
    outcome->calrec = calrec;
    return OAC_OK;
}

enum oac_status oac_calibrate_bench_build(struct oac_calibrate_bench *bench,
                                          struct oac_err *err)
{
    struct oac_engine_options options = bench->request->station.engine;
    options.repeats = bench->repeats;
    options.slot_base = bench->slot;
    if (oac_engine_create(bench->link, bench->outcome->calrec, &options, &bench->engine, err))
        return err->status;
    return oac_classifier_create(bench->engine, bench->network, bench->request->threads,
                                 &bench->classifier, err);
}

void oac_calibrate_bench_clear(struct oac_calibrate_bench *bench)
{
    if (bench->classifier) {
        struct oac_multiply_tally tally = oac_classifier_tally(bench->classifier);
        bench->tally.clipped_operands += tally.clipped_operands;
        bench->tally.clipped_readouts += tally.clipped_readouts;
        bench->slot += oac_classifier_images(bench->classifier) *
                       oac_engine_slots_per_image(bench->engine);
    }
    oac_classifier_destroy(bench->classifier);
    oac_engine_destroy(bench->engine);
    bench->classifier = NULL;
    bench->engine = NULL;
}

/* For the report: accuracy against time. Beyond the room there is no more, counts go on. */
static void note_look(struct oac_calibrate_bench *bench, bool held_out, size_t images,
                      size_t right)
{
    struct oac_calibrate_outcome *outcome = bench->outcome;
    struct oac_target_cost cost;
    if (outcome->looks == OAC_CALIBRATE_LOOKS_MAX)
        return;
    oac_calibrate_bench_cost(bench, &cost);
    outcome->look[outcome->looks++] = (struct oac_calibrate_look){
        .attempt = outcome->target.attempts ? outcome->target.attempts - 1 : 0,
        .held_out = held_out,
        .images = images,
        .right = right,
        .bench_s = cost.bench_s,
    };
}

/* A look as the partial keeps it; the answers to its images follow. */
struct kept_look {
    uint64_t held_out, first, count, right;
    struct oac_multiply_tally tally;
    struct oac_account spent;
};

static enum oac_status take_look(struct oac_calibrate_bench *bench, struct kept_look *look,
                                 uint8_t *prediction, struct oac_err *err)
{
    const struct kept_look asked = *look;
    const struct oac_account none = {0};
    if (oac_partial_take(bench->partial, look, sizeof *look, err) ||
        oac_partial_take(bench->partial, prediction, asked.held_out ? asked.count : 0, err))
        return err->status;
    if (look->held_out != asked.held_out || look->first != asked.first ||
        look->count != asked.count)
        return oac_fail(err, OAC_EMISMATCH,
                        "%s holds other images there: remove it to begin afresh",
                        oac_partial_path(bench->partial));
    oac_classifier_skip(bench->classifier, look->count, look->tally);
    oac_account_add(&bench->replayed, &look->spent, &none);
    return OAC_OK;
}

static enum oac_status keep_look(struct oac_calibrate_bench *bench,
                                 const struct kept_look *look, const uint8_t *prediction,
                                 struct oac_err *err)
{
    if (oac_partial_put(bench->partial, look, sizeof *look, err) ||
        oac_partial_put(bench->partial, prediction, look->held_out ? look->count : 0, err))
        return err->status;
    return oac_partial_save(bench->partial, err);
}

static enum oac_status look_at(struct oac_calibrate_bench *bench, struct kept_look *look,
                               uint8_t *prediction, struct oac_err *err)
{
    const struct oac_dataset *split = look->held_out ? bench->held_out : bench->reference;
    const struct oac_multiply_tally before = oac_classifier_tally(bench->classifier);
    struct oac_sink quiet = {0};
    struct oac_account start, end;
    size_t right;
    if (bench->sink) {
        quiet = *bench->sink;
        quiet.progress =
            look->held_out ? NULL : quiet.progress; /* the loop tells more about these */
    }
    oac_link_account(bench->link, &start);
    if (oac_classifier_count(bench->classifier, split, look->first, look->count, &quiet,
                             prediction, &right, err))
        return err->status;
    oac_link_account(bench->link, &end);
    const struct oac_multiply_tally after = oac_classifier_tally(bench->classifier);
    look->right = right;
    look->tally.clipped_operands = after.clipped_operands - before.clipped_operands;
    look->tally.clipped_readouts = after.clipped_readouts - before.clipped_readouts;
    oac_account_add(&look->spent, &end, &start);
    return bench->partial ? keep_look(bench, look, prediction, err) : OAC_OK;
}

enum oac_status oac_calibrate_bench_classify(void *context, bool held_out, size_t first,
                                             size_t count, size_t *right, struct oac_err *err)
{
    struct oac_calibrate_bench *bench = context;
    struct oac_calibrate_outcome *outcome = bench->outcome;
    struct kept_look look = {.held_out = held_out, .first = first, .count = count};
    uint8_t *prediction = held_out ? bench->prediction + first : NULL;
    const bool replays = bench->partial && oac_partial_replays(bench->partial);
    if (replays ? take_look(bench, &look, prediction, err)
                : look_at(bench, &look, prediction, err))
        return err->status;
    *right = look.right;
    if (!held_out) /* a new attempt */
        memset(outcome->confusion, 0,
               outcome->classes * outcome->classes * sizeof *outcome->confusion);
    for (size_t i = 0; held_out && i < count; i++)
        outcome->confusion[bench->held_out->labels[first + i] * outcome->classes +
                           prediction[i]]++;
    note_look(bench, held_out, count, *right);
    return OAC_OK;
}

void oac_calibrate_bench_account(struct oac_calibrate_bench *bench)
{
    struct oac_target_cost all;
    oac_calibrate_bench_cost(bench, &all);
    bench->outcome->seconds = all.seconds;
    add_difference(&bench->outcome->on_images, &all, &bench->outcome->on_bench);
}

void oac_calibrate_bench_cost(void *context, struct oac_target_cost *cost)
{
    const struct oac_calibrate_bench *bench = context;
    struct oac_account now;
    oac_link_account(bench->link, &now);
    *cost = (struct oac_target_cost){
        .seconds = now_s() - bench->start_s,
        .bench_s = bench->replayed.bench_s + now.bench_s - bench->start.bench_s,
        .launched_j = bench->replayed.launched_j + now.launched_j - bench->start.launched_j,
        .detected_photons = bench->replayed.detected_photons + now.detected_photons -
                            bench->start.detected_photons,
    };
}
