/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/target.h"

#include <math.h>
#include <stdio.h>

#define IN_VAIN \
    0.05 /* chance of giving up an attempt that is at the target: costs time, not honesty */
#define POWER 0.5 /* with which an attempt must be expected to succeed */

#define OAC_TARGET_STEP_WORD(name, word, text) word,
const char *const oac_target_step_names[] = {OAC_TARGET_STEP_LIST(OAC_TARGET_STEP_WORD) NULL};
const char *const oac_target_verdict_names[] = {"certified",     "refuted",     "out of reach",
                                                "out of images", "out of time", NULL};

const char *oac_target_step_text(enum oac_target_step step)
{
#define OAC_TARGET_STEP_SENTENCE(name, word, text) text,
    static const char *const texts[] = {OAC_TARGET_STEP_LIST(OAC_TARGET_STEP_SENTENCE)};
    return texts[step];
}

struct loop {
    const struct oac_target_bench *bench;
    const struct oac_target_options *options;
    const struct oac_sink *sink;
    struct oac_target_result *result;
    struct oac_target_cost begin; /* of the loop */
};

static double accuracy_of(struct oac_certify_count count)
{
    return (double)count.right / (double)(count.right + count.wrong);
}

static bool late(const struct loop *loop)
{
    struct oac_target_cost now;
    loop->bench->cost(loop->bench->context, &now);
    return now.seconds - loop->begin.seconds > loop->options->max_s;
}

/* Adds the answers of images first .. first+count-1. */
static enum oac_status classify(const struct loop *loop, bool held_out, size_t first,
                                size_t count, struct oac_certify_count *sum,
                                struct oac_err *err)
{
    size_t right;
    if (oac_stop_requested(loop->sink))
        return oac_fail(err, OAC_EINTERRUPTED, "interrupted while classifying %s images",
                        held_out ? "held-out" : "calibration");
    if (loop->bench->classify(loop->bench->context, held_out, first, count, &right, err))
        return err->status;
    sum->right += right;
    sum->wrong += count - right;
    return OAC_OK;
}

/* Whether the calibration split leaves hope, and how many held-out images it would take. */
static bool in_reach(const struct loop *loop, struct oac_target_attempt *attempt)
{
    const struct oac_certify_prior uniform = {1.0, 1.0};
    double target = loop->options->target;
    size_t left = loop->options->held_out_images - loop->result->held_out_used;
    double against = oac_certify_log_evidence_against(target, uniform, attempt->calibration);
    attempt->expected_images =
        oac_certify_images(target, oac_certify_prior_from(attempt->calibration), attempt->alpha,
                           accuracy_of(attempt->calibration), POWER, left);
    if (against >= -log(IN_VAIN)) {
        attempt->verdict = OAC_TARGET_REFUTED;
        return false;
    }
    attempt->verdict = OAC_TARGET_OUT_OF_REACH;
    return attempt->expected_images <= left;
}

static void tell(const struct loop *loop, const struct oac_target_attempt *attempt)
{
    char note[80];
    size_t n = attempt->held_out.right + attempt->held_out.wrong;
    snprintf(note, sizeof note, "%.2f %%, at least %.2f %% at confidence %.3g",
             100.0 * accuracy_of(attempt->held_out), 100.0 * attempt->bound,
             1.0 - attempt->alpha);
    size_t total = attempt->expected_images > n ? attempt->expected_images
                                                : loop->options->held_out_images;
    oac_progress(loop->sink, "held-out images", n, total, note);
}

/* Fresh images until there is a decision. */
static enum oac_status certify(const struct loop *loop, struct oac_target_attempt *attempt,
                               struct oac_err *err)
{
    const struct oac_target_options *options = loop->options;
    struct oac_certify_prior prior = oac_certify_prior_from(attempt->calibration);
    size_t *used = &loop->result->held_out_used;
    for (;;) {
        size_t left = options->held_out_images - *used;
        size_t count = left < options->look_images ? left : options->look_images;
        if (count == 0) {
            attempt->verdict = OAC_TARGET_OUT_OF_IMAGES;
            return OAC_OK;
        }
        if (classify(loop, true, *used, count, &attempt->held_out, err))
            return err->status;
        *used += count;
        attempt->bound = oac_certify_lower_bound(prior, attempt->alpha, attempt->held_out);
        tell(loop, attempt);
        if (oac_certify_log_evidence(options->target, prior, attempt->held_out) >=
            -log(attempt->alpha)) {
            attempt->verdict = OAC_TARGET_CERTIFIED;
            return OAC_OK;
        }
        if (oac_certify_log_evidence_against(options->target, prior, attempt->held_out) >=
            -log(IN_VAIN)) {
            attempt->verdict = OAC_TARGET_REFUTED;
            return OAC_OK;
        }
        if (late(loop)) {
            attempt->verdict = OAC_TARGET_OUT_OF_TIME;
            return OAC_OK;
        }
    }
}

