/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/calibrate_report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "calibration/fit_transfer.h"
#include "experiments/calibrate_verdict.h"
#include "experiments/format.h"

/* What fits say about themselves, over all channels. */
struct summary {
    double verify_rms, verify_worst, crosstalk_worst, nonlinearity_worst, p_least, late_worst;
    double bits_least;
    double minus_least, minus_most; /* second detectors of pairs; least 0: there are none */
};

static struct summary summarise(const struct oac_calibration *calibration)
{
    struct summary s = {.p_least = 1.0, .bits_least = HUGE_VAL, .minus_least = HUGE_VAL};
    const size_t channels = calibration->channels;
    const double working = (double)(channels - calibration->excluded);
    for (size_t k = 0; k < channels; k++) {
        const struct oac_calibration_channel *channel = &calibration->channel[k];
        if (channel->excluded)
            continue;
        s.verify_rms += channel->verify_rms * channel->verify_rms / working;
        s.verify_worst = fmax(s.verify_worst, channel->verify_rms);
        s.nonlinearity_worst = fmax(s.nonlinearity_worst, channel->nonlinearity);
        s.p_least = fmin(s.p_least, channel->weight_fit.p_value);
        s.late_worst = fmax(s.late_worst, fabs(channel->late_slots));
        s.bits_least = fmin(s.bits_least, channel->bright_noise.effective_bits);
        s.minus_least = fmin(s.minus_least, channel->minus_gain);
        s.minus_most = fmax(s.minus_most, channel->minus_gain);
        for (size_t j = 0; j < channels; j++)
            if (j != k)
                s.crosstalk_worst =
                    fmax(s.crosstalk_worst, fabs(calibration->crosstalk[k * channels + j]));
    }
    for (size_t b = 0; b < calibration->client_blocks; b++)
        s.p_least = fmin(s.p_least, calibration->client_fit[b].p_value);
    s.verify_rms = sqrt(s.verify_rms);
    return s;
}

static void print_channel(const struct oac_calibration *calibration, size_t k, FILE *out)
{
    const struct oac_calibration_channel *channel = &calibration->channel[k];
    const struct oac_fit *fit = &channel->weight_fit;
    if (channel->excluded) {
        fprintf(out, "  %-4zu left out: %s\n", k, oac_diagnosis_names[channel->fault]);
        return;
    }
    fprintf(out, "  %-4zu %8.4f ±%.4f  %8.4f ±%.4f  %9.5f ±%.5f  %9.2f ±%.2f  %8.4f\n", k,
            channel->weight.vpi_v, oac_fit_sigma(fit, OAC_TRANSFER_VPI),
            channel->weight.vpeak_v, oac_fit_sigma(fit, OAC_TRANSFER_VPEAK), channel->weight.r,
            oac_fit_sigma(fit, OAC_TRANSFER_R), channel->full_code, channel->full_sigma_code,
            100.0 * channel->verify_rms);
}

static void print_cost(const char *what, const struct oac_target_cost *cost, FILE *out)
{
    fprintf(out, "  %-15s  %9s  %9s  %16s  %s\n", what, oac_format_si(cost->bench_s, "s").text,
            oac_format_si(cost->launched_j, "J").text,
            oac_format_number(cost->detected_photons).text,
            oac_format_si(cost->seconds, "s").text);
}

/* Measuring and images apart, and both: certificates cost light too. */
static void print_costs(const struct oac_calibrate_outcome *outcome, FILE *out)
{
    const struct oac_account *spent = &outcome->calibration->spent;
    const struct oac_target_cost *bench = &outcome->on_bench, *images = &outcome->on_images;
    const struct oac_target_cost all = {bench->seconds + images->seconds,
                                        bench->bench_s + images->bench_s,
                                        bench->launched_j + images->launched_j,
                                        bench->detected_photons + images->detected_photons};
    char what[48];
    fprintf(out, "\n  cost               on bench   launched  photons detected  here\n");
    snprintf(what, sizeof what, "measured %ux", outcome->measured);
    print_cost(what, bench, out);
    if (outcome->has_target) {
        print_cost("images", images, out);
        print_cost("together", &all, out);
    }
    fprintf(out, "  a measurement    %s windows, %s slots\n",
            oac_format_count(spent->windows).text, oac_format_count(spent->slots).text);
}

