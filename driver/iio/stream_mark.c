/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mark in front of a train: 63 chips of dark and open, a slot each, on the weights' drives. The client's
 * is open from delay_slots_max before to as many after them, so that the mark looks the same however far apart
 * the two are.
 *
 * AC-coupled real ports: on all drives at once, chips of both ends of the travel around rest, whose mean is
 * the rest's (1/63 off). Ports of I and Q: every drive's tone, there or not; the finder looks for the size of
 * their product. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "driver/iio/stream.h"
#include "driver/iio/stream_state.h"
#include "hal/preamble.h"
#include "hal/subcarrier.h"

#define CHIPS OAC_IIO_MARK_CHIPS

size_t oac_iio_mark_first(const struct oac_iio_stream *self)
{
    return (size_t)self->caps.memory_slots +
           (self->caps.subcarrier_periods ? 0 : self->caps.delay_slots_max);
}

size_t oac_iio_mark_slots(const struct oac_iio_stream *self)
{
    return CHIPS + 2 * oac_iio_mark_first(self);
}

/* Sequences that are not taken for each other at any shift (correlation 0.51 at most): a train's, the same
 * backwards, and every other chip turned over. */
void oac_iio_mark_chips(enum oac_iio_mark mark, uint8_t chip[CHIPS])
{
    uint8_t plain[CHIPS];
    oac_preamble_chips(OAC_IIO_MARK_STAGES, plain);
    for (size_t c = 0; c < CHIPS; c++)
        chip[c] = mark == OAC_IIO_MARK_WEIGHTS  ? plain[CHIPS - 1 - c]
                  : mark == OAC_IIO_MARK_CLIENT ? (uint8_t)(plain[c] ^ (c & 1u))
                                                : plain[c];
}

static void hold(uint16_t *sample, size_t count, int32_t code)
{
    for (size_t i = 0; i < count; i++)
        sample[i] = (uint16_t)code;
}

/* Codes that a drive may be away from its rest on both sides, at most to where its light turns round. */
static int32_t swing(const struct oac_port *port, int32_t open)
{
    const int32_t rest = port->code_safe, wanted = open > rest ? open - rest : rest - open;
    const int32_t up = port->code_max - rest, down = rest - port->code_min;
    const int32_t room = up < down ? up : down;
    return wanted < room ? wanted : room;
}

static void tone_slot(const struct oac_iio_stream *self, size_t d, int32_t a, uint16_t *sample)
{
    const size_t pairs = self->line[d].per_slot / 2;
    const unsigned turns = (d == self->channels ? OAC_TONE_CLIENT : OAC_TONE_WEIGHT) *
                           self->caps.subcarrier_periods;
    const double step = 2.0 * OAC_PI * turns / (double)pairs;
    for (size_t i = 0; i < pairs; i++) {
        sample[2 * i] = (uint16_t)(self->ports[d].code_safe + lrint(a * cos(step * (double)i)));
        sample[2 * i + 1] =
            (uint16_t)(self->ports[d].code_safe + lrint(a * sin(step * (double)i)));
    }
}

void oac_iio_mark_make(const struct oac_iio_stream *self, size_t d, uint16_t *sample)
{
    const struct oac_iio_line *line = &self->line[d];
    const size_t guard = self->caps.memory_slots, n = line->per_slot;
    const int32_t dark = self->ports[d].code_safe, open = line->open_code;
    const int32_t a = swing(&self->ports[d], open);
    uint8_t chip[CHIPS];
    oac_iio_mark_chips(OAC_IIO_MARK_TRAIN, chip);
    const size_t first = oac_iio_mark_first(self), slots = oac_iio_mark_slots(self);
    const bool steady = d == self->channels && !self->caps.subcarrier_periods;
    hold(sample, slots * n, dark);
    if (steady)
        hold(sample + guard * n, (slots - 2 * guard) * n, open);
    for (size_t c = 0; c < CHIPS && !steady; c++) {
        uint16_t *at = sample + (first + c) * n;
        if (!self->caps.subcarrier_periods)
            hold(at, n, chip[c] ? open : dark);
        else if (line->values == 2)
            tone_slot(self, d, chip[c] ? a : 0, at);
        else
            hold(at, n, (open > dark) == (chip[c] != 0) ? dark + a : dark - a);
    }
}

struct ear { /* one position of the correlation */
    const int32_t *code;
    size_t per_slot;
    double chip[CHIPS]; /* of zero mean */
    double norm;        /* sum of their squares */
};

static void make_ear(struct ear *ear, enum oac_iio_mark mark, const int32_t *code,
                     size_t per_slot)
{
    uint8_t chip[CHIPS];
    double mean = 0.0;
    oac_iio_mark_chips(mark, chip);
    for (size_t c = 0; c < CHIPS; c++)
        mean += chip[c] / (double)CHIPS;
    *ear = (struct ear){.code = code, .per_slot = per_slot};
    for (size_t c = 0; c < CHIPS; c++) {
        ear->chip[c] = chip[c] - mean;
        ear->norm += ear->chip[c] * ear->chip[c];
    }
}

/* Correlation coefficient of the mark with the slot sums that begin at sample `at`; its magnitude, because a
 * receiver may turn the light upside down. slot_sum (per_slot apart): sums of per_slot samples from each on. */
