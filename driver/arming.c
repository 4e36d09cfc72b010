/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/arming.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"

#define PATH_BYTES 1024u
#define PLAN_BYTES 2048u

static void ports_text(const struct oac_arming_plan *plan, const char *between, char *text,
                       size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < plan->ports && used < bytes; i++) {
        const struct oac_arming_port *port = &plan->port[i];
        const int n = snprintf(text + used, bytes - used, "%s%s %.4g to %.4g V",
                               i ? between : "", port->port, port->low_v, port->high_v);
        used += n > 0 ? (size_t)n : 0;
    }
}

/* What is hashed and what the record says. */
static enum oac_status plan_text(const struct oac_arming_plan *plan, char text[PLAN_BYTES],
                                 struct oac_err *err)
{
    char ports[PLAN_BYTES];
    ports_text(plan, "\n", ports, sizeof ports);
    const int n = snprintf(text, PLAN_BYTES, "device: %s\nuse: %s\n%s\n", plan->device,
                           plan->purpose, ports);
    if (n > 0 && (size_t)n < PLAN_BYTES)
        return OAC_OK;
    return oac_fail(err, OAC_EUNSUPPORTED, "%s: %zu ports are too many to be armed at once",
                    plan->uri, plan->ports);
}

static enum oac_status directory_of(const struct oac_drive *drive, char path[PATH_BYTES],
                                    struct oac_err *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (drive && drive->directory)
        n = snprintf(path, PATH_BYTES, "%s", drive->directory);
    else if (state && state[0] == '/')
        n = snprintf(path, PATH_BYTES, "%s/oac/armed", state);
    else if (home && home[0] == '/')
        n = snprintf(path, PATH_BYTES, "%s/.local/state/oac/armed", home);
    if (n > 0 && (size_t)n < PATH_BYTES)
        return OAC_OK;
    return oac_fail(err, OAC_ENOTFOUND,
                    "nowhere to remember what is armed: set XDG_STATE_HOME or HOME");
}

static enum oac_status record_path(const struct oac_drive *drive, const char *text,
                                   char path[PATH_BYTES], struct oac_err *err)
{
    uint8_t hash[32];
    char hex[OAC_DIGEST_HEX_BYTES], directory[PATH_BYTES];
    if (directory_of(drive, directory, err) || oac_digest_memory(text, strlen(text), hash, err))
        return err->status;
    oac_digest_hex(hash, hex);
    const int n = snprintf(path, PATH_BYTES, "%s/%s.txt", directory, hex);
    if (n > 0 && (size_t)n < PATH_BYTES)
        return OAC_OK;
    return oac_fail(err, OAC_EINVAL, "'%.200s...' is too long a path", directory);
}

/* Makes every folder above the file. */
static enum oac_status make_folders(const char *path, struct oac_err *err)
{
    char part[PATH_BYTES];
    for (size_t i = 1; path[i] && i < sizeof part; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return oac_fail(err, OAC_EIO, "cannot make the folder '%.300s': %s", part,
                            strerror(errno));
    }
    return OAC_OK;
}

static enum oac_status remember(const char *path, const char *text, struct oac_err *err)
{
    if (make_folders(path, err))
        return err->status;
    return oac_file_write(path, text, strlen(text), err);
}

enum oac_status oac_arming_check(const struct oac_drive *drive,
                                 const struct oac_arming_plan *plan, struct oac_err *err)
{
    char text[PLAN_BYTES], path[PATH_BYTES] = "", ports[300];
    struct oac_err unknown;
    if (plan_text(plan, text, err))
        return err->status;
    const bool known = record_path(drive, text, path, &unknown) == OAC_OK;
    if (known && access(path, F_OK) == 0)
        return OAC_OK;
    if (drive && drive->arm) {
        if ((!known || remember(path, text, &unknown)) && drive->sink)
            oac_log(drive->sink, OAC_LOG_WARNING,
                    "armed for this time only, and will be asked for again: %s",
                    unknown.message);
        return OAC_OK;
    }
    ports_text(plan, ", ", ports, sizeof ports);
    return oac_fail(
        err, OAC_EUSAGE,
        "%s (%.100s) was never armed for %.60s, which drives real outputs: %s; when "
        "what is connected may take that, say so once: %.200s --arm",
        plan->uri, plan->device, plan->purpose, ports,
        drive && drive->command ? drive->command : "the same command with");
}
