/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stream says about itself, to HDF5 and back: figures as attributes of /caps, ports and ranges as
 * columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/recording/recording.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SLOTS_MOST   1e9 /* and channels, samples, rates: what no bench reaches */
#define ANY          1e300

enum kind { SIZE, WORD, REAL, FLAG, RECEIVER };

struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    double min, max;
};

#define STREAM(member) offsetof(struct oac_stream_caps, member)

static const struct field caps_fields[] = {
    {"channels", SIZE, STREAM(link.channels), 1, 65536},
    {"slots_max", SIZE, STREAM(link.slots_max), 1, SLOTS_MOST},
    {"slot_s", REAL, STREAM(link.slot_s), 1e-15, 1e6},
    {"guard_slots", WORD, STREAM(link.guard_slots), 0, SLOTS_MOST},
    {"preamble_slots", WORD, STREAM(link.preamble_slots), 0, SLOTS_MOST},
    {"receiver", RECEIVER, STREAM(link.receiver), OAC_INTEGRATOR, OAC_COUNTING},
    {"conversions_per_readout", SIZE, STREAM(link.conversions_per_readout), 0, SLOTS_MOST},
    {"adc_rounds", FLAG, STREAM(link.adc_rounds), 0, 1},
    {"differential", FLAG, STREAM(link.differential), 0, 1},
    {"launch_per_window", FLAG, STREAM(link.launch_per_window), 0, 1},
    {"launch_max", REAL, STREAM(link.launch_max), 0, ANY},
    {"honours_slot0", FLAG, STREAM(link.honours_slot0), 0, 1},
    {"knows_photons", FLAG, STREAM(link.knows_photons), 0, 1},
    {"frequency_hz", REAL, STREAM(link.frequency_hz), 0, ANY},
    {"quantum_efficiency", REAL, STREAM(link.quantum_efficiency), 0, 1},
    {"weight_samples_per_slot", WORD, STREAM(weight_samples_per_slot), 1, 1e6},
    {"client_samples_per_slot", WORD, STREAM(client_samples_per_slot), 1, 1e6},
    {"readout_samples_per_slot", WORD, STREAM(readout_samples_per_slot), 1, 1e6},
    {"memory_slots", WORD, STREAM(memory_slots), 0, 1e6},
    {"delay_slots_max", WORD, STREAM(delay_slots_max), 0, 1e6},
    {"segment_slots_max", SIZE, STREAM(segment_slots_max), 1, SLOTS_MOST},
    {"segments_max", SIZE, STREAM(segments_max), 1, SLOTS_MOST},
    {"gate_step_s", REAL, STREAM(gate_step_s), 0, 1e6},
    {"reset_noise_in_start", FLAG, STREAM(reset_noise_in_start), 0, 1},
    {"segments_apart", FLAG, STREAM(segments_apart), 0, 1},
    {"delay_stable", FLAG, STREAM(delay_stable), 0, 1},
    {"drives_apart", FLAG, STREAM(drives_apart), 0, 1},
    {"clock_drift", REAL, STREAM(clock_drift), 0, 1},
};

#define PORT(member) offsetof(struct oac_port, member)

static const struct column {
    const char *path, *unit;
    enum { INTEGER, DOUBLE } kind;
    size_t offset;
} port_columns[] = {
    {"/port/code_min", "code", INTEGER, PORT(code_min)},
    {"/port/code_max", "code", INTEGER, PORT(code_max)},
    {"/port/code_safe", "code", INTEGER, PORT(code_safe)},
    {"/port/v0_v", "V", DOUBLE, PORT(v0_v)},
    {"/port/lsb_v", "V", DOUBLE, PORT(lsb_v)},
    {"/port/rate_hz", "Hz", DOUBLE, PORT(rate_hz)},
};

static const struct {
    const char *path;
    size_t offset;
} range_columns[] = {
    {"/setting/min", offsetof(struct oac_range, min)},
    {"/setting/max", offsetof(struct oac_range, max)},
    {"/setting/step", offsetof(struct oac_range, step)},
    {"/setting/settle_s", offsetof(struct oac_range, settle_s)},
};

static double field_value(const struct field *field, const void *object)
{
    const char *at = (const char *)object + field->offset;
    switch (field->kind) {
    case SIZE:
        return (double)*(const size_t *)(const void *)at;
    case WORD:
        return *(const uint32_t *)(const void *)at;
    case FLAG:
        return *(const bool *)at;
    case RECEIVER:
        return *(const enum oac_receiver *)(const void *)at;
    case REAL:
        break;
    }
    return *(const double *)(const void *)at;
}

