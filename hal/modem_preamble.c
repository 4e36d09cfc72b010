/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preambles and sync words: a maximum-length sequence of light, dark and open, cut into pieces
 * that a receiver can hold (an integrator fills: each piece begins with a reset).
 *
 *     part 0   weights  guard dark, then the sequence, then dark
 *              client   open from `margin` slots before it to as many after it
 *     part 1   the other way round
 *
 * On a subcarrier the sequence's drive is chopped, slot by slot, and the other rests half open;
 * levels are then one a
 * chip. With tones both play theirs, and levels are those of the product turned back: one a slot.
 *
 * Levels are what the nominal curves make of the codes (a real curve a little off changes the amplitude), or
 * what was heard of them (modem_sound.c). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/modem_state.h"
#include "hal/preamble.h"
#include "hal/stream_check.h"

#define RANGE_SHARE 0.5 /* of a receiver's range that a piece may fill */

static double transmission(const struct oac_port *port, const struct oac_curve *curve,
                           uint16_t code)
{
    return oac_curve_transmission(curve, port->v0_v + port->lsb_v * code);
}

static const struct oac_port *port_of(const struct oac_modem *self, bool client, size_t k)
{
    return client ? self->caps.client : &self->caps.weight[k];
}

static const struct oac_curve *curve_of(const struct oac_modem *self, bool client, size_t k)
{
    const struct oac_calrec *record = self->stream.caps->link.nominal;
    return client ? &record->client : &record->channel[k].weight;
}

/* Open slots that readout k takes within its share of the range. */
static double room_of(const struct oac_modem *self, size_t k)
{
    const struct oac_port *port = &self->caps.readout[k];
    const struct oac_calrec_channel *c = &self->stream.caps->link.nominal->channel[k];
    if (self->caps.receiver == OAC_SAMPLED)
        return HUGE_VAL;
    double end = c->gain_code > 0.0 ? port->code_max : port->code_min;
    const double open_code =
        self->sounding ? oac_modem_sounding_open(self, k) : fabs(c->gain_code);
    return RANGE_SHARE * fabs(end - c->offset_code) / open_code;
}

/* What a slot of a piece fills readout k at least, in open slots: a sounded code may be far from dark. */
static double dim_of(const struct oac_modem *self, size_t k)
{
    if (!self->sounding)
        return 0.0;
    const double weights = oac_modem_sounding_level(self, k, OAC_MODEM_LOW, OAC_MODEM_OPEN);
    const double client = oac_modem_sounding_level(self, k, OAC_MODEM_OPEN, OAC_MODEM_LOW);
    return fmax(0.0, fmax(weights, client));
}

/* Chips of the next piece: as many as fit the range of readout k and a segment. */
static size_t next_piece(const struct oac_modem *self, const uint8_t *chip, size_t left,
                         size_t k)
{
    const double room = room_of(self, k), dim = dim_of(self, k);
    const size_t around = 2 * (size_t)self->guard + 2 * (size_t)self->margin;
    size_t count = 0;
    double open = dim * (double)around;
    while (count < left && count + around < self->stream.caps->segment_slots_max) {
        open += chip[count] ? 1.0 : dim;
        if (open > room && count > 0)
            break;
        count++;
    }
    return count;
}

/* Of slot n; chip NULL: of the half that stands still. */
static enum oac_modem_level level_at(const struct oac_modem *self,
                                     const struct oac_modem_piece *piece, const uint8_t *chip,
                                     size_t chips, size_t n)
{
    const size_t at = n - self->guard - self->margin; /* wraps in front of the sequence */
    if (n < self->guard || n >= piece->slots - self->guard)
        return OAC_MODEM_REST;
    if (chip && !(n >= self->guard + self->margin && at < chips && chip[at]))
        return OAC_MODEM_LOW;
    return OAC_MODEM_OPEN;
}

