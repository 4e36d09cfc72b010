/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <time.h>

#include "base/h5_internal.h"
#include "base/number.h"
#include "oac_version.h"

/* Now, or the moment that reproducible builds name (https://reproducible-builds.org/specs/source-date-epoch). */
static enum oac_status format_time(char *text, size_t text_bytes, struct oac_err *err)
{
    time_t now = time(NULL);
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    int64_t seconds;
    if (epoch) {
        if (!oac_number_parse_integer(epoch, &seconds))
            return oac_fail(err, OAC_EINVAL,
                            "SOURCE_DATE_EPOCH = %.60s: expected seconds since 1970", epoch);
        now = (time_t)seconds;
    }
    struct tm utc;
    if (!gmtime_r(&now, &utc) || strftime(text, text_bytes, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return oac_fail(err, OAC_EINVAL, "the time %lld s cannot be written as a date",
                        (long long)now);
    return OAC_OK;
}

enum oac_status oac_h5_put_provenance(struct oac_h5_writer *writer, const char *format,
                                      int64_t schema, const char *command_line,
                                      const char *kernel_level, struct oac_err *err)
{
    char created[64];
    enum oac_status status = format_time(created, sizeof created, err);
    if (!status)
        status = oac_h5_put_text(writer, "/", "format", format, err);
    if (!status)
        status = oac_h5_put_integer(writer, "/", "schema", schema, err);
    if (!status)
        status = oac_h5_put_text(writer, "/", "oac_version", OAC_VERSION, err);
    if (!status)
        status = oac_h5_put_text(writer, "/", "created_utc", created, err);
    if (!status && command_line)
        status = oac_h5_put_text(writer, "/", "command_line", command_line, err);
    if (!status && kernel_level)
        status = oac_h5_put_text(writer, "/", "kernel_level", kernel_level, err);
    return status;
}
