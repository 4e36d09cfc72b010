/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line of scans: where a playback begins and ends, and which codes surround a stretch. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "driver/twin/playback_state.h"

#define FOREVER (INT64_MAX / 2) /* slots */

uint32_t oac_twin_lead(struct oac_twin_playback *self)
{
    uint32_t word[4];
    oac_rng_words(self->seed, OAC_RNG_TWIN, self->leads++, 0, word);
    const uint32_t scans = OAC_TWIN_LEAD_SCANS_MIN +
                           word[0] % (OAC_TWIN_LEAD_SCANS_MAX - OAC_TWIN_LEAD_SCANS_MIN + 1u);
    return scans * (uint32_t)self->shape->values;
}

void oac_twin_block_drop(struct oac_twin_playback *self, struct output *output)
{
    struct block *block = output->first;
    output->first = block->next;
    self->bytes -= block->bytes;
    free(block->code);
    free(block);
}

static bool drives_any(const struct output *output)
{
    return output->open && output->drives > 0;
}

bool oac_twin_all_hold(const struct oac_twin_playback *self)
{
    size_t held = 0;
    for (size_t d = 0; d < self->outputs; d++)
        if (drives_any(&self->output[d]) && self->output[d].first)
            held += self->output[d].drives;
    return held == self->shape->drives;
}

bool oac_twin_any_holds(const struct oac_twin_playback *self)
{
    for (size_t d = 0; d < self->outputs; d++)
        if (self->output[d].first)
            return true;
    return false;
}

static int64_t slot_of(int64_t scan, int64_t per_slot)
{
    return scan >= 0 ? scan / per_slot : -((-scan + per_slot - 1) / per_slot);
}

/* First slot with scans that are not computed; relative to the playback. */
static int64_t next_slot(const struct oac_twin_playback *self)
{
    return slot_of((int64_t)(self->now - self->anchor), self->shape->per_slot_readout);
}

static int64_t per_slot(const struct oac_twin_playback *self, const struct output *output)
{
    return oac_twin_bench_per_slot(self->bench, output->drive[0]);
}

/* A board's sample while the line's DAC sample `at` plays, and the line's with which the board's begins. */
static int64_t own(const struct output *output, int64_t at)
{
    const double fast = output->clock.fast;
    return fast != 0.0 ? (int64_t)floor((double)at * (1.0 + fast)) : at;
}

static int64_t common(const struct output *output, int64_t at)
{
    const double fast = output->clock.fast;
    return fast != 0.0 ? (int64_t)ceil((double)at / (1.0 + fast)) : at;
}

int64_t oac_twin_next_sample(const struct oac_twin_playback *self, const struct output *output)
{
    return own(output, next_slot(self) * per_slot(self, output));
}

/* End of what is scheduled: slots, rounded up; FOREVER when it repeats; 0 when there is nothing. */
static int64_t end_slot(const struct oac_twin_playback *self, const struct output *output)
{
    int64_t end = 0, n;
    for (const struct block *block = output->first; block; block = block->next) {
        if (block->start < 0)
            continue;
        if (block->cyclic)
            return FOREVER;
        end = block->start + (int64_t)block->samples;
    }
    if (end == 0)
        return 0;
    n = per_slot(self, output);
    return (common(output, end) + n - 1) / n;
}

/* Slots that a streaming output can still fill, guard included, from the next on. */
static int64_t slots_filled(const struct oac_twin_playback *self, const struct output *output)
{
    if (!drives_any(output) || !output->streams)
        return FOREVER;
    return end_slot(self, output) - (int64_t)self->shape->guard_slots - next_slot(self);
}

bool oac_twin_starved(const struct oac_twin_playback *self)
{
    for (size_t d = 0; d < self->outputs; d++)
        if (slots_filled(self, &self->output[d]) <= 0)
            return true;
    return false;
}

bool oac_twin_ran_dry(const struct oac_twin_playback *self, const struct output *output)
{
    const struct block *last = output->first;
    while (last && last->next)
        last = last->next;
    if (!last)
        return output->begun;
    return self->playing && !last->cyclic && last->start >= 0 &&
           last->start + (int64_t)last->samples < oac_twin_next_sample(self, output);
}

