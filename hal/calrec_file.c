/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calibration record as a file: HDF5, format "oac-calibration", one array per field and channel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/h5.h"
#include "hal/calrec.h"

#define FORMAT         "oac-calibration"
#define SCHEMA         1
#define FILE_MAX_BYTES ((size_t)64 << 20)
#define CHANNELS_MAX   65536u
#define ANY            1e300

struct field {
    const char *path, *unit;
    size_t offset;   /* of a double */
    double min, max; /* inclusive */
    bool may_be_nan;
};

#define CHANNEL(member) offsetof(struct oac_calrec_channel, member)

static const struct field channel_fields[] = {
    {"/channel/weight_vpi_v", "V", CHANNEL(weight.vpi_v), 1e-9, 1e6, false},
    {"/channel/weight_vpeak_v", "V", CHANNEL(weight.vpeak_v), -1e6, 1e6, false},
    {"/channel/weight_r", "1", CHANNEL(weight.r), -1.0, 0.999999, false},
    {"/channel/gain_code", "code", CHANNEL(gain_code), 0.0, ANY, false},
    {"/channel/gain_minus_code", "code", CHANNEL(gain_minus_code), 0.0, ANY, false},
    {"/channel/offset_code", "code", CHANNEL(offset_code), -ANY, ANY, false},
    {"/channel/dark_code_per_slot", "code", CHANNEL(dark_code_per_slot), -ANY, ANY, false},
    {"/channel/gx_code_per_x", "code", CHANNEL(gx_code_per_x), -ANY, ANY, false},
    {"/channel/offset_pair_code", "code", CHANNEL(offset_pair_code), -ANY, ANY, false},
    {"/channel/dark_pair_code_per_slot", "code", CHANNEL(dark_pair_code_per_slot), -ANY, ANY,
     false},
    {"/channel/gx_pair_code_per_x", "code", CHANNEL(gx_pair_code_per_x), -ANY, ANY, false},
    {"/channel/noise_code", "code", CHANNEL(noise_code), 0.0, ANY, true},
};

static const struct field client_fields[] = {
    {"/client/vpi_v", "V", offsetof(struct oac_curve, vpi_v), 1e-9, 1e6, false},
    {"/client/vpeak_v", "V", offsetof(struct oac_curve, vpeak_v), -1e6, 1e6, false},
    {"/client/r", "1", offsetof(struct oac_curve, r), -1.0, 0.999999, false},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What both directions need of the record as a table of doubles: `count` structs of `stride` bytes. */
struct table {
    const struct field *fields;
    size_t field_count, count, stride;
    char *object;
    const char *dimension;
};

static struct table channel_table(const struct oac_calrec *calrec)
{
    return (struct table){channel_fields,          COUNT(channel_fields),   calrec->channels,
                          sizeof *calrec->channel, (char *)calrec->channel, "channel"};
}

static struct table client_table(const struct oac_calrec *calrec)
{
    return (struct table){client_fields,         COUNT(client_fields),    1,
                          sizeof calrec->client, (char *)&calrec->client, "one"};
}

static bool valid(const struct field *field, double value)
{
    return (field->may_be_nan && isnan(value)) || (value >= field->min && value <= field->max);
}

static enum oac_status check_value(const struct field *field, size_t i, double value,
                                   struct oac_err *err)
{
    if (valid(field, value))
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL, "%s[%zu] = %g %s is outside %g..%g", field->path, i, value,
                    field->unit, field->min, field->max);
}

