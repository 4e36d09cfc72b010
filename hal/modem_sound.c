/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What light there is where the nominal curves say nothing true: a bench that nobody has measured, with its
 * peaks anywhere. Each modulator plays three codes for a while (at rest, halfway to the brightest of the
 * nominal curve, and that), every weight code against every client code; whatever the phase of a curve, two of
 * three codes 0.4 to 0.5 V_pi apart differ by a third of it at least. The codes that differ most make
 * preambles, and what was heard of them are the levels to look for. Nothing needs to be in time for this: all
 * plays outlast all delays. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "hal/modem_state.h"

#define N           OAC_MODEM_LEVELS
#define REPEATS     64u /* of every pair of codes */
#define PLATEAU     4u  /* slots in which light is constant, whatever the delays */
#define SLOTS_APART ((uint64_t)1 << 39) /* behind the preambles' slots */
/* Standard errors by which a readout's light must move: of N N means of noise alone the range exceeds it 1e-6 of
 * the times. */
#define MOVES 8.0

/* What was heard of all pairs of codes [code a slot]. */
struct sounded {
    double *light; /* (channels, N, N) means */
    double *sigma; /* (channels) of a mean, by the scatter of the repeats */
};

struct play {
    size_t slots, picks, rx_each;
    uint16_t *weight, *client; /* (channels, samples), (N, samples) */
    uint32_t *pick;
    double *gate_s; /* (2, channels) */
    float *rx;      /* (N REPEATS, channels, picks) */
    struct oac_stream_segment *segment;
    struct oac_stream_capture capture;
};

bool oac_modem_can_sound(const struct oac_modem *self)
{
    return !self->drive;
}

static const struct oac_port *port_of(const struct oac_modem *self, size_t d)
{
    return d == self->caps.channels ? self->caps.client : &self->caps.weight[d];
}

double oac_modem_sounding_open(const struct oac_modem *self, size_t k)
{
    return self->sounding[(k * N + OAC_MODEM_OPEN) * N + OAC_MODEM_OPEN];
}

double oac_modem_sounding_level(const struct oac_modem *self, size_t k,
                                enum oac_modem_level weight, enum oac_modem_level client)
{
    const double open = oac_modem_sounding_open(self, k);
    return open > 0.0 ? self->sounding[(k * N + weight) * N + client] / open : 0.0;
}

static void play_free(struct play *play)
{
    free(play->weight);
    free(play->client);
    free(play->pick);
    free(play->gate_s);
    free(play->rx);
    free(play->segment);
}

/* Light is constant from two margins (the weights', and the client's after them) behind the payload's
 * beginning. */
static void choose_picks(const struct oac_modem *self, struct play *play)
{
    const size_t per_slot = self->stream.caps->readout_samples_per_slot;
    const size_t from = (self->guard + 2 * (size_t)self->margin) * per_slot;
    const size_t count = PLATEAU * per_slot;
    const bool running = self->caps.receiver != OAC_SAMPLED;
    play->picks = running ? 2 : count;
    for (size_t i = 0; i < play->picks; i++)
        play->pick[i] = (uint32_t)(from + (running ? i * count : i));
}

