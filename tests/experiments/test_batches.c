/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "experiments/batches.h"

#define ITEMS 1000

struct work {
    atomic_int visits[ITEMS];
    size_t fail_from; /* batches that begin here or later fail */
    atomic_size_t calls;
    size_t stop_after; /* calls until a stop is requested; 0 never */
};

static enum oac_status visit(void *context, size_t worker, size_t first, size_t count,
                             size_t *good, struct oac_err *err)
{
    struct work *work = context;

    (void)worker;
    if (first >= work->fail_from)
        return oac_fail(err, OAC_EDEVICE, "item %zu", first);
    for (size_t i = first; i < first + count; i++)
        atomic_fetch_add(&work->visits[i], 1);
    *good = count;
    atomic_fetch_add(&work->calls, 1);
    return OAC_OK;
}

static bool stop_wanted(void *context)
{
    struct work *work = context;

    return work->stop_after && atomic_load(&work->calls) >= work->stop_after;
}

static void every_item_once(size_t batch, size_t threads)
{
    struct work work = {.fail_from = SIZE_MAX};
    const struct oac_batches batches = {.total = ITEMS,
                                        .batch = batch,
                                        .threads = threads,
                                        .what = "items",
                                        .context = &work,
                                        .run = visit};
    struct oac_err err;
    size_t done = 0;

    cr_assert_eq(oac_batches_run(&batches, &done, &err), OAC_OK);
    cr_assert_eq(done, ITEMS);
    for (size_t i = 0; i < ITEMS; i++)
        cr_assert_eq(work.visits[i], 1, "item %zu visited %d times", i, work.visits[i]);
}

Test(batches, every_item_is_done_once_whatever_the_split)
{
    every_item_once(1, 1);
    every_item_once(7, 2);
    every_item_once(1000, 3);
    every_item_once(5000, 2);
    every_item_once(1, 16);
}

Test(batches, first_failure_in_item_order_is_the_one_reported)
{
    struct work work = {.fail_from = 300};
    const struct oac_batches batches = {.total = ITEMS,
                                        .batch = 10,
                                        .threads = 4,
                                        .what = "items",
                                        .context = &work,
                                        .run = visit};
    struct oac_err err;
    size_t done = 0;

    cr_assert_eq(oac_batches_run(&batches, &done, &err), OAC_EDEVICE);
    /* Batches are handed out in order, so batch 30 has started before any later one failed. */
    cr_assert_str_eq(err.message, "item 300");
    cr_assert_eq(done, 300);
}

Test(batches, stop_request_ends_the_work_and_says_how_much_was_done)
{
    struct work work = {.fail_from = SIZE_MAX, .stop_after = 5};
    const struct oac_sink sink = {.context = &work, .stop_requested = stop_wanted};
    const struct oac_batches batches = {.total = ITEMS,
                                        .batch = 10,
                                        .threads = 1,
                                        .sink = &sink,
                                        .what = "items",
                                        .context = &work,
                                        .run = visit};
    struct oac_err err;
    size_t done = 0;

    cr_assert_eq(oac_batches_run(&batches, &done, &err), OAC_EINTERRUPTED);
    cr_assert_eq(done, 50);
    cr_assert_str_eq(err.message, "stopped on request after 50 of 1000 items");
}

struct watcher {
    size_t calls, last_done;
    bool shrank;
    char note[64];
};

static void watch(void *context, const char *what, size_t done, size_t total, const char *note)
{
    struct watcher *watcher = context;

    cr_assert_str_eq(what, "items");
    cr_assert_eq(total, ITEMS);
    watcher->shrank |= done < watcher->last_done;
    watcher->last_done = done;
    watcher->calls++;
    strncpy(watcher->note, note ? note : "", sizeof watcher->note - 1);
}

Test(batches, progress_only_grows_and_ends_complete)
{
    struct work work = {.fail_from = SIZE_MAX};
    struct watcher watcher = {0};
    const struct oac_sink sink = {.context = &watcher, .progress = watch};
    const struct oac_batches batches = {.total = ITEMS,
                                        .batch = 10,
                                        .threads = 4,
                                        .sink = &sink,
                                        .what = "items",
                                        .context = &work,
                                        .run = visit,
                                        .good_name = "accuracy"};
    struct oac_err err;

    cr_assert_eq(oac_batches_run(&batches, NULL, &err), OAC_OK);
    cr_assert(!watcher.shrank);
    cr_assert_eq(watcher.last_done, ITEMS);
    cr_assert_str_eq(watcher.note, "accuracy 100.00 %");
}