static enum oac_status put_table(struct oac_h5_writer *writer, const struct table *table,
                                 struct oac_err *err)
{
    double *values = oac_alloc(table->count, sizeof *values, "calibration values", err);
    if (!values)
        return err->status;
    enum oac_status status = OAC_OK;
    for (size_t f = 0; !status && f < table->field_count; f++) {
        const struct field *field = &table->fields[f];
        for (size_t i = 0; !status && i < table->count; i++) {
            memcpy(&values[i], table->object + i * table->stride + field->offset,
                   sizeof *values);
            status = check_value(field, i, values[i], err);
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
        oac_h5_put_text(writer, "/", "rig_sha256", hash, err))
        return err->status;
    return oac_h5_put_array(writer, "/last_slot0", OAC_H5_U64, 1, &one, "one", "slot", false,
                            &calrec->last_slot0, err);
}

enum oac_status oac_calrec_put(struct oac_h5_writer *writer, const struct oac_calrec *calrec,
                               struct oac_err *err)
{
    const struct table channels = channel_table(calrec), client = client_table(calrec);
    if (put_identity(writer, calrec, err) || put_table(writer, &client, err))
        return err->status;
    return put_table(writer, &channels, err);
}

enum oac_status oac_calrec_write(const struct oac_calrec *calrec, const char *path,
                                 const char *command_line, struct oac_err *err)
{
    struct oac_h5_writer *writer = NULL;
    if (oac_h5_create(&writer, err))
        return err->status;
    enum oac_status status = OAC_OK;
    if (oac_h5_put_provenance(writer, FORMAT, SCHEMA, command_line, NULL, err) ||
        oac_calrec_put(writer, calrec, err) || oac_h5_commit(writer, path, err))
        status = oac_fail_within(err, "calibration %s", path);
    oac_h5_destroy(writer);
    return status;
}

static enum oac_status get_table(const struct oac_h5_file *file, const struct table *table,
                                 struct oac_err *err)
{
    for (size_t f = 0; f < table->field_count; f++) {
        const struct field *field = &table->fields[f];
        const struct oac_h5_array *array = oac_h5_find_array(file, field->path);
        if (!array || array->type != OAC_H5_F64 || array->rank != 1 ||
            array->count != table->count)
            return oac_fail(err, OAC_EPARSE, "%s must be %zu 64-bit floats", field->path,
                            table->count);
        const double *values = array->data;
        for (size_t i = 0; i < table->count; i++) {
            if (check_value(field, i, values[i], err)) {
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

static enum oac_status get_identity(const struct oac_h5_file *file, struct oac_calrec *calrec,
                                    struct oac_err *err)
{
    char hash[OAC_DIGEST_HEX_BYTES];
    if (get_text(file, "origin", sizeof calrec->origin, calrec->origin, err) ||
        get_text(file, "device_id", sizeof calrec->device_id, calrec->device_id, err) ||
        get_text(file, "rig_sha256", sizeof hash, hash, err))
        return err->status;
    if (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64)
        return oac_fail(err, OAC_EPARSE, "rig_sha256 \"%s\" is not 64 hexadecimal digits",
                        hash);
    for (size_t i = 0; i < sizeof calrec->rig_hash; i++) {
        const char digits[3] = {hash[2 * i], hash[2 * i + 1], '\0'};
        calrec->rig_hash[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    const struct oac_h5_array *slot = oac_h5_find_array(file, "/last_slot0");
    if (!slot || slot->type != OAC_H5_U64 || slot->count != 1)
        return oac_fail(err, OAC_EPARSE, "/last_slot0 must be one unsigned 64-bit integer");
    memcpy(&calrec->last_slot0, slot->data, sizeof calrec->last_slot0);
    return OAC_OK;
}

enum oac_status oac_calrec_get(const struct oac_h5_file *file, struct oac_calrec **calrec,
                               struct oac_err *err)
{
    const struct oac_h5_array *gain = oac_h5_find_array(file, "/channel/gain_code");
    if (!gain || gain->rank != 1 || !(gain->count >= 1 && gain->count <= CHANNELS_MAX))
        return oac_fail(err, OAC_EPARSE, "/channel/gain_code must list 1 to %u channels",
                        CHANNELS_MAX);
    struct oac_calrec *made;
    if (oac_calrec_create(gain->count, &made, err))
        return err->status;
    const struct table channels = channel_table(made), client = client_table(made);
    if (get_identity(file, made, err) || get_table(file, &client, err) ||
        get_table(file, &channels, err)) {
        oac_calrec_destroy(made);
        return err->status;
    }
    *calrec = made;
    return OAC_OK;
}

static enum oac_status parse(const struct oac_h5_file *file, struct oac_calrec **calrec,
                             struct oac_err *err)
{
    const char *format;
    double schema;
    if (oac_h5_need_text(file, "/", "format", &format, err))
        return err->status;
    if (strcmp(format, FORMAT) != 0)
        return oac_fail(err, OAC_EPARSE, "format \"%.40s\" is not \"" FORMAT "\"", format);
    if (oac_h5_need_real(file, "/", "schema", SCHEMA, SCHEMA, &schema, err))
        return err->status;
    return oac_calrec_get(file, calrec, err);
}

enum oac_status oac_calrec_read(const char *path, struct oac_calrec **calrec,
                                struct oac_err *err)
{
    struct oac_h5_file *file = NULL;
    if (oac_h5_read(path, FILE_MAX_BYTES, &file, err))
        return err->status;
    enum oac_status status = parse(file, calrec, err);
    if (status)
        status = oac_fail_within(err, "calibration %s", path);
    oac_h5_file_destroy(file);
    return status;
}