bool oac_twin_repeats(const struct oac_twin_playback *self)
{
    for (size_t d = 0; d < self->outputs; d++)
        if (drives_any(&self->output[d]) && end_slot(self, &self->output[d]) == FOREVER)
            return true;
    return false;
}

/* By how many scans each board's outputs begin late: 0 where only one board has any. */
static void draw_apart(struct oac_twin_playback *self, uint32_t late[OAC_BENCH_BOARDS_MAX])
{
    bool drives[OAC_BENCH_BOARDS_MAX] = {false};
    size_t boards = 0;
    for (size_t d = 0; d < self->outputs; d++)
        if (drives_any(&self->output[d]) && !drives[self->output[d].clock.board]) {
            drives[self->output[d].clock.board] = true;
            boards++;
        }
    for (size_t b = 0; b < OAC_BENCH_BOARDS_MAX; b++) {
        uint32_t word[4];
        late[b] = 0;
        if (boards < 2 || !drives[b])
            continue;
        oac_rng_words(self->seed, OAC_RNG_TWIN, self->leads++, 0, word);
        late[b] = word[0] % OAC_TWIN_APART_SCANS;
    }
}

static void begin(struct oac_twin_playback *self)
{
    uint32_t late[OAC_BENCH_BOARDS_MAX];
    draw_apart(self, late);
    for (size_t d = 0; d < self->outputs; d++) {
        const struct output *output = &self->output[d];
        int64_t start = 0;
        if (drives_any(output))
            start = (int64_t)late[output->clock.board] * per_slot(self, output) /
                    self->shape->per_slot_readout;
        self->output[d].streams = self->output[d].first && self->output[d].first->next;
        for (struct block *block = self->output[d].first; block; block = block->next) {
            block->start = start;
            start += (int64_t)block->samples;
        }
    }
    self->playing = true;
    self->anchor = self->now + oac_twin_lead(self);
}

/* Drops what lies wholly before the guard of the next slot. */
static void forget(struct oac_twin_playback *self)
{
    const int64_t keep = next_slot(self) - (int64_t)self->shape->guard_slots;
    for (size_t d = 0; d < self->outputs; d++) {
        struct output *output = &self->output[d];
        while (output->first && !output->first->cyclic && output->first->start >= 0 &&
               output->first->start + (int64_t)output->first->samples <=
                   own(output, keep * per_slot(self, output)))
            oac_twin_block_drop(self, output);
    }
}

/* Slots until the playback is over and forgotten by the bench, from the next on. */
static int64_t slots_left(const struct oac_twin_playback *self)
{
    int64_t last = 0;
    for (size_t d = 0; d < self->outputs; d++) {
        const struct output *output = &self->output[d];
        int64_t end = drives_any(output) ? end_slot(self, output) : 0;
        last = end > last ? end : last;
    }
    if (last == FOREVER)
        return FOREVER;
    return last + (int64_t)self->shape->guard_slots - next_slot(self);
}

/* The same on a clock of the board's own: the sample that is held at each of the line's. */
static void overlay_own(const struct output *output, size_t c, int64_t from, int64_t count,
                        uint16_t *code)
{
    for (const struct block *block = output->first; block; block = block->next)
        for (int64_t i = 0; i < count && block->start >= 0; i++) {
            int64_t at = own(output, from + i) - block->start;
            if (block->cyclic && at >= 0)
                at %= (int64_t)block->samples;
            if (at >= 0 && at < (int64_t)block->samples)
                code[i] = block->code[c * block->samples + (size_t)at];
        }
}

/* Writes what drive c of the output plays from DAC sample `from` on (count) over what is there. */
static void overlay(const struct output *output, size_t c, int64_t from, int64_t count,
                    uint16_t *code)
{
    if (output->clock.fast != 0.0) {
        overlay_own(output, c, from, count, code);
        return;
    }
    for (const struct block *block = output->first; block; block = block->next) {
        const uint16_t *row = block->code + c * block->samples;
        const int64_t n = (int64_t)block->samples, start = block->start;
        if (start < 0)
            continue;
        if (block->cyclic) {
            int64_t i = from < start ? start : from, at = (i - start) % n;
            for (; i < from + count; i++) {
                code[i - from] = row[at++];
                at = at < n ? at : 0;
            }
            continue;
        }
        int64_t low = from > start ? from : start;
        int64_t high = from + count < start + n ? from + count : start + n;
        if (high > low)
            memcpy(code + (low - from), row + (low - start),
                   (size_t)(high - low) * sizeof *code);
    }
}

