/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codes of slots become samples of segments: guard, shaped payload, guard. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/modem_state.h"

void oac_modem_hold(const uint16_t *code, size_t slots, size_t per_slot, size_t lit,
                    uint16_t dark, uint16_t *sample)
{
    for (size_t n = 0; n < slots; n++) {
        for (size_t i = 0; i < lit; i++)
            sample[n * per_slot + i] = code[n];
        for (size_t i = lit; i < per_slot; i++)
            sample[n * per_slot + i] = dark;
    }
}

static void fill(uint16_t *sample, size_t count, uint16_t code)
{
    for (size_t i = 0; i < count; i++)
        sample[i] = code;
}

/* The client is lit at least as long as the weights: what is lit alone is then dark light, not
 * data. */
size_t oac_modem_lit(const struct oac_modem *self, bool client)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t wide = caps->weight_samples_per_slot, per_slot = caps->client_samples_per_slot;
    if (self->options.shape == OAC_SHAPE_HOLD)
        return client ? per_slot : wide;
    size_t lit = (size_t)nearbyint(self->options.duty * (double)wide);
    lit = lit < 1 ? 1 : lit > wide ? wide : lit;
    return client ? (lit * per_slot + wide - 1) / wide : lit;
}

static enum oac_status free_place(struct oac_modem *self, size_t *place, struct oac_err *err)
{
    size_t at = 0;
    while (at < self->frames && self->frame[at].handle)
        at++;
    if (at == self->frames) {
        const size_t more = self->frames ? 2 * self->frames : 16;
        struct oac_modem_frame *frame = oac_alloc(more, sizeof *frame, "a list of frames", err);
        if (!frame)
            return err->status;
        if (self->frames)
            memcpy(frame, self->frame, self->frames * sizeof *frame);
        free(self->frame);
        self->frame = frame;
        self->frames = more;
    }
    *place = at;
    return OAC_OK;
}

enum oac_status oac_modem_load_frame(struct oac_modem *self,
                                     const struct oac_weight_frame *frame, uint32_t *handle,
                                     struct oac_err *err)
{
    size_t place = 0, count = 0;
    const size_t per_slot = self->stream.caps->weight_samples_per_slot;
    const size_t slots = frame->slots + 2 * (size_t)self->guard, samples = slots * per_slot;
    const size_t lit = oac_modem_lit(self, false);
    if (free_place(self, &place, err) ||
        oac_size_product(frame->rows, samples, "weight samples", &count, err))
        return err->status;
    uint16_t *weight = oac_alloc(count, sizeof *weight, "weight samples", err);
    if (!weight)
        return err->status;
    for (size_t k = 0; k < frame->rows; k++) {
        const uint16_t dark = (uint16_t)self->caps.weight[k].code_safe;
        uint16_t *row = weight + k * samples;
        fill(row, samples, dark);
        if (self->drive)
            oac_modem_chop(&self->drive[k], frame->code + k * frame->slots, frame->slots,
                           row + self->guard * per_slot);
        else
            oac_modem_hold(frame->code + k * frame->slots, frame->slots, per_slot, lit, dark,
                           row + self->guard * per_slot);
    }
    const struct oac_stream_load load = {.slots = slots,
                                         .rows = frame->rows,
                                         .weight = weight,
                                         .first = self->guard,
                                         .count = frame->slots,
                                         .differential = frame->differential};
    uint32_t made = 0;
    enum oac_status status = oac_stream_load(&self->stream, &load, &made, err);
    free(weight);
    if (status)
        return status;
    self->frame[place] = (struct oac_modem_frame){.handle = made,
                                                  .rows = frame->rows,
                                                  .slots = frame->slots,
                                                  .null_code = frame->null_x_code,
                                                  .differential = frame->differential};
    *handle = (uint32_t)(place + 1);
    return OAC_OK;
}

/* One slot of the payload; the skew's whole samples move it, within the guard. */
static void put(uint16_t *at, size_t per_slot, size_t lit, uint16_t dark, uint16_t code)
{
    fill(at, lit, code);
    fill(at + lit, per_slot - lit, dark);
}

static void chop_client(const struct oac_modem *self, const struct oac_modem_frame *loaded,
                        const struct oac_activation_frame *frame, size_t b, uint16_t *payload)
{
    const struct oac_modem_drive *drive = &self->drive[self->caps.channels];
    if (frame->code) {
        oac_modem_chop(drive, frame->code + b * loaded->slots, loaded->slots, payload);
        return;
    }
    for (size_t n = 0; n < loaded->slots; n++)
        oac_modem_chop(drive, &loaded->null_code, 1, payload + n * drive->per_slot);
    for (size_t e = frame->nz_begin[b]; e < frame->nz_begin[b + 1]; e++)
        oac_modem_chop(drive, &frame->nz_code[e], 1,
                       payload + frame->nz_slot[e] * drive->per_slot);
}

void oac_modem_client_samples(const struct oac_modem *self,
                              const struct oac_modem_frame *loaded,
                              const struct oac_activation_frame *frame, size_t b,
                              uint16_t *sample)
{
    const size_t per_slot = self->stream.caps->client_samples_per_slot;
    const size_t lit = oac_modem_lit(self, true);
    const uint16_t dark = (uint16_t)self->caps.client->code_safe;
    const size_t samples = (loaded->slots + 2 * (size_t)self->guard) * per_slot;
    const size_t lead =
        (size_t)((long)(self->guard * per_slot) + self->client_shift); /* checked: >= 0 */
    uint16_t *payload = sample + lead;
    fill(sample, lead, dark);
    if (self->drive) {
        chop_client(self, loaded, frame, b, payload);
    } else if (frame->code) {
        oac_modem_hold(frame->code + b * loaded->slots, loaded->slots, per_slot, lit, dark,
                       payload);
    } else {
        for (size_t n = 0; n < loaded->slots; n++)
            put(payload + n * per_slot, per_slot, lit, dark, loaded->null_code);
        for (size_t e = frame->nz_begin[b]; e < frame->nz_begin[b + 1]; e++)
            put(payload + frame->nz_slot[e] * per_slot, per_slot, lit, dark, frame->nz_code[e]);
    }
    const size_t end = lead + loaded->slots * per_slot;
    fill(sample + end, samples - end, dark);
}