void oac_calibrate_report(const struct oac_calibrate_outcome *outcome, const char *path,
                          FILE *out)
{
    const struct oac_calibration *calibration = outcome->calibration;
    const char *rig = outcome->rig_name;
    if (outcome->has_target)
        oac_verdict_report(outcome, out);
    const struct summary s = summarise(calibration);
    fprintf(out,
            "%s measured: random products come back within %.3f %% of full scale (rms)\n\n",
            rig, 100.0 * s.verify_rms);
    fprintf(out,
            "  Weight  V_pi [V]          V_peak [V]         r                    code per slot"
            "      error [%%]\n");
    for (size_t k = 0; k < calibration->channels; k++)
        print_channel(calibration, k, out);
    if (calibration->excluded) {
        const size_t all = calibration->channels, left = all - calibration->excluded;
        fprintf(out,
                "\n  left out         %zu of %zu channels: %s\n"
                "                   matrices of many rows take %.3g times the windows and the "
                "time\n",
                calibration->excluded, all, calibration->faults, (double)all / (double)left);
    }
    fprintf(out, "\n  client           V_pi %.4f V, V_peak %.4f V, r %.5f\n",
            calibration->client.vpi_v, calibration->client.vpeak_v, calibration->client.r);
    fprintf(out,
            "  crosstalk        at most %.3f %%; unmixing amplifies errors by at most %.2f\n",
            100.0 * s.crosstalk_worst, calibration->condition);
    if (s.minus_least > 0.0)
        fprintf(out,
                "  pairs            second detectors hear %.4f to %.4f of the first's light\n",
                s.minus_least, s.minus_most);
    fprintf(out, "  delay            weights were off by at most %.3f slots\n", s.late_worst);
    fprintf(out, "  linearity        within %.3f %% of full scale\n",
            100.0 * s.nonlinearity_worst);
    fprintf(out, "  readout          %.1f effective bits or more at %zu slots a window\n",
            s.bits_least, calibration->slots);
    fprintf(out, "  fits             smallest p value %.2g\n", s.p_least);
    print_costs(outcome, out);
    if (calibration->saturated)
        fprintf(out,
                "  saturated        %s readouts, repeated with shorter windows or left out\n",
                oac_format_count(calibration->saturated).text);
    if (path)
        fprintf(out, "\nEvery fit with its covariance: %s\n", path);
}

