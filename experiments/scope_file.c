/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HDF5 file of oac scope. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/h5.h"
#include "base/kernel.h"
#include "experiments/scope.h"

#define SCHEMA 1

static enum oac_status put(struct oac_h5_writer *w, const char *group, const char *name,
                           const char *dim_names, const char *unit, enum oac_h5_type type,
                           size_t rank, const size_t *dims, const void *data,
                           struct oac_err *err)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", group, name);
    return oac_h5_put_array(w, path, type, rank, dims, dim_names, unit, true, data, err);
}

/* One point of window 0, channels and lanes together; a channel that did not show it is NAN. */
static enum oac_status put_point(struct oac_h5_writer *w, const struct oac_scope_view *v,
                                 const char *name, struct oac_err *err)
{
    const struct oac_scope_trace *first = NULL;
    size_t channels = 0, lanes = 0, samples = 0, count;
    char group[64];

    for (size_t i = 0; i < v->recorder.count; i++) {
        const struct oac_scope_trace *t = &v->recorder.trace[i];
        if (t->window != 0 || strcmp(t->name, name) != 0)
            continue;
        first = first ? first : t;
        channels = t->channel + 1 > channels ? t->channel + 1 : channels;
        lanes = t->lane + 1 > lanes ? t->lane + 1 : lanes;
        samples = t->samples > samples ? t->samples : samples;
    }
    if (!first)
        return oac_fail(err, OAC_EINTERNAL, "the point %s was not recorded", name);
    size_t parts = first->complex_values ? 2 : 1;
    const size_t dims[] = {channels, lanes, samples, parts};
    if (oac_size_product(channels * lanes * parts, samples, name, &count, err) != OAC_OK)
        return err->status;
    float *value = oac_alloc(count, sizeof *value, name, err);
    if (!value)
        return err->status;
    for (size_t i = 0; i < count; i++)
        value[i] = NAN;
    for (size_t k = 0; k < channels; k++)
        for (size_t lane = 0; lane < lanes; lane++) {
            const struct oac_scope_trace *t =
                oac_scope_find(&v->recorder, name, 0, k, (unsigned)lane);
            if (t)
                memcpy(value + (k * lanes + lane) * samples * parts, t->value,
                       t->samples * parts * sizeof *value);
        }
    snprintf(group, sizeof group, "/points/%s", name);
    enum oac_status status =
        put(w, group, "value", parts == 2 ? "channel,lane,sample,part" : "channel,lane,sample",
            first->unit, OAC_H5_F32, parts == 2 ? 4 : 3, dims, value, err);
    free(value);
    if (status == OAC_OK)
        status = oac_h5_put_real(w, group, "rate_hz", first->rate_hz, err);
    if (status == OAC_OK)
        status = oac_h5_put_real(w, group, "start_s", first->start_s, err);
    return status;
}

static enum oac_status put_points(struct oac_h5_writer *w, const struct oac_scope_view *v,
                                  struct oac_err *err)
{
    enum oac_status status = OAC_OK;

    for (size_t i = 0; i < v->levels && status == OAC_OK; i++)
        status = put_point(w, v, v->level[i].name, err);
    return status;
}

static enum oac_status put_operands(struct oac_h5_writer *w, const struct oac_scope_view *v,
                                    struct oac_err *err)
{
    const size_t dims[] = {v->channels, v->slots};

    if (put(w, "/operands", "weight", "channel,slot", "1", OAC_H5_F32, 2, dims, v->weight,
            err) != OAC_OK ||
        put(w, "/operands", "client", "slot", "1", OAC_H5_F32, 1, dims + 1, v->client, err) !=
            OAC_OK)
        return err->status;
    return OAC_OK;
}

static enum oac_status put_eyes(struct oac_h5_writer *w, const struct oac_scope_view *v,
                                struct oac_err *err)
{
    const size_t dims[] = {OAC_EYE_TIMES, OAC_EYE_LEVELS};

