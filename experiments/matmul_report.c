/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/matmul_report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "experiments/format.h"

static double share(double part, double whole)
{
    return whole > 0.0 ? part / whole : (double)NAN;
}

void oac_matmul_report(const struct oac_matmul *product, const struct oac_matmul_result *result,
                       const char *output_path, FILE *out)
{
    const struct oac_matmul_result *r = result;

    fprintf(out, "\n%zu x %zu matrix times %s vector%s on %s\n\n", product->rows, product->cols,
            oac_format_count(product->vectors).text, product->vectors == 1 ? "" : "s",
            r->rig_name);
    fprintf(out, "  rms error         %.4g\n", r->error_rms);
    fprintf(out, "    of full scale   %.3g %%   full scale %.4g: N max|w| max|x|\n",
            100.0 * share(r->error_rms, r->full_scale), r->full_scale);
    fprintf(out, "    of rms y        %.3g %%   rms y %.4g\n",
            100.0 * share(r->error_rms, r->y_rms), r->y_rms);
    fprintf(out, "  largest error     %.4g\n", r->error_largest);
    fprintf(out, "  mean error        %+.2g\n", r->error_mean);
    fprintf(out, "\n  detected          %s photons/MAC, %s/MAC\n",
            oac_format_number(r->photons_per_mac_detected).text,
            oac_format_si(r->aj_per_mac_detected * 1e-18, "J").text);
    fprintf(out, "  launched          %s photons/MAC, %s/MAC\n",
            oac_format_number(r->photons_per_mac_launched).text,
            oac_format_si(r->aj_per_mac_launched * 1e-18, "J").text);
    fprintf(out, "  time              %s on the bench, %s here\n",
            oac_format_si(r->bench_s, "s").text, oac_format_si(r->seconds, "s").text);
    if (*r->calibration.id || r->calibration.tracked) {
        char line[OAC_CALIBRATION_LINE_BYTES];
        oac_calibration_line(&r->calibration, line);
        fprintf(out, "  calibration       %s\n", line);
    }
    if (r->clipped_readouts)
        fprintf(out,
                "\nTake care: %s readouts were clipped; lower the power (--photons-per-mac)\n"
                "or raise adc.full_scale_v\n",
                oac_format_count(r->clipped_readouts).text);
    if (r->underflow == OAC_LOSS_SEEN || r->overflow == OAC_LOSS_SEEN)
        fprintf(
            out,
            "\nTake care: samples were lost (underflow %s, overflow %s); run it again, at a\n"
            "lower rate\n",
            oac_loss_name(r->underflow), oac_loss_name(r->overflow));
    if (output_path)
        fprintf(out, "\nY: %s\n", output_path);
}

static int set_real(json_t *object, const char *key, double value)
{
    return json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

static int set_count(json_t *object, const char *key, uint64_t value)
{
    return json_object_set_new(object, key, json_integer((json_int_t)value));
}

static int fill(json_t *object, const struct oac_matmul *p, const struct oac_matmul_result *r)
{
    return set_count(object, "schema", 1) | set_count(object, "rows", p->rows) |
           set_count(object, "cols", p->cols) | set_count(object, "vectors", p->vectors) |
           json_object_set_new(object, "rig", json_string(r->rig_name)) |
           json_object_set_new(object, "calibration", json_string(r->calibration.id)) |
           json_object_set_new(object, "calibration_origin",
                               json_string(r->calibration.origin)) |
           set_real(object, "calibration_age_s", r->calibration.age_s) |
           set_count(object, "calibration_forced", r->calibration.forced) |
           set_count(object, "tracked", r->calibration.tracked) |
           set_count(object, "excluded_channels", r->calibration.excluded) |
           set_real(object, "error_rms", r->error_rms) |
           set_real(object, "error_largest", r->error_largest) |
           set_real(object, "error_mean", r->error_mean) |
           set_real(object, "full_scale", r->full_scale) | set_real(object, "y_rms", r->y_rms) |
           set_real(object, "launch", r->launch) |
           set_real(object, "photons_per_mac_detected", r->photons_per_mac_detected) |
           set_real(object, "photons_per_mac_launched", r->photons_per_mac_launched) |
           set_real(object, "aj_per_mac_detected", r->aj_per_mac_detected) |
           set_real(object, "aj_per_mac_launched", r->aj_per_mac_launched) |
           set_count(object, "macs", r->macs) |
           set_count(object, "optical_macs", r->optical_macs) |
           set_count(object, "clipped_readouts", r->clipped_readouts) |
           json_object_set_new(object, "underflow", json_string(oac_loss_name(r->underflow))) |
           json_object_set_new(object, "overflow", json_string(oac_loss_name(r->overflow))) |
           set_real(object, "bench_s", r->bench_s) | set_real(object, "seconds", r->seconds);
}

enum oac_status oac_matmul_json(const struct oac_matmul *product,
                                const struct oac_matmul_result *result, FILE *out,
                                struct oac_err *err)
{
    json_t *object = json_object();
    enum oac_status status = OAC_OK;

    if (!object || fill(object, product, result) != 0)
        status =
            oac_fail(err, OAC_EINTERNAL, "a figure of the product cannot be written as JSON");
    else if (json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) != 0 ||
             fputc('\n', out) == EOF)
        status = oac_fail(err, OAC_EIO, "cannot write the JSON result: %s", strerror(errno));
    json_decref(object);
    return status;
}
