/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/results.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/h5.h"
#include "experiments/fields.h"

#define SCHEMA 1

enum oac_status oac_results_check_path(const char *path, struct oac_err *err)
{
    const char *slash = strrchr(path, '/');
    char *directory = oac_strdup(slash ? path : ".", err);
    enum oac_status status = OAC_OK;
    struct stat info;

    if (!directory)
        return err->status;
    if (slash)
        directory[slash == path ? 1 : slash - path] = '\0';
    if (path[0] == '\0' || (slash && slash[1] == '\0'))
        status = oac_fail(err, OAC_EIO, "cannot write '%.300s': a file name is needed", path);
    else if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        status =
            oac_fail(err, OAC_EIO, "cannot write '%.300s': it exists and is not a file", path);
    else if (stat(directory, &info) != 0 || access(directory, W_OK | X_OK) != 0)
        status = oac_fail(err, OAC_EIO, "cannot write '%.200s': directory '%.200s': %s", path,
                          directory, strerror(errno));
    else if (!S_ISDIR(info.st_mode))
        status = oac_fail(err, OAC_EIO, "cannot write '%.200s': '%.200s' is not a directory",
                          path, directory);
    free(directory);
    return status;
}

static enum oac_status put_figures(struct oac_h5_writer *w, const struct oac_run_result *r,
                                   struct oac_err *err)
{
    size_t count;
    const struct oac_field *field = oac_run_fields(&count);
    enum oac_status status = OAC_OK;

    for (size_t i = 0; i < count && status == OAC_OK; i++, field++) {
        switch (field->kind) {
        case OAC_FIELD_TEXT:
            status = oac_h5_put_text(w, "/figures", field->key, oac_field_text(field, r), err);
            break;
        case OAC_FIELD_REAL:
            status =
                oac_h5_put_real(w, "/figures", field->key, *oac_field_reals(field, r), err);
            break;
        case OAC_FIELD_COUNT:
        case OAC_FIELD_SIZE:
            status = oac_h5_put_integer(w, "/figures", field->key,
                                        (int64_t)oac_field_count(field, r), err);
            break;
        case OAC_FIELD_PAIR:
            status = oac_h5_put_real(w, "/figures", "accuracy_ci95_low",
                                     oac_field_reals(field, r)[0], err);
            if (status == OAC_OK)
                status = oac_h5_put_real(w, "/figures", "accuracy_ci95_high",
                                         oac_field_reals(field, r)[1], err);
            break;
        }
    }
    return status;
}

struct array {
    const char *path, *dim_names, *unit;
    enum oac_h5_type type;
    size_t rank, dims[2];
    const void *data;
};

static enum oac_status put_arrays(struct oac_h5_writer *w, const struct array *array,
                                  size_t count, struct oac_err *err)
{
    for (size_t i = 0; i < count; i++, array++)
        if (oac_h5_put_array(w, array->path, array->type, array->rank, array->dims,
                             array->dim_names, array->unit, true, array->data, err) != OAC_OK)
            return err->status;
    return OAC_OK;
}

static enum oac_status put_images(struct oac_h5_writer *w, const struct oac_setup *setup,
                                  const struct oac_run_data *d, const struct oac_run_result *r,
                                  struct oac_err *err)
{
    size_t n = d->images, c = d->classes;
    uint64_t *confusion = oac_alloc(c * c, sizeof *confusion, "confusion table", err);

    if (!confusion)
        return err->status;
    for (size_t i = 0; i < c; i++)
        memcpy(confusion + i * c, r->confusion[i], c * sizeof *confusion);
    const struct array arrays[] = {
        {"/images/label", "image", "1", OAC_H5_U8, 1, {n}, setup->dataset->labels},
        {"/images/prediction", "image", "1", OAC_H5_U8, 1, {n}, d->prediction},
        {"/images/prediction_digital", "image", "1", OAC_H5_U8, 1, {n}, d->prediction_digital},
        {"/images/logits", "image,class", "1", OAC_H5_F32, 2, {n, c}, d->logits},
        {"/images/logits_digital",
         "image,class",
         "1",
         OAC_H5_F32,
         2,
         {n, c},
         d->logits_digital},
        {"/images/photons", "image", "photons", OAC_H5_F64, 1, {n}, d->photons},
        {"/confusion",
         "true_class,predicted_class",
         "images",
         OAC_H5_U64,
         2,
         {c, c},
         confusion},
    };
    enum oac_status status = put_arrays(w, arrays, sizeof arrays / sizeof arrays[0], err);
    free(confusion);
    return status;
}