static int set_real(json_t *object, const char *key, double value)
{
    return json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

static json_t *channel_json(const struct oac_calibration *calibration, size_t k)
{
    const struct oac_calibration_channel *channel = &calibration->channel[k];
    const struct oac_fit *fit = &channel->weight_fit;
    json_t *object = json_object();
    if (!object)
        return NULL;
    if (channel->excluded) {
        json_object_set_new(object, "excluded",
                            json_string(oac_diagnosis_names[channel->fault]));
        return object;
    }
    int failed = set_real(object, "vpi_v", channel->weight.vpi_v) |
                 set_real(object, "vpi_sigma_v", oac_fit_sigma(fit, OAC_TRANSFER_VPI)) |
                 set_real(object, "vpeak_v", channel->weight.vpeak_v) |
                 set_real(object, "vpeak_sigma_v", oac_fit_sigma(fit, OAC_TRANSFER_VPEAK)) |
                 set_real(object, "r", channel->weight.r) |
                 set_real(object, "r_sigma", oac_fit_sigma(fit, OAC_TRANSFER_R)) |
                 set_real(object, "p_value", fit->p_value) |
                 set_real(object, "gain_code", channel->full_code) |
                 set_real(object, "gain_sigma_code", channel->full_sigma_code) |
                 set_real(object, "second_detector_gain",
                          channel->minus_gain > 0.0 ? channel->minus_gain : NAN) |
                 set_real(object, "offset_code", channel->offset_code) |
                 set_real(object, "bias_v", channel->weight_bias_v) |
                 set_real(object, "client_vpi_v", channel->client_vpi_v) |
                 set_real(object, "late_slots", channel->late_slots) |
                 set_real(object, "nonlinearity", channel->nonlinearity) |
                 set_real(object, "noise_code", channel->dark_noise.white_code) |
                 set_real(object, "effective_bits", channel->bright_noise.effective_bits) |
                 set_real(object, "verify_rms", channel->verify_rms) |
                 set_real(object, "verify_bias", channel->verify_bias);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *cost_json(const struct oac_target_cost *cost)
{
    json_t *object = json_object();
    if (!object)
        return NULL;
    if (set_real(object, "bench_s", cost->bench_s) |
        set_real(object, "launched_j", cost->launched_j) |
        set_real(object, "detected_photons", cost->detected_photons) |
        set_real(object, "seconds", cost->seconds)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static int fill(json_t *object, const struct oac_calibrate_outcome *outcome, const char *path)
{
    const struct oac_calibration *calibration = outcome->calibration;
    const struct summary s = summarise(calibration);
    const struct oac_account *spent = &calibration->spent;
    json_t *channels = json_array();
    int failed = !channels;
    for (size_t k = 0; !failed && k < calibration->channels; k++)
        failed = json_array_append_new(channels, channel_json(calibration, k));
    return failed | json_object_set_new(object, "schema", json_integer(1)) |
           json_object_set_new(object, "rig", json_string(outcome->rig_name)) |
           json_object_set_new(object, "excluded_channels",
                               json_integer((json_int_t)calibration->excluded)) |
           json_object_set_new(object, "faults",
                               calibration->excluded ? json_string(calibration->faults)
                                                     : json_null()) |
           json_object_set_new(object, "output", path ? json_string(path) : json_null()) |
           set_real(object, "verify_rms", s.verify_rms) |
           set_real(object, "verify_rms_worst", s.verify_worst) |
           set_real(object, "crosstalk_worst", s.crosstalk_worst) |
           set_real(object, "condition", calibration->condition) |
           set_real(object, "p_value_least", s.p_least) |
           set_real(object, "client_vpi_v", calibration->client.vpi_v) |
           set_real(object, "client_vpeak_v", calibration->client.vpeak_v) |
           set_real(object, "client_r", calibration->client.r) |
           set_real(object, "client_bias_v", calibration->client_bias_v) |
           set_real(object, "skew_s", calibration->skew_s) |
           json_object_set_new(object, "windows", json_integer((json_int_t)spent->windows)) |
           json_object_set_new(object, "slots", json_integer((json_int_t)spent->slots)) |
           set_real(object, "bench_s", spent->bench_s) |
           json_object_set_new(object, "underflow",
                               json_string(oac_loss_name(spent->underflow))) |
           json_object_set_new(object, "overflow",
                               json_string(oac_loss_name(spent->overflow))) |
           set_real(object, "launched_j", spent->launched_j) |
           set_real(object, "detected_photons", spent->detected_photons) |
           set_real(object, "seconds", outcome->seconds) |
           json_object_set_new(object, "measurements", json_integer(outcome->measured)) |
           json_object_set_new(object, "cost_measuring", cost_json(&outcome->on_bench)) |
           json_object_set_new(object, "cost_images",
                               outcome->has_target ? cost_json(&outcome->on_images)
                                                   : json_null()) |
           json_object_set_new(object, "target",
                               outcome->has_target ? oac_verdict_json(outcome) : json_null()) |
           json_object_set_new(object, "channels", channels);
}

enum oac_status oac_calibrate_json(const struct oac_calibrate_outcome *outcome,
                                   const char *path, FILE *out, struct oac_err *err)
{
    json_t *object = json_object();
    enum oac_status status = OAC_OK;
    if (!object || fill(object, outcome, path) != 0)
        status = oac_fail(err, OAC_EINTERNAL,
                          "a figure of the calibration cannot be written as JSON");
    else if (json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) != 0 ||
             fputc('\n', out) == EOF)
        status = oac_fail(err, OAC_EIO, "cannot write the JSON result: %s", strerror(errno));
    json_decref(object);
    return status;
}