static void make_codes(const struct oac_modem *self, const struct oac_modem_piece *piece,
                       bool client, size_t k, const uint8_t *chip, size_t chips, uint16_t *code)
{
    const size_t d = client ? self->caps.channels : k;
    const uint16_t codes[OAC_MODEM_LEVELS] = {[OAC_MODEM_REST] =
                                                  (uint16_t)port_of(self, client, k)->code_safe,
                                              [OAC_MODEM_LOW] = self->low_code[d],
                                              [OAC_MODEM_OPEN] = self->open_code[d]};
    for (size_t n = 0; n < piece->slots; n++)
        code[n] = codes[level_at(self, piece, chip, chips, n)];
}

/* Tones of both halves turn over with every run of the sequence: their product stays, what a
 * receiver hears of one of
 * them alone turns over too, and what it does to the edges cancels. */
static void turn_over(const struct oac_modem *self, const struct oac_modem_piece *piece,
                      const uint8_t *chip, size_t chips, int32_t rest, uint16_t *code)
{
    bool over = false;
    for (size_t n = 0; n < piece->slots; n++) {
        const size_t at = n - self->guard - self->margin; /* wraps in front of the sequence */
        over ^= n >= self->guard + self->margin && at < chips && chip[at] &&
                (at == 0 || !chip[at - 1]);
        code[n] = (uint16_t)(over ? 2 * rest - code[n] : code[n]);
    }
}

/* The sequence's half (moves) and the steady one, on a subcarrier. */
static void make_chopped(const struct oac_modem *self, const struct oac_modem_piece *piece,
                         bool client, size_t k, bool moves, const uint8_t *chip, size_t chips,
                         uint16_t *code, uint16_t *sample)
{
    const struct oac_modem_drive *drive = &self->drive[client ? self->caps.channels : k];
    make_codes(self, piece, client, k, moves ? chip : NULL, chips, code);
    for (size_t n = 0; !moves && !drive->iq && n < piece->slots; n++)
        code[n] = (uint16_t)drive->rest;
    if (drive->iq)
        turn_over(self, piece, chip, chips, drive->rest, code);
    oac_modem_chop(drive, code, piece->slots, sample);
}

/* Light on the subcarrier: the sign of every chip that the sequence (code) opens; a tone's slots. */
static void make_chip_levels(const struct oac_modem *self, bool client, size_t k, size_t slots,
                             const uint16_t *code, double *level)
{
    const struct oac_modem_drive *drive = &self->drive[client ? self->caps.channels : k];
    const size_t each = drive->iq ? 1 : drive->chips;
    for (size_t n = 0; n < slots; n++)
        for (size_t c = 0; c < each; c++) {
            const double sign = drive->iq ? 1.0 : oac_modem_chip_sign(client, c);
            level[n * each + c] = code[n] == (uint16_t)drive->rest ? 0.0 : sign;
        }
}

/* Light and what else the client gates (hal/calrec.h), in units of a slot with both open. */
static void make_levels(const struct oac_modem *self, size_t k, size_t slots,
                        const uint16_t *weight, const uint16_t *client, double *level)
{
    const struct oac_calrec_channel *c = &self->stream.caps->link.nominal->channel[k];
    for (size_t n = 0; n < slots; n++) {
        double tw = transmission(port_of(self, false, k), curve_of(self, false, k), weight[n]);
        double tx = transmission(self->caps.client, curve_of(self, true, 0), client[n]);
        level[n] = (tw + c->gx_code_per_x / c->gain_code) * tx;
    }
}

/* The same of sounded codes, with the half that stands still open or at rest; above what all have at rest, because
 * hal/align.h takes nothing for the light outside. */
static void make_sounded(const struct oac_modem *self, struct oac_modem_piece *piece,
                         size_t part, size_t k, const uint8_t *chip, size_t chips)
{
    double *level = piece->level[part] + k * piece->levels;
    double *rest = piece->rest[part] + k * piece->levels;
    const double outside = oac_modem_sounding_level(self, k, OAC_MODEM_REST, OAC_MODEM_REST);
    for (size_t n = 0; n < piece->slots; n++) {
        const enum oac_modem_level moves = level_at(self, piece, chip, chips, n);
        if (part == 0) {
            level[n] = oac_modem_sounding_level(self, k, moves, OAC_MODEM_OPEN);
            rest[n] = oac_modem_sounding_level(self, k, moves, OAC_MODEM_REST);
        } else {
            level[n] = oac_modem_sounding_level(self, k, OAC_MODEM_OPEN, moves);
            rest[n] = oac_modem_sounding_level(self, k, OAC_MODEM_REST, moves);
        }
        level[n] -= outside;
        rest[n] -= outside;
    }
}

