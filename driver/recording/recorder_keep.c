/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls become records. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/recording/recorder_state.h"

#define PORTS(channels) (2 * (channels) + 1)

void *oac_recorder_entry(struct oac_recorder *self, size_t bytes, struct oac_err *err)
{
    if (bytes > self->room) {
        void *grown = oac_alloc(bytes, 1, "a record of the recording", err);
        if (!grown)
            return NULL;
        free(self->entry);
        self->entry = grown;
        self->room = bytes;
    }
    return self->entry;
}

/* Behind `at`, padded; returns where the next array begins. */
static char *put(char *at, const void *data, size_t bytes)
{
    const size_t whole = oac_entry_aligned(bytes);
    memset(at + bytes, 0, whole - bytes);
    if (bytes)
        memcpy(at, data, bytes);
    return at + whole;
}

enum oac_status oac_recorder_write_head(struct oac_recorder *self, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->below.caps;
    const size_t channels = caps->link.channels;
    struct oac_entry_head head = {.bytes = sizeof head,
                                  .seed = self->seed,
                                  .light_known = self->below.ops->light != NULL,
                                  .caps = *caps,
                                  .nominal = *caps->link.nominal};
    size_t bytes = oac_entry_aligned(sizeof head) +
                   oac_entry_aligned(PORTS(channels) * sizeof(struct oac_port)) +
                   oac_entry_aligned(channels * sizeof(struct oac_calrec_channel));
    for (size_t i = 0; i < OAC_RECORDING_TEXTS; i++) {
        head.text_bytes[i] = strlen(self->text[i]) + 1;
        bytes += oac_entry_aligned(head.text_bytes[i]);
    }
    char *entry = oac_recorder_entry(self, bytes, err);
    if (!entry)
        return err->status;
    char *at = put(entry, &head, sizeof head);
    memcpy(at, caps->link.weight, channels * sizeof(struct oac_port));
    memcpy(at + channels * sizeof(struct oac_port), caps->link.client, sizeof(struct oac_port));
    memcpy(at + (channels + 1) * sizeof(struct oac_port), caps->link.readout,
           channels * sizeof(struct oac_port));
    at += oac_entry_aligned(PORTS(channels) * sizeof(struct oac_port));
    at = put(at, caps->link.nominal->channel, channels * sizeof(struct oac_calrec_channel));
    for (size_t i = 0; i < OAC_RECORDING_TEXTS; i++)
        at = put(at, self->text[i], head.text_bytes[i]);
    return oac_journal_append(self->journal, OAC_ENTRY_HEAD, entry, bytes, err);
}

enum oac_status oac_recorder_keep_settings(struct oac_recorder *self, struct oac_err *err)
{
    const size_t count = OAC_SETTINGS * self->below.caps->link.channels;
    uint8_t digest[32];
    bool fresh;
    if (oac_digest_settings(self->value, count, digest, err) ||
        oac_digest_table_add(&self->settings, digest, &self->now, &fresh, err))
        return err->status;
    return fresh ? oac_journal_append(self->journal, OAC_ENTRY_SETTINGS, self->value,
                                      count * sizeof *self->value, err)
                 : OAC_OK;
}

static enum oac_status count_bytes(struct oac_recorder *self, size_t bytes, struct oac_err *err)
{
    if (bytes > OAC_RECORDING_BYTES_MAX - self->sample_bytes)
        return oac_fail(
            err, OAC_EINVAL,
            "recording %s is full: it holds %.0f MB of samples, and %.0f MB is what "
            "one recording takes; record fewer images, or in several files",
            self->path, (double)self->sample_bytes * 1e-6,
            (double)OAC_RECORDING_BYTES_MAX * 1e-6);
    self->sample_bytes += bytes;
    return OAC_OK;
}

enum oac_status oac_recorder_keep_load(struct oac_recorder *self,
                                       const struct oac_stream_load *load, uint32_t *number,
                                       bool *fresh, struct oac_err *err)
{
    const size_t wide = self->below.caps->weight_samples_per_slot;
    const size_t bytes = load->rows * load->slots * wide * sizeof *load->weight;
    const struct oac_entry_load head = {load->rows, load->slots, load->first, load->count,
                                        load->differential};
    uint8_t digest[32];
    if (oac_digest_load(load, wide, digest, err) ||
        oac_digest_table_add(&self->loads, digest, number, fresh, err))
        return err->status;
    if (!*fresh)
        return OAC_OK;
    const size_t all = oac_entry_aligned(sizeof head) + oac_entry_aligned(bytes);
    char *entry = oac_recorder_entry(self, all, err);
    if (!entry || count_bytes(self, bytes, err))
        return err->status;
    put(put(entry, &head, sizeof head), load->weight, bytes);
    return oac_journal_append(self->journal, OAC_ENTRY_LOAD, entry, all, err);
}

static enum oac_status keep_client(struct oac_recorder *self, const uint16_t *client,
                                   size_t slots, uint32_t *number, struct oac_err *err)
{
    const size_t samples = slots * self->below.caps->client_samples_per_slot;
    uint8_t digest[32];
    bool fresh;
    if (oac_digest_client(client, samples, digest, err) ||
        oac_digest_table_add(&self->clients, digest, number, &fresh, err))
        return err->status;
    if (!fresh)
        return OAC_OK;
    if (count_bytes(self, samples * sizeof *client, err))
        return err->status;
    return oac_journal_append(self->journal, OAC_ENTRY_CLIENT, client, samples * sizeof *client,
                              err);
}

