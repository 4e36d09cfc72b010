/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/sigmf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"

#define VERSION    "1.0.0"
#define NAME_BYTES 32

struct stream { /* one port, all segments */
    const struct oac_recording *recording;
    const struct oac_port *port;
    char name[NAME_BYTES];
    size_t samples;
    size_t sample_bytes;
};

static bool received(const struct oac_recording *r, size_t segment)
{
    const struct oac_recording_segment *s = &r->segment[segment];
    size_t first = segment;
    while (first > 0 && r->segment[first - 1].burst == s->burst)
        first--;
    return segment - first < r->burst_received[s->burst];
}

/* How many samples a segment has on this port; *data is NULL where the port rests in its safe state. */
static size_t samples_of(const struct stream *stream, size_t segment, const void **data)
{
    const struct oac_recording *r = stream->recording;
    const struct oac_recording_segment *s = &r->segment[segment];
    const struct oac_stream_load *load = &r->load[s->load];
    const size_t channel = stream->port->channel;
    size_t count = 0;
    *data = NULL;
    switch (stream->port->role) {
    case OAC_WEIGHT:
        count = load->slots * r->caps.weight_samples_per_slot;
        *data = channel < load->rows ? load->weight + channel * count : NULL;
        break;
    case OAC_CLIENT:
        count = load->slots * r->caps.client_samples_per_slot;
        *data = r->client_sample + r->client_begin[s->client];
        break;
    case OAC_READOUT:
        count = r->capture[s->capture].picks;
        *data = r->rx + s->rx + channel * count;
        count = channel < load->rows && received(r, segment) ? count : 0;
        break;
    case OAC_GATE:
        break;
    }
    return count;
}

static void open_stream(struct stream *stream, const struct oac_recording *r, size_t index)
{
    const char *const names[] = {
        [OAC_WEIGHT] = "weight", [OAC_CLIENT] = "client", [OAC_READOUT] = "readout"};
    const void *data;
    *stream = (struct stream){.recording = r, .port = &r->port[index]};
    const enum oac_role role = stream->port->role;
    if (role == OAC_CLIENT)
        snprintf(stream->name, sizeof stream->name, "%s", names[role]);
    else
        snprintf(stream->name, sizeof stream->name, "%s-%zu", names[role],
                 stream->port->channel);
    stream->sample_bytes = role == OAC_READOUT ? sizeof(float) : sizeof(uint16_t);
    for (size_t i = 0; i < r->segments; i++)
        stream->samples += samples_of(stream, i, &data);
}

static enum oac_status write_data(const struct stream *stream, const char *path,
                                  struct oac_err *err)
{
    char *all = oac_alloc(stream->samples, stream->sample_bytes, path, err), *at = all;
    if (!all)
        return err->status;
    const uint16_t safe = (uint16_t)stream->port->code_safe;
    for (size_t i = 0; i < stream->recording->segments; i++) {
        const void *data;
        const size_t count = samples_of(stream, i, &data);
        if (data && count)
            memcpy(at, data, count * stream->sample_bytes);
        for (size_t n = 0; !data && n < count; n++)
            memcpy(at + n * sizeof safe, &safe, sizeof safe);
        at += count * stream->sample_bytes;
    }
    const enum oac_status status =
        oac_file_write(path, all, stream->samples * stream->sample_bytes, err);
    free(all);
    return status;
}

static json_t *annotation(size_t start, size_t count, const char *what, size_t number)
{
    char label[40];
    snprintf(label, sizeof label, "%s %zu", what, number);
    return json_pack("{s:I, s:I, s:s}", "core:sample_start", (json_int_t)start,
                     "core:sample_count", (json_int_t)count, "core:label", label);
}

/* A capture per segment: between two, time jumps. */
static json_t *capture(const struct stream *stream, size_t segment, size_t start)
{
    const struct oac_recording *r = stream->recording;
    const struct oac_recording_segment *s = &r->segment[segment];
    const struct oac_stream_capture *wanted = &r->capture[s->capture];
    json_t *made =
        json_pack("{s:I, s:I, s:I, s:I, s:f}", "core:sample_start", (json_int_t)start,
                  "oac:slot0", (json_int_t)s->slot0, "oac:burst", (json_int_t)s->burst,
                  "oac:load", (json_int_t)s->load, "oac:launch", (double)s->launch);
    if (stream->port->role == OAC_READOUT && wanted->picks) {
        const uint32_t first = wanted->pick[0], last = wanted->pick[wanted->picks - 1];
        json_object_set_new(made, "oac:first_sample", json_integer(first));
        json_object_set_new(made, "oac:contiguous",
                            json_boolean(last - first + 1 == wanted->picks));
    }
    return made;
}