/* Samples and levels of one part: x (slots), w (rows, slots) codes; weight (rows, samples). */
static void fill_part(const struct oac_modem *self, const struct oac_modem_sequence *sequence,
                      struct oac_modem_piece *piece, size_t part, const uint8_t *chip,
                      size_t chips, uint16_t *code, uint16_t *weight)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t slots = piece->slots, wide = caps->weight_samples_per_slot;
    const size_t narrow = caps->client_samples_per_slot;
    const uint8_t *moves[2] = {part == 0 ? chip : NULL, part == 1 ? chip : NULL};
    uint16_t *x = code + slots * sequence->rows;
    if (self->drive) {
        make_chopped(self, piece, true, 0, part == 1, chip, chips, x, piece->client[part]);
    } else {
        make_codes(self, piece, true, 0, moves[1], chips, x);
        oac_modem_hold(x, slots, narrow, narrow, 0, piece->client[part]);
    }
    for (size_t k = 0; k < sequence->rows; k++) {
        uint16_t *w = code + k * slots, *row = weight + k * slots * wide;
        double *level = piece->level[part] + k * piece->levels;
        if (self->drive) {
            make_chopped(self, piece, false, k, part == 0, chip, chips, w, row);
            make_chip_levels(self, part == 1, k, slots, part == 1 ? x : w, level);
            continue;
        }
        make_codes(self, piece, false, k, moves[0], chips, w);
        oac_modem_hold(w, slots, wide, wide, 0, row);
        if (self->sounding)
            make_sounded(self, piece, part, k, chip, chips);
        else
            make_levels(self, k, slots, w, x, level);
    }
}

static enum oac_status make_part(struct oac_modem *self, struct oac_modem_sequence *sequence,
                                 struct oac_modem_piece *piece, size_t part,
                                 const uint8_t *chip, size_t chips, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t slots = piece->slots, wide = caps->weight_samples_per_slot;
    const size_t rows = sequence->rows;
    uint16_t *code = oac_alloc(slots * (1 + rows), sizeof *code, "a preamble", err);
    uint16_t *weight = oac_alloc(slots * wide * rows, sizeof *weight, "a preamble", err);
    piece->client[part] =
        oac_alloc(slots * caps->client_samples_per_slot, sizeof(uint16_t), "a preamble", err);
    piece->level[part] = oac_alloc(piece->levels * rows, sizeof(double), "a preamble", err);
    if (self->sounding)
        piece->rest[part] = oac_alloc(piece->levels * rows, sizeof(double), "a preamble", err);
    if (!code || !weight || !piece->client[part] || !piece->level[part] ||
        (self->sounding && !piece->rest[part]))
        goto done;
    fill_part(self, sequence, piece, part, chip, chips, code, weight);
    const struct oac_stream_load load = {.slots = slots,
                                         .rows = rows,
                                         .weight = weight,
                                         .first = self->guard,
                                         .count = slots - 2 * (size_t)self->guard};
    err->status = oac_stream_load(&self->stream, &load, &piece->handle[part], err);
done:
    free(code);
    free(weight);
    return err->status;
}