static enum oac_status play_make(const struct oac_modem *self, struct play *play,
                                 struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t channels = self->caps.channels;
    *play =
        (struct play){.slots = 2 * (size_t)self->guard + 3 * (size_t)self->margin + PLATEAU};
    const size_t wide = play->slots * caps->weight_samples_per_slot;
    play->weight = oac_alloc(channels * wide, sizeof *play->weight, "a sounding", err);
    play->client = oac_alloc(N * play->slots * caps->client_samples_per_slot,
                             sizeof *play->client, "a sounding", err);
    play->pick = oac_alloc(PLATEAU * (size_t)caps->readout_samples_per_slot + 1,
                           sizeof *play->pick, "a sounding", err);
    play->gate_s = oac_alloc(2 * channels, sizeof *play->gate_s, "a sounding", err);
    play->segment = oac_alloc(N * (size_t)REPEATS, sizeof *play->segment, "a sounding", err);
    if (!play->weight || !play->client || !play->pick || !play->gate_s || !play->segment)
        return err->status;
    choose_picks(self, play);
    play->rx_each = channels * play->picks;
    play->rx = oac_alloc(N * REPEATS * play->rx_each, sizeof *play->rx, "a sounding", err);
    if (!play->rx)
        return err->status;
    double end_s = (double)(play->slots + caps->delay_slots_max) * caps->link.slot_s;
    if (caps->gate_step_s > 0.0)
        end_s = caps->gate_step_s * floor(end_s / caps->gate_step_s);
    for (size_t k = 0; k < channels; k++)
        play->gate_s[channels + k] = end_s;
    const bool gated = self->caps.receiver != OAC_SAMPLED;
    play->capture =
        (struct oac_stream_capture){.gate_open_s = gated ? play->gate_s : NULL,
                                    .gate_close_s = gated ? play->gate_s + channels : NULL,
                                    .picks = play->picks,
                                    .pick = play->pick};
    return OAC_OK;
}

/* The payload at this code, guards at rest. */
static void fill(const struct oac_modem *self, size_t d, uint16_t code, size_t slots,
                 uint16_t *sample)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t per_slot = d == self->caps.channels ? caps->client_samples_per_slot
                                                     : caps->weight_samples_per_slot;
    for (size_t i = 0; i < slots * per_slot; i++) {
        const size_t n = i / per_slot;
        const bool payload = n >= self->guard && n < slots - self->guard;
        sample[i] = payload ? code : (uint16_t)port_of(self, d)->code_safe;
    }
}

/* Every client code against the frame, in as many bursts as it takes. */
static enum oac_status play_frame(struct oac_modem *self, struct play *play, uint32_t handle,
                                  uint64_t slot0, struct oac_err *err)
{
    const size_t all = N * (size_t)REPEATS, most = self->stream.caps->segments_max;
    const size_t narrow = play->slots * self->stream.caps->client_samples_per_slot;
    for (size_t i = 0; i < all; i++)
        play->segment[i] = (struct oac_stream_segment){.handle = handle,
                                                       .client = play->client + i % N * narrow,
                                                       .slot0 = slot0 + i * play->slots,
                                                       .launch = 1.0f,
                                                       .capture = &play->capture,
                                                       .rx = play->rx + i * play->rx_each};
    for (size_t done = 0; done < all;) {
        const size_t count = all - done < most ? all - done : most;
        struct oac_stream_burst burst = {.segments = count, .segment = play->segment + done};
        if (oac_stream_play(&self->stream, self->own->stream, &burst, err))
            return err->status;
        if (burst.received < count)
            return oac_fail(
                err, OAC_EDEVICE,
                "\"%s\" lost %zu of %zu captures of a sounding: try again, and if it "
                "persists lower the sample rates",
                self->caps.device_id, count - burst.received, count);
        done += count;
    }
    self->account.bench_s += (double)(all * play->slots) * self->caps.slot_s;
    return OAC_OK;
}

/* Means of what was heard with weight code w, of more light more; their scatter is added to sigma, squared. */
static void take(const struct oac_modem *self, const struct play *play, size_t w,
                 const struct sounded *sounded)
{
    const bool running = self->caps.receiver != OAC_SAMPLED;
    for (size_t i = 0; i < N * (size_t)REPEATS; i++)
        for (size_t k = 0; k < self->caps.channels; k++) {
            const size_t heard = i / N + 1;
            const float *rx = play->rx + i * play->rx_each + k * play->picks;
            const double sign = self->caps.nominal->channel[k].gain_code < 0.0 ? -1.0 : 1.0;
            double sum = running ? (double)rx[1] - (double)rx[0] : 0.0;
            for (size_t p = 0; !running && p < play->picks; p++)
                sum += (double)rx[p] / (double)play->picks * PLATEAU;
            const double light = sign * sum / PLATEAU;
            double *mean = &sounded->light[(k * N + w) * N + i % N];
            const double before = light - *mean;
            *mean += before / (double)heard;
            sounded->sigma[k] += before * (light - *mean) / (N * N * (REPEATS - 1.0) * REPEATS);
        }
}

