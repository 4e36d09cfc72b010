/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/recording/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/recording/recording.h"

static enum oac_status push(struct oac_build_column *column, size_t bytes, const void *data,
                            size_t count, struct oac_err *err)
{
    column->bytes = bytes;
    if (count > column->room - column->count) {
        const size_t room = 2 * (column->count + count);
        char *grown = oac_alloc(room, bytes, "a column of the recording", err);
        if (!grown)
            return err->status;
        if (column->count)
            memcpy(grown, column->data, column->count * bytes);
        free(column->data);
        column->data = grown;
        column->room = room;
    }
    if (count)
        memcpy(column->data + column->count * bytes, data, count * bytes);
    column->count += count;
    return OAC_OK;
}

/* Where the next one begins: so many elements behind the last. */
static enum oac_status push_begin(struct oac_build_column *begin, uint64_t elements,
                                  struct oac_err *err)
{
    uint64_t last;
    memcpy(&last, begin->data + (begin->count - 1) * sizeof last, sizeof last);
    last += elements;
    return push(begin, sizeof last, &last, 1, err);
}

static enum oac_status wrong_version(struct oac_err *err)
{
    return oac_fail(err, OAC_EPARSE,
                    "not a journal that this version of oac wrote: finish it with the version "
                    "that recorded it");
}

/* The nominal record of a bench: what it is and its channels (at). It has neither crosstalk, findings nor
 * settings, and the pointers to them are those of another process. */
static enum oac_status take_nominal(struct oac_build *b, const char *at, struct oac_err *err)
{
    const struct oac_calrec *kept = &b->head->nominal;
    struct oac_calrec *made;
    if (oac_calrec_create(kept->channels, &made, err))
        return err->status;
    const struct oac_calrec own = *made;
    *made = *kept;
    made->channel = own.channel;
    made->finding = own.finding;
    made->crosstalk = NULL;
    made->setting = own.setting;
    memcpy(made->channel, at, kept->channels * sizeof *made->channel);
    b->nominal = made;
    return OAC_OK;
}

/* Lengths of the head's arrays against what is there. */
static enum oac_status take_head(struct oac_build *b, const void *data, size_t bytes,
                                 struct oac_err *err)
{
    const struct oac_entry_head *head = data;
    if (b->head || bytes < sizeof *head || head->bytes != sizeof *head ||
        head->caps.link.channels < 1 || head->caps.link.channels > 65536 ||
        head->nominal.channels != head->caps.link.channels)
        return wrong_version(err);
    const size_t channels = head->caps.link.channels;
    const size_t ports = oac_entry_aligned((2 * channels + 1) * sizeof(struct oac_port));
    size_t all = oac_entry_aligned(sizeof *head) + ports +
                 oac_entry_aligned(channels * sizeof(struct oac_calrec_channel));
    for (size_t i = 0; i < OAC_RECORDING_TEXTS; i++) {
        if (head->text_bytes[i] < 1 || head->text_bytes[i] > bytes)
            return wrong_version(err);
        all += oac_entry_aligned((size_t)head->text_bytes[i]);
    }
    if (all != bytes)
        return wrong_version(err);
    if (!(b->head_entry = oac_alloc(bytes, 1, "the head of a journal", err)))
        return err->status;
    memcpy(b->head_entry, data, bytes);
    b->head = (const struct oac_entry_head *)(const void *)b->head_entry;
    char *at = b->head_entry + oac_entry_aligned(sizeof *head);
    b->port = (const struct oac_port *)(const void *)at;
    at += ports;
    if (take_nominal(b, at, err))
        return err->status;
    at += oac_entry_aligned(channels * sizeof(struct oac_calrec_channel));
    for (size_t i = 0; i < OAC_RECORDING_TEXTS; i++) {
        b->text[i] = at;
        at[head->text_bytes[i] - 1] = '\0';
        at += oac_entry_aligned((size_t)head->text_bytes[i]);
    }
    return OAC_OK;
}

static enum oac_status take_load(struct oac_build *b, const void *data, struct oac_err *err)
{
    const struct oac_entry_load *load = data;
    if (push(&b->loads, sizeof *load, load, 1, err))
        return err->status;
    return push_begin(&b->load_begin,
                      load->rows * load->slots * b->head->caps.weight_samples_per_slot, err);
}

static enum oac_status take_capture(struct oac_build *b, const char *data, struct oac_err *err)
{
    const struct oac_entry_capture *head = (const void *)data;
    const size_t rows = (size_t)head->rows, picks = (size_t)head->picks;
    const char *open = data + sizeof *head, *closed = open + rows * sizeof(double);
    if (push(&b->gates_open, sizeof(double), open, rows, err) ||
        push(&b->gates_close, sizeof(double), closed, rows, err) ||
        push(&b->picks, sizeof(uint32_t), closed + rows * sizeof(double), picks, err) ||
        push_begin(&b->gate_begin, head->rows, err))
        return err->status;
    return push_begin(&b->pick_begin, head->picks, err);
}