/* The next step that changes anything; *step is OAC_TARGET_STEPS when there is none. A step that can go
 * further is taken again before a dearer one. */
static enum oac_status change(const struct loop *loop, enum oac_target_step *step,
                              char detail[OAC_TARGET_DETAIL_BYTES], struct oac_err *err)
{
    if (*step == OAC_STEP_NONE)
        *step = OAC_STEP_RECALIBRATE;
    for (; *step < OAC_TARGET_STEPS; (*step)++) {
        bool changed = false;
        if (loop->bench->change(loop->bench->context, *step, &changed, detail, err))
            return err->status;
        if (changed)
            return OAC_OK;
    }
    return OAC_OK;
}

static void spend(const struct loop *loop, const struct oac_target_cost *before,
                  struct oac_target_attempt *attempt)
{
    struct oac_target_cost now;
    loop->bench->cost(loop->bench->context, &now);
    attempt->cost.seconds += now.seconds - before->seconds;
    attempt->cost.bench_s += now.bench_s - before->bench_s;
    attempt->cost.launched_j += now.launched_j - before->launched_j;
    attempt->cost.detected_photons += now.detected_photons - before->detected_photons;
}

static enum oac_status judge(const struct loop *loop, struct oac_target_attempt *attempt,
                             struct oac_err *err)
{
    if (classify(loop, false, 0, loop->options->calibration_images, &attempt->calibration, err))
        return err->status;
    struct oac_target_result *result = loop->result;
    if (accuracy_of(attempt->calibration) >
        accuracy_of(result->attempt[result->best].calibration))
        result->best = (size_t)(attempt - result->attempt);
    return in_reach(loop, attempt) ? certify(loop, attempt, err) : OAC_OK;
}

/* Nothing more can be changed: the images that are left have no better use. */
static enum oac_status finish(const struct loop *loop, struct oac_target_attempt *attempt,
                              struct oac_err *err)
{
    struct oac_target_cost before;
    loop->bench->cost(loop->bench->context, &before);
    enum oac_status status = certify(loop, attempt, err);
    spend(loop, &before, attempt);
    loop->result->verdict = attempt->verdict;
    return status;
}

static bool decided(enum oac_target_verdict verdict)
{
    return verdict == OAC_TARGET_CERTIFIED || verdict == OAC_TARGET_OUT_OF_IMAGES ||
           verdict == OAC_TARGET_OUT_OF_TIME;
}

/* One attempt after another; the step taken before each one is counted into its cost. */
static enum oac_status attempts(struct loop *loop, struct oac_err *err)
{
    struct oac_target_result *result = loop->result;
    enum oac_target_step step = OAC_STEP_NONE;
    char detail[OAC_TARGET_DETAIL_BYTES] = "";
    struct oac_target_cost before = loop->begin;
    enum oac_status status = OAC_OK;
    while (!status && result->attempts < OAC_TARGET_ATTEMPTS_MAX) {
        struct oac_target_attempt *attempt = &result->attempt[result->attempts++];
        attempt->step = step;
        attempt->alpha = oac_certify_share(1.0 - loop->options->confidence,
                                           (unsigned)(result->attempts - 1));
        snprintf(attempt->detail, sizeof attempt->detail, "%s", detail);
        status = judge(loop, attempt, err);
        spend(loop, &before, attempt);
        loop->bench->cost(loop->bench->context, &before);
        result->verdict = attempt->verdict;
        if (status || decided(attempt->verdict))
            break;
        if (late(loop)) {
            result->verdict = OAC_TARGET_OUT_OF_TIME;
            break;
        }
        status = change(loop, &step, detail, err);
        if (status || step < OAC_TARGET_STEPS)
            continue;
        return attempt->verdict == OAC_TARGET_OUT_OF_REACH ? finish(loop, attempt, err)
                                                           : OAC_OK;
    }
    return status;
}

enum oac_status oac_target_run(const struct oac_target_bench *bench,
                               const struct oac_target_options *options,
                               const struct oac_sink *sink, struct oac_target_result *result,
                               struct oac_err *err)
{
    struct loop loop = {.bench = bench, .options = options, .sink = sink, .result = result};
    *result = (struct oac_target_result){.verdict = OAC_TARGET_OUT_OF_TIME};
    if (!(options->target > 0.0 && options->target < 1.0))
        return oac_fail(err, OAC_EINVAL, "target accuracy %g must lie between 0 and 1",
                        options->target);
    if (!(options->confidence > 0.0 && options->confidence < 1.0))
        return oac_fail(err, OAC_EINVAL, "confidence %g must lie between 0 and 1",
                        options->confidence);
    if (options->calibration_images == 0 || options->look_images == 0)
        return oac_fail(err, OAC_EINVAL, "no images to calibrate with");
    bench->cost(bench->context, &loop.begin);
    return attempts(&loop, err);
}