static json_t *global(const struct stream *stream)
{
    const struct oac_recording *r = stream->recording;
    char hw[200], recorder[80];
    snprintf(hw, sizeof hw, "%.90s, %.90s", r->text[OAC_RECORDING_DEVICE],
             r->text[OAC_RECORDING_FIRMWARE]);
    const char *version = oac_h5_find_text(r->file, "/", "oac_version");
    snprintf(recorder, sizeof recorder, "oac %.60s", version ? version : "");
    return json_pack("{s:s, s:f, s:s, s:i, s:s, s:s, s:s, s:[{s:s, s:s, s:b}], s:f, s:f}",
                     "core:datatype", stream->port->role == OAC_READOUT ? "rf32_le" : "ru16_le",
                     "core:sample_rate", stream->port->rate_hz, "core:version", VERSION,
                     "core:num_channels", 1, "core:hw", hw, "core:recorder", recorder,
                     "core:description", stream->name, "core:extensions", "name", "oac",
                     "version", VERSION, "optional", 1, "oac:v0_v", stream->port->v0_v,
                     "oac:lsb_v", stream->port->lsb_v);
}

static json_t *describe(const struct stream *stream)
{
    const struct oac_recording *r = stream->recording;
    json_t *captures = json_array(), *annotations = json_array();
    size_t start = 0, burst_start = 0;
    for (size_t i = 0; i < r->segments; i++) {
        const void *data;
        const size_t count = samples_of(stream, i, &data);
        if (count) {
            json_array_append_new(captures, capture(stream, i, start));
            json_array_append_new(annotations, annotation(start, count, "segment", i));
        }
        start += count;
        if (i + 1 == r->segments || r->segment[i + 1].burst != r->segment[i].burst) {
            if (start > burst_start)
                json_array_append_new(annotations, annotation(burst_start, start - burst_start,
                                                              "burst", r->segment[i].burst));
            burst_start = start;
        }
    }
    return json_pack("{s:o, s:o, s:o}", "global", global(stream), "captures", captures,
                     "annotations", annotations);
}

static int order_by_start(const void *a, const void *b)
{
    json_t *const *x = a, *const *y = b;
    const json_int_t m = json_integer_value(json_object_get(*x, "core:sample_start"));
    const json_int_t n = json_integer_value(json_object_get(*y, "core:sample_start"));
    return (m > n) - (m < n);
}

/* SigMF wants annotations in the order they start. */
static enum oac_status sort_annotations(json_t *meta, struct oac_err *err)
{
    json_t *list = json_object_get(meta, "annotations");
    const size_t count = json_array_size(list);
    json_t **item = oac_alloc(count, sizeof(json_t *), "annotations", err);
    if (!item)
        return err->status;
    for (size_t i = 0; i < count; i++)
        item[i] = json_incref(json_array_get(list, i));
    qsort(item, count, sizeof(json_t *), order_by_start);
    json_array_clear(list);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, item[i]);
    free(item);
    return OAC_OK;
}

static enum oac_status write_meta(const struct stream *stream, const char *path,
                                  struct oac_err *err)
{
    json_t *meta = describe(stream);
    if (!meta)
        return oac_fail(err, OAC_ENOMEM, "%s: out of memory for its description", path);
    enum oac_status status = sort_annotations(meta, err);
    char *text = status ? NULL : json_dumps(meta, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    json_decref(meta);
    if (!status && !text)
        status = oac_fail(err, OAC_ENOMEM, "%s: out of memory for its description", path);
    if (!status)
        status = oac_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

static enum oac_status write_stream(const struct stream *stream, const char *base,
                                    size_t length, struct oac_err *err)
{
    const size_t bytes = length + NAME_BYTES + sizeof "..sigmf-data";
    char *path = oac_alloc(bytes, 1, "a file name", err);
    if (!path)
        return err->status;
    snprintf(path, bytes, "%.*s.%s.sigmf-data", (int)length, base, stream->name);
    enum oac_status status = write_data(stream, path, err);
    snprintf(path, bytes, "%.*s.%s.sigmf-meta", (int)length, base, stream->name);
    if (!status)
        status = write_meta(stream, path, err);
    free(path);
    return status;
}

enum oac_status oac_sigmf_write(const struct oac_recording *recording, const char *path,
                                size_t *files, struct oac_err *err)
{
    const size_t ports = 2 * recording->caps.link.channels + 1;
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".h5") == 0)
        length -= 3;
    *files = 0;
    for (size_t i = 0; i < ports; i++) {
        struct stream stream;
        open_stream(&stream, recording, i);
        if (write_stream(&stream, path, length, err))
            return err->status;
        *files += 2;
    }
    return OAC_OK;
}
