/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "experiments/compare.h"

static int set_real(json_t *object, const char *key, double value)
{
    return json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

static int set_count(json_t *object, const char *key, uint64_t value)
{
    return json_object_set_new(object, key, json_integer((json_int_t)value));
}

static int set_text(json_t *object, const char *key, const char *text)
{
    return json_object_set_new(object, key, json_string(text));
}

static int add_layer(json_t *layers, const struct oac_compare_layer *l)
{
    json_t *o = json_object();
    int failed = set_count(o, "inputs", l->inputs) | set_count(o, "outputs", l->outputs) |
                 set_real(o, "output_rms", l->output_rms) |
                 set_real(o, "difference", l->difference) | set_real(o, "error", l->error) |
                 set_real(o, "sim_error", l->sim_error) | set_real(o, "z_rms", l->z_rms) |
                 set_real(o, "z_rms_error", l->z_rms_error) |
                 set_real(o, "z_largest", l->z_largest) |
                 set_real(o, "z_largest_expected", l->z_largest_expected) |
                 set_real(o, "variance_ratio", l->variance_ratio) |
                 set_real(o, "variance_ratio_error", l->variance_ratio_error) |
                 set_count(o, "tested", l->tested) |
                 json_object_set_new(o, "means_differ", json_boolean(l->means_differ)) |
                 json_object_set_new(o, "variances_differ", json_boolean(l->variances_differ));

    return failed | json_array_append_new(layers, o);
}

static int set_shares(json_t *object, const char *key, const double *share, size_t layers)
{
    json_t *list = json_array();
    int failed = 0;

    for (size_t l = 0; l < layers; l++)
        failed |=
            json_array_append_new(list, isfinite(share[l]) ? json_real(share[l]) : json_null());
    return failed | json_object_set_new(object, key, list);
}

static int add_effect(json_t *effects, const struct oac_compare_effect *e, size_t layers)
{
    json_t *o = json_object();
    int failed = set_text(o, "name", e->effect->name) |
                 set_text(o, "advice", e->effect->advice) |
                 set_shares(o, "difference_share", e->difference_share, layers) |
                 set_shares(o, "error_share", e->error_share, layers) |
                 set_shares(o, "variance_share", e->variance_share, layers);

    return failed | json_array_append_new(effects, o);
}

static int fill(json_t *o, const struct oac_compare_result *r)
{
    json_t *layers = json_array(), *effects = json_array();
    int failed =
        set_count(o, "schema", 1) | set_text(o, "model", r->model_name) |
        set_text(o, "model_sha256", r->model_sha256) | set_text(o, "dataset", r->dataset_name) |
        set_text(o, "dataset_split", r->dataset_split) | set_text(o, "rig", r->rig_name) |
        set_text(o, "rig_sha256", r->rig_sha256) | set_text(o, "noise", r->noise) |
        set_text(o, "encoding", r->encoding) | set_count(o, "seed", r->seed) |
        set_count(o, "images", r->images) | set_count(o, "repeats", r->repeats) |
        set_real(o, "accuracy_wave", r->accuracy_wave) |
        set_real(o, "accuracy_sim", r->accuracy_sim) |
        set_real(o, "accuracy_digital", r->accuracy_digital) |
        set_real(o, "labels_agree", r->labels_agree) |
        set_count(o, "only_sim_right", r->only_sim_right) |
        set_count(o, "only_wave_right", r->only_wave_right) |
        set_real(o, "mcnemar_p_sim", r->p_sim) |
        set_count(o, "only_digital_right", r->only_digital_right) |
        set_count(o, "only_wave_not_digital", r->only_wave_not_digital) |
        set_real(o, "mcnemar_p_digital", r->p_digital) |
        set_real(o, "seconds_wave", r->seconds_wave) |
        set_real(o, "seconds_sim", r->seconds_sim);

    for (size_t l = 0; l < r->layers; l++)
        failed |= add_layer(layers, &r->layer[l]);
    for (size_t i = 0; i < r->effects; i++)
        failed |= add_effect(effects, &r->effect[i], r->layers);
    return failed | json_object_set_new(o, "layers", layers) |
           json_object_set_new(o, "effects", effects);
}

enum oac_status oac_compare_json(const struct oac_compare_result *result, FILE *out,
                                 struct oac_err *err)
{
    json_t *object = json_object();
    enum oac_status status = OAC_OK;

    if (!object || fill(object, result) != 0)
        status = oac_fail(err, OAC_EINTERNAL,
                          "a figure of the comparison cannot be written as JSON");
    else if (json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) != 0 ||
             fputc('\n', out) == EOF)
        status = oac_fail(err, OAC_EIO, "cannot write the JSON result: %s", strerror(errno));
    json_decref(object);
    return status;
}
