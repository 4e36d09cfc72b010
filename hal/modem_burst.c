/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One burst: sync in front, windows, sync behind; and the verdict whether everything came in time.
 *
 *     stable delays      [word of channel 0] windows... [word]    in front once a play; behind
 * where captures are one
 *                        stream of samples, in which some can get lost
 *     changing delays    [preamble, both parts] windows... [word], every burst
 * Once a bias has been set, words of a stable stream accuse nobody either, until the next alignment: what
 * their codes give is another light then. A word is out of time when its delay differs by more than LATE
 * samples and BEYOND standard errors from what it should be; where readouts have a clock of their own, than that
 * may account for (modem_drift.c). A word that cannot be seen against its noise accuses nobody on a stable
 * stream. */
#include <math.h>
#include <string.h>

#include "hal/modem_state.h"

#define LATE        0.5  /* [samples] */
#define BEYOND      6.0  /* standard errors */
#define SKEW_MOST   0.25 /* [slots] that a burst's skew may differ from the alignment's */
#define ALIKE       2.0  /* times, that one part of a preamble may be brighter than the other */
#define WORDS_APART ((uint64_t)1 << 40) /* words' slots begin this far behind the preamble's */

struct layout {                                   /* of a burst */
    const struct oac_modem_sequence *lead, *tail; /* NULL: none */
    size_t lead_segments, tail_segments, windows;
    float *lead_rx, *rx, *tail_rx;
};

const struct oac_modem_sequence *oac_modem_tail(const struct oac_modem *self)
{
    return self->stream.caps->drives_apart ? &self->preamble : &self->word;
}

size_t oac_modem_burst_windows(const struct oac_modem *self, const struct oac_modem_plan *plan)
{
    size_t most = OAC_MODEM_RX_MOST / (plan->rows * plan->picks);
    const size_t sync = oac_modem_sequence_segments(oac_modem_tail(self)) +
                        oac_modem_sequence_segments(
                            self->stream.caps->delay_stable ? &self->word : &self->preamble);
    const size_t segments = self->stream.caps->segments_max;
    const size_t room = segments > sync ? segments - sync : 1;
    most = most < room ? most : room;
    const size_t steady = oac_modem_drift_windows(self, plan->slots);
    most = most < self->batch ? most : self->batch;
    most = most < steady ? most : steady;
    return most > 1 ? most : 1;
}

static enum oac_status make_room(struct oac_workspace *work, size_t windows, size_t samples,
                                 size_t segments, size_t values, struct oac_err *err)
{
    void *grown;
    if (!(grown = oac_modem_fit(work->client, &work->client_capacity, windows * samples,
                                sizeof(uint16_t), err)))
        return err->status;
    work->client = grown;
    if (!(grown = oac_modem_fit(work->rx, &work->rx_capacity, values, sizeof(float), err)))
        return err->status;
    work->rx = grown;
    if (!(grown = oac_modem_fit(work->segment, &work->segment_capacity, segments,
                                sizeof(struct oac_stream_segment), err)))
        return err->status;
    work->segment = grown;
    if (!(grown = oac_modem_fit(work->photons, &work->photon_capacity, windows, sizeof(double),
                                err)))
        return err->status;
    work->photons = grown;
    if (!(grown = oac_modem_fit(work->flag, &work->flag_capacity, windows * work->plan.rows, 1,
                                err)))
        return err->status;
    work->flag = grown;
    return OAC_OK;
}

static enum oac_status lay_out(const struct oac_modem *self, struct oac_workspace *work,
                               const struct oac_modem_job *job, size_t count, bool first,
                               bool check, struct layout *layout, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t word = oac_modem_sequence_segments(oac_modem_tail(self));
    const bool fits = caps->segments_max >= count + 2 * word;
    *layout = (struct layout){.windows = count};
    if (!caps->delay_stable)
        layout->lead = &self->preamble;
    else if (fits && (first || check))
        layout->lead = &self->word;
    if (fits && (!caps->segments_apart || !caps->delay_stable))
        layout->tail = oac_modem_tail(self);
    if (layout->lead)
        layout->lead_segments = oac_modem_sequence_segments(layout->lead);
    if (layout->tail)
        layout->tail_segments = word;
    const size_t lead = layout->lead ? layout->lead->heard : 0;
    const size_t tail = layout->tail ? layout->tail->heard : 0;
    const size_t values = count * work->plan.rows * work->plan.picks;
    if (make_room(work, count, job->samples,
                  layout->lead_segments + count + layout->tail_segments, lead + values + tail,
                  err))
        return err->status;
    layout->lead_rx = work->rx;
    layout->rx = work->rx + lead;
    layout->tail_rx = layout->rx + values;
    return OAC_OK;
}

