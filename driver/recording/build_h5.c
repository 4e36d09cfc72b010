/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HDF5 of a recording, from its journal. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "driver/recording/build.h"
#include "driver/recording/recorder.h"
#include "driver/recording/recording.h"
#include "driver/recording/recording_layout.h"

static enum oac_status put_columns(struct oac_h5_writer *writer,
                                   const struct oac_build_column *rows,
                                   const struct oac_recording_column *columns, size_t count,
                                   const char *dimension, struct oac_err *err)
{
    char *values = oac_alloc(rows->count, 8, "a column of the recording", err);
    enum oac_status status = values ? OAC_OK : OAC_ENOMEM;
    for (size_t c = 0; !status && c < count; c++) {
        for (size_t i = 0; i < rows->count; i++)
            memcpy(values + i * columns[c].bytes,
                   rows->data + i * rows->bytes + columns[c].offset, columns[c].bytes);
        status = oac_h5_put_array(writer, columns[c].path, columns[c].type, 1, &rows->count,
                                  dimension, columns[c].unit, true, values, err);
    }
    free(values);
    return status;
}

static enum oac_status put_column(struct oac_h5_writer *writer, const char *path,
                                  enum oac_h5_type type, const struct oac_build_column *column,
                                  const char *dimension, const char *unit, struct oac_err *err)
{
    return oac_h5_put_array(writer, path, type, 1, &column->count, dimension, unit, true,
                            column->data, err);
}

/* Samples of one kind of record, as they follow each other in the journal. */
struct stretch {
    struct oac_journal_reader *reader;
    uint32_t type;
    size_t bytes;    /* of one */
    size_t per_slot; /* of a load */
};

static enum oac_status next_stretch(void *context, const void **data, size_t *count,
                                    struct oac_err *err)
{
    const struct stretch *stretch = context;
    const void *entry;
    uint32_t type;
    size_t bytes, begin = 0;
    *count = 0;
    do {
        if (oac_journal_next(stretch->reader, 1u << stretch->type, &type, &entry, &bytes, err))
            return err->status;
        if (!entry)
            return OAC_OK; /* the writer counts */
        if (stretch->type == OAC_ENTRY_CLIENT) {
            *count = bytes / stretch->bytes;
        } else if (stretch->type == OAC_ENTRY_LOAD) {
            const struct oac_entry_load *load = entry;
            begin = oac_entry_aligned(sizeof *load);
            *count = (size_t)(load->rows * load->slots) * stretch->per_slot;
        } else {
            const struct oac_entry_burst *burst = entry;
            begin = sizeof *burst + oac_entry_aligned((size_t)burst->asked *
                                                      sizeof(struct oac_recording_segment));
            *count = (size_t)burst->samples;
        }
    } while (*count == 0);
    *data = (const char *)entry + begin;
    return OAC_OK;
}

static enum oac_status put_stretch(struct oac_h5_writer *writer, struct oac_build *build,
                                   const char *path, enum oac_h5_type type, uint32_t entry,
                                   uint64_t count, struct oac_err *err)
{
    struct stretch stretch = {build->reader, entry,
                              type == OAC_H5_F32 ? sizeof(float) : sizeof(uint16_t),
                              build->head->caps.weight_samples_per_slot};
    oac_journal_rewind(build->reader);
    return oac_h5_put_pieces(writer, path, type, (size_t)count, "sample", "code", next_stretch,
                             &stretch, err);
}

static uint64_t last_of(const struct oac_build_column *begin)
{
    uint64_t last;
    memcpy(&last, begin->data + (begin->count - 1) * sizeof last, sizeof last);
    return last;
}

static enum oac_status put_identity(struct oac_h5_writer *writer, const struct oac_build *b,
                                    struct oac_err *err)
{
    char hash[OAC_DIGEST_HEX_BYTES];
    if (oac_h5_put_provenance(writer, OAC_RECORDING_FORMAT, OAC_RECORDING_SCHEMA,
                              b->text[OAC_RECORDING_COMMAND], b->text[OAC_RECORDING_KERNEL],
                              err) ||
        oac_calrec_put(b->nominal, writer, err) ||
        oac_recording_put_caps(writer, &b->head->caps, b->port, err))
        return err->status;
    oac_digest_hex(b->head->caps.link.rig_hash, hash);
    for (size_t i = 0; i < OAC_RECORDING_TEXTS; i++)
        if (oac_h5_put_text(writer, "/", oac_recording_text_names[i], b->text[i], err))
            return err->status;
    if (oac_h5_put_text(writer, "/", "rig_sha256", hash, err) ||
        oac_h5_put_integer(writer, "/", "light_known", (int64_t)b->head->light_known, err))
        return err->status;
    return oac_h5_put_integer(writer, "/", "seed", (int64_t)b->head->seed, err);
}

