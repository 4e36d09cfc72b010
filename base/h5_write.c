/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/h5_internal.h"

#define IMAGE_STEP_BYTES 1048576u /* by how much the file in memory grows */

void oac_h5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static herr_t keep_reason(unsigned depth, const H5E_error2_t *error, void *reason)
{
    (void)depth;
    *(const char **)reason = error->desc; /* walking upward, the first is the innermost */
    return 1;
}

enum oac_status oac_h5_fail(struct oac_err *err, const char *what, const char *object)
{
    const char *reason = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_reason, &reason);
    return oac_fail(err, OAC_EINTERNAL, "HDF5: cannot %s %s%s%s", what, object,
                    reason[0] ? ": " : "", reason);
}

bool oac_h5_plain_header(hid_t creation)
{
    return H5Pset_obj_track_times(creation, 0) >= 0 &&
           H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED) >= 0;
}

/* A file in memory only. Its superblock stays that of HDF5 1.0: 1.10 clears a flag in the image of a later
 * one without correcting its checksum, and nothing can open that. */
static hid_t create_in_memory(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
    hid_t file = H5I_INVALID_HID;
    if (H5Pset_fapl_core(access, IMAGE_STEP_BYTES, 0) >= 0 && oac_h5_plain_header(creation))
        file = H5Fcreate("oac-in-memory", H5F_ACC_TRUNC, creation, access);
    H5Pclose(access);
    H5Pclose(creation);
    return file;
}

enum oac_status oac_h5_create(struct oac_h5_writer **writer, struct oac_err *err)
{
    oac_h5_quiet();
    struct oac_h5_writer *made = oac_alloc(1, sizeof *made, "HDF5 writer", err);
    if (!made)
        return OAC_ENOMEM;
    made->file = create_in_memory();
    if (made->file < 0) {
        free(made);
        return oac_h5_fail(err, "create", "a file in memory");
    }
    *writer = made;
    return OAC_OK;
}

void oac_h5_destroy(struct oac_h5_writer *writer)
{
    if (!writer)
        return;
    H5Fclose(writer->file);
    free(writer);
}

enum oac_status oac_h5_commit(struct oac_h5_writer *writer, const char *path,
                              struct oac_err *err)
{
    oac_h5_quiet();
    if (H5Fflush(writer->file, H5F_SCOPE_GLOBAL) < 0)
        return oac_h5_fail(err, "complete", path);
    ssize_t bytes = H5Fget_file_image(writer->file, NULL, 0);
    if (bytes <= 0)
        return oac_h5_fail(err, "measure", path);
    void *image = oac_alloc((size_t)bytes, 1, path, err);
    if (!image)
        return OAC_ENOMEM;
    enum oac_status status;
    if (H5Fget_file_image(writer->file, image, (size_t)bytes) != bytes)
        status = oac_h5_fail(err, "copy", path);
    else
        status = oac_file_write(path, image, (size_t)bytes, err);
    free(image);
    return status;
}