static void make_window(const struct oac_modem *self, struct oac_workspace *work,
                        const struct oac_modem_job *job, const struct layout *layout, size_t b,
                        size_t i)
{
    const size_t rows = job->loaded->rows;
    uint16_t *client = work->client + i * job->samples;
    oac_modem_client_samples(self, job->loaded, job->frame, b, client);
    memset(work->flag + i * rows, 0, rows);
    work->segment[layout->lead_segments + i] = (struct oac_stream_segment){
        .handle = job->loaded->handle,
        .client = client,
        .slot0 = job->frame->slot0[b],
        .launch = job->frame->launch ? job->frame->launch[b] : 1.0f,
        .capture = &work->plan.capture,
        .rx = layout->rx + i * rows * work->plan.picks,
        .flag = work->flag + i * rows,
        .photons = self->caps.knows_photons ? work->photons + i : NULL,
    };
}

static void make_segments(const struct oac_modem *self, struct oac_workspace *work,
                          const struct oac_modem_job *job, const struct layout *layout,
                          size_t first)
{
    const uint64_t slot0 = self->options.sync_slot0 + WORDS_APART + job->frame->slot0[first];
    if (layout->lead)
        oac_modem_sequence_append(self, layout->lead, slot0, layout->lead_rx, work->segment);
    for (size_t i = 0; i < layout->windows; i++)
        make_window(self, work, job, layout, first + i, i);
    if (layout->tail)
        oac_modem_sequence_append(self, layout->tail, slot0 + WORDS_APART, layout->tail_rx,
                                  work->segment + layout->lead_segments + layout->windows);
}

static enum oac_status hear(const struct oac_modem *self, struct oac_workspace *work,
                            const struct oac_modem_sequence *sequence, const float *rx,
                            size_t part, size_t row, double near_s, struct oac_align_fit *fit,
                            double *phasor, struct oac_err *err)
{
    const size_t per_slot = self->stream.caps->readout_samples_per_slot;
    const double reach = (double)(self->margin * per_slot);
    const double near = near_s / self->caps.slot_s * (double)per_slot;
    const enum oac_status status = oac_modem_hear_nothing(work, sequence, err);
    if (status)
        return status;
    oac_modem_sequence_add(self, sequence, rx, work->heard);
    const double skew = (self->skew_s[row] - self->skew_corrected_s) / self->caps.slot_s;
    return oac_modem_sequence_find(self, sequence, work->heard, part, row, skew, near - reach,
                                   near + reach, fit, phasor, err);
}

/* Do a sequence's weights stand at delay_s, or at most `more` samples off? Only a sequence that is seen can stand
 * elsewhere, when `lenient`. fit: where they do. */
static enum oac_status in_time(const struct oac_modem *self, struct oac_workspace *work,
                               const struct oac_modem_sequence *sequence, const float *rx,
                               size_t row, double delay_s, bool lenient, double more,
                               struct oac_align_fit *fit, bool *good, struct oac_err *err)
{
    const double sample_s = self->caps.slot_s / self->stream.caps->readout_samples_per_slot;
    if (hear(self, work, sequence, rx, 0, row, delay_s, fit, NULL, err))
        return err->status;
    const double late = fit->delay - delay_s / sample_s;
    if (!(fit->contrast >= OAC_MODEM_CONTRAST_LEAST))
        *good = *good && lenient;
    else if (fabs(late) > more + fmax(LATE, BEYOND * fit->sigma))
        *good = false;
    return OAC_OK;
}

bool oac_modem_alike(const struct oac_modem *self, const struct oac_align_fit *weights,
                     const struct oac_align_fit *client)
{
    const double a = weights->amplitude, b = client->amplitude;
    return !self->stream.caps->drives_apart ||
           (a * b > 0.0 && fabs(a) <= ALIKE * fabs(b) && fabs(b) <= ALIKE * fabs(a));
}

/* Is the client's part of a preamble seen, as far from the weights' as when the modem aligned? */
static enum oac_status client_in_time(const struct oac_modem *self, struct oac_workspace *work,
                                      const float *rx, size_t row,
                                      const struct oac_align_fit *weights, bool *good,
                                      struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const double sample_s = self->caps.slot_s / caps->readout_samples_per_slot;
    struct oac_align_fit client;
    if (hear(self, work, &self->preamble, rx, 1, row, weights->delay * sample_s, &client, NULL,
             err))
        return err->status;
    const double skew_s = (client.delay - weights->delay) * sample_s;
    const double most =
        SKEW_MOST + (caps->drives_apart ? 1.0 / caps->client_samples_per_slot : 0.0);
    const double moved_s = skew_s - (self->skew_s[row] - self->skew_corrected_s);
    *good = *good && client.contrast >= OAC_MODEM_CONTRAST_LEAST &&
            oac_modem_alike(self, weights, &client) &&
            fabs(moved_s) <= most * self->caps.slot_s;
    return OAC_OK;
}

