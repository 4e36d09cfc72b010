/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/formats/native.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/h5.h"

/* A file larger than this is not a dense network anyone meant to stream as light. */
#define FILE_BYTES_MAX ((size_t)1 << 30)
#define WIDTH_MAX      65535u /* slot indices of sparse activation frames are 16 bits */
#define LAYERS_MAX     1000u  /* three digits in a group's name */
#define SCALE_MAX      1e30

static void layer_path(size_t layer, const char *leaf, char path[32])
{
    snprintf(path, 32, leaf ? "/layers/%03zu/%s" : "/layers/%03zu", layer, leaf);
}

/* ---- reading ---- */

/* Layers are numbered without gaps: how many there are, and a complaint about any beyond. */
static enum oac_status count_layers(const struct oac_h5_file *file, size_t *layers,
                                    struct oac_err *err)
{
    char path[32];
    size_t count = 0, weights = 0;
    for (; count < LAYERS_MAX; count++) {
        layer_path(count, NULL, path);
        if (!oac_h5_find_text(file, path, "kind"))
            break;
    }
    for (size_t i = 0; i < file->array_count; i++) {
        const char *name = strrchr(file->arrays[i].path, '/');
        weights += name && strcmp(name, "/weight") == 0;
    }
    layer_path(count, NULL, path);
    if (count == 0 || weights != count)
        return oac_fail(err, OAC_EPARSE,
                        "%s: %zu weight data sets but layers 000 to %03zu only have a kind; "
                        "expected groups /layers/000, 001, ... without gaps, each with kind "
                        "and weight",
                        file->path, weights, count ? count - 1 : 0);
    *layers = count;
    return OAC_OK;
}

static enum oac_status read_activation(const struct oac_h5_file *file, const char *group,
                                       struct oac_dense *layer, struct oac_err *err)
{
    const char *kind, *activation;
    enum oac_status status = oac_h5_need_text(file, group, "kind", &kind, err);
    if (status == OAC_OK)
        status = oac_h5_need_text(file, group, "activation", &activation, err);
    if (status != OAC_OK)
        return status;
    if (strcmp(kind, "dense") != 0)
        return oac_fail(err, OAC_EUNSUPPORTED, "%s: %s is of kind \"%.40s\"; known is: dense",
                        file->path, group, kind);
    for (int i = 0; oac_activation_names[i]; i++) {
        if (strcmp(activation, oac_activation_names[i]) == 0) {
            layer->activation = (enum oac_activation)i;
            return OAC_OK;
        }
    }
    return oac_fail(err, OAC_EUNSUPPORTED,
                    "%s: %s has activation \"%.40s\"; known are: none, relu, sigmoid, tanh, "
                    "softmax",
                    file->path, group, activation);
}

static enum oac_status optional_scale(const struct oac_h5_file *file, const char *group,
                                      const char *name, float *value, struct oac_err *err)
{
    double read;
    *value = NAN;
    if (!oac_h5_find_attribute(file, group, name))
        return OAC_OK;
    enum oac_status status = oac_h5_need_real(file, group, name, 1e-30, SCALE_MAX, &read, err);
    if (status == OAC_OK)
        *value = (float)read;
    return status;
}

static enum oac_status copy_array(const struct oac_h5_file *file, const char *path, size_t rank,
                                  const size_t *dims, float **values, struct oac_err *err)
{
    const struct oac_h5_array *array;
    enum oac_status status = oac_h5_need_f32(file, path, rank, dims, &array, err);
    if (status != OAC_OK)
        return status;
    *values = oac_alloc(array->count, sizeof **values, path, err);
    if (!*values)
        return err->status;
    memcpy(*values, array->data, array->count * sizeof **values);
    return OAC_OK;
}

/* `inputs`: what the layer before (or the data) delivers. */
static enum oac_status read_weights(const struct oac_h5_file *file, size_t index, size_t inputs,
                                    struct oac_dense *layer, struct oac_err *err)
{
    char path[32];
    layer_path(index, "weight", path);
    const struct oac_h5_array *weight = oac_h5_find_array(file, path);
    if (weight && weight->rank == 2 &&
        !(weight->dims[0] >= 1 && weight->dims[0] <= WIDTH_MAX && weight->dims[1] == inputs))
        return oac_fail(
            err, OAC_EMISMATCH,
            "%s: %s is (%zu, %zu); expected (1..%u outputs, %zu inputs), because %s "
            "%zu values",
            file->path, path, weight->dims[0], weight->dims[1], WIDTH_MAX, inputs,
            index ? "the layer before delivers" : "input_shape has", inputs);
    enum oac_status status =
        copy_array(file, path, 2, (size_t[]){0, inputs}, &layer->weight, err);
    if (status != OAC_OK)
        return status;
    layer->inputs = inputs;
    layer->outputs = weight->dims[0];
    layer_path(index, "bias", path);
    status = copy_array(file, path, 1, (size_t[]){layer->outputs}, &layer->bias, err);
    if (status != OAC_OK)
        return status;
    layer_path(index, "x_mean", path);
    if (!oac_h5_find_array(file, path))
        return OAC_OK;
    return copy_array(file, path, 1, (size_t[]){inputs}, &layer->x_mean, err);
}