/* One column of the layers, gathered from their structs. */
static enum oac_status put_layer_column(struct oac_h5_writer *w, const struct oac_run_result *r,
                                        const char *path, enum oac_h5_type type, size_t offset,
                                        const char *unit, struct oac_err *err)
{
    uint64_t column[OAC_RUN_LAYERS_MAX]; /* both types are eight bytes */

    for (size_t l = 0; l < r->layers; l++)
        memcpy(&column[l], (const char *)&r->layer[l] + offset, sizeof column[l]);
    return oac_h5_put_array(w, path, type, 1, &r->layers, "layer", unit, false, column, err);
}

static enum oac_status put_layers(struct oac_h5_writer *w, const struct oac_run_result *r,
                                  struct oac_err *err)
{
    static const struct {
        const char *path;
        enum oac_h5_type type;
        size_t offset;
        const char *unit;
    } columns[] = {
        {"/layers/inputs", OAC_H5_U64, offsetof(struct oac_run_layer, inputs), "1"},
        {"/layers/outputs", OAC_H5_U64, offsetof(struct oac_run_layer, outputs), "1"},
        {"/layers/macs", OAC_H5_U64, offsetof(struct oac_run_layer, macs), "1"},
        {"/layers/optical_macs", OAC_H5_U64, offsetof(struct oac_run_layer, optical_macs), "1"},
        {"/layers/slots", OAC_H5_U64, offsetof(struct oac_run_layer, slots), "slots"},
        {"/layers/windows", OAC_H5_U64, offsetof(struct oac_run_layer, windows), "windows"},
        {"/layers/launch", OAC_H5_F64, offsetof(struct oac_run_layer, launch), "1"},
        {"/layers/detected_photons", OAC_H5_F64,
         offsetof(struct oac_run_layer, detected_photons), "photons"},
        {"/layers/launched_j", OAC_H5_F64, offsetof(struct oac_run_layer, launched_j), "J"},
        {"/layers/client_in_j", OAC_H5_F64, offsetof(struct oac_run_layer, client_in_j), "J"},
    };

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (put_layer_column(w, r, columns[i].path, columns[i].type, columns[i].offset,
                             columns[i].unit, err) != OAC_OK)
            return err->status;
    return OAC_OK;
}

static enum oac_status put_options(struct oac_h5_writer *w, const struct oac_run_options *o,
                                   const struct oac_setup *setup,
                                   const struct oac_run_result *r, struct oac_err *err)
{
    if (oac_h5_put_text(w, "/options", "model_path", o->model_path, err) != OAC_OK ||
        oac_h5_put_text(w, "/options", "rig", o->rig, err) != OAC_OK ||
        oac_h5_put_text(w, "/options", "data_directory", setup->dataset->directory, err) !=
            OAC_OK ||
        oac_h5_put_text(w, "/rig", "name", r->rig_name, err) != OAC_OK ||
        oac_h5_put_text(w, "/rig", "sha256", r->rig_sha256, err) != OAC_OK ||
        oac_h5_put_text(w, "/rig", "text", setup->station.rig_text, err) != OAC_OK)
        return err->status;
    for (size_t i = 0; i < o->set_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "set_%02zu", i);
        if (oac_h5_put_text(w, "/options", name, o->sets[i], err) != OAC_OK)
            return err->status;
    }
    return OAC_OK;
}

enum oac_status oac_results_write(const struct oac_run_options *options,
                                  const struct oac_setup *setup,
                                  const struct oac_run_data *data,
                                  const struct oac_run_result *result, struct oac_err *err)
{
    struct oac_h5_writer *w = NULL;
    enum oac_status status = oac_h5_create(&w, err);

    if (status != OAC_OK)
        return status;
    status = oac_h5_put_provenance(w, "oac-run", SCHEMA, options->command_line,
                                   result->kernel_level, err);
    if (status == OAC_OK)
        status = put_figures(w, result, err);
    if (status == OAC_OK)
        status = put_options(w, options, setup, result, err);
    if (status == OAC_OK)
        status = put_images(w, setup, data, result, err);
    if (status == OAC_OK)
        status = put_layers(w, result, err);
    if (status == OAC_OK)
        status = oac_h5_commit(w, options->output_path, err);
    oac_h5_destroy(w);
    return status;
}
