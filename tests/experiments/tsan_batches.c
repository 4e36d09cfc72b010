/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches on four threads under ThreadSanitizer, with progress and a failure in their midst. */
#include <stdint.h>
#include <stdio.h>

#include "experiments/batches.h"

#define ITEMS 20000u

static unsigned char done[ITEMS];

static enum oac_status mark(void *context, size_t worker, size_t first, size_t count,
                            size_t *good, struct oac_err *err)
{
    const size_t *fail_from = context;

    (void)worker;
    if (first >= *fail_from)
        return oac_fail(err, OAC_EDEVICE, "item %zu", first);
    for (size_t i = first; i < first + count; i++)
        done[i]++;
    *good = count;
    return OAC_OK;
}

static void watch(void *context, const char *what, size_t finished, size_t total,
                  const char *note)
{
    (void)what, (void)total, (void)note;
    *(size_t *)context = finished; /* a race here is a race in the promise of base/log.h */
}

int main(void)
{
    size_t fail_from = SIZE_MAX, seen = 0;
    const struct oac_sink sink = {.context = &seen, .progress = watch};
    struct oac_batches batches = {.total = ITEMS,
                                  .batch = 7,
                                  .threads = 4,
                                  .what = "items",
                                  .sink = &sink,
                                  .context = &fail_from,
                                  .run = mark,
                                  .good_name = "good"};
    struct oac_err err;

    if (oac_batches_run(&batches, NULL, &err) != OAC_OK || seen != ITEMS)
        return fprintf(stderr, "%zu of %u items seen\n", seen, ITEMS), 1;
    for (size_t i = 0; i < ITEMS; i++) {
        if (done[i] != 1)
            return fprintf(stderr, "item %zu done %d times\n", i, done[i]), 1;
    }
    fail_from = 700;
    if (oac_batches_run(&batches, NULL, &err) != OAC_EDEVICE)
        return fprintf(stderr, "a failed batch went unnoticed\n"), 1;
    return 0;
}
