/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
    const char *text;
} status_table[] = {
#define OAC_STATUS_ROW(name, exit_code, text) {#name, exit_code, text},
    OAC_STATUS_LIST(OAC_STATUS_ROW)
#undef OAC_STATUS_ROW
};

enum oac_status oac_fail(struct oac_err *err, enum oac_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err->status = status;
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return status;
}

enum oac_status oac_fail_within(struct oac_err *err, const char *format, ...)
{
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);

    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->message)
        snprintf(err->message + used, sizeof err->message - (size_t)used, ": %s", inner);
    return err->status;
}

const char *oac_status_name(enum oac_status status)
{
    return status_table[status].name;
}

const char *oac_status_text(enum oac_status status)
{
    return status_table[status].text;
}

int oac_status_exit_code(enum oac_status status)
{
    return status_table[status].exit_code;
}
