/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the h5_*.c files and their test only: the writer's insides, and what the guarded child and its
 * parent agree on. */
#ifndef OAC_BASE_H5_INTERNAL_H
#define OAC_BASE_H5_INTERNAL_H

#include <hdf5.h>
#include <stdint.h>

#include "base/h5.h"

/* ---- writing ---- */
struct oac_h5_writer {
    hid_t file;
};

/* HDF5 keeps quiet in this thread from here on: its errors come back as ours. */
void oac_h5_quiet(void);

/* Fills *err with "HDF5: cannot WHAT" and the library's own innermost reason. */
enum oac_status oac_h5_fail(struct oac_err *err, const char *what, const char *object);

/* For every object made: no timestamps, so that equal content gives equal bytes, and the header of HDF5 1.8
 * (which tracking the order of attributes asks for), whose attributes may exceed 64 KiB. */
bool oac_h5_plain_header(hid_t creation);

/* Opens the object `where`, or makes a group of it and of those above it. */
enum oac_status oac_h5_open_object(struct oac_h5_writer *writer, const char *where,
                                   hid_t *object, struct oac_err *err);

/* An attribute on an open object, replacing one of that name. `space` may have one dimension or none. */
enum oac_status oac_h5_write_attribute(hid_t object, const char *name, hid_t file_type,
                                       hid_t memory_type, hid_t space, const void *data,
                                       struct oac_err *err);
enum oac_status oac_h5_write_text(hid_t object, const char *name, const char *text,
                                  struct oac_err *err);

/* Bytes of one element, and HDF5's type in memory. */
size_t oac_h5_type_bytes(enum oac_h5_type type);
hid_t oac_h5_memory_type(enum oac_h5_type type);
const char *oac_h5_type_name(enum oac_h5_type type); /* "float32" */

/* ---- reading: the stream from the child ---- */
#define OAC_H5_NAME_BYTES      1024u     /* longest path or name, with its NUL */
#define OAC_H5_MAX_RECORDS     65536u    /* objects and attributes of one file */
#define OAC_H5_MAX_DEPTH       16u       /* nested groups */
#define OAC_H5_ATTRIBUTE_BYTES 16777216u /* all attributes together */
#define OAC_H5_DEFAULT_BYTES   1073741824u
#define OAC_H5_WALL_MS         10000 /* and 1 ms more for every 16 KiB of the file */

enum oac_h5_record_kind {
    OAC_H5_RECORD_TEXT = 1, /* path, name, `bytes` of text */
    OAC_H5_RECORD_REALS,    /* path, name, `bytes` of doubles */
    OAC_H5_RECORD_ARRAY,    /* path, `bytes` of elements */
    OAC_H5_RECORD_ERROR,    /* path holds the message; the last record */
    OAC_H5_RECORD_END,      /* the last record of a good file */
};

/* One record: this header, then path, name and data without NULs. Both ends are the same program, so the
 * bytes are native; the parent trusts none of them. */
struct oac_h5_record {
    uint32_t kind, type, rank, path_bytes, name_bytes, status;
    uint64_t dims[4], bytes;
};

/* What runs in the child: parses the file and streams it to `out`; returns the child's exit code. */
typedef int oac_h5_parser(const char *path, size_t max_bytes, int out);
oac_h5_parser oac_h5_child_run;

/* oac_h5_read with the time limit (0: the default) and the parser as parameters, so that a test can be the
 * child that a hostile file took over. */
enum oac_status oac_h5_read_within(const char *path, size_t max_bytes, int wall_ms,
                                   oac_h5_parser *parser, struct oac_h5_file **file,
                                   struct oac_err *err);

#endif
