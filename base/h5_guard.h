/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A forked child that parses a foreign HDF5 file under limits, and the pipe it answers through. */
#ifndef OAC_BASE_H5_GUARD_H
#define OAC_BASE_H5_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/h5_internal.h"
#include "base/status.h"

struct oac_h5_guard {
    pid_t child;
    int in;
    int wall_ms;
    long long deadline_ms; /* CLOCK_MONOTONIC */
    bool timed_out;
};

/* Starts the child. Its address space may grow by twice max_bytes and 256 MiB (not under a sanitizer, which
 * maps terabytes), its CPU time by a second more than wall_ms; it writes no file and no core. */
enum oac_status oac_h5_guard_start(struct oac_h5_guard *guard, const char *path,
                                   size_t max_bytes, int wall_ms, oac_h5_parser *parser,
                                   struct oac_err *err) OAC_MUST_USE;

/* Receives exactly `bytes`; false at the end of the stream or at the deadline. */
bool oac_h5_guard_receive(struct oac_h5_guard *guard, void *data, size_t bytes);

/* Ends the child whatever it does. Fills *err with how it ended, for a stream that broke off. */
enum oac_status oac_h5_guard_stop(struct oac_h5_guard *guard, const char *path,
                                  struct oac_err *err);

#endif
