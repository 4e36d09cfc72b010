/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/worker.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"

#define CANCEL_S \
    10.0 /* a cancelled call returns within this, or never: opening and closing wait up to 5 s */
#define FINISH_S 1.0 /* of a call that repeats; oac port makes buffers of half of it */

struct oac_iio_worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct oac_iio_job job;
    bool busy, stop, started;
    bool calling;   /* busy, and not in what comes after a call */
    double since_s; /* of that call, monotonic */
    ssize_t answer;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* One call and what comes after it; with the lock held, but not during either. Whether to call again. */
static bool call_once(struct oac_iio_worker *self)
{
    const struct oac_iio_job job = self->job;
    self->calling = true;
    self->since_s = now_s();
    pthread_mutex_unlock(&self->lock);
    const ssize_t answer = job.call(job.context);
    pthread_mutex_lock(&self->lock);
    self->calling = false;
    self->answer = answer;
    if (answer < 0 || self->stop || !job.next)
        return answer >= 0 && !self->stop && job.forever;
    pthread_mutex_unlock(&self->lock);
    const bool again = job.next(job.context, answer);
    pthread_mutex_lock(&self->lock);
    return again && !self->stop;
}

static void *work(void *context)
{
    struct oac_iio_worker *self = context;
    pthread_mutex_lock(&self->lock);
    while (!self->stop) {
        if (!self->busy) {
            pthread_cond_wait(&self->changed, &self->lock);
            continue;
        }
        self->busy = call_once(self);
        if (!self->busy)
            pthread_cond_broadcast(&self->changed);
    }
    self->busy = false;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* Every signal stays with the threads that were there before; SIGPIPE is nobody's. */
static int start_thread(struct oac_iio_worker *self)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&self->thread, NULL, work, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

enum oac_status oac_iio_worker_create(struct oac_iio_worker **worker, struct oac_err *err)
{
    pthread_condattr_t clock;
    struct oac_iio_worker *self = oac_alloc(1, sizeof *self, "a device's thread", err);
    if (!self)
        return err->status;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &clock);
    pthread_condattr_destroy(&clock);
    self->started = start_thread(self) == 0;
    if (!self->started) {
        (void)oac_iio_worker_destroy(self);
        return oac_fail(err, OAC_ENOMEM, "no thread for a device's samples: raise ulimit -u");
    }
    *worker = self;
    return OAC_OK;
}

static struct timespec at_time(double s)
{
    const double whole = floor(s);
    return (struct timespec){(time_t)whole, (long)((s - whole) * 1e9)};
}

/* With the lock held. False: a call has not returned for so long, counted from here or its later start. */
static bool idle_within(struct oac_iio_worker *self, double s)
{
    const double from_s = now_s();
    double until_s = from_s + s;
    while (self->busy && !self->job.forever) {
        const struct timespec until = at_time(until_s);
        if (pthread_cond_timedwait(&self->changed, &self->lock, &until) != ETIMEDOUT)
            continue;
        until_s = (self->calling ? fmax(self->since_s, from_s) : now_s()) + s;
        if (self->busy && until_s <= now_s())
            return false;
    }
    return true;
}

static bool stopped_within(struct oac_iio_worker *self, double s)
{
    self->job.forever = false;
    return idle_within(self, s);
}

static void cancel(struct oac_iio_worker *self)
{
    const struct oac_iio_job job = self->job;
    pthread_mutex_unlock(&self->lock);
    job.cancel(job.context);
    pthread_mutex_lock(&self->lock);
}

void oac_iio_worker_start(struct oac_iio_worker *worker, const struct oac_iio_job *job)
{
    pthread_mutex_lock(&worker->lock);
    worker->job = *job;
    worker->answer = 0;
    worker->busy = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

ssize_t oac_iio_worker_wait(struct oac_iio_worker *worker, double deadline_s)
{
    pthread_mutex_lock(&worker->lock);
    ssize_t answer;
    if (idle_within(worker, deadline_s)) {
        answer = worker->answer;
    } else {
        cancel(worker);
        (void)stopped_within(worker, CANCEL_S);
        answer = -ETIMEDOUT;
    }
    pthread_mutex_unlock(&worker->lock);
    return answer;
}

bool oac_iio_worker_runs(struct oac_iio_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    const bool busy = worker->busy;
    pthread_mutex_unlock(&worker->lock);
    return busy;
}

bool oac_iio_worker_destroy(struct oac_iio_worker *worker)
{
    if (!worker)
        return true;
    if (worker->started) {
        pthread_mutex_lock(&worker->lock);
        worker->stop = true;
        pthread_cond_broadcast(&worker->changed);
        /* A repeated call that is let finish leaves its buffer in order, and the server at rest. */
        const bool repeats = worker->busy && worker->job.forever;
        if (worker->busy && !(repeats && stopped_within(worker, FINISH_S)))
            cancel(worker);
        const bool back = stopped_within(worker, CANCEL_S);
        pthread_mutex_unlock(&worker->lock);
        if (!back) {
            pthread_detach(worker->thread);
            return false;
        }
        pthread_join(worker->thread, NULL);
    }
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
    return true;
}
