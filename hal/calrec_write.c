/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calibration record into HDF5, format "oac-calibration": one array per field. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/h5.h"
#include "hal/calrec_fields.h"

static enum oac_status put_table(struct oac_h5_writer *writer,
                                 const struct oac_calrec_table *table, struct oac_err *err)
{
    double *values = oac_alloc(table->count, sizeof *values, "calibration values", err);
    if (!values)
        return err->status;
    enum oac_status status = OAC_OK;
    for (size_t f = 0; !status && f < table->field_count; f++) {
        const struct oac_calrec_field *field = &table->fields[f];
        for (size_t i = 0; !status && i < table->count; i++) {
            memcpy(&values[i], table->object + i * table->stride + field->offset,
                   sizeof *values);
            status = oac_calrec_check(field, i, values[i], err);
        }
        if (!status)
            status = oac_h5_put_array(writer, field->path, OAC_H5_F64, 1, &table->count,
                                      table->dimension, field->unit, false, values, err);
    }
    free(values);
    return status;
}

static enum oac_status put_identity(struct oac_h5_writer *writer,
                                    const struct oac_calrec *calrec, struct oac_err *err)
{
    char hash[OAC_DIGEST_HEX_BYTES];
    const size_t one = 1;
    oac_digest_hex(calrec->rig_hash, hash);
    if (oac_h5_put_text(writer, "/", "origin", calrec->origin, err) ||
        oac_h5_put_text(writer, "/", "device_id", calrec->device_id, err) ||
        oac_h5_put_text(writer, "/", "firmware", calrec->firmware, err) ||
        oac_h5_put_text(writer, "/", "date_utc", calrec->date_utc, err) ||
        oac_h5_put_text(writer, "/", "rig_sha256", hash, err) ||
        oac_h5_put_integer(writer, "/", "forced", calrec->forced, err) ||
        oac_h5_put_array(writer, "/bench/reference_slots", OAC_H5_U64, 1, &one, "one", "slot",
                         false, &calrec->reference_slots, err))
        return err->status;
    return oac_h5_put_array(writer, "/bench/last_slot0", OAC_H5_U64, 1, &one, "one", "slot",
                            false, &calrec->last_slot0, err);
}

static enum oac_status put_excluded(struct oac_h5_writer *writer,
                                    const struct oac_calrec *calrec, struct oac_err *err)
{
    uint8_t *excluded = oac_alloc(calrec->channels, sizeof *excluded, "excluded channels", err);
    if (!excluded)
        return err->status;
    for (size_t k = 0; k < calrec->channels; k++)
        excluded[k] = calrec->channel[k].excluded;
    enum oac_status status =
        oac_h5_put_array(writer, "/channel/excluded", OAC_H5_U8, 1, &calrec->channels,
                         "channel", "1", false, excluded, err);
    free(excluded);
    return status;
}

static enum oac_status put_crosstalk(struct oac_h5_writer *writer,
                                     const struct oac_calrec *calrec, struct oac_err *err)
{
    const size_t dims[2] = {calrec->channels, calrec->channels};
    if (!calrec->crosstalk)
        return OAC_OK;
    if (oac_calrec_check_crosstalk(calrec->crosstalk, calrec->channels, err))
        return err->status;
    return oac_h5_put_array(writer, "/crosstalk", OAC_H5_F64, 2, dims, "readout,laser", "1",
                            true, calrec->crosstalk, err);
}

enum oac_status oac_calrec_put(const struct oac_calrec *calrec, struct oac_h5_writer *writer,
                               struct oac_err *err)
{
    struct oac_calrec_table tables[OAC_CALREC_TABLES];
    struct oac_calrec read_only = *calrec; /* the tables serve both directions */
    oac_calrec_tables(&read_only, tables);
    if (calrec->channels > OAC_CALREC_CHANNELS_MAX)
        return oac_fail(err, OAC_EINVAL, "a calibration of %zu channels: at most %u fit a file",
                        calrec->channels, OAC_CALREC_CHANNELS_MAX);
    if (put_identity(writer, calrec, err))
        return err->status;
    for (size_t t = 0; t < OAC_CALREC_TABLES; t++)
        if (put_table(writer, &tables[t], err))
            return err->status;
    if (put_excluded(writer, calrec, err))
        return err->status;
    return put_crosstalk(writer, calrec, err);
}

enum oac_status oac_calrec_write(const struct oac_calrec *calrec, const char *path,
                                 const char *command_line, struct oac_err *err)
{
    struct oac_h5_writer *writer = NULL;
    if (oac_h5_create(&writer, err))
        return err->status;
    enum oac_status status = OAC_OK;
    if (oac_h5_put_provenance(writer, OAC_CALREC_FORMAT, OAC_CALREC_SCHEMA, command_line, NULL,
                              err) ||
        oac_calrec_put(calrec, writer, err) || oac_h5_commit(writer, path, err))
        status = oac_fail_within(err, "calibration %s", path);
    oac_h5_destroy(writer);
    return status;
}