static enum oac_status take_burst(struct oac_build *b, const char *data, struct oac_err *err)
{
    const struct oac_entry_burst *head = (const void *)data;
    const uint32_t received = (uint32_t)head->received;
    const size_t segments = (size_t)head->asked * sizeof(struct oac_recording_segment);
    const char *described = data + sizeof *head;
    const char *flags = described + oac_entry_aligned(segments) +
                        oac_entry_aligned((size_t)head->samples * sizeof(float));
    for (size_t i = 0; i < head->asked; i++) {
        struct oac_recording_segment segment;
        memcpy(&segment, described + i * sizeof segment, sizeof segment);
        segment.rx += b->samples;
        segment.flag += b->flags.count;
        if (push(&b->segments, sizeof segment, &segment, 1, err))
            return err->status;
    }
    b->samples += head->samples;
    if (push(&b->flags, 1, flags, (size_t)head->flags, err))
        return err->status;
    return push(&b->received, sizeof received, &received, 1, err);
}

static enum oac_status take(struct oac_build *b, uint32_t type, const void *data, size_t bytes,
                            struct oac_err *err)
{
    if (type == OAC_ENTRY_HEAD)
        return take_head(b, data, bytes, err);
    if (!b->head)
        return wrong_version(err);
    switch (type) {
    case OAC_ENTRY_LOAD:
        return take_load(b, data, err);
    case OAC_ENTRY_CLIENT:
        return push_begin(&b->client_begin, bytes / sizeof(uint16_t), err);
    case OAC_ENTRY_CAPTURE:
        return take_capture(b, data, err);
    case OAC_ENTRY_SETTINGS:
        return push(&b->settings, sizeof(double), data, bytes / sizeof(double), err);
    case OAC_ENTRY_CALL:
        return push(&b->calls, sizeof(struct oac_entry_call), data, 1, err);
    case OAC_ENTRY_LIGHT:
        return push(&b->lights, sizeof(struct oac_entry_light), data, 1, err);
    case OAC_ENTRY_BURST:
        return take_burst(b, data, err);
    default:
        return wrong_version(err);
    }
}

/* Empty columns have a type and a beginning too. */
static enum oac_status start_columns(struct oac_build *b, struct oac_err *err)
{
    const struct {
        struct oac_build_column *column;
        size_t bytes;
    } plain[] = {
        {&b->loads, sizeof(struct oac_entry_load)},
        {&b->picks, sizeof(uint32_t)},
        {&b->gates_open, sizeof(double)},
        {&b->gates_close, sizeof(double)},
        {&b->settings, sizeof(double)},
        {&b->calls, sizeof(struct oac_entry_call)},
        {&b->lights, sizeof(struct oac_entry_light)},
        {&b->received, sizeof(uint32_t)},
        {&b->segments, sizeof(struct oac_recording_segment)},
        {&b->flags, 1},
    };
    struct oac_build_column *const begin[] = {&b->load_begin, &b->client_begin, &b->pick_begin,
                                              &b->gate_begin};
    const uint64_t zero = 0;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (push(plain[i].column, plain[i].bytes, NULL, 0, err))
            return err->status;
    for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++)
        if (push(begin[i], sizeof zero, &zero, 1, err))
            return err->status;
    return OAC_OK;
}

enum oac_status oac_build_collect(struct oac_build *build, const char *journal_path,
                                  struct oac_err *err)
{
    const void *data;
    uint32_t type;
    size_t bytes;
    if (oac_journal_open(journal_path, &build->reader, err) || start_columns(build, err))
        return err->status;
    do {
        if (oac_journal_next(build->reader, ~0u, &type, &data, &bytes, err) ||
            (data && take(build, type, data, bytes, err)))
            return oac_fail_within(err, "%s", journal_path);
    } while (data);
    if (!build->head)
        return oac_fail(err, OAC_EPARSE, "%s: not a journal of a recording, or an empty one",
                        journal_path);
    return OAC_OK;
}

void oac_build_fini(struct oac_build *b)
{
    oac_calrec_destroy(b->nominal);
    struct oac_build_column *const columns[] = {
        &b->loads,  &b->load_begin, &b->client_begin, &b->pick_begin, &b->gate_begin,
        &b->picks,  &b->gates_open, &b->gates_close,  &b->settings,   &b->calls,
        &b->lights, &b->received,   &b->segments,     &b->flags,
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        free(columns[i]->data);
    oac_journal_reader_close(b->reader);
    free(b->head_entry);
    *b = (struct oac_build){0};
}
