/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights on one board, client on another. Their outputs start apart, by another number of samples every time,
 * and run on clocks of their own. So both are fed without a gap, first with beacons, over and over. H slots are
 * more than they can start apart:
 *
 *     weights   open H | chips | open H       open H       open  | open H
 *     client    open H | open  | open H       open H       chips | open H       period 4 H + 126
 *
 * While one plays chips the other is open, wherever it stands within H, so that either's are seen in the light.
 * Where they are says how far the boards are apart, and how fast each runs. Then the train is placed, on either
 * board where its feed has not been asked for samples yet, the client's resampled to the weights' clock (nearest
 * sample). Paces are measured over OAC_IIO_BEACONS periods, in front of one train in PACE_TRAINS; the distance in
 * front of each. What goes wrong later, a feed that runs dry or a clock that moves, shifts one against the other:
 * the modem sees it in the sequences on both sides of a burst (drives_apart, hal/stream.h).
 * Times below: slots and samples of each board's own, from its first sample on. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "driver/iio/stream_state.h"

#define APART_S     0.01 /* between the starts of two outputs */
#define FEED_S      0.01 /* of a buffer; those that wait are how long a feed may stall */
#define FEED_AHEAD  3u /* buffers that are there before anybody listens: a stream, not a shot */
#define AHEAD_S     1.0
#define PACE_TRAINS 64u
#define PACE_MOST   1.2e-3 /* declared rates and crystals, of the board and of the readouts */
#define STRAIGHT    0.15   /* [slots] that a beacon may be off the line of all */
#define CHIPS       OAC_IIO_MARK_CHIPS
#define BLOCK       4096u

static const struct oac_iio_line *line_of(const struct oac_iio_stream *self, size_t o)
{
    return &self->line[self->output[o].line[0]];
}

/* First slot of a board's n-th beacon. */
static double beacon_slot(const struct oac_iio_stream *self, size_t o, size_t n)
{
    const struct oac_iio_apart *apart = &self->apart;
    const size_t first = o == 0 ? apart->hold_slots : 3 * apart->hold_slots + CHIPS;
    return (double)(self->ramp_slots + first + n * apart->period_slots);
}

enum oac_status oac_iio_apart_make(struct oac_iio_stream *self, struct oac_err *err)
{
    struct oac_iio_apart *apart = &self->apart;
    if (self->line[self->channels].board == self->line[0].board)
        return OAC_OK;
    if (self->outputs != 2)
        return oac_fail(
            err, OAC_EUNSUPPORTED,
            "rig %s: weights come over %zu devices and the client over another board: "
            "put weight_ports on one device, or all outputs on one board",
            self->rig.name, self->outputs - 1);
    apart->hold_slots = (size_t)ceil(APART_S * self->rig.slot_rate_hz) + CHIPS;
    apart->period_slots = 4 * apart->hold_slots + 2 * CHIPS;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&apart->lock, NULL);
    pthread_cond_init(&apart->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    apart->needed = true;
    return OAC_OK;
}

void oac_iio_apart_fini(struct oac_iio_stream *self)
{
    if (!self->apart.needed)
        return;
    pthread_cond_destroy(&self->apart.news);
    pthread_mutex_destroy(&self->apart.lock);
}

void oac_iio_apart_forget(struct oac_iio_stream *self)
{
    self->apart.slot[0] = self->apart.slot[1] = 0.0;
}

bool oac_iio_apart_placed(struct oac_iio_stream *self)
{
    pthread_mutex_lock(&self->apart.lock);
    const bool placed = self->apart.placed;
    pthread_mutex_unlock(&self->apart.lock);
    return placed;
}

void oac_iio_apart_stop(struct oac_iio_stream *self)
{
    pthread_mutex_lock(&self->apart.lock);
    self->apart.stop = true;
    pthread_mutex_unlock(&self->apart.lock);
}

/* Where the train is by then; begin and fast as in the stream. */
struct place {
    bool placed;
    double begin, fast;
    uint8_t chip[CHIPS];
};

static uint16_t code_at(const struct oac_iio_stream *self, size_t d, const struct place *place,
                        uint64_t at)
{
    const struct oac_iio_line *line = &self->line[d];
    const uint16_t dark = (uint16_t)self->ports[d].code_safe;
    const size_t n = line->per_slot, edge = self->ramp_slots * n;
    const double into = floor(((double)at + 0.5 - place->begin) / place->fast);
    if (place->placed && into >= (double)(self->slots * n))
        return line->rest_code;
    if (place->placed && into >= 0.0) /* the way from rest to dark lies behind already */
        return into < (double)edge ? dark : self->train[d][(size_t)into];
    if (at < edge)
        return oac_iio_train_ramp((size_t)at, edge, line->rest_code, dark);
    const uint64_t slot = at / n % self->apart.period_slots;
    const uint64_t first =
        (uint64_t)beacon_slot(self, d == self->channels, 0) % self->apart.period_slots;
    const uint64_t chip = slot - first; /* wraps in front of it */
    return chip < CHIPS && !place->chip[chip] ? dark : line->open_code;
}

