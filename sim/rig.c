/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shipped.h"

static const struct oac_shipped SHIPPED = {
    .what = "rig", .plural = "shipped rigs", .folder = {OAC_RIG_DIR, OAC_RIG_INSTALL_DIR}};

enum oac_status oac_rig_list(void (*each)(void *context, const char *name, const char *path),
                             void *context, struct oac_err *err)
{
    return oac_shipped_list(&SHIPPED, each, context, err);
}

/* The complete rig as YAML on the heap. */
static enum oac_status print_rig(const struct oac_rig *rig, char **text, struct oac_err *err)
{
    char *buffer = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&buffer, &bytes);
    if (!out)
        return oac_fail(err, OAC_ENOMEM, "no memory for the text of rig %s", rig->name);
    enum oac_status status = oac_config_write(&oac_rig_table, rig, 0, out, err);
    if (fclose(out) != 0 && status == OAC_OK)
        status = oac_fail(err, OAC_ENOMEM, "no memory for the text of rig %s", rig->name);
    if (status != OAC_OK) {
        free(buffer);
        return status;
    }
    *text = buffer;
    return OAC_OK;
}

/* A file named in a rig lies beside the rig file, unless its path is absolute. */
static enum oac_status beside(const char *rig_path, const char *key,
                              char file[OAC_CONFIG_TEXT_BYTES], struct oac_err *err)
{
    const char *slash = strrchr(rig_path, '/');
    if (file[0] == '\0' || file[0] == '/' || !slash)
        return OAC_OK;
    char joined[OAC_SHIPPED_PATH_BYTES + OAC_CONFIG_TEXT_BYTES];
    int length =
        snprintf(joined, sizeof joined, "%.*s/%s", (int)(slash - rig_path), rig_path, file);
    if ((size_t)length >= OAC_CONFIG_TEXT_BYTES)
        return oac_fail(err, OAC_EINVAL, "%s: the path %s is longer than %d bytes", key, joined,
                        (int)OAC_CONFIG_TEXT_BYTES - 1);
    memcpy(file, joined, (size_t)length + 1);
    return OAC_OK;
}

enum oac_status oac_rig_read(const char *name_or_path, const char *const *sets,
                             size_t set_count, struct oac_rig *rig, char **text_out,
                             struct oac_err *err)
{
    char path[OAC_SHIPPED_PATH_BYTES];
    if (oac_shipped_find(&SHIPPED, name_or_path, path, err) != OAC_OK)
        return err->status;
    struct oac_rig read = {.channels = 0};
    if (oac_config_read(&oac_rig_table, path, &read, sizeof read, NULL, err) != OAC_OK)
        return err->status;
    for (size_t i = 0; i < set_count; i++) {
        if (oac_config_set(&oac_rig_table, sets[i], &read, err) != OAC_OK)
            return err->status;
    }
    if (beside(path, "weight_modulator.s21_file", read.weight_modulator.s21_file, err) ||
        beside(path, "client_modulator.s21_file", read.client_modulator.s21_file, err) ||
        oac_rig_check(&read, err) != OAC_OK)
        return oac_fail_within(err, "%s", path);
    if (text_out && print_rig(&read, text_out, err) != OAC_OK)
        return err->status;
    *rig = read;
    return OAC_OK;
}
