/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays preambles and sync words, adds up what comes back, and asks hal/align.h when it came. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

enum oac_status oac_modem_hear_nothing(struct oac_workspace *work,
                                       const struct oac_modem_sequence *sequence,
                                       struct oac_err *err)
{
    double *heard =
        oac_modem_fit(work->heard, &work->heard_capacity, sequence->heard, sizeof *heard, err);
    if (!heard)
        return err->status;
    work->heard = heard;
    memset(heard, 0, sequence->heard * sizeof *heard);
    return OAC_OK;
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
    const size_t steady = oac_modem_drift_repeats(self, sequence);
    size_t most = room < memory ? room : memory;
    most = most < steady ? most : steady;
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

/* Second moments of I and Q of a piece: half the angle of their sum is the line along which
 * samples spread most. */
static void add_moment(const struct oac_modem_piece *from, const double *heard,
                       double moment[2])
{
    const size_t n = from->samples / 2; /* heard: turned back */
    double i0 = 0.0, q0 = 0.0;
    for (size_t j = 0; j < n; j++) {
        i0 += heard[2 * j] / (double)n;
        q0 += heard[2 * j + 1] / (double)n;
    }
    for (size_t j = 0; j < n; j++) {
        const double i = heard[2 * j] - i0, q = heard[2 * j + 1] - q0;
        moment[0] += i * i - q * q;
        moment[1] += 2.0 * i * q;
    }
}

static void turn(const struct oac_modem_piece *from, const double *heard,
                 const double phasor[2], double *real)
{
    for (size_t j = 0; j < from->samples / 2; j++)
        real[j] = phasor[0] * heard[2 * j] + phasor[1] * heard[2 * j + 1];
}

/* Pieces of I and Q as pieces of the product's amplitude, in `real` (all samples); `back` (all
 * values): scratch. */
static void turn_pieces(const struct oac_modem *self, const struct oac_modem_sequence *sequence,
                        const double *heard, size_t part, size_t row,
                        struct oac_align_piece *piece, double *back, double *real,
                        double phasor[2])
{
    double moment[2] = {0.0, 0.0};
    for (size_t p = 0; p < sequence->pieces; p++) {
        const struct oac_modem_piece *from = &sequence->piece[p];
        oac_modem_turn_back(self, from->samples / 2,
                            heard + from->heard[part] + row * from->samples, back);
        add_moment(from, back, moment);
        back += from->samples;
    }
    const double angle = 0.5 * atan2(moment[1], moment[0]);
    phasor[0] = cos(angle);
    phasor[1] = sin(angle);
    for (size_t p = sequence->pieces; p-- > 0;) {
        const struct oac_modem_piece *from = &sequence->piece[p];
        back -= from->samples;
        turn(from, back, phasor, real);
        piece[p].samples = from->samples / 2;
        piece[p].value = real;
        real += from->samples / 2;
    }
}

/* Levels of all pieces in the time of the half that moves: the other one is open from its own payload's
 * beginning to its end, `skew` slots off. NULL: no memory. */
static double *mix_levels(const struct oac_modem *self,
                          const struct oac_modem_sequence *sequence, size_t part, size_t row,
                          double skew, struct oac_err *err)
{
    const double late = part == 0 ? skew : -skew;
    size_t all = 0;
    for (size_t p = 0; p < sequence->pieces; p++)
        all += sequence->piece[p].slots; /* a level each: no subcarrier */
    double *mixed = oac_alloc(all, sizeof *mixed, "a preamble's levels", err), *to = mixed;
    for (size_t p = 0; mixed && p < sequence->pieces; p++) {
        const struct oac_modem_piece *from = &sequence->piece[p];
        const double *level = from->level[part] + row * from->levels;
        const double *rest = from->rest[part] + row * from->levels;
        const double begin = self->guard + late;
        const double end = (double)from->slots - self->guard + late;
        for (size_t n = 0; n < from->slots; n++) {
            const double lit = fmin((double)n + 1.0, end) - fmax((double)n, begin);
            const double share = fmin(fmax(lit, 0.0), 1.0);
            *to++ = share * level[n] + (1.0 - share) * rest[n];
        }
    }
    return mixed;
}

enum oac_status oac_modem_sequence_find(const struct oac_modem *self,
                                        const struct oac_modem_sequence *sequence,
                                        const double *heard, size_t part, size_t row,
                                        double skew, double min_delay, double max_delay,
                                        struct oac_align_fit *fit, double *phasor,
                                        struct oac_err *err)
{
    const bool iq = self->stream.caps->link.readout[row].iq;
    const double values = iq ? 2.0 : 1.0; /* a sample */
    const size_t levels = sequence->piece[0].levels / sequence->piece[0].slots;
    double found[2] = {1.0, 0.0}, *real = NULL, *mixed = NULL;
    struct oac_align_piece *piece =
        oac_alloc(sequence->pieces, sizeof *piece, "a preamble's fit", err);
    if (!piece)
        return err->status;
    if (self->sounding && !(mixed = mix_levels(self, sequence, part, row, skew, err)))
        goto done;
    for (size_t p = 0, at = 0; p < sequence->pieces; at += sequence->piece[p++].levels) {
        const struct oac_modem_piece *from = &sequence->piece[p];
        const size_t heard_samples =
            from->samples - (self->caps.receiver == OAC_COUNTING ? 1 : 0);
        const size_t own_samples = from->slots * self->stream.caps->readout_samples_per_slot;
        piece[p] = (struct oac_align_piece){
            .slots = from->levels,
            /* A sounded rest is light, which ends with the segment. */
            .samples = mixed && own_samples < heard_samples ? own_samples : heard_samples,
            .level = mixed ? mixed + at : from->level[part] + row * from->levels,
            .value = heard + from->heard[part] + row * from->samples,
        };
    }
    if (iq) {
        real = oac_alloc(2 * sequence->heard, sizeof *real, "a preamble's fit", err);
        if (!real)
            goto done;
        turn_pieces(self, sequence, heard, part, row, piece, real + sequence->heard, real,
                    found);
    }
    const struct oac_align align = {.pieces = sequence->pieces,
                                    .piece = piece,
                                    .per_slot = self->stream.caps->readout_samples_per_slot /
                                                (unsigned)(levels * (iq ? 2 : 1)),
                                    .running = self->caps.receiver == OAC_INTEGRATOR,
                                    .min_delay = min_delay / values,
                                    .max_delay = max_delay / values};
    err->status = oac_align_find(&align, fit, err);
    if (err->status)
        goto done;
    fit->delay *= values;
    fit->sigma *= values;
    for (size_t i = 0; phasor && i < 2; i++)
        phasor[i] = fit->amplitude < 0.0 ? -found[i] : found[i];
    if (iq)
        fit->amplitude = fabs(fit->amplitude);
done:
    free(mixed);
    free(real);
    free(piece);
    return err->status;
}