static void fill(const struct oac_iio_feed *feed, const struct place *place, size_t i,
                 const struct oac_iio_view *view)
{
    const struct oac_iio_stream *self = feed->self;
    const size_t d = self->output[feed->o].line[i];
    const struct oac_iio_line *line = &self->line[d];
    unsigned char *to = (unsigned char *)view->data + view->offset[i];
    uint16_t code[BLOCK];
    for (size_t first = 0; first < view->samples; first += BLOCK) {
        const size_t left = view->samples - first, count = left < BLOCK ? left : BLOCK;
        for (size_t s = 0; s < count; s++)
            code[s] = line->board_code[code_at(self, d, place, feed->at + first + s)];
        (void)oac_codec_encode(&line->codec, count, code, to + first * view->step, view->step);
    }
}

/* The next buffer of a feed; false when the train is over, or shall not be any more. */
static bool next(void *context, const struct oac_iio_view *view)
{
    struct oac_iio_feed *feed = context;
    struct oac_iio_stream *self = feed->self;
    struct oac_iio_apart *apart = &self->apart;
    struct place place;
    pthread_mutex_lock(&apart->lock);
    place.placed = apart->placed;
    place.begin = apart->begin[feed->o];
    place.fast = feed->o == 0 ? 1.0 : apart->fast;
    apart->fed[feed->o] = feed->at + view->samples;
    const bool stop = apart->stop;
    pthread_cond_broadcast(&apart->news);
    pthread_mutex_unlock(&apart->lock);
    const double slots = (double)(self->slots + 1) * line_of(self, feed->o)->per_slot;
    if (stop || (place.placed && (double)feed->at > place.begin + slots * place.fast))
        return false;
    oac_iio_mark_chips(feed->o == 0 ? OAC_IIO_MARK_WEIGHTS : OAC_IIO_MARK_CLIENT, place.chip);
    for (size_t i = 0; i < self->output[feed->o].lines; i++)
        fill(feed, &place, i, view);
    feed->at += view->samples;
    return true;
}

/* Until there is more than one buffer on either board, or a second is over: then listening says what is wrong. */
static void wait_ahead(struct oac_iio_stream *self)
{
    struct oac_iio_apart *apart = &self->apart;
    struct timespec end;
    int late = 0;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)AHEAD_S;
    pthread_mutex_lock(&apart->lock);
    while (late != ETIMEDOUT && (apart->fed[0] < FEED_AHEAD * self->output[0].samples ||
                                 apart->fed[1] < FEED_AHEAD * self->output[1].samples))
        late = pthread_cond_timedwait(&apart->news, &apart->lock, &end);
    pthread_mutex_unlock(&apart->lock);
}

static void begin_anew(struct oac_iio_stream *self)
{
    struct oac_iio_apart *apart = &self->apart;
    if (apart->trains >= PACE_TRAINS)
        oac_iio_apart_forget(self);
    apart->placed = apart->stop = false; /* no feed runs */
    for (size_t o = 0; o < 2; o++) {
        apart->beacons[o] = 0;
        apart->searched[o] = apart->fed[o] = 0;
        apart->feed[o] = (struct oac_iio_feed){.self = self, .o = o};
    }
}

enum oac_status oac_iio_apart_push(struct oac_iio_stream *self, struct oac_err *err)
{
    begin_anew(self);
    for (size_t o = 0; o < 2; o++) {
        struct oac_iio_converter *output = &self->output[o];
        const size_t samples = (size_t)ceil(FEED_S * line_of(self, o)->rate_hz);
        if (oac_iio_train_fit(self, output, samples, err))
            return oac_iio_of_board(self, output->board, err);
        oac_iio_losses_forget(output);
    }
    for (size_t o = 0; o < 2; o++)
        if (oac_iio_buffer_run(self->output[o].buffer, next, &self->apart.feed[o], err))
            return oac_iio_of_board(self, self->output[o].board, err);
    wait_ahead(self);
    return OAC_OK;
}

