/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps in their order, and the bench left as they found it or as the record needs it. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/steps.h"

/* Settings that a calibration changes; lasers are back on after every step that turns them off. */
struct front_panel {
    double client_bias_v, skew_s;
    double *weight_bias_v, *predelay_s, *laser_on; /* (channels) */
};

static enum oac_status read_setting(struct oac_measure *measure, enum oac_setting setting,
                                    size_t channel, double *value, struct oac_err *err)
{
    *value = 0.0;
    if (!oac_measure_has(measure, setting))
        return OAC_OK;
    return oac_link_get(measure->link, setting, channel, value, err);
}

static enum oac_status panel_read(struct oac_measure *measure, struct front_panel *panel,
                                  struct oac_err *err)
{
    const size_t channels = measure->channels;
    panel->weight_bias_v = oac_alloc(3 * channels, sizeof(double), "settings", err);
    if (!panel->weight_bias_v)
        return err->status;
    panel->predelay_s = panel->weight_bias_v + channels;
    panel->laser_on = panel->predelay_s + channels;
    if (read_setting(measure, OAC_BIAS_CLIENT_V, 0, &panel->client_bias_v, err) ||
        read_setting(measure, OAC_SKEW_S, 0, &panel->skew_s, err))
        return err->status;
    for (size_t k = 0; k < channels; k++)
        if (read_setting(measure, OAC_BIAS_WEIGHT_V, k, &panel->weight_bias_v[k], err) ||
            read_setting(measure, OAC_PREDELAY_S, k, &panel->predelay_s[k], err) ||
            read_setting(measure, OAC_LASER_ON, k, &panel->laser_on[k], err))
            return err->status;
    return OAC_OK;
}

static enum oac_status restore_one(struct oac_measure *measure, enum oac_setting setting,
                                   size_t channel, double value, struct oac_err *err)
{
    if (!oac_measure_has(measure, setting))
        return OAC_OK;
    return oac_measure_set(measure, setting, channel, value, NULL, err);
}

/* As it was; goes on after a setting that fails, and tells the first failure. */
static enum oac_status panel_restore(struct oac_measure *measure,
                                     const struct front_panel *panel, struct oac_err *err)
{
    struct oac_err later;
    enum oac_status status =
        restore_one(measure, OAC_BIAS_CLIENT_V, 0, panel->client_bias_v, err);
    enum oac_status next =
        restore_one(measure, OAC_SKEW_S, 0, panel->skew_s, status ? &later : err);
    status = status ? status : next;
    for (size_t k = 0; k < measure->channels; k++) {
        const double value[] = {panel->weight_bias_v[k], panel->predelay_s[k],
                                panel->laser_on[k]};
        static const enum oac_setting setting[] = {OAC_BIAS_WEIGHT_V, OAC_PREDELAY_S,
                                                   OAC_LASER_ON};
        for (size_t i = 0; i < 3; i++) {
            next = restore_one(measure, setting[i], k, value[i], status ? &later : err);
            status = status ? status : next;
        }
    }
    return status;
}

struct named_step {
    const char *name;
    oac_calibration_step *run;
};

/* Of the bench as a whole. */
static const struct named_step first_steps[] = {
    {"timing", oac_step_align},
    {"faults", oac_step_faults},
};

/* Of the channels that work. */
static const struct named_step steps[] = {
    {"dark readouts", oac_step_dark},
    {"first light", oac_step_search},
    {"delays", oac_step_delay},
    {"weight modulators", oac_step_weights},
    {"client modulator", oac_step_client},
    {"linearity", oac_step_linearity},
    {"gains", oac_step_gain},
    {"detector pairs", oac_step_pairs},
    {"noise", oac_step_noise},
    {"verification", oac_step_verify},
};

