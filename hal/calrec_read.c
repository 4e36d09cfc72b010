/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calibration record out of HDF5: every field is there, of its type, within its range. */
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "hal/calrec_fields.h"

#define FILE_MAX_BYTES ((size_t)512 << 20)

static enum oac_status get_table(const struct oac_h5_file *file,
                                 const struct oac_calrec_table *table, struct oac_err *err)
{
    for (size_t f = 0; f < table->field_count; f++) {
        const struct oac_calrec_field *field = &table->fields[f];
        const struct oac_h5_array *array = oac_h5_find_array(file, field->path);
        if (!array || array->type != OAC_H5_F64 || array->rank != 1 ||
            array->count != table->count)
            return oac_fail(err, OAC_EPARSE, "%s must be %zu 64-bit floats", field->path,
                            table->count);
        const double *values = array->data;
        for (size_t i = 0; i < table->count; i++) {
            if (oac_calrec_check(field, i, values[i], err)) {
                err->status = OAC_EPARSE;
                return OAC_EPARSE;
            }
            memcpy(table->object + i * table->stride + field->offset, &values[i],
                   sizeof *values);
        }
    }
    return OAC_OK;
}

static enum oac_status get_text(const struct oac_h5_file *file, const char *name, size_t bytes,
                                char *text, struct oac_err *err)
{
    const char *found;
    if (oac_h5_need_text(file, "/", name, &found, err))
        return err->status;
    if (strlen(found) >= bytes)
        return oac_fail(err, OAC_EPARSE, "%s is longer than %zu characters", name, bytes - 1);
    strcpy(text, found);
    return OAC_OK;
}