/* The pace of a board by its beacons; false when they are not on a line, or it is none that a clock can have. */
static bool measure(const struct oac_iio_stream *self, size_t o, double per_slot, double *slot)
{
    const struct oac_iio_apart *apart = &self->apart;
    const double *at = apart->beacon[o], period = (double)apart->period_slots;
    const size_t last = OAC_IIO_BEACONS - 1;
    *slot = (at[last] - at[0]) / ((double)last * period);
    if (!(fabs(*slot / per_slot - 1.0) <= PACE_MOST))
        return false;
    for (size_t i = 0; i < OAC_IIO_BEACONS; i++)
        if (!(fabs(at[i] - at[0] - (double)i * period * *slot) <= STRAIGHT * per_slot))
            return false;
    return true;
}

/* The train begins where neither feed has been asked for samples yet. */
static enum oac_status place(struct oac_iio_stream *self, struct oac_err *err)
{
    struct oac_iio_apart *apart = &self->apart;
    const double *pace = apart->slot, period = (double)apart->period_slots;
    const size_t n[2] = {line_of(self, 0)->per_slot, line_of(self, 1)->per_slot};
    double slot[2], heard[2]; /* of each board's last beacon */
    for (size_t o = 0; o < 2; o++) {
        slot[o] = beacon_slot(self, o, apart->beacons[o] - 1);
        heard[o] = apart->beacon[o][apart->beacons[o] - 1];
    }
    /* A board's first beacon may have been missed: what is left is less than half a period. */
    const double late = slot[0] + (heard[1] - heard[0]) / pace[0] - slot[1];
    const double periods = nearbyint(late / period);
    slot[1] += periods * period;
    if (!(fabs(late - periods * period) <= (double)apart->hold_slots))
        return oac_fail(
            err, OAC_EDEVICE,
            "outputs on boards %s and %s start %.3g ms apart, more than %.3g: give both "
            "boards connections of their own to this computer",
            self->boards.board[self->output[0].board].name,
            self->boards.board[self->output[1].board].name,
            1e3 * (late - periods * period) / self->rig.slot_rate_hz,
            1e3 * (double)apart->hold_slots / self->rig.slot_rate_hz);
    pthread_mutex_lock(&apart->lock);
    const double free_slot =
        heard[1] + ((double)apart->fed[1] / (double)n[1] - slot[1]) * pace[1];
    const double first = ceil(fmax((double)apart->fed[0] / (double)n[0],
                                   slot[0] + (free_slot - heard[0]) / pace[0])) +
                         1.0;
    const double then = heard[0] + (first - slot[0]) * pace[0];
    apart->begin[0] = first * (double)n[0];
    apart->begin[1] = (slot[1] + (then - heard[1]) / pace[1]) * (double)n[1];
    apart->fast = pace[0] / pace[1];
    apart->placed = true;
    pthread_mutex_unlock(&apart->lock);
    apart->trains++;
    self->account.bench_s += first * self->caps.link.slot_s;
    return OAC_OK;
}

static enum oac_status decide(struct oac_iio_stream *self, double per_slot, struct oac_err *err)
{
    struct oac_iio_apart *apart = &self->apart;
    const bool measured = apart->slot[0] > 0.0;
    const size_t need = measured ? 1 : OAC_IIO_BEACONS;
    if (apart->beacons[0] < need || apart->beacons[1] < need)
        return OAC_OK;
    if (!measured) {
        double slot[2];
        if (!measure(self, 0, per_slot, &slot[0]) || !measure(self, 1, per_slot, &slot[1])) {
            apart->beacons[0] = apart->beacons[1] =
                0; /* a feed ran dry: more of them will come */
            return OAC_OK;
        }
        memcpy(apart->slot, slot, sizeof slot);
        apart->trains = 0;
    }
    return place(self, err);
}

enum oac_status oac_iio_apart_look(struct oac_iio_stream *self, size_t k, uint64_t gone,
                                   struct oac_err *err)
{
    static const enum oac_iio_mark marks[2] = {OAC_IIO_MARK_WEIGHTS, OAC_IIO_MARK_CLIENT};
    struct oac_iio_apart *apart = &self->apart;
    const size_t per_slot = self->caps.readout_samples_per_slot;
    for (size_t o = 0; o < 2; o++) {
        double at = 0.0;
        uint64_t from = apart->searched[o] > gone ? apart->searched[o] - gone : 0;
        while (apart->beacons[o] < OAC_IIO_BEACONS && from < self->heard_count[k] &&
               oac_iio_mark_find_beacon(marks[o], self->heard[k] + from,
                                        self->heard_count[k] - from, per_slot, &at)) {
            at += (double)(gone + from);
            apart->beacon[o][apart->beacons[o]++] = at;
            apart->searched[o] = (uint64_t)at + CHIPS * per_slot;
            from = apart->searched[o] - gone;
        }
    }
    return oac_iio_apart_placed(self) ? OAC_OK : decide(self, (double)per_slot, err);
}