static enum oac_status read_layer(const struct oac_h5_file *file, size_t index, size_t inputs,
                                  struct oac_dense *layer, struct oac_err *err)
{
    char group[32];
    layer_path(index, NULL, group);
    enum oac_status status = read_activation(file, group, layer, err);
    if (status == OAC_OK)
        status = optional_scale(file, group, "w_limit", &layer->w_limit, err);
    if (status == OAC_OK)
        status = optional_scale(file, group, "x_scale", &layer->x_scale, err);
    return status == OAC_OK ? read_weights(file, index, inputs, layer, err) : status;
}

/* A number, or the words "pixel / 255" of files written by hand. */
static enum oac_status read_input_scale(const struct oac_h5_file *file, float *input_scale,
                                        struct oac_err *err)
{
    static const char per[] = "pixel / ";
    const char *text = oac_h5_find_text(file, "/", "input_scale");
    double scale;
    if (text) {
        char *end = NULL;
        double divisor =
            strncmp(text, per, sizeof per - 1) == 0 ? strtod(text + sizeof per - 1, &end) : NAN;
        if (!end || *end || !(divisor >= 1e-30 && divisor <= SCALE_MAX))
            return oac_fail(err, OAC_EPARSE,
                            "%s: input_scale is \"%.40s\"; expected a number above 0 or "
                            "\"pixel / 255\"",
                            file->path, text);
        scale = 1.0 / divisor;
    } else {
        enum oac_status status =
            oac_h5_need_real(file, "/", "input_scale", 1e-30, SCALE_MAX, &scale, err);
        if (status != OAC_OK)
            return status;
    }
    *input_scale = (float)scale;
    return OAC_OK;
}

static enum oac_status read_input(const struct oac_h5_file *file, struct oac_network *network,
                                  struct oac_err *err)
{
    const struct oac_h5_attribute *shape = oac_h5_find_attribute(file, "/", "input_shape");
    if (!shape || shape->kind != OAC_H5_REALS || shape->count < 1 || shape->count > 4)
        return oac_fail(err, OAC_EPARSE, "%s: the root needs input_shape with 1 to 4 integers",
                        file->path);
    network->input_rank = shape->count;
    for (size_t i = 0; i < shape->count; i++) {
        double size = shape->values[i];
        if (!(size >= 1.0 && size <= WIDTH_MAX) || size != floor(size))
            return oac_fail(err, OAC_EPARSE,
                            "%s: input_shape[%zu] is %g; expected an integer of 1..%u",
                            file->path, i, size, WIDTH_MAX);
        network->input_shape[i] = (size_t)size;
        if (oac_network_inputs(network) > WIDTH_MAX)
            return oac_fail(err, OAC_EPARSE,
                            "%s: input_shape multiplies to more than %u elements", file->path,
                            WIDTH_MAX);
    }
    return read_input_scale(file, &network->input_scale, err);
}

static enum oac_status copy_text(const struct oac_h5_file *file, const char *name, char **text,
                                 struct oac_err *err)
{
    const char *found = oac_h5_find_text(file, "/", name);
    *text = oac_strdup(found ? found : "", err);
    return *text ? OAC_OK : err->status;
}

static enum oac_status read_root(const struct oac_h5_file *file, struct oac_err *err)
{
    const char *format;
    double schema;
    enum oac_status status = oac_h5_need_text(file, "/", "format", &format, err);
    if (status != OAC_OK)
        return status;
    if (strcmp(format, "oac-model") != 0)
        return oac_fail(err, OAC_EPARSE, "%s: format is \"%.40s\"; expected \"oac-model\"",
                        file->path, format);
    return oac_h5_need_real(file, "/", "schema", 1.0, 1.0, &schema, err);
}

static enum oac_status read_network(const struct oac_h5_file *file,
                                    struct oac_network **network, struct oac_err *err)
{
    size_t layers = 0;
    struct oac_network *made = NULL;
    enum oac_status status = read_root(file, err);
    if (status == OAC_OK)
        status = count_layers(file, &layers, err);
    if (status == OAC_OK)
        status = oac_network_create(layers, &made, err);
    if (status != OAC_OK)
        return status;
    status = read_input(file, made, err);
    if (status == OAC_OK)
        status = copy_text(file, "name", &made->name, err);
    if (status == OAC_OK)
        status = copy_text(file, "source", &made->source, err);
    if (status == OAC_OK)
        status = copy_text(file, "license", &made->license, err);
    for (size_t l = 0; l < layers && status == OAC_OK; l++) {
        size_t inputs = l ? made->layer[l - 1].outputs : oac_network_inputs(made);
        status = read_layer(file, l, inputs, &made->layer[l], err);
    }
    if (status == OAC_OK)
        *network = made;
    else
        oac_network_destroy(made);
    return status;
}

enum oac_status oac_native_read(const char *path, struct oac_network **network,
                                struct oac_err *err)
{
    struct oac_h5_file *file;
    enum oac_status status = oac_h5_read(path, FILE_BYTES_MAX, &file, err);
    if (status != OAC_OK)
        return status;
    status = read_network(file, network, err);
    oac_h5_file_destroy(file);
    return status;
}