/* This burst's delays, from the preamble in front of it. */
static enum oac_status find_delays(const struct oac_modem *self, struct oac_workspace *work,
                                   const struct layout *layout, bool *good, struct oac_err *err)
{
    const double sample_s = self->caps.slot_s / self->stream.caps->readout_samples_per_slot;
    for (size_t k = 0; k < work->plan.rows && *good; k++) {
        struct oac_align_fit weights;
        memcpy(work->phasor + 2 * k, self->phasor + 2 * k, 2 * sizeof *work->phasor);
        if (!(self->contrast[k] > 0.0)) { /* a laser that is off, a blind readout */
            work->delay_s[k] = self->delay_s[k];
            continue;
        }
        if (hear(self, work, &self->preamble, layout->lead_rx, 0, k, 0.0, &weights,
                 work->phasor + 2 * k, err))
            return err->status;
        work->delay_s[k] = weights.delay * sample_s;
        *good = weights.contrast >= OAC_MODEM_CONTRAST_LEAST;
        if (client_in_time(self, work, layout->lead_rx, k, &weights, good, err))
            return err->status;
    }
    return OAC_OK;
}

static enum oac_status judge_stable(const struct oac_modem *self, struct oac_workspace *work,
                                    const struct layout *layout, bool *good,
                                    struct oac_err *err)
{
    struct oac_align_fit fit;
    if (!(self->contrast[0] > 0.0) || atomic_load(&self->biased))
        return OAC_OK;
    if (layout->lead && in_time(self, work, &self->word, layout->lead_rx, 0, self->delay_s[0],
                                true, 0.0, &fit, good, err))
        return err->status;
    if (layout->tail && in_time(self, work, layout->tail, layout->tail_rx, 0, self->delay_s[0],
                                true, 0.0, &fit, good, err))
        return err->status;
    return OAC_OK;
}

static enum oac_status judge_changing(const struct oac_modem *self, struct oac_workspace *work,
                                      const struct layout *layout, bool *good,
                                      struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const double sample_s = self->caps.slot_s / caps->readout_samples_per_slot;
    const double length = oac_modem_drift_length(self, layout->windows, work->plan.slots);
    const double more = caps->clock_drift * length * caps->readout_samples_per_slot;
    if (find_delays(self, work, layout, good, err))
        return err->status;
    for (size_t k = 0; k < work->plan.rows && *good; k++) {
        struct oac_align_fit fit = {.delay = work->delay_s[k] / sample_s};
        const bool seen = self->contrast[k] > 0.0 && layout->tail;
        if (seen && in_time(self, work, layout->tail, layout->tail_rx, k, work->delay_s[k],
                            false, more, &fit, good, err))
            return err->status;
        if (seen && caps->drives_apart &&
            client_in_time(self, work, layout->tail_rx, k, &fit, good, err))
            return err->status;
        const double late_s = fit.delay * sample_s - work->delay_s[k];
        work->drift_s[k] = caps->clock_drift > 0.0 ? late_s / length : 0.0;
    }
    *good = *good && oac_modem_drift_place(self, work, 0) && /* it moves along a line */
            oac_modem_drift_place(self, work, layout->windows - 1);
    return OAC_OK;
}

static void take_window(const struct oac_modem *self, const struct oac_workspace *work,
                        struct oac_modem_job *job, const struct layout *layout, size_t b,
                        size_t i, uint8_t flags)
{
    const size_t rows = job->loaded->rows;
    const struct oac_readouts *out = job->readouts;
    oac_modem_readouts(self, &work->plan,
                       self->stream.caps->delay_stable ? self->phasor : work->phasor,
                       layout->rx + i * rows * work->plan.picks, out->code + b * rows);
    for (size_t k = 0; k < rows; k++) {
        job->saturated += work->flag[i * rows + k] & OAC_FLAG_SATURATED ? 1 : 0;
        if (out->flag)
            out->flag[b * rows + k] = work->flag[i * rows + k] | flags |
                                      (oac_modem_blind(self, k) ? OAC_FLAG_BLIND : 0);
    }
    const double photons = self->caps.knows_photons ? work->photons[i] : NAN;
    job->photons += photons;
    if (out->photons)
        out->photons[b] = photons;
}

enum oac_status oac_modem_burst_play(struct oac_modem *self, struct oac_workspace *work,
                                     struct oac_modem_job *job, size_t first, size_t count,
                                     bool check, uint8_t flags, bool *good, struct oac_err *err)
{
    struct layout layout;
    if (lay_out(self, work, job, count, first == 0, check, &layout, err))
        return err->status;
    make_segments(self, work, job, &layout, first);
    struct oac_stream_burst burst = {.segments =
                                         layout.lead_segments + count + layout.tail_segments,
                                     .segment = work->segment};
    if (oac_stream_play(&self->stream, work->stream, &burst, err))
        return err->status;
    const struct oac_modem_sequence *played[2] = {layout.lead, layout.tail};
    for (size_t i = 0; i < 2; i++) {
        job->words += played[i] ? 1 : 0;
        job->sync_slots += played[i] ? played[i]->slots : 0;
    }
    *good = burst.received == burst.segments;
    if (*good &&
        (self->stream.caps->delay_stable ? judge_stable(self, work, &layout, good, err)
                                         : judge_changing(self, work, &layout, good, err)))
        return err->status;
    for (size_t i = 0; *good && i < count; i++) {
        if (self->stream.caps->clock_drift > 0.0)
            *good = oac_modem_drift_place(self, work, i);
        take_window(self, work, job, &layout, first + i, i, flags);
    }
    return OAC_OK;
}
