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

/* A message is one line whatever a hostile file or argument put into it. */
static void keep_one_line(char *message)
{
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
}

enum oac_status oac_fail(struct oac_err *err, enum oac_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err->status = status;
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    keep_one_line(err->message);
    return status;
}

enum oac_status oac_fail_within(struct oac_err *err, const char *format, ...)
{
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);

    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    keep_one_line(err->message);

    size_t used = strlen(err->message), room = sizeof err->message - 1 - used;
    if (room < 3)
        return err->status;
    memcpy(err->message + used, ": ", 2);
    size_t length = strnlen(inner, room - 2);
    memcpy(err->message + used + 2, inner, length);
    err->message[used + 2 + length] = '\0';
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
