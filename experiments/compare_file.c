/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HDF5 file of oac compare, format "oac-compare", schema 1, whole or not at all:
 *   /layers/NNN/{wave,sim}_clean, {wave,sim}_mean, {wave,sim}_variance, exact   (image, output)
 *   /layers/NNN                attributes of struct oac_compare_layer
 *   /images/label, prediction_wave, prediction_sim, prediction_digital          (image)
 *   /effects/NN                name, advice; shares (layer)
 *   /figures, /options, /rig   as in a run */
#include <math.h>
#include <stdio.h>

#include "base/h5.h"
#include "base/kernel.h"
#include "experiments/compare_state.h"

#define SCHEMA 1

static enum oac_status put_outputs(struct oac_h5_writer *w, const struct oac_compare_job *job,
                                   size_t l, struct oac_err *err)
{
    const struct oac_compare_data *d = &job->data[l];
    const size_t dims[] = {job->images, d->outputs};
    const struct {
        const char *name;
        const double *value;
    } arrays[] = {
        {"exact", d->exact},
        {"wave_clean", d->clean[OAC_COMPARE_WAVE]},
        {"sim_clean", d->clean[OAC_COMPARE_SIM]},
        {"wave_mean", d->mean[OAC_COMPARE_WAVE]},
        {"sim_mean", d->mean[OAC_COMPARE_SIM]},
        {"wave_variance", d->var[OAC_COMPARE_WAVE]},
        {"sim_variance", d->var[OAC_COMPARE_SIM]},
    };
    char path[64];

    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        snprintf(path, sizeof path, "/layers/%03zu/%s", l, arrays[i].name);
        if (arrays[i].value && oac_h5_put_array(w, path, OAC_H5_F64, 2, dims, "image,output",
                                                "1", true, arrays[i].value, err) != OAC_OK)
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status put_layer(struct oac_h5_writer *w, const struct oac_compare_job *job,
                                 size_t l, struct oac_err *err)
{
    const struct oac_compare_layer *layer = &job->result->layer[l];
    const struct {
        const char *name;
        double value;
    } figures[] = {
        {"output_rms", layer->output_rms},
        {"difference", layer->difference},
        {"error", layer->error},
        {"sim_error", layer->sim_error},
        {"z_rms", layer->z_rms},
        {"z_rms_error", layer->z_rms_error},
        {"z_largest", layer->z_largest},
        {"z_largest_expected", layer->z_largest_expected},
        {"variance_ratio", layer->variance_ratio},
        {"variance_ratio_error", layer->variance_ratio_error},
    };
    enum oac_status status = put_outputs(w, job, l, err);
    char group[64];

    snprintf(group, sizeof group, "/layers/%03zu", l);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0] && status == OAC_OK; i++)
        status = oac_h5_put_real(w, group, figures[i].name, figures[i].value, err);
    return status;
}

static enum oac_status put_images(struct oac_h5_writer *w, const struct oac_compare_job *job,
                                  struct oac_err *err)
{
    const struct {
        const char *path;
        const uint8_t *value;
    } arrays[] = {
        {"/images/label", job->setup.dataset->labels},
        {"/images/prediction_wave", job->label[OAC_COMPARE_WAVE]},
        {"/images/prediction_sim", job->label[OAC_COMPARE_SIM]},
        {"/images/prediction_digital", job->digital},
    };

    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        if (oac_h5_put_array(w, arrays[i].path, OAC_H5_U8, 1, &job->images, "image", "1", true,
                             arrays[i].value, err) != OAC_OK)
            return err->status;
    return OAC_OK;
}

