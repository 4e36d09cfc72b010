/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration/gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/h5_seal.h"
#include "calibration/target.h"
#include "models/formats/native.h"

#define BOUND_TOLERANCE 1e-9 /* of the recomputed bound: bisection and another libm */

static struct oac_gate_check *add(struct oac_gate_result *result, const char *name, bool passed)
{
    struct oac_gate_check *check = &result->check[result->checks++];
    *check = (struct oac_gate_check){.name = name, .passed = passed};
    return check;
}

static void words(char text[160], const char *format, ...) OAC_PRINTF(2, 3);
static void words(char text[160], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, 160, format, arguments);
    va_end(arguments);
}

static void check_same(struct oac_gate_result *result, const char *name, const char *what,
                       const char *found, const char *asked)
{
    struct oac_gate_check *check = add(result, name, strcmp(found, asked) == 0);
    words(check->found, "%.100s %.12s", what, found);
    words(check->asked, "certified for %.12s", asked);
}

static void check_seal(struct oac_gate_result *result, const struct oac_h5_file *file)
{
    struct oac_err why;
    enum oac_status status = oac_h5_check_seal(file, NULL, &why);
    struct oac_gate_check *check = add(result, "seal", status == OAC_OK);
    words(check->found, "%.150s", status ? why.message : "unbroken");
    words(check->asked, "the file as it was written");
}

static void check_certificate(struct oac_gate_result *result)
{
    const struct oac_certificate *c = &result->certificate;
    const char *certified = oac_target_verdict_names[OAC_TARGET_CERTIFIED];
    struct oac_gate_check *check = add(result, "verdict", strcmp(c->verdict, certified) == 0);
    words(check->found, "%s", c->verdict);
    words(check->asked, "%s", certified);

    double bound = oac_certificate_bound(c);
    bool sound = fabs(bound - c->bound) <= BOUND_TOLERANCE &&
                 bound >= c->target - BOUND_TOLERANCE &&
                 c->alpha <= 1.0 - c->confidence + BOUND_TOLERANCE;
    check = add(result, "statistics", sound);
    words(check->found, "%.0f of %.0f images give a bound of %.4f", c->right,
          c->right + c->wrong, bound);
    words(check->asked, "the stated %.4f, at or above the target %.4f", c->bound, c->target);
}

static void check_limits(const struct oac_gate_request *request, struct oac_gate_result *result)
{
    const struct oac_certificate *c = &result->certificate;
    double least = isnan(request->min_accuracy) ? c->target : request->min_accuracy;
    struct oac_gate_check *check = add(result, "accuracy", c->bound >= least);
    words(check->found, "at least %.2f %% at confidence %g", 100.0 * c->bound, c->confidence);
    words(check->asked, "at least %.2f %%", 100.0 * least);
    if (isfinite(request->max_aj_per_mac)) {
        check = add(result, "energy", c->launched_aj_per_mac <= request->max_aj_per_mac);
        words(check->found, "%.3g aJ of light leave the server per product",
              c->launched_aj_per_mac);
        words(check->asked, "at most %.3g aJ", request->max_aj_per_mac);
    }
    if (isfinite(request->max_latency_s)) {
        check = add(result, "latency", c->latency_s <= request->max_latency_s);
        words(check->found, "%.3g s of bench time an image", c->latency_s);
        words(check->asked, "at most %.3g s", request->max_latency_s);
    }
}

/* A date in the future is as wrong as one too old. */
static void check_age(const struct oac_gate_request *request, struct oac_gate_result *result)
{
    const char *date = result->certificate.date_utc;
    struct tm utc = {0};
    if (!isfinite(request->max_age_s))
        return;
    const char *end = strptime(date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    double age_s = end && *end == '\0' ? difftime(request->now, timegm(&utc)) : NAN;
    struct oac_gate_check *check =
        add(result, "age", age_s >= 0.0 && age_s <= request->max_age_s);
    if (isnan(age_s))
        words(check->found, "no readable date: '%.60s'", date);
    else
        words(check->found, "%.1f h since %s", age_s / 3600.0, date);
    words(check->asked, "at most %.1f h", request->max_age_s / 3600.0);
}

static enum oac_status check_model(const struct oac_gate_request *request,
                                   struct oac_gate_result *result, struct oac_err *err)
{
    struct oac_network *network;
    char hex[OAC_DIGEST_HEX_BYTES];
    if (oac_native_read(request->model_path, &network, err))
        return err->status;
    enum oac_status status = oac_network_digest(network, hex, err);
    oac_network_destroy(network);
    if (!status)
        check_same(result, "model", request->model_path, hex, result->certificate.model_sha256);
    return status;
}

enum oac_status oac_gate_run(const struct oac_gate_request *request,
                             struct oac_gate_result *result, struct oac_err *err)
{
    struct oac_h5_file *file;
    uint8_t sum[32];
    *result = (struct oac_gate_result){0};
    if (oac_digest_file(request->calibration_path, sum, err) ||
        oac_h5_read(request->calibration_path, 0, &file, err))
        return err->status;
    oac_digest_hex(sum, result->calibration_sha256);
    enum oac_status status = oac_certificate_get(file, &result->certificate, err);
    if (!status) {
        check_seal(result, file);
        check_certificate(result);
        status = check_model(request, result, err);
    }
    if (!status) {
        check_same(result, "rig", request->rig_name, request->rig_sha256,
                   result->certificate.rig_sha256);
        check_limits(request, result);
        check_age(request, result);
        result->passed = true;
        for (size_t i = 0; i < result->checks; i++)
            result->passed &= result->check[i].passed;
    }
    oac_h5_file_destroy(file);
    return status;
}