static void put_drive(const struct oac_twin_playback *self, size_t drive, int64_t from,
                      int64_t count, uint16_t *code)
{
    const uint16_t idle = oac_twin_bench_idle(self->bench, drive);
    for (int64_t i = 0; i < count; i++)
        code[i] = idle;
    for (size_t d = 0; self->playing && d < self->outputs; d++)
        for (size_t c = 0; c < self->output[d].drives; c++)
            if (self->output[d].drive[c] == drive)
                overlay(&self->output[d], c, from, count, code);
}

static void put_codes(struct oac_twin_playback *self, int64_t slot, size_t slots)
{
    const int64_t guard = (int64_t)self->shape->guard_slots;
    for (size_t drive = 0; drive < self->shape->drives; drive++) {
        int64_t n = oac_twin_bench_per_slot(self->bench, drive);
        put_drive(self, drive, (slot - guard) * n, ((int64_t)slots + 2 * guard) * n,
                  oac_twin_bench_place(self->bench, drive, slots));
    }
}

/* scans (of them `skip` were there already) of a stretch go into history. */
static void remember(struct oac_twin_playback *self, size_t scans, size_t skip)
{
    for (size_t i = skip; i < scans; i++) {
        for (size_t k = 0; k < self->shape->readouts; k++)
            self->history[k * OAC_TWIN_HISTORY + self->now % OAC_TWIN_HISTORY] =
                self->fresh[k * scans + i];
        self->now++;
    }
    if (self->now - self->oldest > OAC_TWIN_HISTORY)
        self->oldest = self->now - OAC_TWIN_HISTORY;
}

/* How many slots may be computed at once now, at most `slots`. */
static size_t stretch_of(const struct oac_twin_playback *self, size_t slots)
{
    int64_t most = (int64_t)(slots < self->stretch ? slots : self->stretch);
    if (!self->playing)
        return (size_t)most;
    for (size_t d = 0; d < self->outputs; d++) {
        int64_t filled = slots_filled(self, &self->output[d]);
        most = filled > 0 && filled < most ? filled : most;
    }
    int64_t left = slots_left(self);
    return (size_t)(left < most ? left : most);
}

/* A stream may never end: what waits on another output for a playback to begin would wait for ever, and joins
 * it instead, as on a board, whose outputs run on their own. */
static void join_streams(struct oac_twin_playback *self)
{
    bool streams = false;
    for (size_t d = 0; d < self->outputs; d++)
        streams = streams || (drives_any(&self->output[d]) && self->output[d].streams);
    for (size_t d = 0; streams && d < self->outputs; d++) {
        struct output *output = &self->output[d];
        int64_t at = drives_any(output) ? oac_twin_next_sample(self, output) : 0;
        at = at > 0 ? at : 0; /* in the lead */
        for (struct block *block = output->first; block; block = block->next) {
            if (block->start < 0) {
                block->start = at;
                output->streams = true;
            }
            const int64_t end = block->start + (int64_t)block->samples;
            at = end > at ? end : at;
        }
    }
}

enum oac_status oac_twin_advance(struct oac_twin_playback *self, size_t scans)
{
    const size_t n = self->shape->per_slot_readout;
    if (self->playing && slots_left(self) <= 0) {
        forget(self);
        self->playing = false;
    }
    if (!self->playing && oac_twin_any_holds(self))
        begin(self);
    if (!self->playing)
        self->anchor = self->now;
    else
        join_streams(self);
    int64_t slot = next_slot(self);
    size_t skip = (size_t)((int64_t)(self->now - self->anchor) - slot * (int64_t)n);
    scans = scans < self->stretch * n ? scans : self->stretch * n;
    size_t slots = stretch_of(self, (skip + scans + n - 1) / n);
    put_codes(self, slot, slots);
    if (oac_twin_bench_render(self->bench, self->clock, slots, self->fresh, &self->failed))
        return self->failed.status;
    self->clock += slots;
    remember(self, slots * n, skip);
    if (self->playing)
        forget(self);
    return OAC_OK;
}
