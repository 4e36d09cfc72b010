/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void oac_log(const struct oac_sink *sink, enum oac_log_level level, const char *format, ...)
{
    if (!sink || !sink->log)
        return;
    char line[800];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    sink->log(sink->context, level, line);
}

void oac_progress(const struct oac_sink *sink, const char *what, size_t done, size_t total,
                  const char *note)
{
    if (sink && sink->progress)
        sink->progress(sink->context, what, done, total, note);
}

bool oac_stop_requested(const struct oac_sink *sink)
{
    return sink && sink->stop_requested && sink->stop_requested(sink->context);
}
