/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "base/h5.h"
#include "base/kernel.h"
#include "models/formats/native.h"

#define SCHEMA 1

static enum oac_status put_scales(struct oac_h5_writer *writer, const char *group,
                                  const struct oac_dense *layer, struct oac_err *err)
{
    enum oac_status status = OAC_OK;
    if (!isnan(layer->w_limit))
        status = oac_h5_put_real(writer, group, "w_limit", (double)layer->w_limit, err);
    if (status == OAC_OK && !isnan(layer->x_scale))
        status = oac_h5_put_real(writer, group, "x_scale", (double)layer->x_scale, err);
    return status;
}

static enum oac_status put_arrays(struct oac_h5_writer *writer, const char *group,
                                  const struct oac_dense *layer, struct oac_err *err)
{
    char path[48];
    snprintf(path, sizeof path, "%s/weight", group);
    enum oac_status status =
        oac_h5_put_array(writer, path, OAC_H5_F32, 2, (size_t[]){layer->outputs, layer->inputs},
                         "output,input", "1", true, layer->weight, err);
    if (status != OAC_OK)
        return status;
    snprintf(path, sizeof path, "%s/bias", group);
    status = oac_h5_put_array(writer, path, OAC_H5_F32, 1, &layer->outputs, "output", "1", true,
                              layer->bias, err);
    if (status != OAC_OK || !layer->x_mean)
        return status;
    snprintf(path, sizeof path, "%s/x_mean", group);
    return oac_h5_put_array(writer, path, OAC_H5_F32, 1, &layer->inputs, "input", "1", true,
                            layer->x_mean, err);
}

static enum oac_status put_layer(struct oac_h5_writer *writer, size_t index,
                                 const struct oac_dense *layer, struct oac_err *err)
{
    char group[32];
    snprintf(group, sizeof group, "/layers/%03zu", index);
    enum oac_status status = oac_h5_put_text(writer, group, "kind", "dense", err);
    if (status == OAC_OK)
        status = oac_h5_put_text(writer, group, "activation",
                                 oac_activation_names[layer->activation], err);
    if (status == OAC_OK)
        status = put_scales(writer, group, layer, err);
    return status == OAC_OK ? put_arrays(writer, group, layer, err) : status;
}

static enum oac_status put_root(struct oac_h5_writer *writer, const struct oac_network *network,
                                const char *command_line, struct oac_err *err)
{
    const struct {
        const char *name, *text;
    } texts[] = {
        {"name", network->name}, {"source", network->source}, {"license", network->license}};
    enum oac_status status = oac_h5_put_provenance(writer, "oac-model", SCHEMA, command_line,
                                                   oac_kernel()->level, err);
    for (size_t i = 0; i < 3 && status == OAC_OK; i++)
        if (texts[i].text)
            status = oac_h5_put_text(writer, "/", texts[i].name, texts[i].text, err);
    int64_t shape[4];
    for (size_t i = 0; i < network->input_rank; i++)
        shape[i] = (int64_t)network->input_shape[i];
    if (status == OAC_OK)
        status =
            oac_h5_put_integers(writer, "/", "input_shape", shape, network->input_rank, err);
    if (status == OAC_OK)
        status = oac_h5_put_real(writer, "/", "input_scale", (double)network->input_scale, err);
    return status;
}

enum oac_status oac_native_write(const struct oac_network *network, const char *path,
                                 const char *command_line, struct oac_err *err)
{
    struct oac_h5_writer *writer;
    enum oac_status status = oac_h5_create(&writer, err);
    if (status != OAC_OK)
        return status;
    status = put_root(writer, network, command_line, err);
    for (size_t l = 0; l < network->layers && status == OAC_OK; l++)
        status = put_layer(writer, l, &network->layer[l], err);
    if (status == OAC_OK)
        status = oac_h5_commit(writer, path, err);
    oac_h5_destroy(writer);
    return status;
}
