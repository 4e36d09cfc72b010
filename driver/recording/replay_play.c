/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A burst is numbered by its content, found, and copied; or what is new about it is said. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/recording/replay_state.h"

static enum oac_status make_room(struct oac_replay *self, size_t segments, struct oac_err *err)
{
    if (segments <= self->room)
        return OAC_OK;
    struct oac_replay_key *key = oac_alloc(segments, sizeof *key, "a burst", err);
    uint32_t *answer = key ? oac_alloc(segments, sizeof *answer, "a burst", err) : NULL;
    if (!answer) {
        free(key);
        return err->status;
    }
    free(self->key);
    free(self->answer);
    self->key = key;
    self->answer = answer;
    self->room = segments;
    return OAC_OK;
}

static enum oac_status never(const struct oac_replay *self, size_t at, const char *what,
                             struct oac_err *err)
{
    return oac_fail(err, OAC_EMISMATCH, "replay of %s: segment %zu of a burst: %s", self->path,
                    at, what);
}

/* UINT32_MAX for what was never seen, so that nothing can match it. */
static enum oac_status make_key(struct oac_replay *self, const struct oac_stream_segment *s,
                                size_t at, struct oac_replay_key *key, struct oac_err *err)
{
    const uint32_t load = self->handle[s->handle - 1];
    const struct oac_stream_load *weights = &self->recording->load[load];
    const size_t samples = weights->slots * self->caps.client_samples_per_slot;
    uint8_t client[32], capture[32];
    *key = (struct oac_replay_key){.load = load, .settings = self->now, .slot0 = s->slot0};
    memcpy(&key->launch_bits, &s->launch, sizeof key->launch_bits);
    if (oac_digest_client(s->client, samples, client, err) ||
        oac_digest_capture(s->capture, weights->rows, capture, err))
        return err->status;
    if (!oac_digest_table_find(&self->clients, client, &key->client))
        return never(self, at,
                     "these client samples were never recorded: other data or other scales "
                     "than it was made with",
                     err);
    if (!oac_digest_table_find(&self->captures, capture, &key->capture))
        return never(self, at,
                     "other samples of the readouts are asked for than were recorded: other "
                     "delays or another version of oac than it was made with",
                     err);
    if (self->now == UINT32_MAX)
        return never(self, at, "nothing was recorded under these settings", err);
    return OAC_OK;
}

static enum oac_status explain(const struct oac_replay *self, size_t at, struct oac_err *err)
{
    const struct oac_recording *r = self->recording;
    const struct oac_replay_key *key = &self->key[at];
    bool pair = false, settings = false;
    for (size_t i = 0; i < r->segments; i++) {
        const struct oac_recording_segment *s = &r->segment[i];
        const bool these = s->load == key->load && s->client == key->client;
        pair = pair || these;
        settings = settings || (these && s->settings == key->settings);
    }
    if (!pair)
        return never(self, at, "these data never met these weights while it was recorded", err);
    if (!settings)
        return never(self, at, "it was recorded under other settings only", err);
    return never(
        self, at,
        "it was recorded with other launch power, or at other slots and captures, only", err);
}

static void give(struct oac_replay *self, const struct oac_stream_segment *asked,
                 uint32_t answer)
{
    const struct oac_recording *r = self->recording;
    const struct oac_recording_segment *found = &r->segment[answer];
    const size_t rows = r->load[found->load].rows;
    const struct oac_frame_light *light = oac_replay_light(self, found->load);
    memcpy(asked->rx, r->rx + found->rx,
           rows * r->capture[found->capture].picks * sizeof *asked->rx);
    if (asked->flag)
        memcpy(asked->flag, r->flag + found->flag, rows);
    if (asked->photons)
        *asked->photons = found->photons;
    self->account.windows++;
    self->account.slots += r->load[found->load].slots;
    self->account.bench_s += (double)r->load[found->load].slots * self->caps.link.slot_s;
    self->account.detected_photons += found->photons;
    self->account.launched_j += light ? (double)asked->launch * light->launched_j : (double)NAN;
    self->account.client_in_j +=
        light ? (double)asked->launch * light->client_in_j : (double)NAN;
}

enum oac_status oac_replay_play(struct oac_replay *self, struct oac_stream_burst *burst,
                                struct oac_err *err)
{
    const struct oac_recording *r = self->recording;
    if (make_room(self, burst->segments, err))
        return err->status;
    for (size_t i = 0; i < burst->segments; i++)
        if (make_key(self, &burst->segment[i], i, &self->key[i], err))
            return err->status;
    size_t good = oac_replay_find(&self->index, self->key, burst->segments, self->answer);
    if (good < burst->segments && self->answer[good] == UINT32_MAX)
        return explain(self, good, err);
    burst->received = good;
    for (size_t i = 0; i < good; i++) {
        const uint32_t answer = self->answer[i], of = r->segment[answer].burst;
        if (answer - self->index.first[of] >= r->burst_received[of]) {
            burst->received = i; /* it was lost then, and is now */
            break;
        }
        give(self, &burst->segment[i], answer);
    }
    return OAC_OK;
}

/* The first line in which two texts differ, without the blanks in front; *length 0 at the end of a text. */
static void first_difference(const char **a, size_t *a_length, const char **b, size_t *b_length)
{
    *a_length = strcspn(*a, "\n");
    *b_length = strcspn(*b, "\n");
    while (**a && *a_length == *b_length && memcmp(*a, *b, *a_length) == 0) {
        *a += *a_length + ((*a)[*a_length] == '\n');
        *b += *b_length + ((*b)[*b_length] == '\n');
        *a_length = strcspn(*a, "\n");
        *b_length = strcspn(*b, "\n");
    }
    for (; *a_length && **a == ' '; (*a)++)
        (*a_length)--;
    for (; *b_length && **b == ' '; (*b)++)
        (*b_length)--;
}

enum oac_status oac_replay_same_bench(const struct oac_recording *r, const char *path,
                                      const struct oac_replay_request *request,
                                      struct oac_err *err)
{
    if (memcmp(r->caps.link.rig_hash, request->rig_hash, 32) != 0) {
        const char *was = r->text[OAC_RECORDING_RIG];
        const char *is = request->rig_text ? request->rig_text : was;
        size_t was_length, is_length;
        first_difference(&was, &was_length, &is, &is_length);
        return oac_fail(
            err, OAC_EMISMATCH,
            "recording %s is of another rig: it has \"%.*s\" where the rig given has "
            "\"%.*s\"",
            path, (int)(was_length < 100 ? was_length : 100), was,
            (int)(is_length < 100 ? is_length : 100), is);
    }
    if (r->text[OAC_RECORDING_NOISE][0] == '\0') /* a lab bench has the noise it has */
        return OAC_OK;
    if (strcmp(r->text[OAC_RECORDING_NOISE], request->noise) != 0)
        return oac_fail(err, OAC_EMISMATCH,
                        "recording %s was made with --noise %.60s, not %s: give the same", path,
                        r->text[OAC_RECORDING_NOISE], request->noise);
    if (r->seed != request->seed)
        return oac_fail(err, OAC_EMISMATCH,
                        "recording %s was made with --seed %llu, not %llu: give the same", path,
                        (unsigned long long)r->seed, (unsigned long long)request->seed);
    return OAC_OK;
}