/* A sampled receiver's own zero is in its values: the darkest of them counts as dark. */
static void take_zero_off(size_t channels, double *light)
{
    for (size_t k = 0; k < channels; k++) {
        double least = HUGE_VAL;
        for (size_t i = 0; i < N * N; i++)
            least = fmin(least, light[k * N * N + i]);
        for (size_t i = 0; i < N * N; i++)
            light[k * N * N + i] -= least;
    }
}

/* Does light move at all on it? What is broken says nothing about codes. */
static bool moves(const struct sounded *sounded, size_t k)
{
    const double *light = sounded->light + k * N * N;
    double most = light[0], least = light[0];
    for (size_t i = 1; i < N * N; i++) {
        most = fmax(most, light[i]);
        least = fmin(least, light[i]);
    }
    return most - least > MOVES * sounded->sigma[k];
}

/* Best weight codes of one readout with the client at x; how well both halves of a preamble then show, of all that
 * its light moved. */
static double show(const double *light, size_t open_x, size_t low_x, size_t *open, size_t *low)
{
    double most = light[0], least = light[0];
    *open = *low = 0;
    for (size_t w = 0; w < N; w++) {
        if (light[w * N + open_x] > light[*open * N + open_x])
            *open = w;
        if (light[w * N + open_x] < light[*low * N + open_x])
            *low = w;
        for (size_t x = 0; x < N; x++) {
            most = fmax(most, light[w * N + x]);
            least = fmin(least, light[w * N + x]);
        }
    }
    const double both = light[*open * N + open_x];
    const double seen = fmin(both - light[*low * N + open_x], both - light[*open * N + low_x]);
    return most > least ? seen / (most - least) : 0.0;
}

/* The client's codes must do for all readouts; each weight has its own. */
static void choose(struct oac_modem *self, const uint16_t *code, const struct sounded *sounded)
{
    const size_t channels = self->caps.channels;
    const double *light = sounded->light;
    double best = -HUGE_VAL;
    for (size_t pair = 0; pair < N * N; pair++) {
        const size_t open_x = pair / N, low_x = pair % N;
        size_t open, low;
        double sum = 0.0;
        for (size_t k = 0; k < channels; k++)
            sum +=
                moves(sounded, k) ? show(light + k * N * N, open_x, low_x, &open, &low) : 0.0;
        if (!(sum > best))
            continue;
        best = sum;
        self->open_code[channels] = code[N * channels + open_x];
        self->low_code[channels] = code[N * channels + low_x];
        for (size_t k = 0; k < channels; k++) {
            (void)show(light + k * N * N, open_x, low_x, &open, &low);
            self->open_code[k] = code[N * k + open];
            self->low_code[k] = code[N * k + low];
        }
    }
}

static enum oac_status play_weights(struct oac_modem *self, struct play *play,
                                    const uint16_t *code, size_t w, uint64_t slot0,
                                    const struct sounded *sounded, struct oac_err *err)
{
    const struct oac_stream_caps *caps = self->stream.caps;
    const size_t channels = self->caps.channels;
    const size_t wide = play->slots * caps->weight_samples_per_slot;
    for (size_t k = 0; k < channels; k++)
        fill(self, k, code[N * k + w], play->slots, play->weight + k * wide);
    const struct oac_stream_load load = {.slots = play->slots,
                                         .rows = channels,
                                         .weight = play->weight,
                                         .first = self->guard,
                                         .count = play->slots - 2 * (size_t)self->guard};
    uint32_t handle;
    struct oac_err ignored;
    if (oac_stream_load(&self->stream, &load, &handle, err))
        return err->status;
    enum oac_status status = play_frame(self, play, handle, slot0, err);
    enum oac_status unloaded =
        oac_stream_unload(&self->stream, handle, status ? &ignored : err);
    if (status == OAC_OK && unloaded == OAC_OK)
        take(self, play, w, sounded);
    return status ? status : unloaded;
}

