/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays preambles and sync words, adds up what comes back, and asks hal/align.h when it came. */
#include <stdlib.h>

#include "base/alloc.h"
#include "hal/modem_state.h"

size_t oac_modem_sequence_segments(const struct oac_modem_sequence *sequence)
{
    return sequence->parts * sequence->pieces;
}

void oac_modem_sequence_append(const struct oac_modem *self,
                               const struct oac_modem_sequence *sequence, uint64_t slot0,
                               float *rx, struct oac_stream_segment *segment)
{
    for (size_t part = 0; part < sequence->parts; part++)
        for (size_t p = 0; p < sequence->pieces; p++) {
            const struct oac_modem_piece *piece = &sequence->piece[p];
            *segment++ = (struct oac_stream_segment){.handle = piece->handle[part],
                                                     .client = piece->client[part],
                                                     .slot0 = slot0 + self->guard,
                                                     .launch = 1.0f,
                                                     .capture = &piece->capture,
                                                     .rx = rx + piece->heard[part]};
            slot0 += piece->slots;
        }
}

/* A counter's noise is that of its steps, so these are added up; an integrator's read noise is
 * on its value. */
void oac_modem_sequence_add(const struct oac_modem *self,
                            const struct oac_modem_sequence *sequence, const float *rx,
                            double *heard)
{
    const bool steps = self->caps.receiver == OAC_COUNTING;
    if (!steps) {
        for (size_t i = 0; i < sequence->heard; i++)
            heard[i] += (double)rx[i];
        return;
    }
    for (size_t i = 0; i + 1 < sequence->heard; i++) /* a row's last value is not used */
        heard[i] += (double)rx[i + 1] - (double)rx[i];
}

size_t oac_modem_sequence_repeats(const struct oac_modem *self,
                                  const struct oac_modem_sequence *sequence)
{
    const size_t room = self->stream.caps->segments_max / oac_modem_sequence_segments(sequence);
    const size_t memory = OAC_MODEM_RX_MOST / sequence->heard;
    const size_t most = room < memory ? room : memory;
    return most > 1 ? most : 1;
}

/* The segments in the workspace, in as many bursts as they need. */
static enum oac_status play_all(struct oac_modem *self, size_t segments, struct oac_err *err)
{
    const size_t most = self->stream.caps->segments_max;
    for (size_t done = 0; done < segments;) {
        struct oac_stream_burst burst = {.segments =
                                             segments - done < most ? segments - done : most,
                                         .segment = self->own->segment + done};
        if (oac_stream_play(&self->stream, self->own->stream, &burst, err))
            return err->status;
        if (burst.received < burst.segments)
            return oac_fail(err, OAC_EDEVICE,
                            "\"%s\" lost %zu of %zu captures of a preamble: try again, and if "
                            "it persists lower the sample rates",
                            self->caps.device_id, burst.segments - burst.received,
                            burst.segments);
        done += burst.segments;
    }
    return OAC_OK;
}

enum oac_status oac_modem_sequence_play(struct oac_modem *self,
                                        const struct oac_modem_sequence *sequence,
                                        uint64_t slot0, size_t repeats, struct oac_err *err)
{
    struct oac_workspace *own = self->own;
    const size_t each = oac_modem_sequence_segments(sequence);
    void *rx = oac_modem_fit(own->rx, &own->rx_capacity, repeats * sequence->heard,
                             sizeof(float), err);
    if (!rx)
        return err->status;
    own->rx = rx;
    void *segments = oac_modem_fit(own->segment, &own->segment_capacity, repeats * each,
                                   sizeof(struct oac_stream_segment), err);
    if (!segments)
        return err->status;
    own->segment = segments;
    for (size_t i = 0; i < repeats; i++)
        oac_modem_sequence_append(self, sequence, slot0 + i * sequence->slots,
                                  own->rx + i * sequence->heard, own->segment + i * each);
    if (play_all(self, repeats * each, err))
        return err->status;
    for (size_t i = 0; i < repeats; i++)
        oac_modem_sequence_add(self, sequence, own->rx + i * sequence->heard, own->heard);
    return OAC_OK;
}

enum oac_status oac_modem_sequence_find(const struct oac_modem *self,
                                        const struct oac_modem_sequence *sequence,
                                        const double *heard, size_t part, size_t row,
                                        double min_delay, double max_delay,
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
            .value = heard + from->heard[part] + row * from->samples,
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
    return status;
}