    for (size_t i = 0; i < OAC_SCOPE_EYES; i++) {
        const struct oac_scope_eye *e = &v->eye[i];
        char group[64];
        snprintf(group, sizeof group, "/eyes/%s", e->name);
        if (!e->density)
            continue;
        if (put(w, group, "density", "time,level", "1", OAC_H5_F64, 2, dims, e->density, err) !=
                OAC_OK ||
            oac_h5_put_text(w, group, "level_unit", e->unit, err) != OAC_OK ||
            oac_h5_put_real(w, group, "span_s", 2.0 * v->slot_s, err) != OAC_OK ||
            oac_h5_put_real(w, group, "low", e->low, err) != OAC_OK ||
            oac_h5_put_real(w, group, "high", e->high, err) != OAC_OK ||
            oac_h5_put_real(w, group, "opening", e->opening, err) != OAC_OK ||
            oac_h5_put_real(w, group, "q", e->q, err) != OAC_OK ||
            oac_h5_put_real(w, group, "best_s", e->best_s, err) != OAC_OK)
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status put_spectra(struct oac_h5_writer *w, const struct oac_scope_view *v,
                                   struct oac_err *err)
{
    for (size_t i = 0; i < OAC_SCOPE_SPECTRA; i++) {
        const struct oac_scope_spectrum *s = &v->spectrum[i];
        char group[64];
        snprintf(group, sizeof group, "/spectra/%s", s->name);
        if (s->count == 0)
            continue;
        if (put(w, group, "frequency_hz", "frequency", "Hz", OAC_H5_F64, 1, &s->count,
                s->frequency_hz, err) != OAC_OK ||
            put(w, group, "density", "frequency", s->unit, OAC_H5_F64, 1, &s->count, s->density,
                err) != OAC_OK ||
            put(w, group, "density_clean", "frequency", s->unit, OAC_H5_F64, 1, &s->count,
                s->clean, err) != OAC_OK)
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status put_budget(struct oac_h5_writer *w, const struct oac_scope_view *v,
                                  struct oac_err *err)
{
    const struct oac_scope_budget *b = &v->budget;
    double column[4][OAC_BUDGET_ROWS_MAX];
    static const char *const names[] = {"wave", "wave_error", "sim", "sim_error"};
    char sources[OAC_BUDGET_ROWS_MAX * 34] = "";

    if (b->rows == 0)
        return OAC_OK;
    for (size_t i = 0; i < b->rows; i++) {
        const struct oac_scope_budget_row *row = &b->row[i];
        size_t used = strlen(sources);
        snprintf(sources + used, sizeof sources - used, "%s%s", i ? "," : "", row->name);
        column[0][i] = row->wave_electrons2;
        column[1][i] = row->wave_error;
        column[2][i] = row->sim_electrons2;
        column[3][i] = row->sim_error;
    }
    for (size_t c = 0; c < 4; c++)
        if (put(w, "/budget", names[c], "source", "electrons^2", OAC_H5_F64, 1, &b->rows,
                column[c], err) != OAC_OK)
            return err->status;
    if (oac_h5_put_text(w, "/budget", "sources", sources, err) != OAC_OK ||
        oac_h5_put_integer(w, "/budget", "windows", (int64_t)b->windows, err) != OAC_OK ||
        oac_h5_put_real(w, "/budget", "signal_electrons", b->signal_electrons, err) != OAC_OK)
        return err->status;
    return OAC_OK;
}

static enum oac_status put_origin(struct oac_h5_writer *w, const struct oac_scope_view *v,
                                  const char *command_line, struct oac_err *err)
{
    if (oac_h5_put_provenance(w, "oac-scope", SCHEMA, command_line, oac_kernel()->level, err) !=
            OAC_OK ||
        oac_h5_put_text(w, "/rig", "name", v->rig_name, err) != OAC_OK ||
        oac_h5_put_text(w, "/rig", "sha256", v->rig_sha256, err) != OAC_OK ||
        oac_h5_put_text(w, "/rig", "text", v->rig_text, err) != OAC_OK ||
        oac_h5_put_text(w, "/options", "device", v->device_id, err) != OAC_OK ||
        oac_h5_put_text(w, "/options", "noise", v->noise, err) != OAC_OK ||
        oac_h5_put_integer(w, "/options", "seed", (int64_t)v->seed, err) != OAC_OK ||
        oac_h5_put_integer(w, "/options", "slots", (int64_t)v->slots, err) != OAC_OK ||
        oac_h5_put_integer(w, "/options", "windows", (int64_t)v->windows, err) != OAC_OK ||
        oac_h5_put_integer(w, "/options", "channel", (int64_t)v->channel, err) != OAC_OK ||
        oac_h5_put_real(w, "/options", "slot_s", v->slot_s, err) != OAC_OK)
        return err->status;
    return OAC_OK;
}

enum oac_status oac_scope_write(const struct oac_scope_view *view, const char *path,
                                const char *command_line, struct oac_err *err)
{
    struct oac_h5_writer *w = NULL;
    enum oac_status status = oac_h5_create(&w, err);

    if (status != OAC_OK)
        return status;
    if ((status = put_origin(w, view, command_line, err)) == OAC_OK &&
        (status = put_points(w, view, err)) == OAC_OK &&
        (status = put_operands(w, view, err)) == OAC_OK &&
        (status = put_eyes(w, view, err)) == OAC_OK &&
        (status = put_spectra(w, view, err)) == OAC_OK &&
        (status = put_budget(w, view, err)) == OAC_OK)
        status = oac_h5_commit(w, path, err);
    oac_h5_destroy(w);
    return status;
}
