/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/batches.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"

struct shared {
    const struct oac_batches *batches;
    atomic_size_t next_batch, done, good;
    atomic_bool stop;
    pthread_mutex_t lock; /* everything below */
    double last_report_s;
    size_t failed_batch; /* lowest so far; SIZE_MAX none */
    struct oac_err err;
};

struct worker {
    struct shared *shared;
    size_t index;
    pthread_t thread;
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Twenty times a second is enough for an eye, and keeps the lock away from fast batches. */
static void report(struct shared *s, bool last)
{
    const struct oac_batches *b = s->batches;
    char note[64] = "";

    if (!b->sink || !b->sink->progress)
        return;
    if (last)
        pthread_mutex_lock(&s->lock);
    else if (pthread_mutex_trylock(&s->lock) != 0)
        return; /* someone else is reporting */
    double t_s = now_s();
    if (last || t_s - s->last_report_s >= 0.05) {
        size_t good = atomic_load(&s->good), done = atomic_load(&s->done);
        s->last_report_s = t_s;
        if (b->good_name && done > 0) {
            snprintf(note, sizeof note, "%s %.2f %%", b->good_name,
                     100.0 * (double)good / (double)done);
        }
        oac_progress(b->sink, b->what, done, b->total, note[0] ? note : NULL);
    }
    pthread_mutex_unlock(&s->lock);
}

static void fail(struct shared *s, size_t batch, const struct oac_err *err)
{
    pthread_mutex_lock(&s->lock);
    if (batch < s->failed_batch) {
        s->failed_batch = batch;
        s->err = *err;
    }
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->stop, true);
}

static void *work(void *argument)
{
    const struct worker *worker = argument;
    struct shared *s = worker->shared;
    const struct oac_batches *b = s->batches;

    while (!atomic_load(&s->stop)) {
        size_t index = atomic_fetch_add(&s->next_batch, 1);
        size_t first = index * b->batch, good = 0;
        struct oac_err err;

        if (first >= b->total)
            break;
        if (oac_stop_requested(b->sink)) {
            atomic_store(&s->stop, true);
            break;
        }
        size_t count = b->total - first < b->batch ? b->total - first : b->batch;
        if (b->run(b->context, worker->index, first, count, &good, &err) != OAC_OK) {
            fail(s, index, &err);
            break;
        }
        /* done before good, read in the other order: the live figure never exceeds 100 %. */
        atomic_fetch_add(&s->done, count);
        atomic_fetch_add(&s->good, good);
        report(s, false);
    }
    return NULL;
}

static enum oac_status conclude(struct shared *s, struct oac_err *err)
{
    const struct oac_batches *b = s->batches;
    size_t done = atomic_load(&s->done);

    if (s->failed_batch != SIZE_MAX) {
        *err = s->err;
        return err->status;
    }
    if (done < b->total) {
        return oac_fail(err, OAC_EINTERRUPTED, "stopped on request after %zu of %zu %s", done,
                        b->total, b->what);
    }
    report(s, true);
    return OAC_OK;
}

enum oac_status oac_batches_run(const struct oac_batches *batches, size_t *done,
                                struct oac_err *err)
{
    struct shared s = {.batches = batches, .failed_batch = SIZE_MAX};
    size_t batch_count = (batches->total - 1) / batches->batch + 1, started = 0;
    size_t threads = batches->threads < batch_count ? batches->threads : batch_count;
    struct worker *workers = oac_alloc(threads, sizeof *workers, "worker threads", err);

    if (!workers)
        return err->status;
    pthread_mutex_init(&s.lock, NULL);
    /* This thread is worker 0; when the system refuses more threads, fewer do the same work. */
    for (size_t i = 1; i < threads; i++) {
        workers[i] = (struct worker){.shared = &s, .index = i};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            break;
        started = i;
    }
    workers[0] = (struct worker){.shared = &s, .index = 0};
    work(&workers[0]);
    for (size_t i = 1; i <= started; i++)
        pthread_join(workers[i].thread, NULL);
    enum oac_status status = conclude(&s, err);
    if (done)
        *done = atomic_load(&s.done);
    pthread_mutex_destroy(&s.lock);
    free(workers);
    return status;
}

size_t oac_processors(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (size_t)count : 1;
}
