/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays preambles and sync words, adds up what comes back, and asks hal/align.h when it came. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/modem_state.h"

void oac_modem_sequence_clear(struct oac_modem_sequence *sequence)
{
    sequence->repeats = 0;
    for (size_t p = 0; p < sequence->pieces; p++)
        for (size_t part = 0; part < sequence->parts; part++) {
            const struct oac_modem_piece *piece = &sequence->piece[p];
            memset(piece->sum[part], 0, piece->rows * piece->samples * sizeof(double));
        }
}

/* The capture of everything a piece shows, gates open throughout. */
static enum oac_status whole_capture(const struct oac_modem *self,
                                     const struct oac_modem_piece *piece,
                                     struct oac_modem_plan *plan, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const struct oac_modem_frame frame = {.rows = piece->rows,
                                          .slots = piece->slots - 2 * (size_t)self->guard};
    if (oac_modem_plan_room(plan, piece->rows, piece->samples, err))
        return err->status;
    plan->rows = frame.rows;
    plan->slots = frame.slots;
    plan->picks = piece->samples;
    for (size_t j = 0; j < piece->samples; j++)
        plan->pick[j] = (uint32_t)j;
    double end_s = (double)(piece->slots + caps->delay_slots_max) * caps->link.slot_s;
    if (caps->gate_step_s > 0.0)
        end_s = caps->gate_step_s * floor(end_s / caps->gate_step_s);
    for (size_t k = 0; k < piece->rows; k++) {
        plan->open_s[k] = 0.0;
        plan->close_s[k] = end_s;
    }
    const bool gated = self->caps.receiver != OAC_SAMPLED;
    plan->capture = (struct oac_stream_capture){.gate_open_s = gated ? plan->open_s : NULL,
                                                .gate_close_s = gated ? plan->close_s : NULL,
                                                .picks = plan->picks,
                                                .pick = plan->pick};
    return OAC_OK;
}

/* A counter's noise is that of its steps, so these are added up; an integrator's read noise is on its value. */
static void add_up(const struct oac_modem *self, const float *rx, struct oac_modem_piece *piece,
                   size_t part)
{
    const bool steps = self->caps.receiver == OAC_COUNTING;
    for (size_t k = 0; k < piece->rows; k++) {
        const float *value = rx + k * piece->samples;
        double *sum = piece->sum[part] + k * piece->samples;
        for (size_t j = 0; j + (steps ? 1 : 0) < piece->samples; j++)
            sum[j] += steps ? (double)value[j + 1] - (double)value[j] : (double)value[j];
    }
}

static enum oac_status play_piece(struct oac_modem *self, struct oac_modem_piece *piece,
                                  size_t part, size_t repeats, uint64_t slot0,
                                  uint64_t slots_apart, struct oac_err *err)
{
    struct oac_workspace *own = self->own;
    const size_t values = piece->rows * piece->samples;
    void *rx = oac_modem_fit(own->rx, &own->rx_capacity, values * repeats, sizeof(float), err);
    if (!rx)
        return err->status;
    own->rx = rx;
    void *segments = oac_modem_fit(own->segment, &own->segment_capacity, repeats,
                                   sizeof(struct oac_stream_segment), err);
    if (!segments)
        return err->status;
    own->segment = segments;
    if (whole_capture(self, piece, &own->plan, err))
        return err->status;
    for (size_t i = 0; i < repeats; i++)
        own->segment[i] =
            (struct oac_stream_segment){.handle = piece->handle[part],
                                        .client = piece->client[part],
                                        .slot0 = slot0 + i * slots_apart + self->guard,
                                        .launch = 1.0f,
                                        .capture = &own->plan.capture,
                                        .rx = own->rx + i * values};
    struct oac_stream_burst burst = {.segments = repeats, .segment = own->segment};
    if (oac_stream_play(&self->stream, own->stream, &burst, err))
        return err->status;
    if (burst.received < repeats)
        return oac_fail(err, OAC_EDEVICE,
                        "\"%s\" lost %zu of %zu captures of a preamble: try again, and if it "
                        "persists lower the sample rates",
                        self->caps.device_id, repeats - burst.received, repeats);
    for (size_t i = 0; i < repeats; i++)
        add_up(self, own->rx + i * values, piece, part);
    return OAC_OK;
}

enum oac_status oac_modem_sequence_play(struct oac_modem *self,
                                        struct oac_modem_sequence *sequence, uint64_t slot0,
                                        unsigned repeats, struct oac_err *err)
{
    const size_t most = self->stream.caps->segments_max;
    uint64_t offset = 0;
    for (size_t p = 0; p < sequence->pieces; p++)
        for (size_t part = 0; part < sequence->parts; part++) {
            struct oac_modem_piece *piece = &sequence->piece[p];
            for (size_t done = 0; done < repeats;) {
                size_t some = repeats - done < most ? repeats - done : most;
                if (play_piece(self, piece, part, some, slot0 + offset + done * sequence->slots,
                               sequence->slots, err))
                    return err->status;
                done += some;
            }
            offset += piece->slots;
        }
    sequence->repeats += repeats;
    return OAC_OK;
}

enum oac_status oac_modem_sequence_find(const struct oac_modem *self,
                                        const struct oac_modem_sequence *sequence, size_t part,
                                        size_t row, double min_delay, double max_delay,
                                        struct oac_align_fit *fit, struct oac_err *err)
{
    struct oac_align_piece *piece =
        oac_alloc(sequence->pieces, sizeof *piece, "a preamble's fit", err);
    if (!piece)
        return err->status;
    for (size_t p = 0; p < sequence->pieces; p++) {
        const struct oac_modem_piece *from = &sequence->piece[p];
        piece[p] = (struct oac_align_piece){
            .slots = from->slots,
            .samples = from->samples - (self->caps.receiver == OAC_COUNTING ? 1 : 0),
            .level = from->level[part] + row * from->slots,
            .value = from->sum[part] + row * from->samples,
        };
    }
    const struct oac_align align = {.pieces = sequence->pieces,
                                    .piece = piece,
                                    .per_slot = self->stream.caps->readout_samples_per_slot,
                                    .running = self->caps.receiver == OAC_INTEGRATOR,
                                    .min_delay = min_delay,
                                    .max_delay = max_delay};
    enum oac_status status = oac_align_find(&align, fit, err);
    free(piece);
    if (status == OAC_OK && sequence->repeats)
        fit->amplitude /= sequence->repeats;
    return status;
}