/* All pairs of codes (channels + 1, N), all weights on the same one of theirs. */
static enum oac_status play_codes(struct oac_modem *self, struct play *play,
                                  const uint16_t *code, uint64_t slot0,
                                  const struct sounded *sounded, struct oac_err *err)
{
    const size_t channels = self->caps.channels;
    const size_t narrow = play->slots * self->stream.caps->client_samples_per_slot;
    memset(sounded->light, 0, N * N * channels * sizeof *sounded->light);
    memset(sounded->sigma, 0, channels * sizeof *sounded->sigma);
    for (size_t x = 0; x < N; x++)
        fill(self, channels, code[N * channels + x], play->slots, play->client + x * narrow);
    for (size_t w = 0; w < N; w++)
        if (play_weights(self, play, code, w, slot0 + w * N * REPEATS * play->slots, sounded,
                         err))
            return err->status;
    for (size_t k = 0; k < channels; k++)
        sounded->sigma[k] = sqrt(sounded->sigma[k]);
    if (self->caps.receiver == OAC_SAMPLED)
        take_zero_off(channels, sounded->light);
    return OAC_OK;
}

/* Once to choose, and once more as preambles will play: what other lasers leave on a readout is in the levels
 * then. */
static enum oac_status sound(struct oac_modem *self, struct play *play, uint16_t *code,
                             const struct sounded *sounded, struct oac_err *err)
{
    const uint64_t slot0 = self->options.sync_slot0 + SLOTS_APART;
    const size_t channels = self->caps.channels;
    for (size_t d = 0; d <= channels; d++) {
        const int32_t rest = port_of(self, d)->code_safe, open = self->brightest[d];
        code[N * d] = (uint16_t)rest;
        code[N * d + 1] = (uint16_t)((rest + open) / 2);
        code[N * d + 2] = (uint16_t)open;
    }
    if (play_codes(self, play, code, slot0, sounded, err))
        return err->status;
    choose(self, code, sounded);
    for (size_t d = 0; d <= channels; d++) {
        code[N * d + OAC_MODEM_REST] = (uint16_t)port_of(self, d)->code_safe;
        code[N * d + OAC_MODEM_LOW] = self->low_code[d];
        code[N * d + OAC_MODEM_OPEN] = self->open_code[d];
    }
    return play_codes(self, play, code, slot0 + N * N * REPEATS * play->slots, sounded, err);
}

/* Does a readout whose laser is on see both halves move? Levels of those that do not are 0. */
static bool shows(struct oac_modem *self, const struct sounded *sounded)
{
    bool any = false;
    for (size_t k = 0; k < self->caps.channels; k++) {
        double *at = sounded->light + k * N * N;
        const double both = at[OAC_MODEM_OPEN * N + OAC_MODEM_OPEN];
        const bool seen = both > at[OAC_MODEM_LOW * N + OAC_MODEM_OPEN] &&
                          both > at[OAC_MODEM_OPEN * N + OAC_MODEM_LOW] && both > 0.0 &&
                          moves(sounded, k);
        if (!seen)
            memset(at, 0, N * N * sizeof *at);
        any = any || (seen && oac_modem_laser(self, k));
    }
    return any;
}

enum oac_status oac_modem_sound(struct oac_modem *self, bool *shown, struct oac_err *err)
{
    const size_t channels = self->caps.channels;
    struct play play;
    enum oac_status status = play_make(self, &play, err);
    uint16_t *code = oac_alloc(N * (channels + 1), sizeof *code, "a sounding", err);
    struct sounded sounded = {
        .light = oac_alloc(N * N * channels, sizeof(double), "a sounding", err),
        .sigma = oac_alloc(channels, sizeof(double), "a sounding", err)};
    if (status == OAC_OK)
        status = code && sounded.light && sounded.sigma
                     ? sound(self, &play, code, &sounded, err)
                     : OAC_ENOMEM;
    play_free(&play);
    free(code);
    *shown = status == OAC_OK && shows(self, &sounded);
    free(sounded.sigma);
    if (!*shown) {
        free(sounded.light);
        return status;
    }
    free(self->sounding);
    self->sounding = sounded.light;
    return OAC_OK;
}