static enum oac_status keep_capture(struct oac_recorder *self,
                                    const struct oac_stream_capture *capture, size_t rows,
                                    uint32_t *number, struct oac_err *err)
{
    const struct oac_entry_capture head = {capture->gate_open_s ? rows : 0, capture->picks};
    const size_t gates = (size_t)head.rows * sizeof(double);
    const size_t picks = capture->picks * sizeof *capture->pick;
    uint8_t digest[32];
    bool fresh;
    if (oac_digest_capture(capture, rows, digest, err) ||
        oac_digest_table_add(&self->captures, digest, number, &fresh, err))
        return err->status;
    if (!fresh)
        return OAC_OK;
    const size_t all = sizeof head + 2 * gates + oac_entry_aligned(picks);
    char *entry = oac_recorder_entry(self, all, err);
    if (!entry || count_bytes(self, 2 * gates + picks, err))
        return err->status;
    char *at = put(entry, &head, sizeof head);
    at = put(at, capture->gate_open_s, gates);
    at = put(at, capture->gate_close_s, gates);
    put(at, capture->pick, picks);
    return oac_journal_append(self->journal, OAC_ENTRY_CAPTURE, entry, all, err);
}

enum oac_status oac_recorder_keep_light(struct oac_recorder *self, uint32_t handle,
                                        uint32_t load, struct oac_err *err)
{
    struct oac_entry_light entry = {.load = load, .settings = self->now};
    uint32_t pair[8] = {load, self->now}, number;
    uint8_t key[32];
    bool fresh;
    memcpy(key, pair, sizeof key);
    if (oac_digest_table_add(&self->lights, key, &number, &fresh, err))
        return err->status;
    if (!fresh)
        return OAC_OK;
    if (self->below.ops->light(self->below.self, handle, &entry.light, err))
        return err->status;
    return oac_journal_append(self->journal, OAC_ENTRY_LIGHT, &entry, sizeof entry, err);
}

/* What each segment is, and how much it brings. Segments of one window plan share their capture. */
static enum oac_status describe(struct oac_recorder *self, const struct oac_stream_burst *burst,
                                struct oac_recording_segment *described,
                                struct oac_entry_burst *head, struct oac_err *err)
{
    for (size_t i = 0; i < burst->segments; i++) {
        const struct oac_stream_segment *played = &burst->segment[i];
        const struct oac_recorder_load *load = &self->handle[played->handle - 1];
        struct oac_recording_segment *d = &described[i];
        *d = (struct oac_recording_segment){
            .burst = (uint32_t)self->bursts,
            .load = load->number,
            .settings = self->now,
            .launch = played->launch,
            .slot0 = played->slot0,
            .photons = played->photons && i < burst->received ? *played->photons : NAN,
            .rx = head->samples,
            .flag = head->flags};
        const bool same = i > 0 && played->capture == played[-1].capture &&
                          load->rows == self->handle[played[-1].handle - 1].rows;
        if (same)
            d->capture = d[-1].capture;
        else if (keep_capture(self, played->capture, load->rows, &d->capture, err))
            return err->status;
        if (keep_client(self, played->client, load->slots, &d->client, err))
            return err->status;
        if (self->below.ops->light &&
            oac_recorder_keep_light(self, played->handle, load->number, err))
            return err->status;
        head->samples += load->rows * played->capture->picks;
        head->flags += load->rows;
    }
    return OAC_OK;
}

static void put_samples(const struct oac_recorder *self, const struct oac_stream_burst *burst,
                        const struct oac_recording_segment *described, float *rx, uint8_t *flag)
{
    for (size_t i = 0; i < burst->segments; i++) {
        const struct oac_stream_segment *played = &burst->segment[i];
        const size_t rows = self->handle[played->handle - 1].rows;
        const size_t bytes = rows * played->capture->picks * sizeof *rx;
        const bool here = i < burst->received;
        if (here)
            memcpy(rx + described[i].rx, played->rx, bytes);
        else
            memset(rx + described[i].rx, 0, bytes);
        if (here && played->flag)
            memcpy(flag + described[i].flag, played->flag, rows);
        else
            memset(flag + described[i].flag, 0, rows);
    }
}

enum oac_status oac_recorder_keep_burst(struct oac_recorder *self,
                                        const struct oac_stream_burst *burst,
                                        struct oac_err *err)
{
    struct oac_entry_burst head = {.asked = burst->segments, .received = burst->received};
    const size_t segments = burst->segments * sizeof(struct oac_recording_segment);
    struct oac_recording_segment *described =
        oac_alloc(burst->segments, sizeof *described, "the segments of a recorded burst", err);
    enum oac_status status = described ? OAC_OK : OAC_ENOMEM;
    if (!status)
        status = describe(self, burst, described, &head, err);
    const size_t samples = (size_t)head.samples * sizeof(float);
    const size_t all = sizeof head + oac_entry_aligned(segments) + oac_entry_aligned(samples) +
                       oac_entry_aligned((size_t)head.flags);
    if (!status)
        status = count_bytes(self, samples, err);
    char *entry = status ? NULL : oac_recorder_entry(self, all, err);
    if (!status && !entry)
        status = OAC_ENOMEM;
    if (!status) {
        char *at = put(put(entry, &head, sizeof head), described, segments);
        put_samples(self, burst, described, (float *)(void *)at,
                    (uint8_t *)at + oac_entry_aligned(samples));
        memset(at + samples, 0, oac_entry_aligned(samples) - samples);
        status = oac_journal_append(self->journal, OAC_ENTRY_BURST, entry, all, err);
    }
    self->bursts += status == OAC_OK;
    free(described);
    return status;
}
