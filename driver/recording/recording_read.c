/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HDF5 to struct oac_recording; nothing in the file is believed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/recording/recorder.h"
#include "driver/recording/recording.h"
#include "driver/recording/recording_check.h"
#include "driver/recording/recording_layout.h"

/* Samples as read_max, and what describes them: at most a hundred bytes a segment. */
#define FILE_BYTES_MAX ((size_t)(OAC_RECORDING_BYTES_MAX + OAC_RECORDING_BYTES_MAX / 2))

static enum oac_status need_array(const struct oac_recording *r, const char *path,
                                  enum oac_h5_type type, const void **data, size_t *count,
                                  struct oac_err *err)
{
    const struct oac_h5_array *array = oac_h5_find_array(r->file, path);
    if (!array || array->type != type || array->rank != 1)
        return oac_fail(err, OAC_EPARSE, "%s is missing or not of its type", path);
    *data = array->data;
    *count = array->count;
    return OAC_OK;
}

/* Columns back into structs; all of one length. */
static enum oac_status get_columns(const struct oac_recording *r,
                                   const struct oac_recording_column *columns,
                                   size_t column_count, size_t struct_bytes, void **rows,
                                   size_t *count, struct oac_err *err)
{
    char *made = NULL;
    for (size_t c = 0; c < column_count; c++) {
        const void *data;
        size_t length;
        if (need_array(r, columns[c].path, columns[c].type, &data, &length, err))
            goto fail;
        if (!made) {
            *count = length;
            if (!(made = oac_alloc(length, struct_bytes, columns[c].path, err)))
                goto fail;
        }
        if (length != *count) {
            (void)oac_fail(err, OAC_EPARSE, "%s has %zu entries and %s %zu", columns[c].path,
                           length, columns[0].path, *count);
            goto fail;
        }
        for (size_t i = 0; i < length; i++)
            memcpy(made + i * struct_bytes + columns[c].offset,
                   (const char *)data + i * columns[c].bytes, columns[c].bytes);
    }
    *rows = made;
    return OAC_OK;
fail:
    free(made);
    return err->status;
}

#define GET(r, table, type, rows, count, err) \
    get_columns((r), (table), OAC_COLUMNS(table), sizeof(type), (void **)(rows), (count), (err))

/* (count + 1) edges that start at 0, never fall and end at `whole`. */
static enum oac_status get_edges(const struct oac_recording *r, const char *path, size_t whole,
                                 const uint64_t **edges, size_t *count, struct oac_err *err)
{
    const void *data;
    size_t length;
    if (need_array(r, path, OAC_H5_U64, &data, &length, err))
        return err->status;
    const uint64_t *edge = data;
    bool good = length >= 1 && edge[0] == 0 && edge[length - 1] == whole;
    for (size_t i = 1; good && i < length; i++)
        good = edge[i] >= edge[i - 1];
    if (!good)
        return oac_fail(err, OAC_EPARSE, "%s does not divide %zu samples", path, whole);
    *edges = edge;
    *count = length - 1;
    return OAC_OK;
}

static enum oac_status get_loads(struct oac_recording *r, struct oac_err *err)
{
    const void *sample;
    const uint64_t *begin;
    size_t samples, edges;
    struct oac_entry_load *entry = NULL;
    if (need_array(r, "/load/sample", OAC_H5_U16, &sample, &samples, err) ||
        get_edges(r, "/load/begin", samples, &begin, &edges, err) ||
        GET(r, oac_recording_load_columns, struct oac_entry_load, &entry, &r->loads, err))
        return err->status;
    enum oac_status status = OAC_OK;
    if (edges != r->loads)
        status = oac_fail(err, OAC_EPARSE, "/load/begin describes %zu of %zu loads", edges,
                          r->loads);
    else if (!(r->load = oac_alloc(r->loads, sizeof *r->load, "weight segments", err)))
        status = err->status;
    const uint64_t wide = r->caps.weight_samples_per_slot;
    for (size_t i = 0; !status && i < r->loads; i++) {
        const struct oac_entry_load *e = &entry[i];
        if (e->rows < 1 || e->rows > r->caps.link.channels || e->slots < 1 ||
            e->slots > r->caps.segment_slots_max || e->differential > 1 ||
            begin[i + 1] - begin[i] != e->rows * e->slots * wide)
            status =
                oac_fail(err, OAC_EPARSE, "weight segment %zu: its shape is impossible", i);
        r->load[i] = (struct oac_stream_load){.slots = (size_t)e->slots,
                                              .rows = (size_t)e->rows,
                                              .weight = (const uint16_t *)sample + begin[i],
                                              .first = (size_t)e->first,
                                              .count = (size_t)e->count,
                                              .differential = e->differential != 0};
    }
    free(entry);
    return status;
}

static enum oac_status get_captures(struct oac_recording *r, struct oac_err *err)
{
    const void *pick, *open, *closed;
    const uint64_t *pick_begin, *gate_begin;
    size_t picks, opens, closes, pick_edges;
    if (need_array(r, "/capture/pick", OAC_H5_U32, &pick, &picks, err) ||
        need_array(r, "/capture/gate_open_s", OAC_H5_F64, &open, &opens, err) ||
        need_array(r, "/capture/gate_close_s", OAC_H5_F64, &closed, &closes, err) ||
        get_edges(r, "/capture/pick_begin", picks, &pick_begin, &pick_edges, err) ||
        get_edges(r, "/capture/gate_begin", opens, &gate_begin, &r->captures, err))
        return err->status;
    if (pick_edges != r->captures || opens != closes)
        return oac_fail(err, OAC_EPARSE, "/capture: %zu gates, %zu picks, %zu to %zu times",
                        r->captures, pick_edges, opens, closes);
    if (!(r->capture = oac_alloc(r->captures, sizeof *r->capture, "captures", err)) ||
        !(r->capture_rows = oac_alloc(r->captures, sizeof *r->capture_rows, "captures", err)))
        return err->status;
    for (size_t i = 0; i < r->captures; i++) {
        const uint64_t rows = gate_begin[i + 1] - gate_begin[i];
        if (rows > r->caps.link.channels)
            return oac_fail(err, OAC_EPARSE, "capture %zu has gates of %llu readouts of %zu", i,
                            (unsigned long long)rows, r->caps.link.channels);
        r->capture_rows[i] = (size_t)rows;
        r->capture[i] = (struct oac_stream_capture){
            .gate_open_s = rows ? (const double *)open + gate_begin[i] : NULL,
            .gate_close_s = rows ? (const double *)closed + gate_begin[i] : NULL,
            .picks = (size_t)(pick_begin[i + 1] - pick_begin[i]),
            .pick = (const uint32_t *)pick + pick_begin[i]};
    }
    return OAC_OK;
}

