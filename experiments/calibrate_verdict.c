/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate_verdict.h"

#include <math.h>

#include "experiments/format.h"

static double share(struct oac_certify_count count)
{
    size_t n = count.right + count.wrong;
    return n ? (double)count.right / (double)n : (double)NAN;
}

static void print_attempt(const struct oac_target_attempt *a, size_t number, FILE *out)
{
    size_t n = a->held_out.right + a->held_out.wrong;
    fprintf(out, "  %zu  %-11s  %6.2f %%", number, oac_target_step_names[a->step],
            100.0 * share(a->calibration));
    if (n)
        fprintf(out, "  %6.2f %% of %6zu  >= %6.2f %%", 100.0 * share(a->held_out), n,
                100.0 * a->bound);
    else
        fprintf(out, "  %32s", "");
    fprintf(out, "  %-13s %8s %8s %9s  %s\n", oac_target_verdict_names[a->verdict],
            oac_format_si(a->cost.seconds, "s").text, oac_format_si(a->cost.bench_s, "s").text,
            oac_format_si(a->cost.launched_j, "J").text, a->detail);
}

void oac_verdict_report(const struct oac_calibrate_outcome *outcome, FILE *out)
{
    const struct oac_target_result *target = &outcome->target;
    const struct oac_certificate *c = &outcome->certificate;
    const struct oac_target_attempt *last = &target->attempt[target->attempts - 1];
    if (target->verdict == OAC_TARGET_CERTIFIED)
        fprintf(
            out,
            "Certified: %s on %s is right on at least %.2f %% of images, at confidence %g.\n\n",
            c->model_name, c->rig_name, 100.0 * c->bound, c->confidence);
    else
        fprintf(out, "Not certified (%s): %s on %s, %.2f %% asked for.\n\n",
                oac_target_verdict_names[target->verdict], c->model_name, c->rig_name,
                100.0 * c->target);
    fprintf(out, "  digital baseline %.2f %% of the calibration images\n",
            100.0 * outcome->digital_accuracy);
    fprintf(out, "  told in advance  about %zu held-out images; used %zu\n\n",
            last->expected_images, target->held_out_used);
    fprintf(out, "     step      calibration  held out            certain    verdict           "
                 "time    bench     light  what\n");
    for (size_t i = 0; i < target->attempts; i++)
        print_attempt(&target->attempt[i], i + 1, out);
    fputc('\n', out);
}

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count_json(struct oac_certify_count count)
{
    return json_pack("{s:I, s:I}", "right", (json_int_t)count.right, "wrong",
                     (json_int_t)count.wrong);
}

static json_t *attempt_json(const struct oac_target_attempt *a)
{
    json_t *cost =
        json_pack("{s:o, s:o, s:o, s:o}", "seconds", real(a->cost.seconds), "bench_s",
                  real(a->cost.bench_s), "launched_j", real(a->cost.launched_j),
                  "detected_photons", real(a->cost.detected_photons));
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:o}", "step",
                     oac_target_step_names[a->step], "detail", a->detail, "verdict",
                     oac_target_verdict_names[a->verdict], "calibration",
                     count_json(a->calibration), "held_out", count_json(a->held_out), "alpha",
                     real(a->alpha), "bound", real(a->bound), "expected_images",
                     (json_int_t)a->expected_images, "cost", cost);
}

json_t *oac_verdict_json(const struct oac_calibrate_outcome *outcome)
{
    const struct oac_target_result *target = &outcome->target;
    const struct oac_certificate *c = &outcome->certificate;
    json_t *attempts = json_array();
    for (size_t i = 0; i < target->attempts; i++)
        json_array_append_new(attempts, attempt_json(&target->attempt[i]));
    json_t *certificate = json_object();
#define JSON_TEXT(name, help) json_object_set_new(certificate, #name, json_string(c->name));
    OAC_CERTIFICATE_TEXTS(JSON_TEXT)
#define JSON_REAL(name, unit, help) json_object_set_new(certificate, #name, real(c->name));
    OAC_CERTIFICATE_REALS(JSON_REAL)
    return json_pack("{s:s, s:b, s:s, s:o, s:o}", "verdict",
                     oac_target_verdict_names[target->verdict], "certified",
                     target->verdict == OAC_TARGET_CERTIFIED, "reason", outcome->reason,
                     "certificate", certificate, "attempts", attempts);
}