static void spent_since(const struct oac_link *link, const struct oac_account *before,
                        struct oac_account *spent)
{
    oac_link_account(link, spent);
    spent->windows -= before->windows;
    spent->slots -= before->slots;
    spent->preambles -= before->preambles;
    spent->bench_s -= before->bench_s;
    spent->launched_j -= before->launched_j;
    spent->client_in_j -= before->client_in_j;
    spent->detected_photons -= before->detected_photons;
}

static enum oac_status check_options(const struct oac_calibrate_options *options,
                                     struct oac_err *err)
{
    if (options->biases >= 2 && options->codes >= 8 && options->repeats >= 2 &&
        options->vectors >= 64 && options->noise_windows >= 16)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL,
                    "a calibration of %zu biases, %zu codes, %zu repeats, %zu vectors and %zu "
                    "noise windows: 2, 8, 2, 64 and 16 are the least",
                    options->biases, options->codes, options->repeats, options->vectors,
                    options->noise_windows);
}

static enum oac_status run_each(const struct named_step *step, size_t count,
                                struct oac_measure *measure,
                                const struct oac_calibrate_options *options,
                                struct oac_calibration *calibration, struct oac_err *err)
{
    for (size_t i = 0; i < count; i++) {
        oac_log(measure->sink, OAC_LOG_DEBUG, "calibration: %s", step[i].name);
        if (step[i].run(measure, options, calibration, err))
            return oac_fail_within(err, "%s", step[i].name);
        if (options->stepped && options->stepped(options->context, err))
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status run_steps(struct oac_measure *measure,
                                 const struct oac_calibrate_options *options,
                                 struct oac_calibration *calibration, struct oac_err *err)
{
    return run_each(steps, sizeof steps / sizeof *steps, measure, options, calibration, err);
}

static enum oac_status run_all(struct oac_measure *measure,
                               const struct oac_calibrate_options *options,
                               struct oac_calibration *calibration, struct oac_err *err)
{
    measure->blind = oac_alloc(measure->channels, sizeof *measure->blind, "channels", err);
    if (!measure->blind)
        return err->status;
    enum oac_status status = run_each(first_steps, sizeof first_steps / sizeof *first_steps,
                                      measure, options, calibration, err);
    free(measure->blind);
    measure->blind = NULL;
    if (status != OAC_OK)
        return status;
    return (calibration->excluded
                ? oac_calibrate_others(measure, options, calibration, run_steps, err)
                : run_steps(measure, options, calibration, err));
}

enum oac_status oac_calibrate_measure(struct oac_link *link,
                                      const struct oac_calibrate_options *options,
                                      const struct oac_sink *sink,
                                      struct oac_calibration **calibration, struct oac_err *err)
{
    struct oac_measure measure;
    struct front_panel panel = {0};
    struct oac_calibration *made = NULL;
    struct oac_account before;
    struct oac_err ignored;
    oac_link_account(link, &before);
    if (check_options(options, err) ||
        oac_measure_init(&measure, link, sink, options->slot0, options->seed, err))
        return err->status;
    enum oac_status status = panel_read(&measure, &panel, err);
    if (status == OAC_OK)
        status = oac_calibration_create(link->caps->channels, &made, err);
    if (status != OAC_OK)
        goto done;
    made->first_slot0 = options->slot0;
    made->client_bias_v = panel.client_bias_v;
    made->skew_s = panel.skew_s;
    for (size_t k = 0; k < made->channels; k++) {
        made->channel[k].weight_bias_v = panel.weight_bias_v[k];
        made->channel[k].predelay_s = panel.predelay_s[k];
    }
    status = run_all(&measure, options, made, err);
    made->last_slot0 = measure.slot;
    made->saturated = measure.saturated;
    spent_since(link, &before, &made->spent);
    if (status != OAC_OK || options->spare_settings) {
        enum oac_status back = panel_restore(&measure, &panel, status ? &ignored : err);
        status = status ? status : back;
    }
done:
    free(panel.weight_bias_v);
    oac_measure_fini(&measure);
    if (status != OAC_OK) {
        oac_calibration_destroy(made);
        return status;
    }
    *calibration = made;
    return OAC_OK;
}
