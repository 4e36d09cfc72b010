/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/h5_child.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, const void *data, size_t bytes)
{
    for (const char *at = data; bytes > 0;) {
        ssize_t put = write(fd, at, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        bytes -= (size_t)put;
    }
    return true;
}

const char *oac_h5_child_path(const struct oac_h5_child *child)
{
    return child->path[0] ? child->path : "/";
}

bool oac_h5_child_send(struct oac_h5_child *child, struct oac_h5_record record,
                       const char *path, const char *name, const void *data)
{
    record.path_bytes = (uint32_t)strlen(path);
    record.name_bytes = (uint32_t)strlen(name);
    return write_all(child->out, &record, sizeof record) &&
           write_all(child->out, path, record.path_bytes) &&
           write_all(child->out, name, record.name_bytes) &&
           write_all(child->out, data, record.bytes);
}

bool oac_h5_child_fail(struct oac_h5_child *child, enum oac_status status, const char *format,
                       ...)
{
    char message[OAC_H5_NAME_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct oac_h5_record record = {.kind = OAC_H5_RECORD_ERROR, .status = (uint32_t)status};
    oac_h5_child_send(child, record, message, "", NULL);
    return false;
}

static bool walk_group(struct oac_h5_child *child, hid_t group);

static bool walk_object(struct oac_h5_child *child, hid_t object)
{
    switch (H5Iget_type(object)) {
    case H5I_GROUP:
        return oac_h5_child_attributes(child, object) && walk_group(child, object);
    case H5I_DATASET:
        return oac_h5_child_attributes(child, object) && oac_h5_child_array(child, object);
    default: /* a named type holds no data */
        return true;
    }
}

/* Soft and external links are not followed: they may lead to other files. */
static herr_t walk_link(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
    struct oac_h5_child *child = context;
    if (info->type != H5L_TYPE_HARD)
        return 0;
    size_t length = strlen(child->path);
    bool sound = true;
    if (name[0] == '\0' || length + 1 + strlen(name) >= sizeof child->path)
        sound = oac_h5_child_fail(child, OAC_EPARSE, "%s: a name in it is empty or too long",
                                  oac_h5_child_path(child));
    else if (++child->records > OAC_H5_MAX_RECORDS)
        sound =
            oac_h5_child_fail(child, OAC_EPARSE, "more than %u objects", OAC_H5_MAX_RECORDS);
    if (!sound)
        return -1;
    child->path[length] = '/';
    strcpy(child->path + length + 1, name);
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    bool goes_on =
        object >= 0 ? walk_object(child, object)
                    : oac_h5_child_fail(child, OAC_EPARSE, "%s: cannot be opened", child->path);
    H5Oclose(object);
    child->path[length] = '\0';
    return goes_on ? 0 : -1;
}

static bool walk_group(struct oac_h5_child *child, hid_t group)
{
    H5O_info_t info;
    if (H5Oget_info2(group, &info, H5O_INFO_BASIC) < 0)
        return oac_h5_child_fail(child, OAC_EPARSE, "%s: cannot be inspected",
                                 oac_h5_child_path(child));
    for (size_t i = 0; i < child->depth; i++)
        if (child->ancestors[i] == info.addr)
            return oac_h5_child_fail(child, OAC_EPARSE, "%s: a group that contains itself",
                                     child->path);
    if (child->depth == OAC_H5_MAX_DEPTH)
        return oac_h5_child_fail(child, OAC_EPARSE, "%s: more than %u nested groups",
                                 child->path, OAC_H5_MAX_DEPTH);
    child->ancestors[child->depth++] = info.addr;
    herr_t result = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, walk_link, child);
    child->depth--;
    if (result <
        0) /* either a reason was sent before, which then counts, or this is the reason */
        return oac_h5_child_fail(child, OAC_EPARSE, "%s: its list of members is corrupt",
                                 oac_h5_child_path(child));
    return true;
}

int oac_h5_child_run(const char *path, size_t max_bytes, int out)
{
    struct oac_h5_child child = {.out = out,
                                 .max_bytes = max_bytes,
                                 .array_budget = max_bytes,
                                 .attribute_budget = OAC_H5_ATTRIBUTE_BYTES};
    oac_h5_quiet();
    H5PLset_loading_state(0); /* a file may name a filter, but not have a plug-in loaded */
    if (H5Fis_hdf5(path) <= 0)
        return oac_h5_child_fail(&child, OAC_EPARSE, "not an HDF5 file (no signature)");
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1); /* read-only media cannot lock */
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (file < 0)
        return oac_h5_child_fail(
            &child, OAC_EPARSE,
            "not a readable HDF5 file (truncated, or its header is corrupt)");
    hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    if (root < 0)
        return oac_h5_child_fail(&child, OAC_EPARSE, "its root group cannot be opened");
    if (walk_object(&child, root))
        oac_h5_child_send(&child, (struct oac_h5_record){.kind = OAC_H5_RECORD_END}, "", "",
                          NULL);
    return 0;
}
