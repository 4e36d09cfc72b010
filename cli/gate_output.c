/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/gate_output.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define SCHEMA 1

static size_t failures(const struct oac_gate_result *result)
{
    size_t count = 0;
    for (size_t i = 0; i < result->checks; i++)
        count += !result->check[i].passed;
    return count;
}

void oac_gate_print(const struct oac_gate_request *request,
                    const struct oac_gate_result *result, FILE *out)
{
    size_t failed = failures(result);
    if (failed == 0)
        fprintf(out, "The gate is open: %s may run on %s.\n\n", request->model_path,
                request->rig_name);
    else
        fprintf(out, "The gate stays closed: %zu of %zu checks failed.\n\n", failed,
                result->checks);
    for (size_t i = 0; i < result->checks; i++) {
        const struct oac_gate_check *check = &result->check[i];
        fprintf(out, "  %-6s %-11s %s\n", check->passed ? "ok" : "FAILED", check->name,
                check->found);
        if (!check->passed)
            fprintf(out, "  %-6s %-11s wanted: %s\n", "", "", check->asked);
    }
}

static json_t *limit(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

enum oac_status oac_gate_json(const struct oac_gate_request *request,
                              const struct oac_gate_result *result, FILE *out,
                              struct oac_err *err)
{
    const struct oac_certificate *c = &result->certificate;
    json_t *checks = json_array();
    for (size_t i = 0; i < result->checks; i++) {
        const struct oac_gate_check *check = &result->check[i];
        json_array_append_new(checks, json_pack("{s:s, s:b, s:s, s:s}", "name", check->name,
                                                "passed", (int)check->passed, "found",
                                                check->found, "asked", check->asked));
    }
    json_t *limits =
        json_pack("{s:o, s:o, s:o, s:o}", "min_accuracy", limit(request->min_accuracy),
                  "max_aj_per_mac", limit(request->max_aj_per_mac), "max_latency_s",
                  limit(request->max_latency_s), "max_age_s", limit(request->max_age_s));
    json_t *certificate = json_object();
#define JSON_TEXT(name, help) json_object_set_new(certificate, #name, json_string(c->name));
    OAC_CERTIFICATE_TEXTS(JSON_TEXT)
#define JSON_REAL(name, unit, help) json_object_set_new(certificate, #name, json_real(c->name));
    OAC_CERTIFICATE_REALS(JSON_REAL)
    json_t *root = json_pack(
        "{s:s, s:i, s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "format", "oac-gate", "schema",
        SCHEMA, "passed", (int)result->passed, "calibration", request->calibration_path,
        "calibration_sha256", result->calibration_sha256, "model", request->model_path, "rig",
        request->rig_name, "limits", limits, "checks", checks, "certificate", certificate);
    int written = root ? json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : -1;
    json_decref(root);
    if (written || fputc('\n', out) == EOF || fflush(out))
        return oac_fail(err, OAC_EIO, "the JSON could not be written");
    return OAC_OK;
}

/* Text of an XML attribute; control characters, which XML 1.0 cannot hold, become blanks. */
static void escape(FILE *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '&'                 ? "&amp;"
                             : *text == '<'               ? "&lt;"
                             : *text == '>'               ? "&gt;"
                             : *text == '"'               ? "&quot;"
                             : (unsigned char)*text < ' ' ? " "
                                                          : NULL;
        if (entity)
            fputs(entity, out);
        else
            fputc(*text, out);
    }
}

static void junit_case(const struct oac_gate_check *check, FILE *out)
{
    fprintf(out, "  <testcase classname=\"oac.gate\" name=\"%s\" time=\"0\"", check->name);
    if (check->passed) {
        fputs("/>\n", out);
        return;
    }
    fputs("><failure message=\"", out);
    escape(out, check->found);
    fputs("; wanted: ", out);
    escape(out, check->asked);
    fputs("\"/></testcase>\n", out);
}

enum oac_status oac_gate_junit(const struct oac_gate_request *request,
                               const struct oac_gate_result *result, const char *path,
                               struct oac_err *err)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return oac_fail(err, OAC_ENOMEM, "out of memory for %s", path);
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"oac gate\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
            "skipped=\"0\" time=\"0\">\n  <properties>\n    <property name=\"calibration\" "
            "value=\"",
            result->checks, failures(result));
    escape(out, request->calibration_path);
    fputs("\"/>\n  </properties>\n", out);
    for (size_t i = 0; i < result->checks; i++)
        junit_case(&result->check[i], out);
    fputs("</testsuite>\n", out);
    enum oac_status status = fclose(out)
                                 ? oac_fail(err, OAC_ENOMEM, "out of memory for %s", path)
                                 : oac_file_write(path, text, bytes, err);
    free(text);
    return status;
}
