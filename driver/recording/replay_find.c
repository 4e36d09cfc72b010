/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/recording/replay_find.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define NOWHERE UINT32_MAX

static int compare_words(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_content(const struct oac_replay_key *a, const struct oac_replay_key *b)
{
    int order = compare_words(a->load, b->load);
    order = order ? order : compare_words(a->client, b->client);
    order = order ? order : compare_words(a->capture, b->capture);
    order = order ? order : compare_words(a->settings, b->settings);
    return order ? order : compare_words(a->launch_bits, b->launch_bits);
}

static int compare_slot(const struct oac_replay_key *a, const struct oac_replay_key *b)
{
    const int order = compare_content(a, b);
    return order ? order : compare_words(a->slot0, b->slot0);
}

static int order_by_slot(const void *a, const void *b)
{
    const struct oac_replay_key *x = a, *y = b;
    const int order = compare_slot(x, y);
    return order ? order : compare_words(x->index, y->index);
}

static int order_by_content(const void *a, const void *b)
{
    const struct oac_replay_key *x = a, *y = b;
    const int order = compare_content(x, y);
    return order ? order : compare_words(x->index, y->index);
}

/* First place in `sorted` that is not before `key`. */
static size_t lower(const struct oac_replay_key *sorted, size_t count,
                    int (*order)(const void *, const void *), const struct oac_replay_key *key)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (order(&sorted[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum oac_status oac_replay_index_init(struct oac_replay_index *index,
                                      const struct oac_recording *recording,
                                      struct oac_err *err)
{
    const size_t count = recording->segments;
    *index = (struct oac_replay_index){.recording = recording};
    if (!(index->by_slot = oac_alloc(count, sizeof *index->by_slot, "a replay", err)) ||
        !(index->by_content = oac_alloc(count, sizeof *index->by_content, "a replay", err)) ||
        !(index->used = oac_alloc(count, sizeof *index->used, "a replay", err)) ||
        !(index->first =
              oac_alloc(recording->bursts + 1, sizeof *index->first, "a replay", err))) {
        oac_replay_index_fini(index);
        return err->status;
    }
    for (size_t i = 0; i < count; i++) {
        const struct oac_recording_segment *s = &recording->segment[i];
        struct oac_replay_key key = {.load = s->load,
                                     .client = s->client,
                                     .capture = s->capture,
                                     .settings = s->settings,
                                     .index = (uint32_t)i,
                                     .slot0 = s->slot0};
        memcpy(&key.launch_bits, &s->launch, sizeof key.launch_bits);
        index->by_slot[i] = index->by_content[i] = key;
        index->first[s->burst + 1] = (uint32_t)i + 1;
    }
    qsort(index->by_slot, count, sizeof *index->by_slot, order_by_slot);
    qsort(index->by_content, count, sizeof *index->by_content, order_by_content);
    return OAC_OK;
}

void oac_replay_index_fini(struct oac_replay_index *index)
{
    free(index->by_slot);
    free(index->by_content);
    free(index->first);
    free(index->used);
    *index = (struct oac_replay_index){0};
}

/* The first place of the exact repetitions of a key. */
static size_t exact(const struct oac_replay_index *index, const struct oac_replay_key *key)
{
    struct oac_replay_key from = *key;
    from.index = 0;
    return lower(index->by_slot, index->recording->segments, order_by_slot, &from);
}

static bool is_exact(const struct oac_replay_index *index, size_t at,
                     const struct oac_replay_key *key)
{
    return at < index->recording->segments && compare_slot(&index->by_slot[at], key) == 0;
}

/* Is the request the recorded burst that begins with segment `begin`? */
static bool same_burst(const struct oac_replay_index *index, uint32_t begin,
                       const struct oac_replay_key *key, size_t count)
{
    const struct oac_recording *r = index->recording;
    const uint32_t burst = r->segment[begin].burst;
    if (index->first[burst] != begin || index->first[burst + 1] - begin != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct oac_recording_segment *s = &r->segment[begin + i];
        uint32_t launch_bits;
        memcpy(&launch_bits, &s->launch, sizeof launch_bits);
        if (s->load != key[i].load || s->client != key[i].client ||
            s->capture != key[i].capture || s->settings != key[i].settings ||
            launch_bits != key[i].launch_bits || s->slot0 != key[i].slot0)
            return false;
    }
    return true;
}

/* The next repetition of a burst, or its last; NOWHERE when it was never played like this. */
static uint32_t find_burst(struct oac_replay_index *index, const struct oac_replay_key *key,
                           size_t count)
{
    uint32_t found = NOWHERE;
    for (size_t at = exact(index, key); is_exact(index, at, key); at++) {
        const uint32_t begin = index->by_slot[at].index;
        if (!same_burst(index, begin, key, count))
            continue;
        found = begin;
        if (!index->used[begin])
            break;
    }
    return found;
}

bool oac_replay_known(const struct oac_replay_index *index, const struct oac_replay_key *key)
{
    struct oac_replay_key from = *key;
    from.index = 0;
    const size_t at =
        lower(index->by_content, index->recording->segments, order_by_content, &from);
    return at < index->recording->segments && compare_content(&index->by_content[at], key) == 0;
}

/* The content of a key within segments begin .. end-1, at its slot0 if it is there; else NOWHERE. */
static uint32_t find_within(const struct oac_replay_index *index,
                            const struct oac_replay_key *key, uint32_t begin, uint32_t end)
{
    struct oac_replay_key from = *key;
    from.index = begin;
    size_t at = lower(index->by_slot, index->recording->segments, order_by_slot, &from);
    if (is_exact(index, at, key) && index->by_slot[at].index < end)
        return index->by_slot[at].index;
    at = lower(index->by_content, index->recording->segments, order_by_content, &from);
    if (at < index->recording->segments && compare_content(&index->by_content[at], key) == 0 &&
        index->by_content[at].index < end)
        return index->by_content[at].index;
    return NOWHERE;
}

/* Exact repetitions first: the next, or the last; then the same content at any slot. */
static uint32_t find_alone(struct oac_replay_index *index, const struct oac_replay_key *key)
{
    uint32_t found = NOWHERE;
    for (size_t at = exact(index, key); is_exact(index, at, key); at++) {
        found = index->by_slot[at].index;
        if (!index->used[found])
            break;
    }
    return found != NOWHERE ? found
                            : find_within(index, key, 0, (uint32_t)index->recording->segments);
}

/* How many keys, from the first, one recorded burst answers. */
static size_t answered_by(const struct oac_replay_index *index, uint32_t burst,
                          const struct oac_replay_key *key, size_t count, uint32_t *answer)
{
    const uint32_t begin = index->first[burst], end = index->first[burst + 1];
    size_t i = 0;
    while (i < count && (answer[i] = find_within(index, &key[i], begin, end)) != NOWHERE)
        i++;
    return i;
}

/* Of the bursts that hold one of the segments at its slot0, the one that answers most. */
static size_t find_in_one_burst(struct oac_replay_index *index,
                                const struct oac_replay_key *key, size_t count,
                                uint32_t *answer)
{
    size_t most = 0;
    uint32_t best = NOWHERE, tried = NOWHERE;
    for (size_t i = 0; i < count && most < count; i++) {
        for (size_t at = exact(index, &key[i]); most < count && is_exact(index, at, &key[i]);
             at++) {
            const uint32_t burst = index->recording->segment[index->by_slot[at].index].burst;
            if (burst == tried)
                continue;
            tried = burst;
            const size_t these = answered_by(index, burst, key, count, answer);
            if (these > most || best == NOWHERE) {
                best = burst;
                most = these;
            }
        }
    }
    if (best == NOWHERE) {
        answer[0] = NOWHERE;
        return 0;
    }
    most = answered_by(index, best, key, count, answer);
    if (most < count && oac_replay_known(index, &key[most]))
        answer[most] = 0; /* somewhere else */
    return most;
}

size_t oac_replay_find(struct oac_replay_index *index, const struct oac_replay_key *key,
                       size_t count, uint32_t *answer)
{
    size_t good = 0;
    const uint32_t begin = find_burst(index, key, count);
    if (begin != NOWHERE) {
        for (; good < count; good++)
            answer[good] = begin + (uint32_t)good;
    } else if (index->recording->caps.delay_stable) {
        while (good < count && (answer[good] = find_alone(index, &key[good])) != NOWHERE)
            good++;
    } else {
        good = find_in_one_burst(index, key, count, answer);
    }
    for (size_t i = 0; i < good; i++)
        index->used[answer[i]] = true;
    return good;
}