/* The capture of everything a piece shows, gates open throughout. */
static enum oac_status make_capture(const struct oac_modem *self,
                                    const struct oac_modem_sequence *sequence,
                                    struct oac_modem_piece *piece, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t rows = sequence->rows;
    double end_s = (double)(piece->slots + caps->delay_slots_max) * caps->link.slot_s;
    if (caps->gate_step_s > 0.0)
        end_s = caps->gate_step_s * floor(end_s / caps->gate_step_s);
    piece->gate_s = oac_alloc(2 * rows, sizeof(double), "a preamble", err);
    if (!piece->gate_s)
        return err->status;
    for (size_t k = 0; k < rows; k++)
        piece->gate_s[rows + k] = end_s;
    const bool gated = self->caps.receiver != OAC_SAMPLED;
    piece->capture =
        (struct oac_stream_capture){.gate_open_s = gated ? piece->gate_s : NULL,
                                    .gate_close_s = gated ? piece->gate_s + rows : NULL,
                                    .picks = piece->samples,
                                    .pick = sequence->pick};
    return OAC_OK;
}

static enum oac_status make_piece(struct oac_modem *self, struct oac_modem_sequence *sequence,
                                  struct oac_modem_piece *piece, const uint8_t *chip,
                                  size_t chips, struct oac_err *err)
{
    piece->slots = chips + 2 * ((size_t)self->guard + self->margin);
    piece->levels =
        piece->slots * (self->drive && !self->drive[0].iq ? oac_modem_chips(self) : 1);
    piece->samples = oac_stream_capture_samples(self->stream.caps, piece->slots);
    if (make_capture(self, sequence, piece, err))
        return err->status;
    for (size_t part = 0; part < sequence->parts; part++) {
        err->status = OAC_OK;
        if (make_part(self, sequence, piece, part, chip, chips, err))
            return err->status;
        piece->heard[part] = sequence->heard;
        sequence->heard += sequence->rows * piece->samples;
        sequence->slots += piece->slots;
    }
    return OAC_OK;
}

static enum oac_status make_picks(const struct oac_modem *self, size_t length,
                                  struct oac_modem_sequence *sequence, struct oac_err *err)
{
    const size_t most = oac_stream_capture_samples(
        self->stream.caps, length + 2 * ((size_t)self->guard + self->margin));
    sequence->pick = oac_alloc(most, sizeof *sequence->pick, "a preamble", err);
    if (!sequence->pick)
        return err->status;
    for (size_t j = 0; j < most; j++)
        sequence->pick[j] = (uint32_t)j;
    return OAC_OK;
}

enum oac_status oac_modem_sequence_make(struct oac_modem *self, unsigned stages, size_t rows,
                                        size_t parts, struct oac_modem_sequence *sequence,
                                        struct oac_err *err)
{
    uint8_t chip[(1u << OAC_PREAMBLE_STAGES_MAX)];
    const size_t length = oac_preamble_length(stages);
    oac_preamble_chips(stages, chip);
    sequence->rows = rows;
    sequence->parts = parts;
    sequence->piece = oac_alloc(length, sizeof *sequence->piece, "a preamble", err);
    if (!sequence->piece || make_picks(self, length, sequence, err))
        return err->status;
    for (size_t done = 0; done < length;) {
        size_t chips = length - done;
        for (size_t k = 0; k < rows; k++)
            chips = next_piece(self, chip + done, chips, k);
        if (chips == 0)
            return oac_fail(err, OAC_EUNSUPPORTED,
                            "a preamble needs segments of more than %u slots: \"%s\" takes %zu",
                            2 * (self->guard + self->margin), self->caps.device_id,
                            self->stream.caps->segment_slots_max);
        struct oac_modem_piece *piece = &sequence->piece[sequence->pieces++];
        if (make_piece(self, sequence, piece, chip + done, chips, err))
            return err->status;
        done += chips;
    }
    return OAC_OK;
}

void oac_modem_sequence_fini(struct oac_modem_sequence *sequence)
{
    for (size_t p = 0; p < sequence->pieces; p++) {
        struct oac_modem_piece *piece = &sequence->piece[p];
        for (size_t part = 0; part < 2; part++) {
            free(piece->client[part]);
            free(piece->level[part]);
            free(piece->rest[part]);
        }
        free(piece->gate_s);
    }
    free(sequence->piece);
    free(sequence->pick);
    *sequence = (struct oac_modem_sequence){0};
}