static enum oac_status put_small(struct oac_h5_writer *w, const struct oac_build *b,
                                 struct oac_err *err)
{
    const size_t channels = b->head->caps.link.channels;
    const size_t dims[] = {b->settings.count / (OAC_SETTINGS * channels), OAC_SETTINGS,
                           channels};
    if (put_columns(w, &b->loads, oac_recording_load_columns,
                    OAC_COLUMNS(oac_recording_load_columns), "load", err) ||
        put_columns(w, &b->calls, oac_recording_call_columns,
                    OAC_COLUMNS(oac_recording_call_columns), "call", err) ||
        put_columns(w, &b->lights, oac_recording_light_columns,
                    OAC_COLUMNS(oac_recording_light_columns), "light", err) ||
        put_columns(w, &b->segments, oac_recording_segment_columns,
                    OAC_COLUMNS(oac_recording_segment_columns), "segment", err) ||
        put_column(w, "/load/begin", OAC_H5_U64, &b->load_begin, "load_edge", "1", err) ||
        put_column(w, "/client/begin", OAC_H5_U64, &b->client_begin, "client_edge", "1", err) ||
        put_column(w, "/capture/pick_begin", OAC_H5_U64, &b->pick_begin, "capture_edge", "1",
                   err) ||
        put_column(w, "/capture/gate_begin", OAC_H5_U64, &b->gate_begin, "capture_edge", "1",
                   err) ||
        put_column(w, "/capture/pick", OAC_H5_U32, &b->picks, "pick", "1", err) ||
        put_column(w, "/capture/gate_open_s", OAC_H5_F64, &b->gates_open, "gate", "s", err) ||
        put_column(w, "/capture/gate_close_s", OAC_H5_F64, &b->gates_close, "gate", "s", err) ||
        put_column(w, "/burst/received", OAC_H5_U32, &b->received, "burst", "1", err) ||
        put_column(w, "/readout/flag", OAC_H5_U8, &b->flags, "segment_row", "1", err))
        return err->status;
    return oac_h5_put_array(w, "/setting/value", OAC_H5_F64, 3, dims,
                            "settings,setting,channel", "1", true, b->settings.data, err);
}

static enum oac_status put_all(struct oac_h5_writer *writer, struct oac_build *b,
                               struct oac_err *err)
{
    if (put_identity(writer, b, err) || put_small(writer, b, err) ||
        put_stretch(writer, b, "/load/sample", OAC_H5_U16, OAC_ENTRY_LOAD,
                    last_of(&b->load_begin), err) ||
        put_stretch(writer, b, "/client/sample", OAC_H5_U16, OAC_ENTRY_CLIENT,
                    last_of(&b->client_begin), err))
        return err->status;
    return put_stretch(writer, b, "/readout/sample", OAC_H5_F32, OAC_ENTRY_BURST, b->samples,
                       err);
}

static enum oac_status build_file(const char *path, const char *journal_path,
                                  struct oac_err *err)
{
    struct oac_build build = {0};
    struct oac_h5_writer *writer = NULL;
    enum oac_status status = oac_build_collect(&build, journal_path, err);
    if (!status)
        status = oac_h5_create(&writer, err);
    if (!status)
        status = put_all(writer, &build, err);
    if (!status)
        status = oac_h5_commit(writer, path, err);
    oac_h5_destroy(writer);
    oac_build_fini(&build);
    return status;
}

char *oac_recording_journal_path(const char *path, struct oac_err *err)
{
    const size_t length = strlen(path);
    char *made = oac_alloc(length + sizeof ".journal", 1, "a file name", err);
    if (made) {
        memcpy(made, path, length);
        strcpy(made + length, ".journal");
    }
    return made;
}

/* "run.h5" of "run.h5.journal" and of itself. */
static void strip(char *path)
{
    const size_t length = strlen(path), tail = strlen(".journal");
    if (length > tail && strcmp(path + length - tail, ".journal") == 0)
        path[length - tail] = '\0';
}

enum oac_status oac_recording_finish(const char *path, struct oac_err *err)
{
    char *target = oac_strdup(path, err), *journal = NULL;
    if (!target)
        return err->status;
    strip(target);
    journal = oac_recording_journal_path(target, err);
    enum oac_status status = journal ? build_file(target, journal, err) : err->status;
    if (!status)
        unlink(journal);
    else if (journal && access(journal, F_OK) == 0)
        (void)oac_fail_within(err,
                              "%s holds what was recorded (oac record finish makes a "
                              "recording of it)",
                              journal);
    free(journal);
    free(target);
    return status;
}