static double correlate(const struct ear *ear, const int64_t *slot_sum)
{
    double mean = 0.0, product = 0.0, square = 0.0;
    for (size_t c = 0; c < CHIPS; c++)
        mean += (double)slot_sum[c * ear->per_slot] / (double)CHIPS;
    for (size_t c = 0; c < CHIPS; c++) {
        const double value = (double)slot_sum[c * ear->per_slot] - mean;
        product += ear->chip[c] * value;
        square += value * value;
    }
    return square > 0.0 ? fabs(product) / sqrt(square * ear->norm) : 0.0;
}

/* Of the first position above the threshold and the slot after it, the best one. */
static size_t best_of(const struct ear *ear, const int64_t *sum, size_t count, double *contrast)
{
    size_t best = count, last = count;
    for (size_t i = 0; i < last; i++) {
        const double here = correlate(ear, sum + i);
        if (here < OAC_IIO_MARK_LEAST && best == count)
            continue;
        if (best == count) {
            last = i + ear->per_slot < count ? i + ear->per_slot : count;
            *contrast = 0.0;
        }
        if (here > *contrast) {
            *contrast = here;
            best = i;
        }
    }
    return best;
}

/* sum (count): over the slot that begins at each sample. */
static void slot_sums(const int32_t *code, size_t count, size_t per_slot, int64_t *sum)
{
    int64_t running = 0;
    for (size_t i = 0; i < count; i++) {
        running += code[i];
        if (i + 1 >= per_slot) {
            sum[i + 1 - per_slot] = running;
            running -= code[i + 1 - per_slot];
        }
    }
}

size_t oac_iio_mark_find(const int32_t *code, size_t count, size_t per_slot, double *contrast)
{
    const size_t span = (CHIPS + 1) * per_slot;
    struct oac_err ignored;
    struct ear ear;
    *contrast = 0.0;
    if (count < span)
        return count;
    int64_t *sum = oac_alloc(count, sizeof *sum, "a correlation", &ignored);
    if (!sum)
        return count;
    slot_sums(code, count, per_slot, sum);
    make_ear(&ear, OAC_IIO_MARK_TRAIN, code, per_slot);
    const size_t places = count - span + 1, best = best_of(&ear, sum, places, contrast);
    free(sum);
    return best < places ? best : count;
}

/* Where the straight sides of a correlation's peak meet, seen from its middle value [samples]. */
static double peak(double before, double at, double after)
{
    const double side = at - fmin(before, after);
    return side > 0.0 ? 0.5 * (after - before) / side : 0.0;
}

bool oac_iio_mark_find_beacon(enum oac_iio_mark mark, const int32_t *code, size_t count,
                              size_t per_slot, double *at)
{
    const size_t span =
        (CHIPS + 2) * per_slot; /* to a slot behind the first place that shows it */
    struct oac_err ignored;
    struct ear ear;
    double contrast = 0.0;
    if (count < span + per_slot)
        return false;
    int64_t *sum = oac_alloc(count, sizeof *sum, "a correlation", &ignored);
    if (!sum)
        return false;
    slot_sums(code, count, per_slot, sum);
    make_ear(&ear, mark, code, per_slot);
    const size_t places = count - span + 1, best = best_of(&ear, sum, places, &contrast);
    const bool found = best > 0 && best + per_slot < places;
    if (found)
        *at = (double)best +
              peak(correlate(&ear, sum + best - 1), contrast, correlate(&ear, sum + best + 1));
    free(sum);
    return found;
}

/* sum (count): size of the product over the slot that begins at each sample. ref (2 per_slot): its
 * turn, backwards. */
static void tone_sums(const int32_t *code, size_t count, size_t per_slot, const double *ref,
                      int64_t *sum)
{
    double re = 0.0, im = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double *r = ref + 2 * (i % per_slot);
        double x = code[2 * i], y = code[2 * i + 1];
        if (i >= per_slot) {
            x -= code[2 * (i - per_slot)];
            y -= code[2 * (i - per_slot) + 1];
        }
        re += x * r[0] - y * r[1];
        im += x * r[1] + y * r[0];
        if (i + 1 >= per_slot)
            sum[i + 1 - per_slot] = (int64_t)llround(hypot(re, im));
    }
}

size_t oac_iio_mark_find_tone(const int32_t *code, size_t count, size_t per_slot,
                              unsigned turns, double *contrast)
{
    const size_t span = (CHIPS + 1) * per_slot;
    struct oac_err ignored;
    struct ear ear;
    *contrast = 0.0;
    if (per_slot == 0 || count < span)
        return count;
    size_t best = count;
    int64_t *sum = oac_alloc(count, sizeof *sum, "a correlation", &ignored);
    double *ref = oac_alloc(2 * per_slot, sizeof *ref, "a correlation", &ignored);
    if (!sum || !ref)
        goto done;
    for (size_t i = 0; i < per_slot; i++) {
        const double angle = 2.0 * OAC_PI * turns * (double)i / (double)per_slot;
        ref[2 * i] = cos(angle);
        ref[2 * i + 1] = -sin(angle);
    }
    tone_sums(code, count, per_slot, ref, sum);
    make_ear(&ear, OAC_IIO_MARK_TRAIN, code, per_slot);
    best = best_of(&ear, sum, count - span + 1, contrast);
    best = best < count - span + 1 ? best : count;
done:
    free(sum);
    free(ref);
    return best;
}
