/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/data_argument.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

enum oac_status oac_data_argument_parse(const char *text, struct oac_data_argument *argument,
                                        struct oac_err *err)
{
    const char *name = text;
    struct stat info;

    *argument = (struct oac_data_argument){0};
    if (strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0) {
        argument->directory = realpath(text, NULL);
        if (!argument->directory)
            return oac_fail(err, OAC_ENOTFOUND, "data directory '%.300s': %s", text,
                            strerror(errno));
        if (stat(argument->directory, &info) != 0 || !S_ISDIR(info.st_mode))
            return oac_fail(
                err, OAC_ENOTFOUND,
                "'%.300s' is not a directory; --data takes the name of a data set or "
                "the directory of its files",
                text);
        name = strrchr(argument->directory, '/') + 1;
    }
    argument->name = oac_strdup(name, err);
    return argument->name ? OAC_OK : err->status;
}

void oac_data_argument_fini(struct oac_data_argument *argument)
{
    free(argument->name);
    free(argument->directory);
    *argument = (struct oac_data_argument){0};
}
