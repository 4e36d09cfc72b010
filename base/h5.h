/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HDF5 with units and provenance, written whole or not at all, and foreign files read safely.
 *
 * Writing: a file is built in memory (core driver), its image is written beside the target, fsynced,
 * renamed over it, and the directory fsynced. HDF5 1.10 returns success from close on a full disk, so the
 * library never sees the disk. Every data set has a `unit` attribute and named dimensions.
 *
 * Reading: HDF5 1.10 crashes and hangs on hostile files, so a file is parsed in a forked child with
 * address-space, CPU and wall limits that hands back validated plain arrays through a pipe. A child that
 * dies is one clear error line. Fenced here: HDF5. */
#ifndef OAC_BASE_H5_H
#define OAC_BASE_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* ---- writing ---- */
struct oac_h5_writer; /* a file being built in memory */

enum oac_h5_type {
    OAC_H5_F32,
    OAC_H5_F64,
    OAC_H5_U8,
    OAC_H5_U16,
    OAC_H5_U32,
    OAC_H5_U64,
    OAC_H5_I64
};

enum oac_status oac_h5_create(struct oac_h5_writer **writer, struct oac_err *err) OAC_MUST_USE;

/* Writes the image to `path` (atomically, see above); the writer stays open. */
enum oac_status oac_h5_commit(struct oac_h5_writer *writer, const char *path,
                              struct oac_err *err) OAC_MUST_USE;
void oac_h5_destroy(struct oac_h5_writer *writer); /* NULL is fine */

/* `where` is a group path such as "/" or "/layers/000"; missing groups are made. */
enum oac_status oac_h5_put_text(struct oac_h5_writer *writer, const char *where,
                                const char *name, const char *text,
                                struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_h5_put_real(struct oac_h5_writer *writer, const char *where,
                                const char *name, double value,
                                struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_h5_put_integer(struct oac_h5_writer *writer, const char *where,
                                   const char *name, int64_t value,
                                   struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_h5_put_integers(struct oac_h5_writer *writer, const char *where,
                                    const char *name, const int64_t *values, size_t count,
                                    struct oac_err *err) OAC_MUST_USE;

/* A data set of rank 1..4. dims (rank); dim_names "image,class" comma separated, one per dimension; unit
 * "1", "V", "electrons". Large ones (>= 64 KiB) are chunked and deflated when `compress`. */
enum oac_status oac_h5_put_array(struct oac_h5_writer *writer, const char *path,
                                 enum oac_h5_type type, size_t rank, const size_t *dims,
                                 const char *dim_names, const char *unit, bool compress,
                                 const void *data, struct oac_err *err) OAC_MUST_USE;

/* Gives the next elements of a long data set: *count of them at *data, valid until the next call. */
typedef enum oac_status oac_h5_piece(void *context, const void **data, size_t *count,
                                     struct oac_err *err);

/* A data set of one dimension whose `count` elements come piece by piece and are compressed as they come, so that
 * they need not be in memory together. */
enum oac_status oac_h5_put_pieces(struct oac_h5_writer *writer, const char *path,
                                  enum oac_h5_type type, size_t count, const char *dim_name,
                                  const char *unit, oac_h5_piece *next, void *context,
                                  struct oac_err *err) OAC_MUST_USE;

/* The attributes every artifact carries, on the root group: `format` (e.g. "oac-run"), `schema`,
 * `oac_version` (git describe), `created_utc`, `command_line`, `kernel_level`. created_utc is taken from
 * SOURCE_DATE_EPOCH when set; command_line and kernel_level may be NULL. */
enum oac_status oac_h5_put_provenance(struct oac_h5_writer *writer, const char *format,
                                      int64_t schema, const char *command_line,
                                      const char *kernel_level,
                                      struct oac_err *err) OAC_MUST_USE;

/* ---- reading ---- */
/* A whole file, validated and flattened: every scalar/1-D attribute and every numeric data set. */
struct oac_h5_attribute {
    char *path; /* "/layers/000" (group or data set it belongs to) */
    char *name;
    enum { OAC_H5_TEXT, OAC_H5_REALS } kind;
    char *text; /* TEXT */
    double *values;
    size_t count; /* REALS, also integers (exact below 2^53) */
};
struct oac_h5_array {
    char *path;            /* "/layers/000/weight" */
    enum oac_h5_type type; /* as stored, integers of other widths widened, f16 not accepted */
    size_t rank, dims[4], count; /* count = product of dims */
    void *data;
};
struct oac_h5_file {
    char *path;
    size_t attribute_count, array_count;
    struct oac_h5_attribute *attributes;
    struct oac_h5_array *arrays;
};

/* Reads `path` in a guarded child. max_bytes bounds the sum of all array bytes (0: 1 GiB; attributes 16 MiB).
 * Variable- and fixed-length strings are read as text, an array of them as one text with a newline between
 * two. Skipped: compound, reference, string, enum and vlen data sets, attributes of more than one dimension,
 * soft and external links. Refused by name: floats other than f32 and f64, rank above 4, data that lie in
 * other files, groups that contain themselves or nest deeper than 16. A scalar data set has rank 0, count 1.
 * Takes at most 10 s, plus 1 ms for every 16 KiB of the file. It forks: call it before threads
 * start, or while no other thread is inside HDF5, whose lock the child would inherit taken. */
enum oac_status oac_h5_read(const char *path, size_t max_bytes, struct oac_h5_file **file,
                            struct oac_err *err) OAC_MUST_USE;
void oac_h5_file_destroy(struct oac_h5_file *file); /* NULL is fine */

/* Look-ups; the optional forms return NULL when absent, the required forms fill *err naming file, object
 * and what was expected. */
const struct oac_h5_array *oac_h5_find_array(const struct oac_h5_file *file, const char *path);
const char *oac_h5_find_text(const struct oac_h5_file *file, const char *where,
                             const char *name);
const struct oac_h5_attribute *oac_h5_find_attribute(const struct oac_h5_file *file,
                                                     const char *where, const char *name);
/* Requires an f32 array of exactly this rank and, where dims[i] != 0, these dims; all values finite. */
enum oac_status oac_h5_need_f32(const struct oac_h5_file *file, const char *path, size_t rank,
                                const size_t *dims, const struct oac_h5_array **array,
                                struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_h5_need_text(const struct oac_h5_file *file, const char *where,
                                 const char *name, const char **text,
                                 struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_h5_need_real(const struct oac_h5_file *file, const char *where,
                                 const char *name, double min, double max, double *value,
                                 struct oac_err *err) OAC_MUST_USE;

#endif