static enum oac_status put_effects(struct oac_h5_writer *w, const struct oac_compare_result *r,
                                   struct oac_err *err)
{
    for (size_t i = 0; i < r->effects; i++) {
        const struct oac_compare_effect *e = &r->effect[i];
        char group[64], path[3][96];
        snprintf(group, sizeof group, "/effects/%02zu", i);
        snprintf(path[0], sizeof path[0], "%s/difference_share", group);
        snprintf(path[1], sizeof path[1], "%s/error_share", group);
        snprintf(path[2], sizeof path[2], "%s/variance_share", group);
        if (oac_h5_put_array(w, path[0], OAC_H5_F64, 1, &r->layers, "layer", "1", false,
                             e->difference_share, err) != OAC_OK ||
            oac_h5_put_array(w, path[1], OAC_H5_F64, 1, &r->layers, "layer", "1", false,
                             e->error_share, err) != OAC_OK ||
            oac_h5_put_array(w, path[2], OAC_H5_F64, 1, &r->layers, "layer", "1", false,
                             e->variance_share, err) != OAC_OK ||
            oac_h5_put_text(w, group, "name", e->effect->name, err) != OAC_OK ||
            oac_h5_put_text(w, group, "advice", e->effect->advice, err) != OAC_OK)
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status put_origin(struct oac_h5_writer *w, const struct oac_compare_job *job,
                                  struct oac_err *err)
{
    const struct oac_compare_result *r = job->result;
    const struct oac_run_options *o = job->options;

    if (oac_h5_put_provenance(w, "oac-compare", SCHEMA, o->command_line, oac_kernel()->level,
                              err) != OAC_OK ||
        oac_h5_put_text(w, "/rig", "name", r->rig_name, err) != OAC_OK ||
        oac_h5_put_text(w, "/rig", "sha256", r->rig_sha256, err) != OAC_OK ||
        oac_h5_put_text(w, "/rig", "text", r->rig_text, err) != OAC_OK ||
        oac_h5_put_text(w, "/options", "model_path", o->model_path, err) != OAC_OK ||
        oac_h5_put_text(w, "/options", "encoding", r->encoding, err) != OAC_OK ||
        oac_h5_put_text(w, "/options", "noise", r->noise, err) != OAC_OK ||
        oac_h5_put_integer(w, "/options", "repeats", (int64_t)r->repeats, err) != OAC_OK ||
        oac_h5_put_integer(w, "/options", "seed", (int64_t)r->seed, err) != OAC_OK ||
        oac_h5_put_text(w, "/figures", "model", r->model_name, err) != OAC_OK ||
        oac_h5_put_text(w, "/figures", "model_sha256", r->model_sha256, err) != OAC_OK ||
        oac_h5_put_text(w, "/figures", "dataset", r->dataset_name, err) != OAC_OK ||
        oac_h5_put_real(w, "/figures", "accuracy_wave", r->accuracy_wave, err) != OAC_OK ||
        oac_h5_put_real(w, "/figures", "accuracy_sim", r->accuracy_sim, err) != OAC_OK ||
        oac_h5_put_real(w, "/figures", "accuracy_digital", r->accuracy_digital, err) !=
            OAC_OK ||
        oac_h5_put_real(w, "/figures", "labels_agree", r->labels_agree, err) != OAC_OK ||
        oac_h5_put_real(w, "/figures", "mcnemar_p_sim", r->p_sim, err) != OAC_OK ||
        oac_h5_put_real(w, "/figures", "mcnemar_p_digital", r->p_digital, err) != OAC_OK)
        return err->status;
    return OAC_OK;
}

enum oac_status oac_compare_write(const struct oac_compare_job *job, struct oac_err *err)
{
    struct oac_h5_writer *w = NULL;
    enum oac_status status = oac_h5_create(&w, err);

    if (status != OAC_OK)
        return status;
    status = put_origin(w, job, err);
    for (size_t l = 0; l < job->result->layers && status == OAC_OK; l++)
        status = put_layer(w, job, l, err);
    if (status == OAC_OK && (status = put_images(w, job, err)) == OAC_OK &&
        (status = put_effects(w, job->result, err)) == OAC_OK)
        status = oac_h5_commit(w, job->options->output_path, err);
    oac_h5_destroy(w);
    return status;
}
