/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/h5.h"
#include "base/kernel.h"

#define FILE_BYTES_MAX ((size_t)1 << 32)
#define SCHEMA         1

static const char *const array_names[] = {"weight", "moment_1", "moment_2"};
#define ARRAYS 3

static float *layer_array(const struct oac_train_layer *layer, size_t which)
{
    return which == 0 ? layer->w : which == 1 ? layer->m : layer->v;
}

/* ---- whose checkpoint ---- */

/* Everything that decides the course of a run, as text; thread count and paths do not. */
static void describe(const struct oac_trainer *trainer, char text[1200])
{
    const struct oac_train_options *o = trainer->options;
    int used = snprintf(
        text, 1200,
        "data %s %s %zu; %d %d scale %.9g; epochs %zu batch %zu; %s %s %.17g %.17g "
        "%.17g %.17g; limit %.17g; augment %.17g %.17g %.17g %.17g; noise %.17g "
        "%.17g %.17g %.17g %u; seed %llu; v1 %d; layers",
        trainer->data->sha256, trainer->data->split, trainer->data->count, (int)o->hidden,
        (int)o->last, (double)o->input_scale, o->epochs, o->batch,
        oac_optimizer_names[o->optimizer.kind], oac_schedule_names[o->optimizer.schedule],
        o->optimizer.rate, o->optimizer.momentum, o->optimizer.weight_decay,
        o->optimizer.warmup, o->weight_limit, o->augment.rotate_rad, o->augment.shift_px,
        o->augment.scale, o->augment.shear, o->noise.photons_per_mac, o->noise.read_electrons,
        o->noise.weight_leak, o->noise.operand_leak, o->noise.dac_bits,
        (unsigned long long)o->seed, strcmp(oac_kernel()->level, "v1") == 0);
    for (size_t l = 0; l < o->layers && used > 0 && used < 1200; l++)
        used += snprintf(text + used, 1200 - (size_t)used, " %zu", o->outputs[l]);
}

static enum oac_status fingerprint(const struct oac_trainer *trainer,
                                   char hex[OAC_DIGEST_HEX_BYTES], struct oac_err *err)
{
    char text[1200];
    uint8_t sum[32];
    describe(trainer, text);
    enum oac_status status = oac_digest_memory(text, strlen(text), sum, err);
    if (status == OAC_OK)
        oac_digest_hex(sum, hex);
    return status;
}

/* ---- writing ---- */

static enum oac_status put_layers(struct oac_h5_writer *writer,
                                  const struct oac_trainer *trainer, struct oac_err *err)
{
    for (size_t i = 0; i < trainer->layers * ARRAYS; i++) {
        const struct oac_train_layer *layer = &trainer->layer[i / ARRAYS];
        char path[48];
        snprintf(path, sizeof path, "/layers/%03zu/%s", i / ARRAYS, array_names[i % ARRAYS]);
        enum oac_status status = oac_h5_put_array(
            writer, path, OAC_H5_F32, 2, (size_t[]){layer->inputs + 1, layer->ld},
            "input_and_bias,output_padded", "1", false, layer_array(layer, i % ARRAYS), err);
        if (status != OAC_OK)
            return status;
    }
    return OAC_OK;
}

enum oac_status oac_checkpoint_write(const struct oac_trainer *trainer, const char *path,
                                     struct oac_err *err)
{
    char hex[OAC_DIGEST_HEX_BYTES];
    struct oac_h5_writer *writer;
    enum oac_status status = fingerprint(trainer, hex, err);
    if (status == OAC_OK)
        status = oac_h5_create(&writer, err);
    if (status != OAC_OK)
        return status;
    status =
        oac_h5_put_provenance(writer, "oac-checkpoint", SCHEMA, NULL, oac_kernel()->level, err);
    if (status == OAC_OK)
        status = oac_h5_put_text(writer, "/", "run", hex, err);
    if (status == OAC_OK)
        status = oac_h5_put_integer(writer, "/", "step", (int64_t)trainer->step, err);
    if (status == OAC_OK)
        status = put_layers(writer, trainer, err);
    if (status == OAC_OK)
        status = oac_h5_commit(writer, path, err);
    oac_h5_destroy(writer);
    return status;
}

/* ---- reading ---- */

static enum oac_status check_run(const struct oac_h5_file *file,
                                 const struct oac_trainer *trainer, double *step,
                                 struct oac_err *err)
{
    char hex[OAC_DIGEST_HEX_BYTES];
    const char *format, *run;
    double schema;
    enum oac_status status = oac_h5_need_text(file, "/", "format", &format, err);
    if (status != OAC_OK)
        return status;
    if (strcmp(format, "oac-checkpoint") != 0)
        return oac_fail(err, OAC_EPARSE, "%s: format is \"%.40s\"; expected \"oac-checkpoint\"",
                        file->path, format);
    status = oac_h5_need_real(file, "/", "schema", SCHEMA, SCHEMA, &schema, err);
    if (status == OAC_OK)
        status = oac_h5_need_real(file, "/", "step", 0.0, (double)trainer->steps, step, err);
    if (status == OAC_OK)
        status = oac_h5_need_text(file, "/", "run", &run, err);
    if (status == OAC_OK)
        status = fingerprint(trainer, hex, err);
    if (status != OAC_OK)
        return status;
    if (strcmp(run, hex) != 0)
        return oac_fail(
            err, OAC_EMISMATCH,
            "%s: this checkpoint belongs to a run with other options, data or kernel "
            "arithmetic; repeat the options of that run, or start anew without --resume",
            file->path);
    return OAC_OK;
}

enum oac_status oac_checkpoint_read(const char *path, struct oac_trainer *trainer,
                                    struct oac_err *err)
{
    double step;
    struct oac_h5_file *file;
    const struct oac_h5_array *array[OAC_TRAIN_LAYERS_MAX * ARRAYS];
    enum oac_status status = oac_h5_read(path, FILE_BYTES_MAX, &file, err);
    if (status != OAC_OK)
        return status;
    status = check_run(file, trainer, &step, err);
    for (size_t i = 0; i < trainer->layers * ARRAYS && status == OAC_OK; i++) {
        const struct oac_train_layer *layer = &trainer->layer[i / ARRAYS];
        char name[48];
        snprintf(name, sizeof name, "/layers/%03zu/%s", i / ARRAYS, array_names[i % ARRAYS]);
        status = oac_h5_need_f32(file, name, 2, (size_t[]){layer->inputs + 1, layer->ld},
                                 &array[i], err);
    }
    if (status == OAC_OK) {
        for (size_t i = 0; i < trainer->layers * ARRAYS; i++)
            memcpy(layer_array(&trainer->layer[i / ARRAYS], i % ARRAYS), array[i]->data,
                   array[i]->count * sizeof(float));
        trainer->step = (uint64_t)step;
        oac_trainer_refresh(trainer);
    }
    oac_h5_file_destroy(file);
    return status;
}