static enum oac_status get_settings(struct oac_recording *r, struct oac_err *err)
{
    const struct oac_h5_array *value = oac_h5_find_array(r->file, "/setting/value");
    const size_t each = OAC_SETTINGS * r->caps.link.channels;
    if (!value || value->type != OAC_H5_F64 || value->rank != 3 || value->dims[0] < 1 ||
        value->dims[1] != OAC_SETTINGS || value->dims[2] != r->caps.link.channels)
        return oac_fail(err, OAC_EPARSE,
                        "/setting/value must hold %zu values for each set of settings", each);
    r->settings_value = value->data;
    r->settings = value->dims[0];
    return OAC_OK;
}

static enum oac_status get_played(struct oac_recording *r, struct oac_err *err)
{
    const void *client, *received, *rx, *flag;
    size_t samples, readouts, flags;
    if (need_array(r, "/client/sample", OAC_H5_U16, &client, &samples, err) ||
        get_edges(r, "/client/begin", samples, &r->client_begin, &r->clients, err) ||
        need_array(r, "/burst/received", OAC_H5_U32, &received, &r->bursts, err) ||
        need_array(r, "/readout/sample", OAC_H5_F32, &rx, &readouts, err) ||
        need_array(r, "/readout/flag", OAC_H5_U8, &flag, &flags, err) ||
        GET(r, oac_recording_call_columns, struct oac_entry_call, &r->call, &r->calls, err) ||
        GET(r, oac_recording_light_columns, struct oac_entry_light, &r->light, &r->lights,
            err) ||
        GET(r, oac_recording_segment_columns, struct oac_recording_segment, &r->segment,
            &r->segments, err))
        return err->status;
    r->client_sample = client;
    r->burst_received = received;
    r->rx = rx;
    r->flag = flag;
    return oac_recording_check(r, readouts, flags, err);
}

static enum oac_status get_identity(struct oac_recording *r, struct oac_err *err)
{
    double schema, seed, known;
    const char *format;
    if (oac_h5_need_text(r->file, "/", "format", &format, err))
        return err->status;
    if (strcmp(format, OAC_RECORDING_FORMAT) != 0)
        return oac_fail(err, OAC_EPARSE, "format \"%.40s\" is not \"" OAC_RECORDING_FORMAT "\"",
                        format);
    if (oac_h5_need_real(r->file, "/", "schema", OAC_RECORDING_SCHEMA, OAC_RECORDING_SCHEMA,
                         &schema, err) ||
        oac_h5_need_real(r->file, "/", "seed", 0, 9.3e18, &seed, err) ||
        oac_h5_need_real(r->file, "/", "light_known", 0, 1, &known, err))
        return err->status;
    for (size_t i = 0; i < OAC_RECORDING_TEXTS; i++)
        if (oac_h5_need_text(r->file, "/", oac_recording_text_names[i], &r->text[i], err))
            return err->status;
    r->seed = (uint64_t)seed;
    r->light_known = known != 0.0;
    return OAC_OK;
}

static enum oac_status parse(struct oac_recording *r, struct oac_err *err)
{
    if (get_identity(r, err) || oac_recording_get_caps(r, err) ||
        oac_calrec_get(r->file, &r->nominal, err))
        return err->status;
    if (r->nominal->channels != r->caps.link.channels)
        return oac_fail(err, OAC_EPARSE, "a nominal record of %zu channels for %zu",
                        r->nominal->channels, r->caps.link.channels);
    memcpy(r->caps.link.rig_hash, r->nominal->rig_hash, sizeof r->caps.link.rig_hash);
    r->caps.link.nominal = r->nominal;
    r->caps.link.device_id = r->text[OAC_RECORDING_DEVICE];
    r->caps.link.firmware = r->text[OAC_RECORDING_FIRMWARE];
    if (get_loads(r, err) || get_captures(r, err) || get_settings(r, err))
        return err->status;
    return get_played(r, err);
}

enum oac_status oac_recording_read(const char *path, struct oac_recording **recording,
                                   struct oac_err *err)
{
    struct oac_recording *made = oac_alloc(1, sizeof *made, "a recording", err);
    if (!made || oac_h5_read(path, FILE_BYTES_MAX, &made->file, err)) {
        free(made);
        return err->status;
    }
    if (parse(made, err)) {
        oac_recording_destroy(made);
        return oac_fail_within(err, "recording %s", path);
    }
    *recording = made;
    return OAC_OK;
}

void oac_recording_destroy(struct oac_recording *r)
{
    if (!r)
        return;
    oac_calrec_destroy(r->nominal);
    oac_h5_file_destroy(r->file);
    free(r->port);
    free(r->load);
    free(r->capture);
    free(r->capture_rows);
    free(r->call);
    free(r->light);
    free(r->segment);
    free(r);
}