static enum oac_status get_rig_hash(const struct oac_h5_file *file, uint8_t sum[32],
                                    struct oac_err *err)
{
    char hash[65];
    if (get_text(file, "rig_sha256", sizeof hash, hash, err))
        return err->status;
    if (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64)
        return oac_fail(err, OAC_EPARSE, "rig_sha256 \"%s\" is not 64 hexadecimal digits",
                        hash);
    for (size_t i = 0; i < 32; i++) {
        const char digits[3] = {hash[2 * i], hash[2 * i + 1], '\0'};
        sum[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return OAC_OK;
}

static enum oac_status get_slots(const struct oac_h5_file *file, const char *path,
                                 uint64_t *slots, struct oac_err *err)
{
    const struct oac_h5_array *array = oac_h5_find_array(file, path);
    if (!array || array->type != OAC_H5_U64 || array->count != 1)
        return oac_fail(err, OAC_EPARSE, "%s must be one unsigned 64-bit integer", path);
    memcpy(slots, array->data, sizeof *slots);
    return OAC_OK;
}

static enum oac_status get_identity(const struct oac_h5_file *file, struct oac_calrec *calrec,
                                    struct oac_err *err)
{
    double forced;
    if (get_text(file, "origin", sizeof calrec->origin, calrec->origin, err) ||
        get_text(file, "device_id", sizeof calrec->device_id, calrec->device_id, err) ||
        get_text(file, "firmware", sizeof calrec->firmware, calrec->firmware, err) ||
        get_text(file, "date_utc", sizeof calrec->date_utc, calrec->date_utc, err) ||
        get_rig_hash(file, calrec->rig_hash, err) ||
        oac_h5_need_real(file, "/", "forced", 0.0, 1.0, &forced, err) ||
        get_slots(file, "/bench/reference_slots", &calrec->reference_slots, err))
        return err->status;
    calrec->forced = forced != 0.0;
    return get_slots(file, "/bench/last_slot0", &calrec->last_slot0, err);
}

static enum oac_status get_excluded(const struct oac_h5_file *file, struct oac_calrec *calrec,
                                    struct oac_err *err)
{
    const struct oac_h5_array *array = oac_h5_find_array(file, "/channel/excluded");
    if (!array || array->type != OAC_H5_U8 || array->rank != 1 ||
        array->count != calrec->channels)
        return oac_fail(err, OAC_EPARSE, "/channel/excluded must be %zu bytes",
                        calrec->channels);
    const uint8_t *excluded = array->data;
    for (size_t k = 0; k < calrec->channels; k++) {
        if (excluded[k] > 1)
            return oac_fail(err, OAC_EPARSE, "/channel/excluded[%zu] = %u is neither 0 nor 1",
                            k, excluded[k]);
        calrec->channel[k].excluded = excluded[k];
    }
    return OAC_OK;
}

static enum oac_status get_crosstalk(const struct oac_h5_file *file, struct oac_calrec *calrec,
                                     struct oac_err *err)
{
    const size_t channels = calrec->channels;
    const struct oac_h5_array *array = oac_h5_find_array(file, "/crosstalk");
    if (!array)
        return OAC_OK;
    if (array->type != OAC_H5_F64 || array->rank != 2 || array->dims[0] != channels ||
        array->dims[1] != channels)
        return oac_fail(err, OAC_EPARSE, "/crosstalk must be %zu x %zu 64-bit floats", channels,
                        channels);
    if (oac_calrec_check_crosstalk(array->data, channels, err)) {
        err->status = OAC_EPARSE;
        return OAC_EPARSE;
    }
    if (oac_calrec_need_crosstalk(calrec, err))
        return err->status;
    memcpy(calrec->crosstalk, array->data, channels * channels * sizeof *calrec->crosstalk);
    return OAC_OK;
}

static enum oac_status get_record(const struct oac_h5_file *file, struct oac_calrec *calrec,
                                  struct oac_err *err)
{
    struct oac_calrec_table tables[OAC_CALREC_TABLES];
    oac_calrec_tables(calrec, tables);
    for (size_t t = 0; t < OAC_CALREC_TABLES; t++)
        if (get_table(file, &tables[t], err))
            return err->status;
    if (get_identity(file, calrec, err) || get_excluded(file, calrec, err))
        return err->status;
    return get_crosstalk(file, calrec, err);
}

static enum oac_status check_format(const struct oac_h5_file *file, struct oac_err *err)
{
    const char *format;
    double schema;
    if (oac_h5_need_text(file, "/", "format", &format, err))
        return err->status;
    if (strcmp(format, OAC_CALREC_FORMAT) != 0)
        return oac_fail(err, OAC_EPARSE, "format \"%.40s\" is not \"" OAC_CALREC_FORMAT "\"",
                        format);
    if (oac_h5_need_real(file, "/", "schema", 0.0, 1e6, &schema, err))
        return err->status;
    if (schema != OAC_CALREC_SCHEMA)
        return oac_fail(err, OAC_EPARSE,
                        "schema %g of the calibration format; this oac reads schema %d alone: "
                        "calibrate again",
                        schema, OAC_CALREC_SCHEMA);
    return OAC_OK;
}

enum oac_status oac_calrec_get(const struct oac_h5_file *file, struct oac_calrec **calrec,
                               struct oac_err *err)
{
    const struct oac_h5_array *gain = oac_h5_find_array(file, "/channel/gain_code");
    if (!gain || gain->rank != 1 ||
        !(gain->count >= 1 && gain->count <= OAC_CALREC_CHANNELS_MAX))
        return oac_fail(err, OAC_EPARSE, "/channel/gain_code must list 1 to %u channels",
                        OAC_CALREC_CHANNELS_MAX);
    struct oac_calrec *made;
    if (oac_calrec_create(gain->count, &made, err))
        return err->status;
    if (get_record(file, made, err)) {
        oac_calrec_destroy(made);
        return err->status;
    }
    *calrec = made;
    return OAC_OK;
}

enum oac_status oac_calrec_read(const char *path, struct oac_calrec **calrec,
                                struct oac_err *err)
{
    struct oac_h5_file *file = NULL;
    if (oac_h5_read(path, FILE_MAX_BYTES, &file, err))
        return err->status;
    enum oac_status status = check_format(file, err);
    if (!status)
        status = oac_calrec_get(file, calrec, err);
    if (status)
        status = oac_fail_within(err, "calibration %s", path);
    oac_h5_file_destroy(file);
    return status;
}