static void field_set(const struct field *field, void *object, double value)
{
    char *at = (char *)object + field->offset;
    switch (field->kind) {
    case SIZE:
        *(size_t *)(void *)at = (size_t)value;
        return;
    case WORD:
        *(uint32_t *)(void *)at = (uint32_t)value;
        return;
    case FLAG:
        *(bool *)at = value != 0.0;
        return;
    case RECEIVER:
        *(enum oac_receiver *)(void *)at = (enum oac_receiver)value;
        return;
    case REAL:
        break;
    }
    *(double *)(void *)at = value;
}

static double port_value(const struct column *column, const struct oac_port *port)
{
    const char *at = (const char *)port + column->offset;
    return column->kind == INTEGER ? *(const int32_t *)(const void *)at
                                   : *(const double *)(const void *)at;
}

static enum oac_status put_ports(struct oac_h5_writer *writer, size_t ports,
                                 const struct oac_port *port, struct oac_err *err)
{
    double *values = oac_alloc(ports, sizeof *values, "ports", err);
    uint8_t *bytes = values ? oac_alloc(ports, 1, "ports", err) : NULL;
    enum oac_status status = bytes ? OAC_OK : OAC_ENOMEM;
    for (size_t c = 0; !status && c < COUNT(port_columns); c++) {
        for (size_t i = 0; i < ports; i++)
            values[i] = port_value(&port_columns[c], &port[i]);
        status = oac_h5_put_array(writer, port_columns[c].path, OAC_H5_F64, 1, &ports, "port",
                                  port_columns[c].unit, false, values, err);
    }
    for (size_t i = 0; !status && i < ports; i++)
        bytes[i] = (uint8_t)port[i].role;
    if (!status)
        status = oac_h5_put_array(writer, "/port/role", OAC_H5_U8, 1, &ports, "port", "1",
                                  false, bytes, err);
    for (size_t i = 0; !status && i < ports; i++)
        bytes[i] = port[i].ac_coupled;
    if (!status)
        status = oac_h5_put_array(writer, "/port/ac_coupled", OAC_H5_U8, 1, &ports, "port", "1",
                                  false, bytes, err);
    free(bytes);
    free(values);
    return status;
}

static enum oac_status put_ranges(struct oac_h5_writer *writer, const struct oac_range *range,
                                  struct oac_err *err)
{
    const size_t settings = OAC_SETTINGS;
    for (size_t c = 0; c < COUNT(range_columns); c++) {
        double values[OAC_SETTINGS];
        for (size_t s = 0; s < settings; s++)
            memcpy(&values[s], (const char *)&range[s] + range_columns[c].offset,
                   sizeof values[s]);
        if (oac_h5_put_array(writer, range_columns[c].path, OAC_H5_F64, 1, &settings, "setting",
                             "1", false, values, err))
            return err->status;
    }
    for (size_t s = 0; s < settings; s++) {
        char name[16] = {'n', 'a', 'm', 'e', '_', (char)('0' + s), '\0'};
        if (oac_h5_put_text(writer, "/setting", name, oac_setting_name((enum oac_setting)s),
                            err))
            return err->status;
    }
    return OAC_OK;
}

enum oac_status oac_recording_put_caps(struct oac_h5_writer *writer,
                                       const struct oac_stream_caps *caps,
                                       const struct oac_port *port, struct oac_err *err)
{
    for (size_t f = 0; f < COUNT(caps_fields); f++)
        if (oac_h5_put_real(writer, "/caps", caps_fields[f].name,
                            field_value(&caps_fields[f], caps), err))
            return err->status;
    if (put_ranges(writer, caps->link.settings, err))
        return err->status;
    return put_ports(writer, 2 * caps->link.channels + 1, port, err);
}

static enum oac_status need(const struct oac_h5_file *file, const char *path,
                            enum oac_h5_type type, size_t count, const void **data,
                            struct oac_err *err)
{
    const struct oac_h5_array *array = oac_h5_find_array(file, path);
    if (!array || array->type != type || array->rank != 1 || array->count != count)
        return oac_fail(err, OAC_EPARSE, "%s must list %zu values of its type", path, count);
    *data = array->data;
    return OAC_OK;
}

