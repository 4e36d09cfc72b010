/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that makes one blocking call at a time, and a deadline over each: past the deadline the call is
 * cancelled from the caller's thread. Calls that follow one another are not handed over one by one (some 25
 * microseconds each): whoever waits looks, when a deadline may have passed, since when the last one runs. A
 * call that does not even come back from being cancelled is abandoned: its thread is detached, and what it may
 * still touch is never freed. */
#ifndef OAC_DRIVER_IIO_WORKER_H
#define OAC_DRIVER_IIO_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

struct oac_iio_worker;

struct oac_iio_job {
    ssize_t (*call)(void *context); /* blocks */
    void (*cancel)(void *context);  /* from another thread; makes the call return */
    /* After each call that did not fail, on the same thread: whether to call again. NULL: once. */
    bool (*next)(void *context, ssize_t answer);
    void *context;
    bool forever; /* call again and again until it fails or the worker stops; next is NULL */
};

enum oac_status oac_iio_worker_create(struct oac_iio_worker **worker,
                                      struct oac_err *err) OAC_MUST_USE;
/* Cancels what runs. False: a call was abandoned, and with it whatever it uses. NULL is fine. */
bool oac_iio_worker_destroy(struct oac_iio_worker *worker);

/* Only while nothing runs (after wait). */
void oac_iio_worker_start(struct oac_iio_worker *worker, const struct oac_iio_job *job);
/* Until the last call has returned (at once when none runs, or when it runs forever and has not failed); its
 * answer, -ETIMEDOUT when it had to be cancelled. deadline_s counts from here, or from a later call's start. */
ssize_t oac_iio_worker_wait(struct oac_iio_worker *worker, double deadline_s);
/* Whether a call runs. */
bool oac_iio_worker_runs(struct oac_iio_worker *worker);

#endif
