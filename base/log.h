/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How libraries speak without printing: the caller hands in a sink. A zeroed struct is silent.
 */
#ifndef OAC_BASE_LOG_H
#define OAC_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum oac_log_level { OAC_LOG_DEBUG, OAC_LOG_INFO, OAC_LOG_WARNING };

struct oac_sink {
    void *context;
    /* One finished line, without newline. May be called from any thread. */
    void (*log)(void *context, enum oac_log_level level, const char *line);
    /* `done` of `total` units of `what` are finished; `note` (may be NULL) is a short live
     * figure such as "accuracy 98.7 %". Called from one thread at a time. */
    void (*progress)(void *context, const char *what, size_t done, size_t total,
                     const char *note);
    /* True once the user asked to stop (SIGINT): long work then returns OAC_EINTERRUPTED soon.
     */
    bool (*stop_requested)(void *context);
};

void oac_log(const struct oac_sink *sink, enum oac_log_level level, const char *format, ...)
    OAC_PRINTF(3, 4);
void oac_progress(const struct oac_sink *sink, const char *what, size_t done, size_t total,
                  const char *note);
bool oac_stop_requested(const struct oac_sink *sink);

#endif