static enum oac_status get_column(const struct oac_h5_file *file, const struct column *column,
                                  size_t ports, struct oac_port *port, struct oac_err *err)
{
    const void *data;
    if (need(file, column->path, OAC_H5_F64, ports, &data, err))
        return err->status;
    for (size_t i = 0; i < ports; i++) {
        const double value = ((const double *)data)[i];
        char *at = (char *)&port[i] + column->offset;
        if (!isfinite(value) || (column->kind == INTEGER && !(fabs(value) <= INT32_MAX)))
            return oac_fail(err, OAC_EPARSE, "%s[%zu] = %g %s is impossible", column->path, i,
                            value, column->unit);
        if (column->kind == INTEGER)
            *(int32_t *)(void *)at = (int32_t)value;
        else
            *(double *)(void *)at = value;
    }
    return OAC_OK;
}

static enum oac_status get_ports(struct oac_recording *r, struct oac_err *err)
{
    const size_t channels = r->caps.link.channels, ports = 2 * channels + 1;
    const void *role, *coupled;
    if (!(r->port = oac_alloc(ports, sizeof *r->port, "ports", err)))
        return err->status;
    for (size_t c = 0; c < COUNT(port_columns); c++)
        if (get_column(r->file, &port_columns[c], ports, r->port, err))
            return err->status;
    if (need(r->file, "/port/role", OAC_H5_U8, ports, &role, err) ||
        need(r->file, "/port/ac_coupled", OAC_H5_U8, ports, &coupled, err))
        return err->status;
    for (size_t i = 0; i < ports; i++) {
        struct oac_port *port = &r->port[i];
        const uint8_t wanted = i < channels    ? OAC_WEIGHT
                               : i == channels ? OAC_CLIENT
                                               : OAC_READOUT;
        if (((const uint8_t *)role)[i] != wanted)
            return oac_fail(err, OAC_EPARSE, "/port/role[%zu] is %d, not %d", i,
                            ((const uint8_t *)role)[i], wanted);
        if (wanted != OAC_READOUT &&
            (port->code_min < 0 || port->code_max > 65535 || port->code_safe < port->code_min ||
             port->code_safe > port->code_max))
            return oac_fail(err, OAC_EPARSE, "codes of port %zu: %d to %d, safe %d", i,
                            port->code_min, port->code_max, port->code_safe);
        port->role = (enum oac_role)wanted;
        port->ac_coupled = ((const uint8_t *)coupled)[i] != 0;
        port->channel = i < channels ? i : i == channels ? 0 : i - channels - 1;
    }
    r->caps.link.weight = r->port;
    r->caps.link.client = r->port + channels;
    r->caps.link.readout = r->port + channels + 1;
    return OAC_OK;
}

static enum oac_status get_ranges(struct oac_recording *r, struct oac_err *err)
{
    for (size_t c = 0; c < COUNT(range_columns); c++) {
        const void *data;
        if (need(r->file, range_columns[c].path, OAC_H5_F64, OAC_SETTINGS, &data, err))
            return err->status;
        for (size_t s = 0; s < OAC_SETTINGS; s++)
            memcpy((char *)&r->caps.link.settings[s] + range_columns[c].offset,
                   (const double *)data + s, sizeof(double));
    }
    return OAC_OK;
}

enum oac_status oac_recording_get_caps(struct oac_recording *r, struct oac_err *err)
{
    for (size_t f = 0; f < COUNT(caps_fields); f++) {
        const struct field *field = &caps_fields[f];
        double value;
        if ((field->offset == STREAM(clock_drift) || field->offset == STREAM(drives_apart)) &&
            !oac_h5_find_attribute(r->file, "/caps", field->name))
            continue; /* from before there were benches of several boards */
        if (oac_h5_need_real(r->file, "/caps", field->name, field->min, field->max, &value,
                             err))
            return err->status;
        field_set(field, &r->caps, value);
    }
    if ((r->caps.gate_step_s > 0.0) != (r->caps.link.receiver != OAC_SAMPLED))
        return oac_fail(err, OAC_EPARSE,
                        "/caps: a gate's step of %g s does not fit receiver %d",
                        r->caps.gate_step_s, (int)r->caps.link.receiver);
    if (get_ports(r, err))
        return err->status;
    return get_ranges(r, err);
}
