/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/twin/playback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "driver/twin/playback_state.h"

static struct timespec after_ms(unsigned ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000u);
    at.tv_nsec += (long)(ms % 1000u) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

/* Waits for something to change; false when the time is over or the bench stops. */
static bool wait_until(struct oac_twin_playback *self, const struct timespec *end)
{
    if (self->stopped)
        return false;
    return pthread_cond_timedwait(&self->changed, &self->lock, end) == 0 && !self->stopped;
}

void oac_twin_playback_stop(struct oac_twin_playback *self)
{
    pthread_mutex_lock(&self->lock);
    self->stopped = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void oac_twin_output_open(struct oac_twin_playback *self, size_t device, size_t drives,
                          const size_t *drive, size_t depth, struct oac_twin_clock clock)
{
    pthread_mutex_lock(&self->lock);
    struct output *output = &self->output[device];
    output->open = true;
    output->streams = false;
    output->gaps = 0;
    output->drives = drives;
    memcpy(output->drive, drive, drives * sizeof *drive);
    output->depth = depth;
    output->clock = clock;
    pthread_mutex_unlock(&self->lock);
}

void oac_twin_output_close(struct oac_twin_playback *self, size_t device)
{
    pthread_mutex_lock(&self->lock);
    struct output *output = &self->output[device];
    while (output->first)
        oac_twin_block_drop(self, output);
    output->open = output->streams = output->begun = false;
    output->drives = 0;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static size_t waiting(const struct output *output)
{
    size_t blocks = 0;
    for (const struct block *block = output->first; block; block = block->next)
        blocks++;
    return blocks;
}

uint64_t oac_twin_output_gaps(struct oac_twin_playback *self, size_t device)
{
    pthread_mutex_lock(&self->lock);
    const struct output *output = &self->output[device];
    const uint64_t gaps = output->gaps + oac_twin_ran_dry(self, output);
    pthread_mutex_unlock(&self->lock);
    return gaps;
}

bool oac_twin_output_cyclic(struct oac_twin_playback *self, size_t device)
{
    pthread_mutex_lock(&self->lock);
    const struct block *block = self->output[device].first;
    bool cyclic = block && block->cyclic;
    pthread_mutex_unlock(&self->lock);
    return cyclic;
}

/* Room in the queue: what nobody listens to is played and gone. */
static int make_room(struct oac_twin_playback *self, struct output *output, size_t bytes,
                     unsigned timeout_ms)
{
    const struct timespec end = after_ms(timeout_ms);
    while (waiting(output) >= output->depth || self->bytes + bytes > OAC_TWIN_QUEUE_BYTES_MAX) {
        if (self->readers == 0 && output->first)
            oac_twin_block_drop(self, output);
        else if (!wait_until(self, &end))
            return self->stopped ? -EPIPE : -ETIMEDOUT;
    }
    return 0;
}

static void append(struct oac_twin_playback *self, struct output *output, struct block *block)
{
    struct block **at = &output->first;
    const struct block *before = NULL;
    for (; *at; at = &(*at)->next)
        before = *at;
    *at = block;
    output->begun = true;
    self->bytes += block->bytes;
    if (!self->playing)
        return;
    if (!before && oac_twin_repeats(self)) /* joins what would never end */
        block->start = oac_twin_next_sample(self, output);
    if (!before || before->start < 0)
        return;
    int64_t end = before->start + (int64_t)before->samples;
    if (end >= oac_twin_next_sample(self, output)) {
        block->start = end;
        output->streams = true;
    }
}

int oac_twin_output_push(struct oac_twin_playback *self, size_t device, size_t samples,
                         uint16_t *code, bool cyclic, unsigned timeout_ms)
{
    struct oac_err ignored;
    struct output *output = &self->output[device];
    int error = 0;
    struct block *block = oac_alloc(1, sizeof *block, "a DAC buffer", &ignored);
    if (!block) {
        free(code);
        return -ENOMEM;
    }
    pthread_mutex_lock(&self->lock);
    output->gaps += oac_twin_ran_dry(self, output);
    *block = (struct block){.code = code,
                            .samples = samples,
                            .bytes = samples * (output->drives + 1) * sizeof *code,
                            .start = -1,
                            .cyclic = cyclic};
    if (self->stopped)
        error = -EPIPE;
    else if (output->first && output->first->cyclic)
        error = -EBUSY;
    else
        error = make_room(self, output, block->bytes, timeout_ms);
    if (error == 0 && output->drives > 0) {
        append(self, output, block);
        block = NULL;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    if (block) { /* refused, or nothing is connected to this device */
        free(block->code);
        free(block);
    }
    return error;
}

void oac_twin_reader_open(struct oac_twin_playback *self, struct oac_twin_reader *reader)
{
    pthread_mutex_lock(&self->lock);
    if (self->readers == 0 && self->playing)
        self->now += oac_twin_lead(self);
    self->oldest = self->readers == 0 ? self->now : self->oldest;
    *reader = (struct oac_twin_reader){.at = self->now, .open = true};
    self->readers++;
    pthread_mutex_unlock(&self->lock);
}

void oac_twin_reader_rewind(struct oac_twin_playback *self, struct oac_twin_reader *reader,
                            uint64_t scans)
{
    pthread_mutex_lock(&self->lock);
    const uint64_t kept = self->now < OAC_TWIN_HISTORY ? self->now : OAC_TWIN_HISTORY;
    reader->at = self->now - (scans < kept ? scans : kept);
    self->oldest = reader->at < self->oldest ? reader->at : self->oldest;
    pthread_mutex_unlock(&self->lock);
}

void oac_twin_reader_close(struct oac_twin_playback *self, struct oac_twin_reader *reader)
{
    pthread_mutex_lock(&self->lock);
    if (reader->open)
        self->readers--;
    reader->open = false;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static bool ready(const struct oac_twin_playback *self, bool first)
{
    if (self->playing)
        return !oac_twin_starved(self);
    return oac_twin_all_hold(self) || !(first || oac_twin_any_holds(self));
}

/* Gives the DACs a moment to be ready, or a stream to go on. */
static void be_patient(struct oac_twin_playback *self, bool first)
{
    const struct timespec end = after_ms(OAC_TWIN_PATIENCE_MS);
    while (!ready(self, first))
        if (!wait_until(self, &end)) {
            for (size_t d = 0; d < self->outputs; d++)
                self->output[d].streams = false;
            return;
        }
}

static long extend(struct oac_twin_playback *self, bool first, size_t scans)
{
    be_patient(self, first);
    if (self->stopped)
        return -EPIPE;
    if (oac_twin_advance(self, scans))
        return -EIO;
    pthread_cond_broadcast(&self->changed); /* there may be room in a queue */
    return 0;
}

/* What there is of the line, a sample's values together. */
static long copy(const struct oac_twin_playback *self, struct oac_twin_reader *reader,
                 size_t scans, uint16_t *code)
{
    const size_t values = self->shape->values;
    size_t got = 0;
    while (got < scans && reader->at < self->now) {
        for (size_t i = got; i < got + values; i++)
            for (size_t k = 0; k < self->shape->readouts; k++)
                code[k * scans + i] =
                    self->history[k * OAC_TWIN_HISTORY +
                                  (reader->at + (i - got)) % OAC_TWIN_HISTORY];
        got += values;
        reader->part += 1.0 / (1.0 + reader->fast);
        const uint64_t passed = (uint64_t)reader->part;
        reader->part -= (double)passed;
        reader->at += passed * values;
    }
    return (long)got;
}

long oac_twin_reader_pull(struct oac_twin_playback *self, struct oac_twin_reader *reader,
                          bool *first, size_t scans, uint16_t *code)
{
    long got = 0;
    pthread_mutex_lock(&self->lock);
    if (reader->at < self->oldest) {
        reader->at = self->oldest;
        reader->overruns++;
    }
    if (self->stopped) {
        got = -EPIPE;
    } else if (reader->at >= self->now) {
        got = extend(self, *first, scans);
        *first = false;
    }
    if (got == 0)
        got = copy(self, reader, scans, code);
    pthread_mutex_unlock(&self->lock);
    return got;
}
