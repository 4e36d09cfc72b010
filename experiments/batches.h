/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work on many items, split over threads in batches.
 *
 * Workers take the next batch from an atomic counter until there is none, one fails, or the
 * user asks to stop. A job stores its results by item index, so that nothing depends on which
 * thread did what. */
#ifndef OAC_EXPERIMENTS_BATCHES_H
#define OAC_EXPERIMENTS_BATCHES_H

#include <stddef.h>

#include "base/log.h"
#include "base/status.h"

struct oac_batches {
    size_t total, batch; /* items, items per batch (the last may be shorter); both >= 1 */
    size_t threads;      /* >= 1; more than there are batches is fine */
    const char *what;    /* for progress: "images" */
    const struct oac_sink *sink;
    void *context;
    /* Items first .. first+count-1. worker < threads tells which thread's scratch to use. *good
     * receives how many of them came out right (for the live figure); may be left alone. */
    enum oac_status (*run)(void *context, size_t worker, size_t first, size_t count,
                           size_t *good, struct oac_err *err);
    const char
        *good_name; /* "accuracy": progress shows good/done under this name; NULL: nothing */
};

/* Returned: *done (may be NULL) items finished, also on failure. Status: OAC_OK;
 * OAC_EINTERRUPTED when the sink asked to stop; else that of the failed batch of lowest index.
 */
enum oac_status oac_batches_run(const struct oac_batches *batches, size_t *done,
                                struct oac_err *err) OAC_MUST_USE;

/* Processors this process may use, >= 1. */
size_t oac_processors(void);

#endif
